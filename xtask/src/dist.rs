//! `cargo xtask dist`: archives and Debian packages for users who only want to run wasmstone.
//!
//! All files are put into a tree as it is installed below `/usr`. The archive and the package are made from that
//! tree, sorted, owned by root and dated 1970, so that the same tree gives the same bytes.

use crate::{riscv64, setup};
use anyhow::{Context, Result, ensure};
use std::env::consts::ARCH;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{cargo, root, run, step, succeeds, target};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program that `wasmstone` starts for each simulated enclave.
const SIMULATED: &str = "wasmstone-simulated-enclave";

/// The file that names the digests of the others.
const CHECKSUMS: &str = "SHA256SUMS";

/// Files of the repository, and their places below `/usr`.
const SHARED: [(&str, &str); 2] =
    [("LICENSE", "share/doc/wasmstone/copyright"), ("README.md", "share/doc/wasmstone/README.md")];

/// Completions for shells, with their places.
const COMPLETIONS: [(&str, &str); 3] = [
    ("completions/wasmstone.bash", "share/bash-completion/completions/wasmstone"),
    ("completions/_wasmstone", "share/zsh/vendor-completions/_wasmstone"),
    ("completions/wasmstone.fish", "share/fish/vendor_completions.d/wasmstone.fish"),
];

/// One side: the host, which builds and verifies bundles, or the board, which runs them.
struct Side {
    /// Rust's name for the architecture.
    arch: &'static str,
    program: PathBuf,
    completions: bool,
    /// The dependencies of Debian's package.
    depends: Option<String>,
    summary: &'static str,
}

/// Builds both sides for release, and writes archives, packages and checksums into `target/dist`.
///
/// # Errors
/// If something cannot be built or written.
pub fn run_all() -> Result<()> {
    setup::targets()?;
    step("wasmstone for this machine");
    run(cargo().args(["build", "--release", "--locked", "--package", "wasmstone"]))?;
    let sides = [
        Side {
            arch: ARCH,
            program: target()?.join("release/wasmstone"),
            completions: true,
            depends: Some(c_library()?),
            summary: "package WebAssembly programs into signed Keystone enclave bundles",
        },
        Side {
            arch: "riscv64",
            program: riscv64::build()?.wasmstone,
            completions: false,
            depends: None,
            summary: "run signed WebAssembly bundles in Keystone enclaves on this board",
        },
    ];
    let output = target()?.join("dist");
    if output.exists() {
        fs::remove_dir_all(&output).with_context(|| format!("cannot remove {}", output.display()))?;
    }
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    step("Archives and packages");
    let packages = succeeds(Command::new("dpkg-deb").arg("--version"));
    if !packages {
        eprintln!("SKIPPED: no Debian packages, since there is no dpkg-deb (Debian: dpkg)");
    }
    for side in &sides {
        let tree = output.join(format!("wasmstone-{VERSION}-{}-linux", side.arch));
        side.lay_out(&tree)?;
        archive(&tree)?;
        if packages {
            side.package(&tree)?;
        }
        fs::remove_dir_all(&tree).with_context(|| format!("cannot remove {}", tree.display()))?;
    }
    run(Command::new("sh").current_dir(&output).args(["-c", &format!("sha256sum -- * > {CHECKSUMS}")]))?;
    println!("{}", output.display());
    Ok(())
}

impl Side {
    /// Puts the files at their places in a new tree.
    fn lay_out(&self, tree: &Path) -> Result<()> {
        copy(&self.program, &tree.join("bin/wasmstone"), 0o755)?;
        // The simulator starts this program for each enclave. A board's command has no simulator.
        let simulated = self.program.with_file_name(SIMULATED);
        if self.completions && simulated.exists() {
            copy(&simulated, &tree.join("bin").join(SIMULATED), 0o755)?;
        }
        let completions = if self.completions { &COMPLETIONS[..] } else { &[] };
        for (from, to) in SHARED.iter().chain(completions) {
            copy(&root().join(from), &tree.join(to), 0o644)?;
        }
        Ok(())
    }

