//! The simulator: the enclave app as a process of this machine.
//!
//! It is the same library that runs in a real enclave, on the same wire, fed the same image. It gets
//! the shared buffer and nothing else: no files, no memory but the image's heap, no system calls but
//! those of [`lockdown`]. It is no protection: whoever owns the machine can read its memory.

mod allocator;
mod doorbell;
mod enclave;
mod lockdown;

pub use allocator::Allocator;
pub use enclave::enclave_main;

use crate::backend::Outcome;
use crate::edge_call::Dispatcher;
use crate::serve::{Config, Server};
use doorbell::{Shared, Turn};
use enclave::{COMPLAINT, NOT_STARTED};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wasmstone_edge_protocol::ExitStatus;

/// The first argument of a process that is to become an enclave.
pub const ENCLAVE_ARGUMENT: &str = "__simulated-enclave";

/// The most bytes that are read of why a process could not become an enclave.
const COMPLAINT_MAX: u64 = 4096;

/// How long an answer that nobody needs any more is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to launch.
#[derive(Clone, Debug)]
pub struct Options {
    /// A program that calls [`enclave_main`] when its first argument is [`ENCLAVE_ARGUMENT`]:
    /// usually the running one.
    pub executable: PathBuf,
    /// How long the enclave may run.
    pub timeout: Option<Duration>,
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
pub fn launch(image: &[u8], server: &mut Server, options: &Options) -> Result<Outcome, LaunchError> {
    let image = image_file(image).map_err(failed("set memory aside"))?;
    let memory = doorbell::create().map_err(failed("share memory"))?;
    let shared = Arc::new(Shared::map(&memory).map_err(failed("map shared memory"))?);
    let mut child = Command::new(&options.executable)
        .arg(ENCLAVE_ARGUMENT)
        .arg(std::process::id().to_string())
        .env_clear()
        .stdin(image)
        .stdout(memory)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed("start a process"))?;
    let deadline = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let served = pidfd(&child).and_then(|process| {
        let nothing = Server::new(Config::default()).map_err(Error::other)?;
        let serving = Serving::start(shared.clone(), std::mem::replace(server, nothing))?;
        let timed_out = !wait_for_any([&process, &serving.running], deadline)?;
        Ok((serving, timed_out))
    });
    // It has ended, or it must. Killing what has ended already is no error worth a word.
    let _ = child.kill();
    let status = child.wait().map_err(failed("wait"))?;
    let (serving, timed_out) = served.map_err(failed("watch a process"))?;
    let complaint = child.stderr.take().map(complaint).unwrap_or_default();
    let ended = if shared.ended() != Turn::Host && serving.ends_soon().map_err(failed("watch a thread"))? {
        let (returned, ended) = serving.thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        *server = returned;
        ended
    } else {
        None
    };
    match ended {
        Some(outcome) => Ok(outcome),
        None if timed_out => Ok(Outcome::TimedOut),
        None if status.code() == Some(NOT_STARTED) => Err(failed("set up a process")(Error::other(complaint))),
        None => Ok(crashed(&shared, status)),
    }
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

/// A thread that answers edge calls, so that this one can look after the enclave's end and its time.
struct Serving {
    thread: JoinHandle<(Server, Option<Outcome>)>,
    /// Hangs up when the thread ends.
    running: OwnedFd,
}

impl Serving {
    fn start(shared: Arc<Shared>, mut server: Server) -> Result<Self, Error> {
        let (running, end) = std::io::pipe()?;
        let thread = std::thread::Builder::new().name("edge calls".into()).spawn(move || {
            let _end = end;
            let outcome = serve(&shared, &mut server);
            (server, outcome)
        })?;
        Ok(Self { thread, running: running.into() })
    }

    /// Whether the thread ends, now that there is no enclave any more. It does at once, unless an enclave
    /// asked for something that takes for ever and then made it look as if it had not.
    fn ends_soon(&self) -> Result<bool, Error> {
        wait_for_any([&self.running], Some(Instant::now() + PATIENCE))
    }
}

/// Waits until one of `ends` is readable or hangs up; false where `deadline` came first.
fn wait_for_any<const N: usize>(ends: [&OwnedFd; N], deadline: Option<Instant>) -> Result<bool, Error> {
    let mut fds = ends.map(|end| PollFd::new(end, PollFlags::IN));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // What is too long for the system's type is never over.
        match poll(&mut fds, left.and_then(|left| left.try_into().ok()).as_ref()) {
            Err(Errno::INTR) => {}
            ready => return Ok(ready? > 0),
        }
    }
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
            Turn::Exited => return Some(exited(shared.exit_value())),
            Turn::Enclave | Turn::Ended => return None,
        }
    }
}

fn exited(value: u64) -> Outcome {
    match ExitStatus::from_value(value) {
        Some(ExitStatus::OutOfMemory) => Outcome::OutOfMemory,
        Some(status) => Outcome::Ended(status),
        None => Outcome::Crashed { reason: format!("it exited with the unknown value {value:#x}") },
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
