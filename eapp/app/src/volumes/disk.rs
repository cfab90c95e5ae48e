//! A granted directory as the disk that a volume is stored on. A status of the host is a failure of the disk, which
//! reaches the guest; [`HostDisk::settle`] tells whether the host broke the contract.

use crate::channel::Channel;
use crate::handles::{Handles, NO_GUEST};
use crate::metadata::list_entries;
use wasmstone_edge_protocol::types::{
    HandleRequest, ListRequest, OpenRequest, PathRequest, ReadAtRequest, SetSizeRequest, SyncRequest, WriteAtRequest,
};
use wasmstone_edge_protocol::value::{DescriptorFlag, OpenFlag};
use wasmstone_edge_protocol::{Coded, Operation, Set, Status, Violation, filesystem, io};
use wasmstone_policy::Access;
use wasmstone_sealed_storage::{Disk, Disks, Failure};

/// A directory of the host.
pub struct HostDisk<'a> {
    pub channel: &'a mut Channel,
    handles: &'a mut Handles,
    directory: u32,
    access: Access,
    violation: Option<Violation>,
}

impl<'a> HostDisk<'a> {
    /// The directory with this handle.
    pub fn new(channel: &'a mut Channel, handles: &'a mut Handles, directory: u32, access: Access) -> Self {
        Self { channel, handles, directory, access, violation: None }
    }

    /// The result of an operation on the disk, unless the host broke the contract meanwhile.
    ///
    /// # Errors
    /// The violation, if the host broke the contract.
    pub fn settle<T>(&self, result: T) -> Result<T, Violation> {
        match self.violation {
            Some(violation) => Err(violation),
            None => Ok(result),
        }
    }

    /// Keeps the violation for [`Self::settle`]; for the volume, the disk has failed.
    fn broke(&mut self, violation: Violation) -> Failure {
        self.violation = Some(violation);
        failure(Status::Io)
    }

    fn ask<O: Operation>(
        &mut self,
        body: &O::Request,
        payload: &[&[u8]],
        reply_max: usize,
    ) -> Result<(O::Reply, &[u8]), Failure> {
        match self.channel.call::<O>(body, payload, reply_max) {
            Ok(answer) => answer.map_err(failure),
            Err(violation) => {
                self.violation = Some(violation);
                Err(failure(Status::Io))
            }
        }
    }
}

/// Two directories of the host: the volume in one is copied to the other.
pub struct HostDisks<'a> {
    /// The one that was used last.
    pub disk: HostDisk<'a>,
    source: (u32, Access),
    target: (u32, Access),
}

impl<'a> HostDisks<'a> {
    /// `source`, and the directory with the handle `target`.
    pub fn new(source: HostDisk<'a>, target: u32, access: Access) -> Self {
        Self { source: (source.directory, source.access), target: (target, access), disk: source }
    }
}

impl Disks for HostDisks<'_> {
    fn source(&mut self) -> &mut dyn Disk {
        (self.disk.directory, self.disk.access) = self.source;
        &mut self.disk
    }

    fn target(&mut self) -> &mut dyn Disk {
        (self.disk.directory, self.disk.access) = self.target;
        &mut self.disk
    }
}

fn failure(status: Status) -> Failure {
    Failure(status.into())
}

/// The status that a failure stands for.
pub fn status(Failure(code): Failure) -> Status {
    Status::try_from(code).unwrap_or(Status::Io)
}

