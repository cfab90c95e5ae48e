//! Keystone: enclaves behind the driver's device, `/dev/keystone_enclave`.
//!
//! An enclave is built page by page, measured by the security monitor, and then entered again and again until it
//! exits: the processor leaves it for every interrupt and for every edge call. The thread that enters it answers its
//! edge calls as well; another thread watches the time limits and the signals that ask the program to end.
//!
//! If the enclave app executes an invalid instruction, Keystone's runtime never ends: it prints for ever. From
//! outside that looks like a guest that computes. Only before the first edge call the host can tell the two apart, by
//! [`Options::boot_timeout`]; afterwards [`Options::timeout`] ends both.

mod abi;
mod checks;
mod driver;
mod enclave;
mod error;
mod float;
mod gate;
mod lock;
mod mapping;
mod memory;
mod run;

pub use error::KeystoneError;

use crate::backend::watch::{Serving, Watching, Woken};
use crate::backend::{
    Backend, Check, Evidence, Files, Kind, LaunchError, Launched, Limits, Outcome, Timings, timings::Stopwatch,
};
use crate::edge_server::{Server, Timebase};
use crate::signals::Signals;
use driver::{Device, Driver};
use enclave::{Enclave, Forming};
use lock::Lock;
use memory::FreeMemory;
use run::{Left, run};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasmstone_bundle::footprint;
use wasmstone_bundle::platform::{SIM, check_files};
use wasmstone_edge_protocol::BUFFER_SIZE;
use wasmstone_policy::Target;

/// The device of Keystone's driver.
pub const DEVICE: &str = "/dev/keystone_enclave";

// The driver makes buffers of a power of two of pages, and the kernel gives it 4 MiB at most.
const _: () = assert!(BUFFER_SIZE.is_power_of_two() && BUFFER_SIZE >= 8192 && BUFFER_SIZE <= 4 << 20);

/// How long an enclave that was asked to stop may take: the timer interrupts it a hundred times a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for an answer that is not needed any more.
const ANSWER_PATIENCE: Duration = Duration::from_millis(100);

/// The backend for Keystone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keystone {
    /// Insecure: do not keep the enclave's floating-point registers while it does not run, like a host that does not
    /// know them. For tests of enclaves that use no floating-point registers.
    pub foreign_floats: bool,
}

impl Keystone {
    /// Whether this machine has the device. The device may still not be usable.
    pub fn is_present() -> bool {
        Path::new(DEVICE).exists()
    }
}

impl Backend for Keystone {
    fn kind(&self) -> Kind {
        Kind::Keystone
    }

    fn notice(&self) -> Option<&'static str> {
        None
    }

    fn machine_code(&self, _platform: &str) -> Option<Target> {
        Some(Target::Riscv64)
    }

    fn check_platform(&self, platform: &str, loader: &[u8], runtime: &[u8]) -> Result<(), LaunchError> {
        if platform == SIM {
            return Err(KeystoneError::SimulatorBundle.into());
        }
        check_files(loader, runtime).map_err(|unfit| KeystoneError::Unfit(unfit).into())
    }

    fn launch(&self, files: &Files<'_>, server: &mut Server, limits: &Limits<'_>) -> Result<Launched, LaunchError> {
        Ok(launch(files, server, limits, self.foreign_floats)?)
    }

    fn evidence(&self) -> Evidence {
        Evidence::KeystoneReport
    }

    fn checks(&self) -> Vec<Check> {
        checks::all()
    }
}

/// A time in which an enclave with `size` bytes of memory makes its first edge call on any machine, however busy the
/// machine is: booting clears all of the memory.
fn boot_patience(size: u64) -> Duration {
    Duration::from_secs(30) + Duration::from_millis(500).saturating_mul(u32::try_from(size >> 20).unwrap_or(u32::MAX))
}

/// Whether the device can be opened, and how much memory the machine has for enclaves.
///
/// # Errors
/// [`KeystoneError`]: why no enclave can be launched.
fn probe() -> Result<FreeMemory, KeystoneError> {
    open()?;
    FreeMemory::look().map_err(KeystoneError::host("look at the kernel's memory"))
}

/// The bytes of private memory that an enclave of these files takes.
///
/// # Errors
/// [`KeystoneError::Image`] or [`KeystoneError::TooLarge`].
fn private_memory(files: &Files<'_>) -> Result<u64, KeystoneError> {
    memory::private_memory(footprint::pages(files.loader, files.runtime, files.image, BUFFER_SIZE as u64)?)
}

