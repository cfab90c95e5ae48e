//! Keystone: enclaves behind the driver's device, `/dev/keystone_enclave`.
//!
//! An enclave is built page by page, measured by the security monitor, and then entered again and again
//! until it exits: it is left for every interrupt and for every edge call. The thread that enters it
//! serves it as well; another one watches the time and the signals that ask the program to end.
//!
//! Keystone's runtime never ends where the enclave app makes an invalid instruction: it prints for ever.
//! From outside that looks like a guest that computes. Only before the first edge call it can be told,
//! by [`Options::boot_timeout`]; afterwards [`Options::timeout`] ends both.

mod abi;
mod driver;
mod enclave;
mod error;
mod float;
mod gate;
mod lock;
mod mapping;
mod memory;
mod run;

pub use error::LaunchError;
pub use memory::{Cma, FreeMemory};

use crate::backend::watch::{Serving, Watching, Woken};
use crate::backend::{Grace, Launched, Outcome, Timings, timings::Stopwatch};
use crate::edge_server::{Server, Timebase};
use crate::signals::Signals;
use driver::{Device, Driver};
use enclave::{Enclave, Forming};
use lock::Lock;
use run::{Left, run};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasmstone_bundle::footprint;
use wasmstone_edge_protocol::BUFFER_SIZE;

/// The device of Keystone's driver.
pub const DEVICE: &str = "/dev/keystone_enclave";

// The driver makes buffers of a power of two of pages, and the kernel gives it 4 MiB at most.
const _: () = assert!(BUFFER_SIZE.is_power_of_two() && BUFFER_SIZE >= 8192 && BUFFER_SIZE <= 4 << 20);

/// How long an enclave that was asked to stop may take: it is interrupted a hundred times a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer is waited for that nobody needs any more.
const ANSWER_PATIENCE: Duration = Duration::from_millis(100);

/// What an enclave is built from: the measured files.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// Keystone's loader, a raw binary.
    pub loader: &'a [u8],
    /// The runtime, an ELF file.
    pub runtime: &'a [u8],
    /// The composed enclave app, an ELF file.
    pub image: &'a [u8],
}

/// How to launch. By default nothing ends the enclave but itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// How long the enclave may run, from its first instruction on.
    pub timeout: Option<Duration>,
    /// How long it may take to its first edge call; see [`boot_patience`].
    pub boot_timeout: Option<Duration>,
    /// Signals that end the enclave.
    pub signals: Option<&'a Signals>,
    /// What the first of them does instead, from the enclave's first instruction on.
    pub grace: Option<&'a Grace>,
    /// Not to keep the enclave's floating-point registers while it does not run, as a host would that knows of none:
    /// for tests of enclaves that use none.
    pub foreign_floats: bool,
}

/// A time in which an enclave with `size` bytes of memory makes its first edge call on any machine, and
/// however busy it is: booting clears all of the memory.
pub fn boot_patience(size: u64) -> Duration {
    Duration::from_secs(30) + Duration::from_millis(500).saturating_mul(u32::try_from(size >> 20).unwrap_or(u32::MAX))
}

/// Whether the device can be opened, and what memory there is for enclaves.
///
/// # Errors
/// [`LaunchError`]: why an enclave could not be launched.
pub fn probe() -> Result<FreeMemory, LaunchError> {
    open()?;
    FreeMemory::look().map_err(LaunchError::host("look at the kernel's memory"))
}

/// The bytes of private memory that an enclave of these files takes.
///
/// # Errors
/// [`LaunchError::Image`] or [`LaunchError::TooLarge`].
pub fn private_memory(files: &Files<'_>) -> Result<u64, LaunchError> {
    memory::private_memory(footprint::pages(files.loader, files.runtime, files.image, BUFFER_SIZE as u64)?)
}

/// Builds an enclave of `files`, runs it to its end, and answers its edge calls from `server`.
///
/// An answer can take for ever, such as the one to a read of a terminal. Where the enclave's time is up
/// meanwhile, nobody waits for the answer: `server` has then nothing left to give or to tell.
///
/// # Errors
/// [`LaunchError`]; the enclave's memory has been given back as far as the driver can.
pub fn launch(files: &Files<'_>, server: &mut Server, options: &Options<'_>) -> Result<Launched, LaunchError> {
    let size = private_memory(files)?;
    let driver = open()?;
    server.set_timebase(Timebase::of_machine().map_err(LaunchError::host("tell how fast the machine counts time"))?);
    let mut watch = Stopwatch::start();
    let forming = {
        // So that what was seen to be free is so when it is taken.
        let _lock = Lock::take(Path::new(DEVICE))?;
        FreeMemory::look().map_err(LaunchError::host("look at the kernel's memory"))?.check(size)?;
        Forming::create(driver, size)?
    };
    let boot_timeout = options.boot_timeout.or_else(|| Some(boot_patience(size)));
    launch_in(forming, &mut watch, files, server, &Options { boot_timeout, ..*options }, PATIENCE)
}

