//! Compilers to WebAssembly. None is needed to build and run bundles, only to make programs for them.

use super::Check;
use std::path::Path;
use std::process::{Command, Stdio};

pub fn checks() -> [Check; 2] {
    [rust(), c()]
}

fn rust() -> Check {
    const NAME: &str = "Rust for wasm32-wasip2";
    let Some(sysroot) = output("rustc", &["--print", "sysroot"]) else {
        return Check::absent(NAME, "there is no rustc", "for programs in Rust, install it from https://rustup.rs");
    };
    if Path::new(sysroot.trim()).join("lib/rustlib/wasm32-wasip2").is_dir() {
        Check::ok(NAME, "installed")
    } else {
        Check::absent(NAME, "not installed", "for programs in Rust, run \"rustup target add wasm32-wasip2\"")
    }
}

fn c() -> Check {
    const NAME: &str = "C for WASI";
    let remedy = "for programs in C, on Debian run \"apt install clang lld wasi-libc libclang-rt-14-dev-wasm32\"";
    if output("clang", &["--version"]).is_none() {
        return Check::absent(NAME, "there is no clang", remedy);
    }
    match Path::new("/usr/include/wasm32-wasi").is_dir() {
        true => Check::ok(NAME, "clang and wasi-libc are installed"),
        false => Check::absent(NAME, "wasi-libc is not installed", remedy),
    }
}

/// What a program prints; `None` where it cannot be run, or fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let ran = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    ran.status.success().then(|| String::from_utf8_lossy(&ran.stdout).into_owned())
}
