//! How simulated enclaves are started: by this program, as a process of its own.

use anyhow::Context;
use wasmstone_bundle::Measurement;
use wasmstone_happ::backend::sim;

/// Names what runs this program where the processor cannot, since an emulator's child is not emulated.
const RUNNER: &str = "WASMSTONE_SIM_RUNNER";

/// The options for an enclave of this program with this measurement.
///
/// # Errors
/// Where the operating system does not say which file it is.
pub fn options(measurement: Measurement) -> anyhow::Result<sim::Options<'static>> {
    let executable = std::env::current_exe().context("cannot find this program itself")?;
    let runner = std::env::var_os(RUNNER).filter(|runner| !runner.is_empty()).map(Into::into);
    Ok(sim::Options { runner, ..sim::Options::new(executable, measurement) })
}
