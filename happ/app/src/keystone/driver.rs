//! The driver: the requests to it, and the implementation that makes them.

use super::abi::{Create, PAGE, Request, Run};
use super::float::{self, FloatRegisters};
use super::mapping::Mapping;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::ffi::c_void;
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::ptr::null_mut;

/// An open Keystone device, or a test's replacement. It stands for at most one enclave.
pub trait Device: Send + Sync + 'static {
    /// Makes a request other than RUN and RESUME.
    ///
    /// # Errors
    /// The driver's error.
    fn request(&self, request: Request, argument: &mut Create) -> Result<(), Errno>;

    /// RUN or RESUME: returns when the enclave is left; `floats` then holds the enclave's registers.
    ///
    /// # Errors
    /// The driver's error; the enclave was not entered then.
    fn enter(&self, request: Request, argument: &mut Run, floats: &mut FloatRegisters) -> Result<(), Errno>;

    /// Writes a page of the private memory, between CREATE and FINALIZE. The driver does not check `offset`, in
    /// bytes: it must lie in the private memory.
    ///
    /// # Errors
    /// The errors of mmap(2).
    fn write_page(&self, offset: u64, content: &[u8; PAGE as usize]) -> Result<(), Errno>;

    /// Maps the shared buffer, after FINALIZE.
    ///
    /// # Errors
    /// The errors of mmap(2).
    fn map_buffer(&self, size: usize) -> Result<Mapping, Errno>;
}

/// The real device.
#[derive(Debug)]
pub struct Driver(File);

impl Driver {
    /// Opens the device.
    ///
    /// # Errors
    /// The errors of open(2).
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().read(true).write(true).open(path).map(Self)
    }

    /// Takes the lock that protects the kernel's free memory between reading it and taking from it; false if another
    /// process has the lock. The lock is on the device's file, so that all processes see it; it ends with
    /// [`Self::unlock`] or with this process.
    ///
    /// # Errors
    /// The errors of flock(2).
    pub fn try_lock(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Releases the lock.
    pub fn unlock(&self) {
        // The lock ends with the process in any case.
        let _ = self.0.unlock();
    }
}

impl Device for Driver {
    fn request(&self, request: Request, argument: &mut Create) -> Result<(), Errno> {
        // SAFETY: all of these requests read and write one `Create`.
        unsafe { ioctl(self.0.as_raw_fd(), request as u32, std::ptr::from_mut(argument).cast()) }
    }

    fn enter(&self, request: Request, argument: &mut Run, floats: &mut FloatRegisters) -> Result<(), Errno> {
        // SAFETY: both requests read and write one `Run`.
        unsafe { float::ioctl(self.0.as_raw_fd(), request as u32, std::ptr::from_mut(argument).cast(), floats) }
    }

    fn write_page(&self, offset: u64, content: &[u8; PAGE as usize]) -> Result<(), Errno> {
        let page = self.map(PAGE as usize, offset)?;
        // The mapping has exactly this size.
        page.buffer().write(0, content).ok_or(Errno::FAULT)
    }

    fn map_buffer(&self, size: usize) -> Result<Mapping, Errno> {
        self.map(size, 0)
    }
}

impl Driver {
    fn map(&self, size: usize, offset: u64) -> Result<Mapping, Errno> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses the place, so nothing that exists is replaced.
        let base = unsafe { mmap(null_mut(), size, protection, MapFlags::SHARED, &self.0, offset) }?;
        // SAFETY: it was mapped just now, readable and writable, and nothing else knows it.
        unsafe { Mapping::new(base.cast(), size) }
    }
}

/// Calls ioctl(2).
///
/// # Errors
/// The error of the system call.
///
/// # Safety
/// The contract of ioctl(2): `argument` points to what `request` of this `fd` reads and writes.
pub unsafe fn ioctl(fd: RawFd, request: u32, argument: *mut c_void) -> Result<(), Errno> {
    // SAFETY: the caller keeps the contract of ioctl(2). The type of the request differs between C libraries.
    match unsafe { libc::ioctl(fd, request as _, argument) } {
        0.. => Ok(()),
        _ => Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}
