//! The guest's standard streams.

use super::poll;
use super::transfer::write_fully;
use rustix::event::PollFlags;
use rustix::io::Errno;
use std::io::{Cursor, IsTerminal, Read, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the guest's standard input comes from.
#[derive(Debug, Default)]
pub enum Input {
    /// None: a read finds the end.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Cursor<Vec<u8>>),
    /// An open file, pipe, socket or terminal.
    File(OwnedFd),
}

impl Input {
    /// This process's own standard input, unbuffered.
    ///
    /// # Errors
    /// The errors of duplicating a file descriptor.
    pub fn process() -> Result<Self> {
        Ok(Self::File(std::io::stdin().as_fd().try_clone_to_owned()?))
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.fd().is_some_and(|fd| fd.is_terminal())
    }

    /// What `poll(2)` can wait for; the other kinds are always ready.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Empty | Self::Bytes(_) => None,
            Self::File(fd) => Some(fd.as_fd()),
        }
    }

    /// Reads into `buffer`, once: `None` if there is nothing yet, `Some(0)` at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        let fd: &OwnedFd = match self {
            Self::Empty => return Ok(Some(0)),
            Self::Bytes(bytes) => return bytes.read(buffer).map(Some),
            Self::File(fd) => fd,
        };
        loop {
            if !poll::is_ready(fd.as_fd(), PollFlags::IN)? {
                return Ok(None);
            }
            match rustix::io::read(fd, &mut *buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(Errno::INTR) => {}
                // Another process made it non-blocking, or read the data first.
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Where the guest's standard output or error goes.
#[derive(Debug, Default)]
pub enum Output {
    /// Nowhere.
    #[default]
    Discard,
    /// Into memory, without a limit.
    Memory(Arc<Mutex<Vec<u8>>>),
    /// To an open file, pipe, socket or terminal.
    File(OwnedFd),
}

impl Output {
    /// This process's own standard output, unbuffered.
    ///
    /// # Errors
    /// The errors of duplicating a file descriptor.
    pub fn process_stdout() -> Result<Self> {
        Ok(Self::File(std::io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// This process's own standard error, unbuffered.
    ///
    /// # Errors
    /// The errors of duplicating a file descriptor.
    pub fn process_stderr() -> Result<Self> {
        Ok(Self::File(std::io::stderr().as_fd().try_clone_to_owned()?))
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.fd().is_some_and(|fd| fd.is_terminal())
    }

    /// What `poll(2)` can wait for; the other kinds are always ready.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Discard | Self::Memory(_) => None,
            Self::File(fd) => Some(fd.as_fd()),
        }
    }

    /// Writes all of `data`, and returns how many bytes were written before an error.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<usize> {
        let fd: &OwnedFd = match self {
            Self::Discard => return Ok(data.len()),
            Self::Memory(bytes) => {
                bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(data);
                return Ok(data.len());
            }
            Self::File(fd) => fd,
        };
        write_fully(data, |rest, _| {
            loop {
                match rustix::io::write(fd, rest) {
                    Err(Errno::AGAIN) => poll::wait_for(fd.as_fd(), PollFlags::OUT)?,
                    result => return Ok(result?),
                }
            }
        })
    }
}
