//! What launches enclaves: the trait [`Backend`], its arguments, and the result of a launch.
//!
//! [`Keystone`](crate::keystone::Keystone) is one implementation. The other one is the simulator, a crate of its own,
//! since it links the enclave app.

mod check;
mod error;
mod kind;
mod outcome;
pub mod timings;
pub mod watch;

pub use check::{Check, Missing};
pub use error::{ErrorClass, LaunchError};
pub use kind::{Evidence, Kind};
pub use outcome::{Launched, Outcome, exit_code};
pub use timings::Timings;
pub use watch::Grace;

use crate::edge_server::Server;
use crate::signals::Signals;
use std::time::Duration;
use wasmstone_bundle::Measurement;
use wasmstone_policy::Target;

/// What launches enclaves of one kind, and answers their edge calls until they end.
pub trait Backend {
    /// The backend's kind.
    fn kind(&self) -> Kind;

    /// A warning for everybody who launches an enclave; `None` if the enclave is protected.
    fn notice(&self) -> Option<&'static str>;

    /// The target whose machine code it runs, for a bundle that was built for `platform`; `None` if it runs bytecode
    /// only. Bytecode runs everywhere.
    fn machine_code(&self, platform: &str) -> Option<Target>;

    /// Whether it can launch what was built for `platform`, with this loader and this runtime.
    ///
    /// # Errors
    /// [`ErrorClass::Platform`] with the reason.
    fn check_platform(&self, platform: &str, loader: &[u8], runtime: &[u8]) -> Result<(), LaunchError>;

    /// Builds an enclave of `files`, runs it to its end, and answers its edge calls from `server`.
    ///
    /// An answer can take for ever, such as the answer to a read of a terminal. If the enclave ends or its time is up
    /// meanwhile, the answer is not waited for; `server` then has nothing left to give, and tells only what it counted
    /// and timed.
    ///
    /// # Errors
    /// Why no enclave was launched, or how it was lost.
    fn launch(&self, files: &Files<'_>, server: &mut Server, limits: &Limits<'_>) -> Result<Launched, LaunchError>;

    /// The form of the reports that its enclaves get from the machine.
    fn evidence(&self) -> Evidence;

    /// What this backend needs of the machine, and whether the machine has it. A backend that can only be checked by
    /// a launch returns no checks.
    fn checks(&self) -> Vec<Check>;
}

/// The files that an enclave is built from. They are measured, and the same as in a verified bundle.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The platform's loader; for Keystone a raw binary.
    pub loader: &'a [u8],
    /// The platform's runtime; for Keystone an ELF file.
    pub runtime: &'a [u8],
    /// The composed enclave app, an ELF file.
    pub image: &'a [u8],
    /// The measurement of the three files.
    pub measurement: Measurement,
}

/// What ends an enclave from outside. By default nothing does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'a> {
    /// How long the enclave may run, from its first instruction on.
    pub timeout: Option<Duration>,
    /// How long it may take until its first edge call, if not the backend's own time.
    pub boot_timeout: Option<Duration>,
    /// Signals that end the enclave.
    pub signals: Option<&'a Signals>,
    /// What the first signal does instead.
    pub grace: Option<&'a Grace>,
}
