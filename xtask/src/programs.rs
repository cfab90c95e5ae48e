//! The well-known programs from crates.io that the tests run.

use crate::setup::WASM_TARGETS;
use anyhow::Result;
use std::fs;
use std::path::Path;
use wasmstone_guest_list::programs::{PROGRAMS, Program};
use wasmstone_test_support::shell::{cargo, run, step, target};

/// Installs each of them natively and for WASI 0.1 into `target/programs`, unless that was done before.
///
/// # Errors
/// If a program cannot be fetched or does not compile.
pub fn build() -> Result<()> {
    let programs = target()?.join("programs");
    let native = (None, programs.join("native"));
    let wasm = (Some(WASM_TARGETS[0]), programs.join(WASM_TARGETS[0]));
    for (compile_for, directory) in [&native, &wasm] {
        for program in PROGRAMS {
            if !is_installed(program, directory) {
                install(program, *compile_for, directory, &programs.join("build"))?;
            }
        }
    }
    Ok(())
}

/// Cargo notes what it has installed, with the version.
fn is_installed(program: &Program, directory: &Path) -> bool {
    let notes = fs::read_to_string(directory.join(".crates.toml")).unwrap_or_default();
    notes.contains(&format!("\"{} {} (", program.package, program.version))
}

fn install(program: &Program, compile_for: Option<&str>, directory: &Path, build: &Path) -> Result<()> {
    step(&format!("{} {} from crates.io, {}", program.package, program.version, compile_for.unwrap_or("native")));
    let mut install = cargo();
    install.args(["install", "--quiet", "--locked", program.package]).arg(format!("--version={}", program.version));
    install.args(program.flags);
    if let Some(target) = compile_for {
        install.args(["--target", target]);
    }
    install.arg("--root").arg(directory).arg("--target-dir").arg(build);
    // The output is the same without debug information and link-time optimisation, and the build is faster.
    install.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    install.env("CARGO_PROFILE_RELEASE_STRIP", "true");
    install.env("CARGO_PROFILE_RELEASE_LTO", "off");
    run(&mut install)
}

#[cfg(test)]
mod tests {
    use wasmstone_guest_list::programs::{PROGRAMS, files};

    #[test]
    fn every_run_reads_a_file_or_standard_input() {
        let files = files();
        for program in PROGRAMS {
            for (args, stdin) in program.runs {
                let reads = |file: &str| args.iter().any(|arg| *arg == "." || file.starts_with(arg));
                assert!(!stdin.is_empty() || files.iter().any(|(path, _)| reads(path)), "{} {args:?}", program.package);
            }
        }
    }
}
