//! Bundles for RISC-V: built for the tests' own platforms, and run in the Eyrie harness.

use crate::processes::InTime;
use crate::{Bundled, build, command, keystone_files, target_directory};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// Programs that compute with floats.
pub const FLOATS: [&str; 8] =
    ["div_sqrt", "fft", "floats", "mandelbrot", "matmul", "nbody", "neurons", "spectral_norm"];

/// A platform that does not protect floating-point registers, like stock Keystone.
pub const SOFT: &str = "soft";

/// A platform that protects them.
pub const HARD: &str = "hard";

/// The platforms, in the tests' own configuration directory.
static PLATFORMS: LazyLock<()> = LazyLock::new(|| {
    let directory = TempDir::new().unwrap();
    let (loader, runtime) = (directory.path().join("loader.bin"), directory.path().join("eyrie-rt"));
    let files = keystone_files::keystone_files();
    fs::write(&loader, files.0).unwrap();
    fs::write(&runtime, files.1).unwrap();
    for (name, flags) in [(SOFT, &[][..]), (HARD, &["--fp-safe"])] {
        let mut add = command();
        add.args(["platform", "add", name, "--loader"]).arg(&loader).arg("--runtime").arg(&runtime).args(flags);
        let output = add.output_in_time();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
});

/// Builds a bundle for one of the platforms.
pub fn build_for(platform: &str, wasm: &Path, flags: &[&str]) -> Bundled {
    LazyLock::force(&PLATFORMS);
    build(wasm, &[&["--platform", platform], flags].concat())
}

/// Runs a bundle's program for `target` in the harness. A program that hangs fails its test in the end.
pub fn eyrie(bundled: &Bundled, target: &str, options: &[&str]) -> Command {
    let harness = target_directory().join("riscv64gc-unknown-linux-gnu/small/wasmstone-eyrie-harness");
    assert!(harness.exists(), "{} is missing: run `cargo xtask target`", harness.display());
    let mut command = Command::new("qemu-riscv64");
    command.arg(harness).arg(bundled.path()).args(["--target", target]).args(options);
    if !options.contains(&"--timeout") {
        command.args(["--timeout", "300000"]);
    }
    command.stdin(Stdio::null());
    command
}
