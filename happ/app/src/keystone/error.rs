//! Why a bundle cannot be run on Keystone.

use crate::backend::{ErrorClass, LaunchError};
use rustix::io::Errno;
use std::io;
use wasmstone_bundle::footprint::EPM_MAX;
use wasmstone_bundle::image::ImageError;
use wasmstone_bundle::platform::Unfit;

/// Why an enclave could not be launched, or was lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeystoneError {
    /// The bundle was built for the simulator.
    #[error(
        "the bundle was built for the simulator, and holds neither Keystone's loader nor its runtime: \
         build it with --platform, after \"wasmstone platform add\""
    )]
    SimulatorBundle,
    /// The bundle's loader or runtime is not Keystone's.
    #[error("the bundle starts no enclave, since {0}; then rebuild the bundle")]
    Unfit(Unfit),
    /// There is no device, or no driver behind it.
    #[error(
        "there is no Keystone device {path}: on a Keystone machine load the driver, \"modprobe keystone-driver\"; \
         elsewhere --backend sim simulates an enclave, which protects nothing"
    )]
    NoDevice {
        /// The path at which the device should be.
        path: &'static str,
    },
    /// This user may not open the device.
    #[error("{path} may not be opened by this user: let it be read and written, for example by \"chmod 666 {path}\"")]
    Denied {
        /// The device.
        path: &'static str,
    },
    /// The device does not do what it should.
    #[error("the Keystone device failed to {action}: see \"dmesg\", and reload the driver or restart the machine")]
    Device {
        /// The request to the device.
        action: &'static str,
        /// The device's answer.
        #[source]
        source: io::Error,
    },
    /// The runtime or the image cannot be loaded.
    #[error("the bundle cannot be loaded into an enclave: rebuild it")]
    Image(#[from] ImageError),
    /// The enclave needs more memory than an enclave can have.
    #[error(
        "the enclave needs {} of memory, more than the {} that Keystone allows: \
         build the bundle with a smaller --max-memory", mib(needed), mib(&EPM_MAX)
    )]
    TooLarge {
        /// The bytes that the enclave needs.
        needed: u64,
    },
    /// The machine has not enough contiguous memory.
    #[error(
        "the enclave needs {} of contiguous memory, but {} of {} are free: wait for other enclaves to end, \
         start Linux with more (cma=… on its command line), or build the bundle with a smaller --max-memory",
        mib(needed),
        mib(free),
        mib(total)
    )]
    NoMemory {
        /// The bytes that the enclave needs.
        needed: u64,
        /// The bytes of the kernel's contiguous memory that are free.
        free: u64,
        /// All bytes of the kernel's contiguous memory.
        total: u64,
    },
    /// The driver took memory that Eyrie's loader cannot map.
    #[error(
        "the driver set memory aside at {address:#x}, but more than 2 MiB must begin at a multiple of 2 MiB: \
         end other enclaves, or build the kernel with CONFIG_CMA_ALIGNMENT=9"
    )]
    Misaligned {
        /// The physical address of the memory.
        address: u64,
    },
    /// Another process holds the lock on the kernel's memory, and does not release it.
    #[error("another process has been creating an enclave for {} s: wait for it, or end it", .0.as_secs())]
    Locked(std::time::Duration),
    /// The security monitor has no room for another enclave.
    #[error(
        "the security monitor takes no further enclave: its processor protects a few at once, usually three. \
         Wait for another one to end; \"dmesg\" has the monitor's error code, 100003 where this is the reason"
    )]
    Busy(#[source] io::Error),
    /// The security monitor refuses to enter the enclave.
    #[error(
        "the security monitor does not let the enclave run (error {code}): \
         another process may have ended it; start it again"
    )]
    Monitor {
        /// The monitor's error code.
        code: u64,
    },
    /// The processor does not leave the enclave.
    #[error(
        "the enclave cannot be stopped, and the processor does not leave it: restart the machine \
         without the processor's extension Sstc, which keeps Keystone from interrupting enclaves"
    )]
    Unstoppable,
    /// The host app itself failed.
    #[error("cannot {action}")]
    Host {
        /// What the host app was doing.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl KeystoneError {
    /// What kind of error it is.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::SimulatorBundle | Self::Unfit(_) => ErrorClass::Platform,
            Self::NoDevice { .. } => ErrorClass::NoDevice,
            Self::Denied { .. } => ErrorClass::DeviceDenied,
            Self::Image(_) => ErrorClass::Refused,
            Self::TooLarge { .. } => ErrorClass::TooLarge,
            Self::NoMemory { .. } | Self::Misaligned { .. } => ErrorClass::NoMemory,
            Self::Locked(_) => ErrorClass::Locked,
            Self::Busy(_) => ErrorClass::Busy,
            Self::Device { .. } | Self::Monitor { .. } | Self::Unstoppable => ErrorClass::Device,
            Self::Host { .. } => ErrorClass::Other,
        }
    }

    pub(super) fn device(action: &'static str) -> impl FnOnce(Errno) -> Self {
        move |source| Self::Device { action, source: source.into() }
    }

    pub(super) fn host(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Host { action, source }
    }
}

impl From<KeystoneError> for LaunchError {
    fn from(error: KeystoneError) -> Self {
        Self::new(error.class(), error)
    }
}

/// Bytes in a unit that people read easily.
pub fn mib(bytes: &u64) -> String {
    format!("{:.1} MiB", *bytes as f64 / f64::from(1 << 20))
}
