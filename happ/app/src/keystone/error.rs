//! Why a bundle cannot be run on Keystone.

use rustix::io::Errno;
use std::io;
use wasmstone_bundle::footprint::EPM_MAX;
use wasmstone_bundle::image::ImageError;

/// Why an enclave could not be launched, or was lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// There is no device, or no driver behind it.
    #[error(
        "there is no Keystone device {path}: on a Keystone machine load the driver, \"modprobe keystone-driver\"; \
         elsewhere --backend sim simulates an enclave, which protects nothing"
    )]
    NoDevice {
        /// Where it should be.
        path: &'static str,
    },
    /// It may not be opened.
    #[error("{path} may not be opened by this user: let it be read and written, for example by \"chmod 666 {path}\"")]
    Denied {
        /// The device.
        path: &'static str,
    },
    /// The device does not do what it should.
    #[error("the Keystone device failed to {action}: see \"dmesg\", and load the driver anew or restart the machine")]
    Device {
        /// What it was asked for.
        action: &'static str,
        /// Its answer.
        #[source]
        source: io::Error,
    },
    /// Runtime or image cannot be loaded.
    #[error("the bundle cannot be loaded into an enclave: build it anew")]
    Image(#[from] ImageError),
    /// More memory than an enclave can have.
    #[error(
        "the enclave needs {} of memory, more than the {} that Keystone allows: \
         build the bundle with a smaller --max-memory", mib(needed), mib(&EPM_MAX)
    )]
    TooLarge {
        /// Bytes that it needs.
        needed: u64,
    },
    /// Not enough contiguous memory.
    #[error(
        "the enclave needs {} of contiguous memory, of which {} of {} are free: wait for other enclaves to end, \
         start Linux with more (cma=… on its command line), or build the bundle with a smaller --max-memory",
        mib(needed),
        mib(free),
        mib(total)
    )]
    NoMemory {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes of the kernel's contiguous memory that are free.
        free: u64,
        /// All its bytes.
        total: u64,
    },
    /// The driver took memory that Eyrie's loader cannot map.
    #[error(
        "the driver set memory aside at {address:#x}, but more than 2 MiB must begin at a multiple of 2 MiB: \
         end other enclaves, or build the kernel with CONFIG_CMA_ALIGNMENT=9"
    )]
    Misaligned {
        /// Its physical address.
        address: u64,
    },
    /// Another process looks after the kernel's memory, and does not come to an end.
    #[error("another process has been creating an enclave for {} s: wait for it, or end it", .0.as_secs())]
    Locked(std::time::Duration),
    /// The security monitor has no room.
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
    /// The enclave does not come back.
    #[error(
        "the enclave cannot be stopped, the processor does not come back from it: restart the machine, \
         without the processor's extension Sstc, which keeps Keystone from interrupting enclaves"
    )]
    Unstoppable,
    /// The host app itself.
    #[error("cannot {action}")]
    Host {
        /// What.
        action: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl LaunchError {
    pub(super) fn device(action: &'static str) -> impl FnOnce(Errno) -> Self {
        move |source| Self::Device { action, source: source.into() }
    }

    pub(super) fn host(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Host { action, source }
    }
}

fn mib(bytes: &u64) -> String {
    format!("{:.1} MiB", *bytes as f64 / f64::from(1 << 20))
}
