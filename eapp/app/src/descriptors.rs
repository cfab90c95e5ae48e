//! What a program for WASI 0.1 has open, by number. WASI 0.2 has resources instead.

mod directory;
mod file;

pub use directory::Directory;
pub use file::File;

use crate::failure::IoResult;
use crate::files::Descriptor;
use crate::host::Host;
use alloc::{string::String, vec, vec::Vec};
use wasmstone_edge_protocol::{Status, handle};

/// What a number stands for.
pub enum Open {
    /// Standard input.
    Input,
    /// Standard output or error, by its handle.
    Output(u32),
    Directory(Directory),
    File(File),
}

/// All that is open.
#[derive(Default)]
pub struct Descriptors(Vec<Option<Open>>);

impl Descriptors {
    /// The standard streams, and the granted directories with their paths.
    pub fn new(granted: impl Iterator<Item = (Descriptor, String)>) -> Self {
        let mut all = vec![Some(Open::Input), Some(Open::Output(handle::STDOUT)), Some(Open::Output(handle::STDERR))];
        all.extend(granted.map(|(descriptor, path)| Some(Open::Directory(Directory::new(descriptor, Some(path))))));
        Self(all)
    }

    fn place(&mut self, number: u64) -> IoResult<&mut Option<Open>> {
        let place = usize::try_from(number).ok().and_then(|number| self.0.get_mut(number));
        Ok(place.ok_or(Status::BadDescriptor)?)
    }

    /// What a number stands for.
    pub fn get(&mut self, number: u64) -> IoResult<&mut Open> {
        Ok(self.place(number)?.as_mut().ok_or(Status::BadDescriptor)?)
    }

    /// A file.
    pub fn file(&mut self, number: u64) -> IoResult<&mut File> {
        match self.get(number)? {
            Open::File(file) => Ok(file),
            _ => Err(Status::BadDescriptor.into()),
        }
    }

    /// A file, for a call that standard streams have another error for.
    pub fn seekable(&mut self, number: u64) -> IoResult<&mut File> {
        match self.get(number)? {
            Open::File(file) => Ok(file),
            Open::Directory(_) => Err(Status::BadDescriptor.into()),
            Open::Input | Open::Output(_) => Err(Status::InvalidSeek.into()),
        }
    }

    /// A directory.
    pub fn directory(&mut self, number: u64) -> IoResult<&mut Directory> {
        match self.get(number)? {
            Open::Directory(directory) => Ok(directory),
            _ => Err(Status::BadDescriptor.into()),
        }
    }

    /// Two directories, which may be the same.
    pub fn directories(&self, one: u64, other: u64) -> IoResult<(&Descriptor, &Descriptor)> {
        let directory = |number: u64| match usize::try_from(number).ok().and_then(|number| self.0.get(number)) {
            Some(Some(Open::Directory(directory))) => Ok(&directory.descriptor),
            _ => Err(Status::BadDescriptor),
        };
        Ok((directory(one)?, directory(other)?))
    }

    /// A file or directory.
    pub fn descriptor(&mut self, number: u64) -> IoResult<&mut Descriptor> {
        match self.get(number)? {
            Open::Directory(directory) => Ok(&mut directory.descriptor),
            Open::File(file) => Ok(&mut file.descriptor),
            Open::Input | Open::Output(_) => Err(Status::BadDescriptor.into()),
        }
    }

    /// Takes a number for something. As in Wasmtime, it is the highest that is free again, or a new one.
    pub fn push(&mut self, open: Open) -> u32 {
        let free = self.0.iter().rposition(Option::is_none);
        let number = free.unwrap_or(self.0.len());
        match self.0.get_mut(number) {
            Some(place) => *place = Some(open),
            None => self.0.push(Some(open)),
        }
        // There are at most as many as handles and granted directories, which fits.
        number as u32
    }

    /// Closes what a number stands for.
    pub fn close(&mut self, host: &mut Host, number: u64) -> IoResult<()> {
        match self.place(number)?.take().ok_or(Status::BadDescriptor)? {
            Open::Input | Open::Output(_) => Ok(()),
            Open::Directory(directory) => directory.close(host),
            Open::File(file) => file.close(host),
        }
    }

    /// Gives what is open as `from` the number `to`, and closes what had that number.
    pub fn renumber(&mut self, host: &mut Host, from: u64, to: u64) -> IoResult<()> {
        self.get(from)?;
        self.get(to)?;
        if from == to {
            return Ok(());
        }
        self.close(host, to)?;
        let moved = self.place(from)?.take();
        *self.place(to)? = moved;
        Ok(())
    }
}