    /// Makes a Debian package of a tree, beside it.
    fn package(&self, tree: &Path) -> Result<()> {
        let arch = debian_arch(self.arch);
        let staged = tree.with_extension("deb-tree");
        fs::create_dir_all(staged.join("DEBIAN"))?;
        fs::rename(tree, staged.join("usr")).context("cannot move the tree")?;
        fs::write(staged.join("DEBIAN/control"), self.control(arch)).context("cannot write the control file")?;
        for directory in [&staged, &staged.join("DEBIAN")] {
            fs::set_permissions(directory, Permissions::from_mode(0o755))?;
        }
        let package = tree.with_file_name(format!("wasmstone_{VERSION}_{arch}.deb"));
        let mut build = Command::new("dpkg-deb");
        build.args(["--build", "--root-owner-group", "-Zgzip", "-z9"]).arg(&staged).arg(package);
        run(build.env("SOURCE_DATE_EPOCH", "0"))?;
        fs::rename(staged.join("usr"), tree).context("cannot move the tree")?;
        fs::remove_dir_all(&staged).context("cannot remove what the package was made of")
    }

    fn control(&self, arch: &str) -> String {
        let depends = self.depends.as_ref().map(|depends| format!("Depends: {depends}\n")).unwrap_or_default();
        format!(
            "Package: wasmstone\nVersion: {VERSION}\nArchitecture: {arch}\nMaintainer: The wasmstone project\n\
             Section: utils\nPriority: optional\n{depends}Description: {}\n",
            self.summary
        )
    }
}

/// Makes a compressed archive of a tree, beside it.
fn archive(tree: &Path) -> Result<()> {
    let (folder, name) = (tree.parent().context("a tree in a folder")?, tree.file_name().context("a tree's name")?);
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"]);
    tar.arg("--use-compress-program=gzip -n -9").arg("--directory").arg(folder);
    let mut archive = name.to_owned();
    archive.push(".tar.gz");
    run(tar.arg("--file").arg(folder.join(archive)).arg(name))
}

/// Copies a file into a folder that may not exist yet.
fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let folder = to.parent().context("a file in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    fs::set_permissions(to, Permissions::from_mode(mode))?;
    // The mode does not depend on the user's umask.
    for folder in to.ancestors().skip(1).take_while(|folder| !folder.ends_with("dist")) {
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Debian's name for an architecture.
fn debian_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The C library that the program for this machine was linked with, as a dependency in Debian's words.
fn c_library() -> Result<String> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().context("cannot run getconf")?;
    ensure!(output.status.success(), "packages are made on systems with glibc only");
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.split_whitespace().last().context("getconf says no version")?;
    Ok(format!("libc6 (>= {version}), libgcc-s1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn side(program: PathBuf) -> Side {
        Side { arch: "riscv64", program, completions: true, depends: Some("x".into()), summary: "a summary" }
    }

    #[test]
    fn the_same_files_make_the_same_archive_and_package() {
        let directory = TempDir::new().unwrap();
        let program = directory.path().join("program");
        fs::write(&program, "a program").unwrap();
        let mut made = Vec::new();
        for attempt in ["one", "two"] {
            let tree = directory.path().join(attempt).join("dist").join("wasmstone");
            side(program.clone()).lay_out(&tree).unwrap();
            // The second tree has other times.
            let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
            fs::File::open(tree.join("bin/wasmstone")).unwrap().set_modified(time).unwrap();
            archive(&tree).unwrap();
            let mut files = vec!["wasmstone.tar.gz".to_owned()];
            if succeeds(Command::new("dpkg-deb").arg("--version")) {
                side(program.clone()).package(&tree).unwrap();
                files.push(format!("wasmstone_{VERSION}_riscv64.deb"));
            }
            assert!(tree.join("bin/wasmstone").exists(), "the tree is still there");
            made.push(files.iter().map(|file| fs::read(tree.with_file_name(file)).unwrap()).collect::<Vec<_>>());
            fs::write(&program, "a program").unwrap();
        }
        assert!(made[0] == made[1]);
    }

    #[test]
    fn everything_that_is_shipped_is_in_the_repository() {
        for (file, _) in SHARED.iter().chain(&COMPLETIONS) {
            assert!(root().join(file).is_file(), "{file}");
        }
        let control = side(PathBuf::new()).control("riscv64");
        assert!(control.contains("\nDepends: x\nDescription: a summary\n"), "{control}");
    }
}
