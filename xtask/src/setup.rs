//! What a machine needs beyond Rust and a C compiler for its linker.

use crate::{debian, digits, guests, programs, riscv64, sqlite};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use wasmstone_test_support::shell::{run, step, succeeds};

/// The targets that guests are compiled for.
pub const WASM_TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-wasip2"];

/// The targets that the enclave app is compiled for: without and with floating-point registers.
pub const ENCLAVE_TARGETS: [&str; 2] = ["riscv64imac-unknown-none-elf", "riscv64gc-unknown-none-elf"];

/// Something that the tests need and this machine lacks.
pub struct Missing {
    /// Tests with this in their names need it.
    pub marker: &'static str,
    /// What is missing and why.
    pub reason: String,
}

/// Adds the Rust targets that guests and the enclave app are compiled for.
///
/// # Errors
/// If rustup cannot add them.
pub fn targets() -> Result<()> {
    rust_targets(&[WASM_TARGETS, ENCLAVE_TARGETS].concat())
}

/// Adds the Rust targets that are not installed yet.
///
/// # Errors
/// If rustup cannot add them.
pub fn rust_targets(targets: &[&str]) -> Result<()> {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("cannot run rustc: install Rust from https://rustup.rs")?;
    let libraries = Path::new(String::from_utf8_lossy(&sysroot.stdout).trim()).join("lib/rustlib");
    let missing: Vec<&str> = targets.iter().copied().filter(|target| !libraries.join(target).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    step("Rust targets");
    run(Command::new("rustup").args(["target", "add"]).args(&missing)).with_context(|| {
        format!("this Rust has no target {}: add it with rustup, or with your system's packages", missing.join(" "))
    })
}

/// Installs everything that the tests need, as far as this machine can have it.
///
/// # Errors
/// If a step fails that no test can do without.
pub fn for_tests() -> Result<Vec<Missing>> {
    targets()?;
    let mut missing: Vec<_> = [C_TOOLCHAIN, CHROMIUM, RISCV64].iter().filter_map(Need::missing).collect();
    if !missing.iter().any(|missing| missing.marker == RISCV64.marker) {
        match rust_targets(&[riscv64::TARGET]) {
            Ok(()) => drop(riscv64::build_for_tests()?),
            Err(error) => missing.push(RISCV64.is_missing(format!("{error:#}"))),
        }
    }
    if !missing.iter().any(|missing| missing.marker == C_TOOLCHAIN.marker) {
        sqlite::build()?;
    }
    guests::build()?;
    programs::build()?;
    missing.extend(digits::build_or_miss()?);
    Ok(missing)
}

/// Debian packages that some tests need.
struct Need {
    /// Tests with this in their names need them.
    marker: &'static str,
    /// What is tested.
    subject: &'static str,
    packages: &'static [&'static str],
    /// A shell command that succeeds if everything is there.
    check: &'static str,
    /// What it means if the shell command fails.
    otherwise: &'static str,
}

/// Sets this machine up to link programs for RISC-V Linux.
///
/// # Errors
/// If the machine cannot link them, and the packages for it cannot be installed.
pub fn riscv64_linker() -> Result<()> {
    let links = || succeeds(Command::new("sh").args(["-c", RISCV64_LINKER]));
    if links() {
        return Ok(());
    }
    step("Debian packages, for a RISC-V linker");
    debian::install(&["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"])?;
    ensure!(links(), "the packages are there, but riscv64-linux-gnu-gcc links no static program");
    Ok(())
}

/// A shell command that succeeds if there is such a compiler.
const RISCV64_LINKER: &str = "echo 'int main(void) { return 0; }' | riscv64-linux-gnu-gcc -static -x c - -o /dev/null";

/// The packages that the C template's README tells users of Debian 12 to install.
const C_TOOLCHAIN: Need = Need {
    marker: "needs_c_toolchain",
    subject: "the C template",
    packages: &["make", "clang", "lld", "wasi-libc", "libclang-rt-14-dev-wasm32"],
    check: "echo 'int main(void) { return 0; }' | clang --target=wasm32-wasi -x c - -o /dev/null && make --version",
    otherwise: "clang does not compile for wasm32-wasi",
};

/// A browser that a test drives. Its sandbox refuses to start as root.
const CHROMIUM: Need = Need {
    marker: "needs_chromium",
    subject: "the page of examples/digits in a browser",
    packages: &["chromium", "chromium-driver"],
    check: "export HOME=$(mktemp -d) && trap 'rm -rf $HOME' EXIT && chromedriver --version && timeout 60 chromium \
        --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir=$HOME/profile --dump-dom about:blank",
    otherwise: "chromium shows no page",
};

/// The packages that compile, link and run programs for RISC-V Linux.
const RISCV64: Need = Need {
    marker: "needs_riscv64",
    subject: "RISC-V code",
    packages: &["qemu-user", "gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"],
    check: "program=$(mktemp) && trap 'rm -f $program' EXIT && echo 'int main(void) { return 0; }' \
        | riscv64-linux-gnu-gcc -static -x c - -o $program && qemu-riscv64 $program",
    otherwise: "what riscv64-linux-gnu-gcc compiles does not run under qemu-riscv64",
};

impl Need {
    /// Installs the missing packages. Returns those that could not be installed, and why.
    fn missing(&self) -> Option<Missing> {
        if self.is_there() {
            return None;
        }
        step(&format!("Debian packages, for {}", self.subject));
        let reason = match debian::install(self.packages) {
            Ok(()) if self.is_there() => return None,
            Ok(()) => format!("the packages are there, but {}", self.otherwise),
            Err(error) => format!("{error:#}"),
        };
        Some(self.is_missing(reason))
    }

    /// Prints that the tests are skipped, and returns the reason.
    fn is_missing(&self, reason: String) -> Missing {
        eprintln!("SKIPPED: tests of {} ({reason})", self.subject);
        Missing { marker: self.marker, reason }
    }

    fn is_there(&self) -> bool {
        succeeds(Command::new("sh").args(["-c", self.check]))
    }
}
