//! The simulator: the enclave app in a process of this machine.
//!
//! The process runs the same library as a real enclave, on the same wire, from the same image. It gets
//! the shared buffer and nothing else: no files, no memory but the image's heap, no system calls but
//! those of [`lockdown`]. It protects nothing: the owner of the machine can read its memory.
//!
//! [`launch`] starts the process and answers its edge calls; [`enclave_main`] is what the process does. The
//! process is a program of its own, [`PROGRAM`], because its allocator, [`Allocator`], is that of a whole program.

#![deny(unsafe_op_in_unsafe_fn)]

mod allocator;
mod doorbell;
mod enclave;
mod keys;
mod lockdown;
mod program;

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
use wasmstone_happ::backend::timings::Stopwatch;
use wasmstone_happ::backend::watch::{Serving, Watching, Woken};
use wasmstone_happ::backend::{Grace, Launched, Outcome, Timings};
use wasmstone_happ::edge_call::Dispatcher;
use wasmstone_happ::edge_server::Server;
use wasmstone_happ::signals::Signals;

/// The program that becomes a simulated enclave. It is installed beside the program that launches enclaves.
pub const PROGRAM: &str = "wasmstone-simulated-enclave";

/// The most bytes that are read of why a process could not become an enclave.
const COMPLAINT_MAX: u64 = 4096;

/// How long an answer that nobody needs any more is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to launch.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// A program that calls [`enclave_main`] with its arguments: usually [`PROGRAM`].
    pub executable: PathBuf,
    /// Arguments that the program takes before those of [`enclave_main`].
    pub arguments: Vec<OsString>,
    /// What a real enclave made of the same bundle would be measured as. Reports name it, and sealing keys depend
    /// on it.
    pub measurement: Measurement,
    /// What runs it, where this machine's processor cannot: an emulator such as `qemu-riscv64`.
    pub runner: Option<PathBuf>,
    /// Insecure: run the enclave even where the machine cannot confine its process.
    pub unconfined: bool,
    /// How long the enclave may run.
    pub timeout: Option<Duration>,
    /// Signals that end the enclave.
    pub signals: Option<&'a Signals>,
    /// What the first of them does instead.
    pub grace: Option<&'a Grace>,
}

impl Options<'_> {
    /// An enclave process of `executable`, confined, for as long as it takes.
    pub const fn new(executable: PathBuf, measurement: Measurement) -> Self {
        let (arguments, runner) = (Vec::new(), None);
        Self { executable, arguments, measurement, runner, unconfined: false, timeout: None, signals: None, grace: None }
    }

    /// The command that becomes an enclave.
    fn command(&self) -> Command {
        let mut command = match &self.runner {
            Some(runner) => Command::new(runner),
            None => Command::new(&self.executable),
        };
        command.args(self.runner.as_ref().map(|_| &self.executable)).args(&self.arguments);
        command.arg(std::process::id().to_string()).arg(self.measurement.to_string());
        command.args(self.unconfined.then_some(UNCONFINED));
        command
    }
}

/// Why a simulated enclave could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} for the simulated enclave; `wasmstone doctor` says what is missing on this machine")]
pub struct LaunchError {
    action: &'static str,
    #[source]
    source: Error,
}

fn failed<E: Into<Error>>(action: &'static str) -> impl FnOnce(E) -> LaunchError {
    move |source| LaunchError { action, source: source.into() }
}

/// Runs `image` to its end, answering its edge calls from `server`.
///
/// An answer can take for ever, such as the one to a read of a terminal. Where the enclave ends or its
/// time is up meanwhile, nobody waits for the answer: `server` has then nothing left to give or to tell.
///
/// # Errors
/// [`LaunchError`] where the machine does not let us start the process, or the process become an enclave;
/// nothing was run then.
pub fn launch(image: &[u8], server: &mut Server, options: &Options<'_>) -> Result<Launched, LaunchError> {
    let mut watch = Stopwatch::start();
    let image = image_file(image).map_err(failed("set memory aside"))?;
    let memory = doorbell::create().map_err(failed("share memory"))?;
    let shared = Arc::new(Shared::map(&memory).map_err(failed("map shared memory"))?);
    let mut child = options
        .command()
        .env_clear()
        .stdin(image)
        .stdout(memory)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed("start a process"))?;
    let mut timings = Timings { create: watch.lap(), ..Timings::default() };
    let started = Instant::now();
    let deadline = options.timeout.and_then(|timeout| started.checked_add(timeout));
    let served = pidfd(&child).and_then(|process| {
        let serving = shared.clone();
        let serving = Serving::start(server, move |server| serve(&serving, server))?;
        let woken = Watching::new(options.signals, options.grace).wait([&process, &serving.running], deadline)?;
        Ok((serving, woken))
    });
    // It has ended, or it must. Killing what has ended already is no error worth a word.
    let _ = child.kill();
    let status = child.wait().map_err(failed("wait"))?;
    let (serving, woken) = served.map_err(failed("watch a process"))?;
    let complaint = child.stderr.take().map(complaint).unwrap_or_default();
    // The thread ends at once now, unless an enclave asked for something that takes for ever and then
    // made it look as if it had not.
    let ended = if shared.ended() != Turn::Host && serving.ends_within(PATIENCE).map_err(failed("watch a thread"))? {
        serving.finish(server)
    } else {
        None
    };
    timings.add(started, server.milestones());
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

/// What a process said that could not become an enclave; once it is one, it has no standard error.
fn complaint(stderr: impl Read) -> String {
    let mut said = Vec::new();
    // Whatever was read until then is all there is to tell.
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

/// Serves until the enclave ends; `None` where it did without saying how.
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
