//! A bundle's program for one target.

use crate::console::size;
use serde::Serialize;
use wasmstone_bundle::{Measurement, Sha256Digest};
use wasmstone_policy::{Launch, Memories, Target};

/// The compiled form of a program and its measurement.
#[derive(Debug, Serialize)]
pub struct ProgramView<'a> {
    target: &'static str,
    entry: &'static str,
    instances: u32,
    size: u64,
    sha256: String,
    cpu_features: &'a [String],
    hardware_float: bool,
    exceptions: bool,
    max_memory: u64,
    heap: Option<u64>,
    measurement: String,
}

impl<'a> ProgramView<'a> {
    pub fn new(launch: &'a Launch, measurement: &Measurement) -> Self {
        let program = &launch.program;
        Self {
            target: program.target.name(),
            entry: launch.entry.name(),
            instances: launch.instances,
            size: program.size,
            sha256: Sha256Digest(program.sha256).to_string(),
            cpu_features: &program.cpu_features,
            hardware_float: program.hardware_float,
            exceptions: program.memories == Memories::Collected,
            max_memory: launch.memory.linear,
            heap: launch.memory.heap(),
            measurement: measurement.to_string(),
        }
    }

    /// The target, whether its code is native or interpreted, and the code's size.
    pub fn engine(&self) -> String {
        let native = Target::ALL.iter().any(|target| target.name() == self.target && target.is_native());
        format!("{}, {}, {}", self.target, if native { "native code" } else { "interpreted" }, size(self.size))
    }

    /// The entry point, and how many requests it answers at once.
    pub fn entry(&self) -> String {
        match self.instances {
            0 => self.entry.to_owned(),
            1 => format!("{}, one request at a time", self.entry),
            instances => format!("{}, {instances} requests at once", self.entry),
        }
    }

    /// The target and the measurement.
    #[cfg(feature = "build")]
    pub fn measures(&self) -> String {
        format!("{} {}", self.target, self.measurement)
    }

    /// The CPU features that the program needs.
    pub fn cpu_features(&self) -> String {
        if self.cpu_features.is_empty() { "none".to_owned() } else { self.cpu_features.join(", ") }
    }

    /// Whether the program uses floating-point registers.
    pub fn hardware_float(&self) -> &'static str {
        if self.hardware_float { "uses floating-point registers" } else { "does not use floating-point registers" }
    }

    /// What is said about a program with exceptions.
    pub const EXCEPTIONS: &'static str = "used, so the enclave app has a collector for them";

    /// Whether the program uses exceptions.
    pub fn exceptions(&self) -> bool {
        self.exceptions
    }

    /// The SHA-256 of the compiled program.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The measurement in hexadecimal digits.
    pub fn measurement(&self) -> &str {
        &self.measurement
    }

    /// The memory cap in bytes.
    pub fn max_memory(&self) -> u64 {
        self.max_memory
    }

    /// The size of the enclave's heap in bytes; `None` if it is too large for any enclave.
    pub fn heap(&self) -> Option<u64> {
        self.heap
    }
}

/// A target and the measurement of its program.
#[derive(Debug, Serialize)]
pub struct MeasurementView {
    /// The target's name.
    pub target: &'static str,
    /// The measurement in hexadecimal digits.
    pub measurement: String,
}

impl MeasurementView {
    pub fn new(target: Target, measurement: &Measurement) -> Self {
        Self { target: target.name(), measurement: measurement.to_string() }
    }
}
