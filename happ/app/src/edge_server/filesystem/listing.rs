//! Listing directories.

use super::super::Server;
use super::super::handles::Opened;
use super::super::reply::{Failure, Payload};
use super::metadata::kind;
use cap_std::fs::{Dir, DirEntry};
use std::iter::Peekable;
use std::vec::IntoIter;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::types::{Empty, EntriesReply, HandleRequest, ListRequest};
use wasmstone_edge_protocol::value::FileType;

/// The most bytes that all directory streams of an enclave hold together.
const BYTES_MAX: usize = 256 << 20;

/// Bytes of memory that an entry takes without its name; an upper bound.
const ENTRY_BYTES: usize = 64;

/// A directory stream. As in Wasmtime, it has the entries that existed when it was opened, so that a guest can create and
/// remove files while it reads the stream.
#[derive(Debug)]
pub(in super::super) struct Listing {
    entries: Peekable<IntoIter<Result<Entry, Failure>>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    kind: FileType,
    name: Box<str>,
}

impl Listing {
    /// Reads all of a directory, as long as it takes no more than `budget` bytes.
    fn read(dir: &Dir, budget: usize) -> Result<Self, Failure> {
        let mut entries = Vec::new();
        let mut bytes = 0usize;
        for entry in dir.entries()? {
            let failed = entry.is_err();
            let entry = entry.map_err(Failure::from).and_then(|entry| describe(&entry));
            bytes = bytes.saturating_add(ENTRY_BYTES + entry.as_ref().map_or(0, |entry| entry.name.len()));
            if bytes > budget {
                return Err(Status::InsufficientMemory.into());
            }
            entries.push(entry);
            if failed {
                // The directory itself could not be read on; it might fail for ever.
                break;
            }
        }
        Ok(Self { entries: entries.into_iter().peekable(), bytes })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn describe(entry: &DirEntry) -> Result<Entry, Failure> {
    let name = entry.file_name().into_string().map_err(|_| Status::IllegalByteSequence)?;
    let kind = match kind(entry.file_type()?) {
        // Some file systems do not have the type in the directory.
        FileType::Unknown => self::kind(entry.metadata()?.file_type()),
        kind => kind,
    };
    Ok(Entry { kind, name: name.into() })
}

pub(in super::super) fn list(
    server: &mut Server,
    request: ListRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let handle = request.handle.get();
    server.handles.vacant(handle)?;
    let dir = server.handles.directory(request.directory.get())?.reading();
    let listing = Listing::read(dir, BYTES_MAX.saturating_sub(server.handles.listing_bytes()))?;
    server.handles.insert(handle, Opened::Listing(listing))?;
    Ok(Empty {})
}

/// Answers with as many entries as fit. An entry that could not be read ends the batch before it; the next call fails with
/// its error, and the call after that goes on behind it.
pub(in super::super) fn entries(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<EntriesReply, Failure> {
    let entries = &mut server.handles.listing(request.handle.get())?.entries;
    let mut count = 0u32;
    loop {
        match entries.peek() {
            Some(Ok(entry)) if count == 0 || size_of::<u32>() + 1 + entry.name.len() <= payload.room() => {
                payload.push_record(&[&[entry.kind as u8], entry.name.as_bytes()])?;
            }
            Some(Err(failure)) if count == 0 => {
                let failure = *failure;
                entries.next();
                return Err(failure);
            }
            _ => break,
        }
        entries.next();
        count += 1;
    }
    let end = entries.peek().is_none();
    Ok(EntriesReply { count: count.into(), end: u32::from(end).into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    #[test]
    fn a_directory_larger_than_the_budget_is_refused() -> std::io::Result<()> {
        let temporary = tempfile::tempdir()?;
        for name in ["a", "bb", "ccc"] {
            std::fs::write(temporary.path().join(name), "")?;
        }
        let dir = Dir::open_ambient_dir(temporary.path(), ambient_authority())?;
        let exact = 3 * ENTRY_BYTES + 6;
        assert_eq!(Listing::read(&dir, exact).map(|listing| listing.bytes()), Ok(exact));
        assert_eq!(Listing::read(&dir, exact - 1).map(|_| ()), Err(Failure(Status::InsufficientMemory)));
        Ok(())
    }
}
