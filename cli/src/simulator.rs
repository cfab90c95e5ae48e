//! How simulated enclaves are started: as processes of a second program, which is installed beside this one.

use crate::exit::{Exit, Fault};
use anyhow::Context;
use wasmstone_bundle::Measurement;
use wasmstone_simulator::{Options, PROGRAM};

/// Names what runs that program where the processor cannot, since an emulator's child is not emulated.
const RUNNER: &str = "WASMSTONE_SIM_RUNNER";

/// The options for a simulated enclave with this measurement.
///
/// # Errors
/// Where the program for simulated enclaves is missing.
pub fn options(measurement: Measurement) -> anyhow::Result<Options<'static>> {
    let executable = std::env::current_exe().context("cannot find this program itself")?.with_file_name(PROGRAM);
    if !executable.exists() {
        let message = format!(
            "the program {} is missing, which simulated enclaves run in: install it beside wasmstone",
            executable.display()
        );
        return Err(Fault::new(Exit::Backend, message).into());
    }
    let runner = std::env::var_os(RUNNER).filter(|runner| !runner.is_empty()).map(Into::into);
    Ok(Options { runner, ..Options::new(executable, measurement) })
}
