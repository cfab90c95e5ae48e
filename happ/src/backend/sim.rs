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
use crate::serve::Server;
use doorbell::{Shared, Turn};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::File;
use std::io::{Error, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmstone_edge_protocol::ExitStatus;

/// The first argument of a process that is to become an enclave.
pub const ENCLAVE_ARGUMENT: &str = "__simulated-enclave";

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
/// # Errors
/// [`LaunchError`] where the machine does not let us start the process; nothing was run then.
pub fn launch(image: &[u8], server: &mut Server, options: &Options) -> Result<Outcome, LaunchError> {
    let image = image_file(image).map_err(failed("set memory aside"))?;
    let memory = doorbell::create().map_err(failed("share memory"))?;
    let shared = Arc::new(Shared::map(&memory).map_err(failed("map shared memory"))?);
    let mut child = Command::new(&options.executable)
        .arg(ENCLAVE_ARGUMENT)
        .env_clear()
        .stdin(image)
        .stdout(memory)
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(failed("start a process"))?;
    let watched = watch(&child, shared.clone());
    let deadline = options.timeout.map(|timeout| Instant::now() + timeout);
    let outcome = match watched {
        Ok(()) => Ok(serve(&shared, server, deadline)),
        Err(error) => Err(failed("watch a process")(error)),
    };
    // It has ended, or it must. Killing what has ended already is no error worth a word.
    let _ = child.kill();
    let status = child.wait().map_err(failed("wait"))?;
    Ok(outcome?.unwrap_or_else(|| crashed(&shared, status)))
}

fn image_file(image: &[u8]) -> Result<OwnedFd, Error> {
    let mut file = File::from(memfd_create("wasmstone-image", MemfdFlags::CLOEXEC)?);
    file.write_all(image)?;
    Ok(file.into())
}

/// Rings the doorbell when the process ends, so that nobody waits for it for ever.
fn watch(child: &Child, shared: Arc<Shared>) -> Result<(), Error> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    std::thread::Builder::new().name("enclave watch".into()).spawn(move || {
        let mut fds = [PollFd::new(&process, PollFlags::IN)];
        while let Err(Errno::INTR) = poll(&mut fds, None) {}
        shared.ended();
    })?;
    Ok(())
}

/// Serves until the enclave ends; `None` where it did without saying how.
fn serve(shared: &Shared, server: &mut Server, deadline: Option<Instant>) -> Option<Outcome> {
    let mut dispatcher = Dispatcher::default();
    loop {
        match shared.wait_for_enclave(deadline) {
            Turn::Host => {
                dispatcher.dispatch(shared.buffer(), server);
                shared.resume();
            }
            Turn::Exited => return Some(exited(shared.exit_value())),
            Turn::Enclave => return Some(Outcome::TimedOut),
            Turn::Ended => return None,
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
