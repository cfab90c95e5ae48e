//! The simulator: the enclave app in a process of this machine.
//!
//! The process runs the same library as a real enclave, with the same edge protocol, from the same image. It gets the
//! shared buffer and nothing else: no files, no memory but the image's heap, no system calls but those of
//! [`lockdown`]. It protects nothing: the owner of the machine can read its memory.
//!
//! [`Simulator`] starts the process and answers its edge calls; [`enclave_main`] is the code that the process runs.
//! The process is a program of its own, [`PROGRAM`], because its allocator, [`Allocator`], is that of a whole
//! program.

#![deny(unsafe_op_in_unsafe_fn)]

mod allocator;
mod doorbell;
mod enclave;
mod keys;
mod lockdown;
mod program;
#[cfg(test)]
mod tests;

pub use allocator::Allocator;
pub use enclave::enclave_main;

use doorbell::{Shared, Turn};
use enclave::{COMPLAINT, NOT_STARTED, UNCONFINED};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmstone_bundle::Measurement;
use wasmstone_bundle::platform::SIM;
use wasmstone_happ::backend::timings::Stopwatch;
use wasmstone_happ::backend::watch::{Serving, Watching, Woken};
use wasmstone_happ::backend::{
    Backend, Check, ErrorClass, Evidence, Files, Kind, LaunchError, Launched, Limits, Outcome, Timings,
};
use wasmstone_happ::edge_call::Dispatcher;
use wasmstone_happ::edge_server::Server;
use wasmstone_policy::Target;

/// The program that becomes a simulated enclave. It is installed beside the program that launches enclaves.
pub const PROGRAM: &str = "wasmstone-simulated-enclave";

/// The environment variable that names an emulator, such as `qemu-riscv64`, which runs the enclave's process: an
/// emulator of one process does not emulate its children.
pub const RUNNER: &str = "WASMSTONE_SIM_RUNNER";

/// The most bytes that are read of the message of a process that could not become an enclave.
const COMPLAINT_MAX: u64 = 4096;

/// How long the thread may take to answer an edge call whose answer is not needed any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// The backend that simulates enclaves.
#[derive(Clone, Debug)]
pub struct Simulator {
    /// A program that calls [`enclave_main`] with its arguments: usually [`PROGRAM`].
    pub executable: PathBuf,
    /// Arguments that the program takes before those of [`enclave_main`].
    pub arguments: Vec<OsString>,
    /// What runs the program if this machine's processor cannot: an emulator such as `qemu-riscv64`.
    pub runner: Option<PathBuf>,
    /// Insecure: run the enclave even if the machine cannot confine its process.
    pub unconfined: bool,
}

impl Simulator {
    /// A simulator that starts `executable`, and confines it.
    pub const fn new(executable: PathBuf) -> Self {
        Self { executable, arguments: Vec::new(), runner: None, unconfined: false }
    }

    /// A simulator that starts [`PROGRAM`] in the directory of the running program, with the [`RUNNER`] that the
    /// environment names.
    ///
    /// # Errors
    /// If the program is missing.
    pub fn installed() -> Result<Self, LaunchError> {
        let this = std::env::current_exe().map_err(failed("find the running program"))?;
        let executable = this.with_file_name(PROGRAM);
        if !executable.exists() {
            return Err(SimulatorError::NotInstalled(executable).into());
        }
        let runner = std::env::var_os(RUNNER).filter(|runner| !runner.is_empty()).map(Into::into);
        Ok(Self { runner, ..Self::new(executable) })
    }

    /// The command whose process becomes the enclave with this measurement.
    fn command(&self, measurement: Measurement) -> Command {
        let mut command = match &self.runner {
            Some(runner) => Command::new(runner),
            None => Command::new(&self.executable),
        };
        command.args(self.runner.as_ref().map(|_| &self.executable)).args(&self.arguments);
        command.arg(std::process::id().to_string()).arg(measurement.to_string());
        command.args(self.unconfined.then_some(UNCONFINED));
        command
    }
}

impl Backend for Simulator {
    fn kind(&self) -> Kind {
        Kind::Sim
    }

    fn notice(&self) -> Option<&'static str> {
        Some("simulated enclave, nothing is protected")
    }

    fn machine_code(&self, platform: &str) -> Option<Target> {
        // On RISC-V, the code of a bundle for Keystone was compiled for an enclave app that is not a process of
        // Linux.
        Target::host().filter(|target| *target != Target::Riscv64 || platform == SIM)
    }

    fn check_platform(&self, _platform: &str, _loader: &[u8], _runtime: &[u8]) -> Result<(), LaunchError> {
        Ok(())
    }

    fn launch(&self, files: &Files<'_>, server: &mut Server, limits: &Limits<'_>) -> Result<Launched, LaunchError> {
        Ok(launch(self, files, server, limits)?)
    }

    fn evidence(&self) -> Evidence {
        Evidence::KeystoneReport
    }

    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }
}

