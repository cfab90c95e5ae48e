//! `cargo xtask demo`: from source to output, as a user would do it.

use crate::setup;
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use wasmstone_test_support::shell::{self, cargo, root, step, target};

/// Builds what the demo runs: the command, which makes bundles for the simulator and runs them there, without the
/// enclave apps for Keystone. Cargo builds this crate too, so that it chooses
/// the same features as the tests.
const BUILD: [&str; 7] = [
    "--package",
    "wasmstone",
    "--package",
    "xtask",
    "--no-default-features",
    "--features",
    "wasmstone/build,wasmstone/simulator,xtask/as-for-tests",
];

/// The time that one processor of 2020 takes for this, in minutes.
const CPU_MINUTES: usize = 19;

/// Sets up, builds wasmstone, then builds and runs the examples with it.
///
/// # Errors
/// If a step fails.
pub fn run() -> Result<()> {
    setup::targets()?;
    if target()?.join("debug/wasmstone").exists() {
        step("Building wasmstone");
    } else {
        step(&format!("Building wasmstone, with the compiler in it: {}", first_time()));
    }
    shell::run(cargo().args(["build", "--locked"]).args(BUILD))?;

    let demo = Demo::new()?;
    demo.example("hello", &[], &["Ada", "Grace"])?;
    demo.example("word-count", &["--read-only-dir", "texts::/texts"], &[])?;
    demo.attested()?;
    eprintln!(
        "\nThat was the whole path. The bundles are examples/hello/hello.wsb and the like in the other directories,"
    );
    eprintln!("the key that signed them is in {}.", demo.home.display());
    Ok(())
}

/// How long the first build takes on this machine.
fn first_time() -> String {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let minutes = CPU_MINUTES.div_ceil(processors);
    format!("the first time takes about {minutes} minutes on {processors} processors")
}

struct Demo {
    /// Replaces the user's own configuration.
    home: PathBuf,
    path: OsString,
}

impl Demo {
    fn new() -> Result<Self> {
        let target = target()?;
        let home = target.join("demo");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let programs = target.join("debug");
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(programs).chain(env::split_paths(&path)))?;
        Ok(Self { home, path })
    }

    fn example(&self, name: &str, grants: &[&str], arguments: &[&str]) -> Result<()> {
        let directory = root().join("examples").join(name);
        step(&format!("examples/{name}"));
        eprintln!("$ cd examples/{name}");
        let mut build = cargo();
        build.args(["build", "--release", "--target", "wasm32-wasip2"]);
        // The project file expects it there.
        build.current_dir(&directory).env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
        shell::run(&mut build)?;

        let bundle = format!("{name}.wsb");
        self.wasmstone(&directory, &["build"])?;
        self.wasmstone(&directory, &["measure", &bundle])?;
        self.wasmstone(&directory, &["inspect", &bundle])?;
        self.wasmstone(&directory, &["verify", &bundle])?;
        let mut line = vec!["run", bundle.as_str()];
        line.extend(grants);
        if !arguments.is_empty() {
            line.push("--");
            line.extend(arguments);
        }
        self.wasmstone(&directory, &line)
    }

    /// Makes an enclave attest a statement of its program, and verifies the report.
    fn attested(&self) -> Result<()> {
        let directory = root().join("examples/attested");
        let out = directory.join("target/out");
        fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        // A verifier would choose the nonce, a new one each time.
        let arguments = ["7c4a8d09ca3762af61e59520943dc264", "3", "1", "4", "1", "5"];
        self.example("attested", &["--dir", "target/out::/out"], &arguments)?;
        self.wasmstone(&directory, &["measure", "attested.wsb", "--pins", "target/out/pins.toml", "--replace"])?;
        // This runs on a machine without Keystone, where everybody can make such reports.
        let verify = "wasmstone attest verify target/out/report --pins target/out/pins.toml \
                      --user-data \"$(sha256sum < target/out/statement | cut -c -64)\" --insecure-allow-simulator";
        self.command(&directory, "sh", &["-c", verify])
    }

    fn wasmstone(&self, directory: &Path, arguments: &[&str]) -> Result<()> {
        self.command(directory, "wasmstone", arguments)
    }

    fn command(&self, directory: &Path, program: &str, arguments: &[&str]) -> Result<()> {
        eprintln!();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory);
        command.env("PATH", &self.path).env("WASMSTONE_HOME", &self.home);
        shell::run(&mut command)
    }
}

#[cfg(test)]
mod tests {
    use super::BUILD;
    use std::collections::BTreeSet;
    use wasmstone_test_support::shell::{cargo, root};

    /// External packages with their features, as Cargo chooses them for a command line.
    fn chosen(selection: &[&str], edges: &str) -> BTreeSet<String> {
        let mut tree = cargo();
        tree.args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}", "--edges", edges]);
        let output = tree.args(selection).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned());
        lines.filter(|line| !line.is_empty() && !line.contains(root().to_str().unwrap())).collect()
    }

    /// Otherwise `cargo xtask test` compiles the engine again after `cargo xtask demo`.
    #[test]
    fn the_demo_builds_dependencies_as_the_tests_do() {
        // With and without packages that run at build time, for which features are chosen separately.
        for edges in ["normal,no-proc-macro", "normal,build"] {
            let demo = chosen(&BUILD, edges);
            assert!(demo.iter().any(|line| line.starts_with("wasmtime v")), "{demo:?}");
            let tests = chosen(&["--workspace"], &edges.replace("normal", "normal,dev"));
            let other: Vec<_> = demo.difference(&tests).collect();
            assert!(other.is_empty(), "choose the features of these in `as-for-tests` of xtask: {other:#?}");
        }
    }
}
