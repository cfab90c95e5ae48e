//! An open directory, and how far it was listed.

use crate::bindings::wasi::filesystem::types::{DescriptorType, PathFlags};
use crate::failure::{IoFailure, IoResult};
use crate::files::{Descriptor, EntryStream};
use crate::host::Host;
use alloc::{collections::VecDeque, string::String};

/// An entry of a directory.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub kind: DescriptorType,
    /// Identifies the file.
    pub inode: u64,
}

/// An open directory.
pub struct Directory {
    pub descriptor: Descriptor,
    /// The path under which it was granted.
    pub granted: Option<String>,
    list: Option<List>,
}

/// A list under way. The guest may ask again for entries that did not fit into its buffer.
struct List {
    stream: EntryStream,
    /// The place in the list of the first entry that is kept.
    first: u64,
    kept: VecDeque<Entry>,
}

/// The places of the entries `.` and `..`, which the streams of WASI 0.2 do not have.
const DOTS: [&str; 2] = [".", ".."];

impl Directory {
    pub fn new(descriptor: Descriptor, granted: Option<String>) -> Self {
        Self { descriptor, granted, list: None }
    }

    /// Prepares for reading entries from `place` on. From the beginning on, the list is a new one; so it is if the
    /// guest goes back to where it was before its last call.
    pub fn seek(&mut self, host: &mut Host, owner: u32, place: u64) -> IoResult<()> {
        let wanted = place.checked_sub(DOTS.len() as u64);
        if let Some(mut list) = self.list.take() {
            let known = list.first..=list.first.saturating_add(list.kept.len() as u64);
            if let Some(wanted) = wanted.filter(|wanted| known.contains(wanted)) {
                while list.first < wanted && list.kept.pop_front().is_some() {
                    list.first += 1;
                }
                self.list = Some(list);
                return Ok(());
            }
            list.stream.close(host)?;
        }
        let mut list = List { stream: self.descriptor.list(host, owner)?, first: 0, kept: VecDeque::new() };
        let mut left = wanted.unwrap_or(0);
        while left > 0 {
            match list.stream.next(host) {
                Ok(Some(_)) => (list.first, left) = (list.first + 1, left - 1),
                Ok(None) => break,
                Err(failure) => {
                    list.stream.close(host)?;
                    return Err(failure);
                }
            }
        }
        // Behind the end there is nothing, wherever that is.
        list.first += left;
        self.list = Some(list);
        Ok(())
    }

    /// The entry at a place, which follows the one before or is the place that was sought.
    pub fn entry(&mut self, host: &mut Host, place: u64) -> IoResult<Option<Entry>> {
        let dots = usize::try_from(place).ok().and_then(|place| DOTS.get(place));
        if let Some(name) = dots {
            let (inode, _) = self.descriptor.hash(host)?;
            return Ok(Some(Entry { name: (*name).into(), kind: DescriptorType::Directory, inode }));
        }
        let Some(list) = &mut self.list else { return Ok(None) };
        let place = place.saturating_sub(DOTS.len() as u64).saturating_sub(list.first);
        if let Some(entry) = usize::try_from(place).ok().and_then(|place| list.kept.get(place)) {
            return Ok(Some(entry.clone()));
        }
        let Some(entry) = list.stream.next(host)? else { return Ok(None) };
        let inode = match self.descriptor.hash_at(host, PathFlags::empty(), &entry.name) {
            Ok((inode, _)) => inode,
            // It is gone by now.
            Err(IoFailure::Code(_)) => 0,
            Err(failure) => return Err(failure),
        };
        let entry = Entry { name: entry.name, kind: entry.type_, inode };
        list.kept.push_back(entry.clone());
        Ok(Some(entry))
    }

    /// Closes it.
    pub fn close(self, host: &mut Host) -> IoResult<()> {
        if let Some(list) = self.list {
            list.stream.close(host)?;
        }
        Ok(self.descriptor.close(host)?)
    }
}