/// Implements [`Backend::launch`].
///
/// # Errors
/// [`KeystoneError`]; the enclave's memory has been freed as far as the driver can.
fn launch(
    files: &Files<'_>,
    server: &mut Server,
    limits: &Limits<'_>,
    foreign_floats: bool,
) -> Result<Launched, KeystoneError> {
    let size = private_memory(files)?;
    let driver = open()?;
    server.set_timebase(Timebase::of_machine().map_err(KeystoneError::host("tell how fast the machine counts time"))?);
    let mut watch = Stopwatch::start();
    let forming = {
        // So that memory that was seen to be free is still free when it is taken.
        let _lock = Lock::take(Path::new(DEVICE))?;
        FreeMemory::look().map_err(KeystoneError::host("look at the kernel's memory"))?.check(size)?;
        Forming::create(driver, size)?
    };
    let boot_timeout = limits.boot_timeout.or_else(|| Some(boot_patience(size)));
    launch_in(
        forming,
        &mut watch,
        files,
        server,
        &Limits { boot_timeout, ..*limits },
        Host { foreign_floats, patience: PATIENCE },
    )
}

fn open() -> Result<Driver, KeystoneError> {
    Driver::open(Path::new(DEVICE)).map_err(|error| match error.raw_os_error() {
        _ if error.kind() == ErrorKind::NotFound => KeystoneError::NoDevice { path: DEVICE },
        Some(libc::ENODEV | libc::ENXIO) => KeystoneError::NoDevice { path: DEVICE },
        _ if error.kind() == ErrorKind::PermissionDenied => KeystoneError::Denied { path: DEVICE },
        _ => KeystoneError::Device { action: "open", source: error },
    })
}

/// How the host treats an enclave.
#[derive(Clone, Copy)]
struct Host {
    /// See [`Keystone::foreign_floats`].
    foreign_floats: bool,
    /// How long an enclave that was asked to stop may take.
    patience: Duration,
}

/// The rest of [`launch`], with memory that was set aside.
fn launch_in<D: Device>(
    mut forming: Forming<D>,
    watch: &mut Stopwatch,
    files: &Files<'_>,
    server: &mut Server,
    limits: &Limits<'_>,
    host: Host,
) -> Result<Launched, KeystoneError> {
    let mut timings = Timings::default();
    forming.add_buffer(BUFFER_SIZE as u64)?;
    timings.create = watch.lap();
    let places = forming.copy([files.loader, files.runtime, files.image])?;
    timings.copy = watch.lap();
    if let Some(signal) = limits.signals.and_then(Signals::received) {
        return Ok(Launched { outcome: Outcome::Interrupted { signal }, timings });
    }
    let enclave = Arc::new(forming.finalize(places)?);
    timings.finalize = watch.lap();
    let started = Instant::now();
    let outcome = serve(&enclave, server, started, limits, host)?;
    enclave.destroy()?;
    timings.add(started, &server.milestones());
    Ok(Launched { outcome, timings })
}

/// Runs an enclave until it ends or must end. No thread is in it afterwards.
fn serve<D: Device>(
    enclave: &Arc<Enclave<D>>,
    server: &mut Server,
    started: Instant,
    limits: &Limits<'_>,
    host: Host,
) -> Result<Outcome, KeystoneError> {
    let called = Arc::new(AtomicBool::new(false));
    let (running, calling) = (enclave.clone(), called.clone());
    let foreign_floats = host.foreign_floats;
    let serving = Serving::start(server, move |server| run(&running, server, &calling, foreign_floats));
    let serving = serving.map_err(KeystoneError::host("start a thread"))?;

    let after = |time: Option<Duration>| time.and_then(|time| started.checked_add(time));
    let (deadline, boot_deadline) = (after(limits.timeout), after(limits.boot_timeout));
    let mut watched = Watching::new(limits.signals, limits.grace);
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
    // From here on no thread enters the enclave any more, and a thread that is inside comes out soon. An answer that
    // the thread would wait for is not waited for.
    let inside = enclave.gate.close();
    let patience = if inside { host.patience } else { ANSWER_PATIENCE };
    let left = match serving.ends_within(patience).map_err(KeystoneError::host("watch a thread"))? {
        true => serving.finish(server),
        false if inside => return Err(KeystoneError::Unstoppable),
        false => Left::Closed,
    };
    match (left, woken.map_err(KeystoneError::host("watch a thread"))?) {
        (Left::Exited(value), _) => Ok(Outcome::exited(value)),
        (Left::Refused(code), _) => Err(KeystoneError::Monitor { code }),
        (Left::Failed(error), _) => Err(KeystoneError::device("run the enclave")(error)),
        (Left::Closed, Woken::Signal(signal)) => Ok(Outcome::Interrupted { signal }),
        (Left::Closed, Woken::TimedOut) if hangs => Ok(Outcome::NotStarted { after: started.elapsed() }),
        (Left::Closed, Woken::TimedOut) => Ok(Outcome::TimedOut),
        // The enclave's gate was open until now.
        (Left::Closed, Woken::Ended) => Err(KeystoneError::host("watch a thread")(Error::other("it ended early"))),
    }
}

#[cfg(test)]
mod tests;