fn open() -> Result<Driver, LaunchError> {
    Driver::open(Path::new(DEVICE)).map_err(|error| match error.raw_os_error() {
        _ if error.kind() == ErrorKind::NotFound => LaunchError::NoDevice { path: DEVICE },
        Some(libc::ENODEV | libc::ENXIO) => LaunchError::NoDevice { path: DEVICE },
        _ if error.kind() == ErrorKind::PermissionDenied => LaunchError::Denied { path: DEVICE },
        _ => LaunchError::Device { action: "open", source: error },
    })
}

/// The rest of [`launch`], with memory that was set aside.
fn launch_in<D: Device>(
    mut forming: Forming<D>,
    watch: &mut Stopwatch,
    files: &Files<'_>,
    server: &mut Server,
    options: &Options<'_>,
    patience: Duration,
) -> Result<Launched, LaunchError> {
    let mut timings = Timings::default();
    forming.add_buffer(BUFFER_SIZE as u64)?;
    timings.create = watch.lap();
    let places = forming.copy([files.loader, files.runtime, files.image])?;
    timings.copy = watch.lap();
    if let Some(signal) = options.signals.and_then(Signals::received) {
        return Ok(Launched { outcome: Outcome::Interrupted { signal }, timings });
    }
    let enclave = Arc::new(forming.finalize(places)?);
    timings.finalize = watch.lap();
    let started = Instant::now();
    let outcome = serve(&enclave, server, started, options, patience)?;
    enclave.destroy()?;
    timings.add(started, server.milestones());
    Ok(Launched { outcome, timings })
}

/// Runs an enclave until it ends or must. Nobody is in it afterwards.
fn serve<D: Device>(
    enclave: &Arc<Enclave<D>>,
    server: &mut Server,
    started: Instant,
    options: &Options<'_>,
    patience: Duration,
) -> Result<Outcome, LaunchError> {
    let called = Arc::new(AtomicBool::new(false));
    let (running, calling) = (enclave.clone(), called.clone());
    let foreign_floats = options.foreign_floats;
    let serving = Serving::start(server, move |server| run(&running, server, &calling, foreign_floats));
    let serving = serving.map_err(LaunchError::host("start a thread"))?;

    let after = |time: Option<Duration>| time.and_then(|time| started.checked_add(time));
    let (deadline, boot_deadline) = (after(options.timeout), after(options.boot_timeout));
    let mut watched = Watching::new(options.signals, options.grace);
    let mut watching = |until: Option<Instant>| watched.wait([&serving.running], until);
    let first = [deadline, boot_deadline].into_iter().flatten().min();
    let mut hangs = false;
    let woken = watching(first).and_then(|woken| match woken {
        Woken::TimedOut if first != deadline && called.load(Ordering::Acquire) => watching(deadline),
        woken => {
            hangs = first != deadline;
            Ok(woken)
        }
    });
    // From here on it is not entered any more, and comes out soon where it is inside. An answer that it
    // would wait for is not waited for.
    let inside = enclave.gate.close();
    let patience = if inside { patience } else { ANSWER_PATIENCE };
    let left = match serving.ends_within(patience).map_err(LaunchError::host("watch a thread"))? {
        true => serving.finish(server),
        false if inside => return Err(LaunchError::Unstoppable),
        false => Left::Closed,
    };
    match (left, woken.map_err(LaunchError::host("watch a thread"))?) {
        (Left::Exited(value), _) => Ok(Outcome::exited(value)),
        (Left::Refused(code), _) => Err(LaunchError::Monitor { code }),
        (Left::Failed(error), _) => Err(LaunchError::device("run the enclave")(error)),
        (Left::Closed, Woken::Signal(signal)) => Ok(Outcome::Interrupted { signal }),
        (Left::Closed, Woken::TimedOut) if hangs => Ok(Outcome::NotStarted { after: started.elapsed() }),
        (Left::Closed, Woken::TimedOut) => Ok(Outcome::TimedOut),
        // Its gate was open until now.
        (Left::Closed, Woken::Ended) => Err(LaunchError::host("watch a thread")(Error::other("it ended early"))),
    }
}

#[cfg(test)]
mod tests;
