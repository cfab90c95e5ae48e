//! The backends of this program, and the choice among them. Everything else knows a backend by its trait only.

use crate::exit::{Exit, Fault};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use wasmstone_happ::backend::{Backend, Kind};
use wasmstone_happ::keystone::{DEVICE, Keystone};
#[cfg(feature = "simulator")]
use wasmstone_simulator::Simulator;

/// What to do where this program cannot simulate enclaves.
pub const WITH_SIMULATOR: &str = "use a wasmstone that was built with the feature \"simulator\"";

/// Insecure options that are about one backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Insecure {
    /// Run a simulated enclave even if its process cannot be confined.
    pub unconfined: bool,
    /// Do not keep a Keystone enclave's floating-point registers.
    pub foreign_floats: bool,
}

/// Reads the value of `--backend`.
pub fn parser() -> impl TypedValueParser<Value = Kind> {
    let values = Kind::ALL.map(|kind| {
        let hidden = kind == Kind::Sim && !cfg!(feature = "simulator");
        PossibleValue::new(kind.name()).help(kind.description()).hide(hidden)
    });
    PossibleValuesParser::new(values).try_map(|name| {
        let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("there is no backend {name}"))
    })
}

/// The backend that is used if none is asked for: Keystone if its device exists, otherwise the simulator.
pub fn default() -> Kind {
    if Keystone::is_present() || !cfg!(feature = "simulator") { Kind::Keystone } else { Kind::Sim }
}

/// `kind`, if this program has that backend.
///
/// # Errors
/// What to do if it does not.
pub fn offered(kind: Kind) -> Result<Kind, Fault> {
    if kind != Kind::Sim || cfg!(feature = "simulator") {
        return Ok(kind);
    }
    Err(no_simulator())
}

/// The error for a simulator that is not in this program.
fn no_simulator() -> Fault {
    let message = format!(
        "--backend sim: this wasmstone has no simulator: leave the option out on a Keystone machine; \
         elsewhere {WITH_SIMULATOR}"
    );
    Fault::new(Exit::Usage, message)
}

/// The backend of this kind.
///
/// # Errors
/// If this program does not have it, or an option is about another one.
pub fn find(kind: Kind, insecure: Insecure) -> anyhow::Result<Box<dyn Backend>> {
    match offered(kind)? {
        Kind::Keystone if insecure.unconfined => {
            let message = "--insecure-no-lockdown is about the simulator: leave it out, or say --backend sim";
            Err(Fault::new(Exit::Usage, message).into())
        }
        // Without a simulator nothing else can run the bundle, whatever platform it was built for.
        Kind::Keystone if !cfg!(feature = "simulator") && !Keystone::is_present() => {
            let message = format!(
                "there is no Keystone device {DEVICE}, and this wasmstone cannot simulate an enclave: on a Keystone \
                 machine load the driver, \"modprobe keystone-driver\"; elsewhere {WITH_SIMULATOR}"
            );
            Err(Fault::new(Exit::NoDevice, message).into())
        }
        Kind::Keystone => Ok(Box::new(Keystone { foreign_floats: insecure.foreign_floats })),
        Kind::Sim => simulator(insecure.unconfined),
    }
}

/// The backends that can say what they need of the machine, whether it has that or not.
pub fn checked() -> [Box<dyn Backend>; 1] {
    [Box::new(Keystone::default())]
}

#[cfg(feature = "simulator")]
fn simulator(unconfined: bool) -> anyhow::Result<Box<dyn Backend>> {
    Ok(Box::new(Simulator { unconfined, ..Simulator::installed()? }))
}

#[cfg(not(feature = "simulator"))]
fn simulator(_: bool) -> anyhow::Result<Box<dyn Backend>> {
    Err(no_simulator().into())
}