/// Why a simulated enclave could not be started.
#[derive(Debug, thiserror::Error)]
enum SimulatorError {
    #[error(
        "the program {} is missing, and simulated enclaves are processes of that program: install it beside wasmstone",
        .0.display()
    )]
    NotInstalled(PathBuf),
    #[error("cannot {action} for the simulated enclave; `wasmstone doctor` says what is missing on this machine")]
    System {
        action: &'static str,
        #[source]
        source: Error,
    },
}

impl From<SimulatorError> for LaunchError {
    fn from(error: SimulatorError) -> Self {
        Self::new(ErrorClass::Unusable, error)
    }
}

fn failed<E: Into<Error>>(action: &'static str) -> impl FnOnce(E) -> SimulatorError {
    move |source| SimulatorError::System { action, source: source.into() }
}

/// Implements [`Backend::launch`].
///
/// # Errors
/// If the machine does not let us start the process, or does not let the process become an enclave; no code of the
/// program ran then.
fn launch(
    simulator: &Simulator,
    files: &Files<'_>,
    server: &mut Server,
    limits: &Limits<'_>,
) -> Result<Launched, SimulatorError> {
    let mut watch = Stopwatch::start();
    let image = image_file(files.image).map_err(failed("set memory aside"))?;
    let memory = doorbell::create().map_err(failed("share memory"))?;
    let shared = Arc::new(Shared::map(&memory).map_err(failed("map shared memory"))?);
    let mut child = simulator
        .command(files.measurement)
        .env_clear()
        .stdin(image)
        .stdout(memory)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed("start a process"))?;
    let mut timings = Timings { create: watch.lap(), ..Timings::default() };
    let started = Instant::now();
    let deadline = limits.timeout.and_then(|timeout| started.checked_add(timeout));
    let served = pidfd(&child).and_then(|process| {
        let serving = shared.clone();
        let serving = Serving::start(server, move |server| serve(&serving, server))?;
        let woken = Watching::new(limits.signals, limits.grace).wait([&process, &serving.running], deadline)?;
        Ok((serving, woken))
    });
    // The process has ended, or it must end now. That a process that has ended cannot be killed is no error.
    let _ = child.kill();
    let status = child.wait().map_err(failed("wait"))?;
    let (serving, woken) = served.map_err(failed("watch a process"))?;
    let complaint = child.stderr.take().map(complaint).unwrap_or_default();
    // The thread ends at once now, unless the enclave asked for something that takes for ever and then pretended that
    // it had not asked.
    let ended = if shared.ended() != Turn::Host && serving.ends_within(PATIENCE).map_err(failed("watch a thread"))? {
        serving.finish(server)
    } else {
        None
    };
    timings.add(started, &server.milestones());
    let outcome = match (ended, woken) {
        (Some(outcome), _) => outcome,
        (None, Woken::TimedOut) => Outcome::TimedOut,
        (None, Woken::Signal(signal)) => Outcome::Interrupted { signal },
        (None, Woken::Ended) if status.code() == Some(NOT_STARTED) => {
            return Err(failed("set up a process")(Error::other(complaint)));
        }
        (None, Woken::Ended) => crashed(&shared, status),
    };
    Ok(Launched { outcome, timings })
}

/// The message of a process that could not become an enclave; an enclave has no standard error.
fn complaint(stderr: impl Read) -> String {
    let mut said = Vec::new();
    // If reading fails, what was read until then is the message.
    let _ = stderr.take(COMPLAINT_MAX).read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    said.strip_prefix(COMPLAINT).unwrap_or(&said).trim_end().to_owned()
}

fn image_file(image: &[u8]) -> Result<OwnedFd, Error> {
    let mut file = File::from(memfd_create("wasmstone-image", MemfdFlags::CLOEXEC)?);
    file.write_all(image)?;
    Ok(file.into())
}

fn pidfd(child: &Child) -> Result<OwnedFd, Error> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Answers edge calls until the enclave ends; `None` if it ended without the EXIT call.
fn serve(shared: &Shared, server: &mut Server) -> Option<Outcome> {
    let mut dispatcher = Dispatcher::default();
    loop {
        match shared.wait_for_enclave() {
            Turn::Host => {
                dispatcher.dispatch(shared.buffer(), server);
                shared.resume();
            }
            Turn::Exited => return Some(Outcome::exited(shared.exit_value())),
            Turn::Enclave | Turn::Ended => return None,
        }
    }
}

fn crashed(shared: &Shared, status: std::process::ExitStatus) -> Outcome {
    if shared.is_exhausted() {
        return Outcome::OutOfMemory;
    }
    let reason = match status.signal() {
        Some(libc::SIGSYS) => "it made a system call that an enclave may not make".to_owned(),
        Some(signal) => format!("it was killed by signal {signal}"),
        None => format!("its process ended with {status}"),
    };
    Outcome::Crashed { reason }
}