impl Disk for HostDisk<'_> {
    fn list(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let handle = self.handles.take_any(NO_GUEST).ok_or(failure(Status::InsufficientMemory))?;
        let request = ListRequest { directory: self.directory.into(), handle: handle.into() };
        if let Err(failure) = self.ask::<filesystem::List>(&request, &[], 0).map(drop) {
            self.handles.give_back(handle);
            return Err(failure);
        }
        let listed = loop {
            let entries = match list_entries(self.channel, handle) {
                Ok(Ok(entries)) => entries,
                Ok(Err(status)) => break Err(failure(status)),
                Err(violation) => break Err(self.broke(violation)),
            };
            for entry in &entries.entries {
                each(&entry.name);
            }
            if entries.end {
                break Ok(());
            }
        };
        self.close(handle);
        listed
    }

    fn open(&mut self, name: &str, create: bool) -> Result<Option<u32>, Failure> {
        let handle = self.handles.take_any(NO_GUEST).ok_or(failure(Status::InsufficientMemory))?;
        let write = (self.access == Access::ReadWrite).then_some(DescriptorFlag::Write);
        let request = OpenRequest {
            directory: self.directory.into(),
            handle: handle.into(),
            path_flags: Coded::default(),
            open_flags: Set::from_iter(create.then_some(OpenFlag::Create)).into(),
            flags: Set::from_iter([DescriptorFlag::Read].into_iter().chain(write)).into(),
        };
        match self.ask::<filesystem::OpenAt>(&request, &[name.as_bytes()], 0).map(drop) {
            Ok(()) => Ok(Some(handle)),
            Err(why) => {
                self.handles.give_back(handle);
                if !create && status(why) == Status::NoEntry { Ok(None) } else { Err(why) }
            }
        }
    }

    fn close(&mut self, file: u32) {
        // The status does not matter: the number is free again in any case.
        let _ = self.ask::<io::Close>(&HandleRequest { handle: file.into() }, &[], 0);
        self.handles.give_back(file);
    }

    fn size(&mut self, file: u32) -> Result<u64, Failure> {
        let (reply, _) = self.ask::<filesystem::Stat>(&HandleRequest { handle: file.into() }, &[], 0)?;
        Ok(reply.size.opaque())
    }

    fn read_at(&mut self, file: u32, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let request = ReadAtRequest {
                handle: file.into(),
                // No piece is longer than a payload, so its length fits.
                length: (rest.len() as u32).into(),
                offset: offset.saturating_add(done as u64).into(),
            };
            let (reply, payload) = self.ask::<filesystem::ReadAt>(&request, &[], rest.len())?;
            let count = payload.len();
            if let Some(part) = rest.get_mut(..count) {
                part.copy_from_slice(payload);
            }
            done += count;
            match reply.end.flag("an end that is neither yes nor no") {
                Ok(true) => break,
                Ok(false) if count > 0 => {}
                Ok(false) => return Err(self.broke(Violation("a read came back with nothing"))),
                Err(violation) => return Err(self.broke(violation)),
            }
        }
        Ok(done)
    }

    fn write_at(&mut self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let request = WriteAtRequest {
                handle: file.into(),
                reserved: 0.into(),
                offset: offset.saturating_add(done as u64).into(),
            };
            let (reply, _) = self.ask::<filesystem::WriteAt>(&request, &[rest], 0)?;
            match reply.written.at_most(rest.len() as u32, "more was written than was sent") {
                Ok(0) => return Err(self.broke(Violation("a write wrote nothing"))),
                Ok(written) => done += written as usize,
                Err(violation) => return Err(self.broke(violation)),
            }
        }
        Ok(())
    }

    fn set_size(&mut self, file: u32, size: u64) -> Result<(), Failure> {
        let request = SetSizeRequest { handle: file.into(), reserved: 0.into(), size: size.into() };
        self.ask::<filesystem::SetSize>(&request, &[], 0).map(drop)
    }

    fn sync(&mut self, file: u32) -> Result<(), Failure> {
        // A volume needs the contents and the length of a file, which are data as well, and not its times.
        let request = SyncRequest { handle: file.into(), data_only: 1.into() };
        self.ask::<filesystem::Sync>(&request, &[], 0).map(drop)
    }

    fn sync_names(&mut self) -> Result<(), Failure> {
        let request = SyncRequest { handle: self.directory.into(), data_only: 0.into() };
        self.ask::<filesystem::Sync>(&request, &[], 0).map(drop)
    }

    fn remove(&mut self, name: &str) -> Result<(), Failure> {
        let request = PathRequest { handle: self.directory.into(), path_flags: Coded::default() };
        match self.ask::<filesystem::UnlinkFileAt>(&request, &[name.as_bytes()], 0) {
            Err(why) if status(why) != Status::NoEntry => Err(why),
            _ => Ok(()),
        }
    }
}
