//! `cargo xtask demo`: from source to output, as a user would do it.

use crate::setup;
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{self, cargo, root, step, target};

/// Sets up, builds wasmstone, then builds and runs the examples with it.
///
/// # Errors
/// Where a step fails.
pub fn run() -> Result<()> {
    setup::targets()?;
    step("Building wasmstone (the first time takes minutes: it contains a compiler)");
    // There are no examples among the workspace's own targets, but asking for them makes Cargo choose
    // features as it does for tests. Without it, `cargo test` compiles the engine a second time.
    shell::run(cargo().args(["build", "--workspace", "--lib", "--bins", "--examples", "--locked"]))?;

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

struct Demo {
    /// In the place of the user's own configuration.
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
        // Where the project file looks for it.
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

    /// Has a program's statement attested, and verifies whose it is.
    fn attested(&self) -> Result<()> {
        let directory = root().join("examples/attested");
        let out = directory.join("target/out");
        fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        // A verifier would make the nonce up, a new one each time.
        let arguments = ["7c4a8d09ca3762af61e59520943dc264", "3", "1", "4", "1", "5"];
        self.example("attested", &["--dir", "target/out::/out"], &arguments)?;
        self.wasmstone(&directory, &["measure", "attested.wsb", "--pins", "target/out/pins.toml", "--replace"])?;
        // On a machine without Keystone: everybody can make such reports.
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
