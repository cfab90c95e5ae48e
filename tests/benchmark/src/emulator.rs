//! Enclaves on an emulated RISC-V processor: images in the Eyrie harness, under `qemu-riscv64`.

use crate::place::Places;
use crate::served::Served;
use crate::table::unit;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wasmstone_builder::Built;
use wasmstone_bundle::{Platform, SecretKey};
use wasmstone_policy::{Target, layout};

const QEMU: &str = "qemu-riscv64";

/// The cost of a run of this size is subtracted from others: the rest is the cost of computing, without the start.
const LEAST: &str = "1";

/// The emulator, with the programs that it runs.
pub struct Emulator {
    harness: PathBuf,
    /// The plugin that counts instructions, if it works.
    counter: Option<String>,
}

/// The emulator's report on a run.
struct Ran {
    stdout: Vec<u8>,
    stderr: String,
}

impl Emulator {
    /// The emulator; `None` if it is missing, which is then printed.
    pub fn find(places: &Places, what: &str) -> Option<Self> {
        // Built by `cargo xtask target`.
        let harness = places.target.join("riscv64gc-unknown-linux-gnu/small/wasmstone-eyrie-harness");
        let mut version = Command::new(QEMU);
        let version = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !harness.exists() || !version.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: {what} needs {QEMU} (Debian: qemu-user) and {}", harness.display());
            return None;
        }
        Some(Self { harness, counter: None })
    }

    /// The emulator with instructions counted; without the count if the emulator cannot count, which is then printed.
    pub fn counting(mut self, places: &Places) -> Self {
        // Instructions of the enclave app and of machine code: the code that answers the enclave lies elsewhere.
        let (app, code) = (0x1_0000..layout::STACK.end, layout::NATIVE_BASE..layout::HEAP_BASE);
        let ranges = [app, code].map(|range| format!(",at={:x}-{:x}", range.start, range.end));
        let plugin = places.target.join("count_instructions.so");
        self.counter = Some(format!("{}{}", plugin.display(), ranges.concat()));
        let counted = self.output(self.command().arg("--version")).and_then(|ran| ran.number("instructions"));
        if let Err(error) = counted {
            eprintln!("SKIPPED: counting instructions, so seconds are taken: {error:#}");
            self.counter = None;
        }
        self
    }

    /// The unit of the numbers of [`Self::cost`], and how a number is written.
    pub fn unit(&self) -> (&'static str, fn(f64) -> String) {
        if self.counter.is_some() { ("instructions", unit::millions) } else { ("seconds", unit::seconds) }
    }

    /// The cost of computing at a size in the enclave, and the output.
    ///
    /// # Errors
    /// If the program fails.
    pub fn cost(&self, bundle: &Path, target: Target, size: &str) -> Result<(f64, Vec<u8>)> {
        let run = |size| self.output(self.harness(bundle, target).args(["--same-entropy", "--seconds", "--", size]));
        let number = |ran: &Ran| ran.number(self.unit().0);
        let (start, all) = (run(LEAST)?, run(size)?);
        Ok((number(&all)? - number(&start)?, all.stdout))
    }

    /// The time that a program takes in the enclave, from its first instruction, and its output.
    ///
    /// # Errors
    /// If the program fails.
    pub fn seconds(&self, bundle: &Path, target: Target, size: &str) -> Result<(f64, Vec<u8>)> {
        let ran = self.output(self.harness(bundle, target).args(["--seconds", "--", size]))?;
        Ok((ran.number("seconds")?, ran.stdout))
    }

    /// Starts a program that serves.
    ///
    /// # Errors
    /// If the program does not begin to listen.
    pub fn serve(&self, bundle: &Path, target: Target, arguments: &[&str]) -> Result<Served> {
        let mut command = self.harness(bundle, target);
        command.args(["--net", "--"]).args(arguments);
        Served::start(command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(QEMU);
        if let Some(counter) = &self.counter {
            command.arg("-plugin").arg(counter);
        }
        command.arg(&self.harness).stdin(Stdio::null());
        command
    }

    fn harness(&self, bundle: &Path, target: Target) -> Command {
        let mut command = self.command();
        command.arg(bundle).args(["--target", target.name()]);
        command
    }

    fn output(&self, command: &mut Command) -> Result<Ran> {
        let output = command.output().context("cannot run the emulator")?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{command:?} failed: {stderr}");
        Ok(Ran { stdout: output.stdout, stderr })
    }
}

impl Ran {
    /// A number from a line of JSON on standard error.
    fn number(&self, name: &str) -> Result<f64> {
        let start = format!("{{\"{name}\":");
        let number = self.stderr.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('}')?.parse().ok());
        number.with_context(|| format!("the emulator tells no {name}: {}", self.stderr))
    }
}

/// A platform that protects floating-point registers, or one that does not.
pub fn platform(fp_safe: bool) -> Platform {
    Platform { name: "emulated".to_owned(), fp_safe, ..Platform::sim() }
}

/// Signs a bundle, and writes it into a fresh directory.
///
/// # Errors
/// If the bundle cannot be signed or written.
pub fn write(places: &Places, name: &str, built: &Built) -> Result<PathBuf> {
    let path = places.directory(name)?.join("program.wsb");
    let mut bundle = built.bundle.clone();
    bundle.sign(&SecretKey::generate()?)?;
    fs::write(&path, bundle.to_bytes()).context("cannot write the bundle")?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::Ran;

    #[test]
    fn numbers_are_found_among_other_lines() {
        let stderr = "nothing is protected\n{\"seconds\":0.5}\n{\"instructions\":1234567}\n".to_owned();
        let ran = Ran { stdout: Vec::new(), stderr };
        assert_eq!(ran.number("instructions").unwrap(), 1_234_567.0);
        assert_eq!(ran.number("seconds").unwrap(), 0.5);
        assert!(ran.number("second").unwrap_err().to_string().contains("nothing is protected"));
    }
}
