//! Builds the enclave app for RISC-V in a separate run of Cargo: what is measured must not depend on the profile,
//! flags, features or directory of the build that it is embedded in.

#[path = "build/switching.rs"]
mod switching;

use std::env::{self, VarError};
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wasmstone_build_support::{rust_targets, variable};

const PACKAGE: &str = "wasmstone-eapp";

/// The Cargo profile, and the name of the directory for its results in the target directory.
const PROFILE: &str = "eapp";

/// The targets of enclave apps without and with floating-point instructions.
const SOFT: &str = "riscv64imac-unknown-none-elf";
const HARD: &str = "riscv64gc-unknown-none-elf";

/// An enclave app.
struct Eapp {
    /// The file that it becomes, and the Cargo feature of this package that asks for it, as Cargo's variable.
    name: &'static str,
    asked_for: &'static str,
    target: &'static str,
    /// Cargo features of the enclave app.
    features: &'static str,
}

/// All enclave apps. There is no platform yet for the hard one, so one of the kind is enough: it has everything.
const EAPPS: [Eapp; 3] = [
    Eapp { name: "soft", asked_for: "CARGO_FEATURE_SOFT", target: SOFT, features: "enclave" },
    Eapp {
        name: "soft-exceptions",
        asked_for: "CARGO_FEATURE_EXCEPTIONS",
        target: SOFT,
        features: "enclave,exceptions",
    },
    Eapp { name: "hard", asked_for: "CARGO_FEATURE_HARD", target: HARD, features: "enclave,exceptions" },
];

/// The sources of the enclave app in the workspace.
const SOURCES: [&str; 13] = [
    "Cargo.lock",
    "Cargo.toml",
    "eapp/app/Cargo.toml",
    "eapp/app/build.rs",
    "eapp/app/enclave.ld",
    "eapp/app/src",
    "eapp/edge-protocol/Cargo.toml",
    "eapp/edge-protocol/src",
    "eapp/policy/Cargo.toml",
    "eapp/policy/src",
    "eapp/sealed-storage/Cargo.toml",
    "eapp/sealed-storage/src",
    "eapp/wit",
];

/// Variables that would change the result, or that describe the package that this build script belongs to.
const FOREIGN: [&str; 10] = [
    "CARGO_BUILD_",
    "CARGO_CFG_",
    "CARGO_ENCODED_",
    "CARGO_FEATURE_",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = manifest.ancestors().nth(2).ok_or("this package is not in its workspace")?;
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");

    let out = PathBuf::from(variable("OUT_DIR")?);
    let build = target_directory(&out)?.join(PROFILE);
    let eapps = EAPPS.iter().filter(|eapp| env::var_os(eapp.asked_for).is_some());
    let eapps: Vec<_> = eapps.collect();
    if eapps.is_empty() {
        return Ok(());
    }
    let mut targets: Vec<_> = eapps.iter().map(|eapp| eapp.target).collect();
    targets.dedup();
    rust_targets::require(&targets, "the enclave app for Keystone")?;
    let sysroot = rust_targets::sysroot()?;
    let flags = remapped(&[
        // If several match, the compiler takes the last.
        (workspace.into(), "wasmstone"),
        (build.clone(), "build"),
        (cargo_home()?, "cargo"),
        (sysroot.join("lib/rustlib/src/rust"), "rust"),
    ]);

    for Eapp { name, target, features, .. } in eapps {
        let mut cargo = Command::new(variable("CARGO")?);
        for (name, _) in env::vars_os() {
            if FOREIGN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                cargo.env_remove(name);
            }
        }
        cargo.current_dir(workspace).env("CARGO_ENCODED_RUSTFLAGS", &flags);
        cargo.args(["build", "--locked", "--profile", PROFILE, "--package", PACKAGE, "--bin", PACKAGE]);
        cargo.args(["--features", features, "--target", target, "--target-dir"]).arg(&build);
        if !cargo.stdout(Stdio::null()).status()?.success() {
            return Err("the enclave app for RISC-V could not be built; the reason is above".into());
        }
        // The next one of the same target takes its place.
        let built = build.join(target).join(PROFILE).join(PACKAGE);
        let mut eapp = fs::read(&built).map_err(|error| format!("{}: {error}", built.display()))?;
        if *target == SOFT {
            switching::without_floats(&mut eapp)?;
        }
        fs::write(out.join(name), &eapp)?;
        // For `cargo xtask reproduce`.
        fs::write(build.join(name), eapp)?;
    }
    Ok(())
}

/// The outer build's target directory. A build for another machine has a folder of its own in it; the enclave app is
/// the same for all machines and every profile.
fn target_directory(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    // PROFILE/build/PACKAGE/out
    let parent = out.ancestors().nth(4).ok_or("the output directory is not in a target directory")?;
    let target = variable("TARGET")?;
    let is_of_target = parent.file_name().is_some_and(|name| name == target);
    Ok(parent.parent().filter(|_| is_of_target).unwrap_or(parent).to_owned())
}

fn cargo_home() -> Result<PathBuf, VarError> {
    env::var("CARGO_HOME").map(PathBuf::from).or_else(|_| Ok(Path::new(&env::var("HOME")?).join(".cargo")))
}

/// Flags that make the compiler write other names in the place of paths of this machine.
fn remapped(paths: &[(PathBuf, &str)]) -> OsString {
    let mut flags = OsString::new();
    for (path, name) in paths {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}
