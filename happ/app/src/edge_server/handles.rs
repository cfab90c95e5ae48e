//! What the enclave has open, by the numbers that it chose.

use super::config;
use super::filesystem::Listing;
use super::network::{Lookup, Socket};
use super::reply::Failure;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::handle::{FIRST_DIRECTORY, FIRST_OPENED, OPEN_MAX};
use wasmstone_policy::Access;

/// A directory, or a file, with what may be done to it: what is opened below a granted directory
/// inherits its access.
#[derive(Debug)]
pub(super) struct Granted<T> {
    inner: T,
    access: Access,
}

/// An open file.
pub(super) type OpenFile = Granted<File>;

/// An open directory.
pub(super) type OpenDirectory = Granted<cap_std::fs::Dir>;

impl<T> Granted<T> {
    pub fn new(inner: T, access: Access) -> Self {
        Self { inner, access }
    }

    /// For operations that change nothing.
    pub fn reading(&self) -> &T {
        &self.inner
    }

    /// For operations that change something.
    pub fn writing(&self) -> Result<&T, Failure> {
        match self.access {
            Access::ReadWrite => Ok(&self.inner),
            Access::ReadOnly => Err(Failure(Status::NotPermitted)),
        }
    }

    pub fn access(&self) -> Access {
        self.access
    }
}

/// What a handle refers to.
#[derive(Debug)]
pub(super) enum Opened {
    File(OpenFile),
    Directory(OpenDirectory),
    Listing(Listing),
    Socket(Box<Socket>),
    Lookup(Lookup),
}

/// The granted directories, and everything that the enclave has opened.
#[derive(Debug)]
pub(super) struct Handles {
    granted: Vec<OpenDirectory>,
    opened: HashMap<u32, Opened>,
    /// The sockets that hold data which the system has not taken yet.
    sending: BTreeSet<u32>,
}

/// What an operation on a file or a directory is given.
pub(super) enum Descriptor<'a> {
    File(&'a OpenFile),
    Directory(&'a OpenDirectory),
}

impl Handles {
    pub fn new(granted: Vec<config::Directory>) -> Self {
        let granted = granted.into_iter().map(|directory| Granted::new(directory.dir, directory.access)).collect();
        Self { granted, opened: HashMap::new(), sending: BTreeSet::new() }
    }

    /// Whether `handle` may be given to something new. A number in use, or not the enclave's to
    /// choose, breaks the protocol.
    pub fn vacant(&self, handle: u32) -> Result<(), Failure> {
        if handle < FIRST_OPENED || self.opened.contains_key(&handle) {
            return Err(Failure(Status::Malformed));
        }
        if self.opened.len() >= OPEN_MAX {
            return Err(Failure(Status::InsufficientMemory));
        }
        Ok(())
    }

    /// Gives `handle` to `opened`.
    pub fn insert(&mut self, handle: u32, opened: Opened) -> Result<(), Failure> {
        self.vacant(handle)?;
        self.opened.insert(handle, opened);
        Ok(())
    }

    /// Closes `handle`. Standard streams and granted directories stay.
    pub fn close(&mut self, handle: u32) -> Result<(), Failure> {
        self.sending.remove(&handle);
        self.opened.remove(&handle).map(drop).ok_or(Failure(Status::BadDescriptor))
    }

    /// The file or directory that is `handle`.
    pub fn descriptor(&self, handle: u32) -> Result<Descriptor<'_>, Failure> {
        let granted =
            handle.checked_sub(FIRST_DIRECTORY).and_then(|index| self.granted.get(usize::try_from(index).ok()?));
        match (granted, self.opened.get(&handle)) {
            (Some(directory), _) | (None, Some(Opened::Directory(directory))) => Ok(Descriptor::Directory(directory)),
            (None, Some(Opened::File(file))) => Ok(Descriptor::File(file)),
            (None, Some(Opened::Listing(_) | Opened::Socket(_) | Opened::Lookup(_)) | None) => {
                Err(Failure(Status::BadDescriptor))
            }
        }
    }

    /// The file that is `handle`.
    pub fn file(&self, handle: u32) -> Result<&OpenFile, Failure> {
        match self.descriptor(handle)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Directory(_) => Err(Failure(Status::BadDescriptor)),
        }
    }

    /// The directory that is `handle`.
    pub fn directory(&self, handle: u32) -> Result<&OpenDirectory, Failure> {
        match self.descriptor(handle)? {
            Descriptor::Directory(directory) => Ok(directory),
            Descriptor::File(_) => Err(Failure(Status::NotDirectory)),
        }
    }

    /// The directory stream that is `handle`.
    pub fn listing(&mut self, handle: u32) -> Result<&mut Listing, Failure> {
        match self.opened.get_mut(&handle) {
            Some(Opened::Listing(listing)) => Ok(listing),
            _ => Err(Failure(Status::BadDescriptor)),
        }
    }

    /// The socket that is `handle`.
    pub fn socket(&mut self, handle: u32) -> Result<&mut Socket, Failure> {
        match self.opened.get_mut(&handle) {
            Some(Opened::Socket(socket)) => Ok(socket),
            _ => Err(Failure(Status::BadDescriptor)),
        }
    }

    /// The lookup that is `handle`.
    pub fn lookup(&mut self, handle: u32) -> Result<&mut Lookup, Failure> {
        match self.opened.get_mut(&handle) {
            Some(Opened::Lookup(lookup)) => Ok(lookup),
            _ => Err(Failure(Status::BadDescriptor)),
        }
    }

    /// What is open as `handle`, if the enclave chose that number.
    pub fn opened(&self, handle: u32) -> Option<&Opened> {
        self.opened.get(&handle)
    }

    /// Notes whether the socket `handle` has something left to send.
    pub fn set_sending(&mut self, handle: u32, sending: bool) {
        if sending {
            self.sending.insert(handle);
        } else {
            self.sending.remove(&handle);
        }
    }

    /// The sockets that have something left to send.
    pub fn sending(&self) -> impl Iterator<Item = (u32, &Socket)> {
        self.sending.iter().filter_map(|handle| match self.opened.get(handle) {
            Some(Opened::Socket(socket)) => Some((*handle, &**socket)),
            _ => None,
        })
    }

    /// Sends what the system takes of what is left.
    pub fn push_sending(&mut self) {
        self.sending.retain(|handle| match self.opened.get_mut(handle) {
            Some(Opened::Socket(socket)) => {
                socket.push();
                socket.is_sending()
            }
            _ => false,
        });
    }

    /// Bytes held by all directory streams.
    pub fn listing_bytes(&self) -> usize {
        let sizes = self.opened.values().map(|opened| match opened {
            Opened::Listing(listing) => listing.bytes(),
            _ => 0,
        });
        sizes.sum()
    }
}
