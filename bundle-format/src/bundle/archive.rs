//! The tar archive (POSIX ustar) in its one form: regular files, mode 0644, no times, no owners.
//!
//! The crate `tar` knows the header; the frame around it is here, because a reader of bundles must see every byte of
//! it, padding and end marks too, to refuse what a writer would not have written.

use super::ReadError;
use std::io::{self, Read};
use tar::{EntryType, Header};

const BLOCK: usize = 512;

/// Appends a file.
pub fn append(archive: &mut Vec<u8>, path: &str, content: &[u8]) {
    archive.extend_from_slice(header(path, content.len() as u64).as_bytes());
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

/// Ends an archive.
pub fn finish(archive: &mut Vec<u8>) {
    archive.resize(archive.len() + 2 * BLOCK, 0);
}

/// The one header that a file of this path and size has.
fn header(path: &str, size: u64) -> Header {
    let mut header = Header::new_ustar();
    // Every path of the format is ASCII, relative and short enough for the field. Another path, which only a damaged
    // archive names, yields a header that differs from the archive's.
    let _ = header.set_path(path);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(EntryType::Regular);
    // As GNU tar writes them, so that a bundle can be packed without wasmstone: device numbers, and a checksum of six
    // digits before its terminator instead of seven.
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.set_device_major(0);
        ustar.set_device_minor(0);
    }
    header.set_cksum();
    let checksum = &mut header.as_old_mut().cksum;
    checksum.rotate_left(1);
    checksum[7] = b' ';
    header
}

/// Reads an archive, entry by entry.
pub struct Archive<R> {
    reader: R,
}

/// The start of an entry; its content comes next.
pub struct Entry {
    /// A relative path without `..`.
    pub path: String,
    /// The size of its content in bytes, as the header claims.
    pub size: u64,
}

impl<R: Read> Archive<R> {
    pub fn new(reader: R) -> Self {
        Self { reader }
    }

    /// The first entry, which must be the file `path`: otherwise this is not a bundle at all.
    pub fn first(&mut self, path: &str) -> Result<Entry, ReadError> {
        let (block, filled) = self.block()?;
        let start = &block[..filled.min(path.len() + 1)];
        if !format!("{path}\0").as_bytes().starts_with(start) || start.is_empty() {
            return Err(ReadError::NotABundle);
        }
        entry(&whole(block, filled, path)?)
    }

    /// The next entry, or `None` at the end of the archive, after which nothing may follow.
    pub fn next(&mut self, after: &str) -> Result<Option<Entry>, ReadError> {
        let (block, filled) = self.block()?;
        let block = whole(block, filled, after)?;
        if block != [0; BLOCK] {
            return entry(&block).map(Some);
        }
        let (block, filled) = self.block()?;
        if whole(block, filled, "the end mark")? != [0; BLOCK] || self.block()?.1 != 0 {
            return Err(ReadError::Trailing);
        }
        Ok(None)
    }

    /// Reads the content of an entry. The caller has checked its size against a limit.
    pub fn content(&mut self, entry: &Entry) -> Result<Vec<u8>, ReadError> {
        let mut content = Vec::new();
        self.reader.by_ref().take(entry.size).read_to_end(&mut content)?;
        let mut padding = Vec::new();
        let expected = entry.size.next_multiple_of(BLOCK as u64) - entry.size;
        self.reader.by_ref().take(expected).read_to_end(&mut padding)?;
        if content.len() as u64 != entry.size || padding.len() as u64 != expected {
            return Err(ReadError::Truncated { place: entry.path.clone() });
        }
        if padding.iter().any(|byte| *byte != 0) {
            return Err(ReadError::Padding { path: entry.path.clone() });
        }
        Ok(content)
    }

    /// A block and how many of its bytes were left in the file.
    fn block(&mut self) -> io::Result<([u8; BLOCK], usize)> {
        let mut bytes = Vec::with_capacity(BLOCK);
        self.reader.by_ref().take(BLOCK as u64).read_to_end(&mut bytes)?;
        let mut block = [0; BLOCK];
        block[..bytes.len()].copy_from_slice(&bytes);
        Ok((block, bytes.len()))
    }
}

fn whole(block: [u8; BLOCK], filled: usize, place: &str) -> Result<[u8; BLOCK], ReadError> {
    if filled == BLOCK { Ok(block) } else { Err(ReadError::Truncated { place: place.to_owned() }) }
}

/// Reads a header, and refuses every header that [`header`] does not write.
fn entry(block: &[u8; BLOCK]) -> Result<Entry, ReadError> {
    let found = Header::from_byte_slice(block);
    let shown = || found.path_bytes().escape_ascii().to_string();
    let path = String::from_utf8(found.path_bytes().into_owned()).map_err(|_| ReadError::Header { path: shown() })?;
    if path.contains(char::is_control) {
        return Err(ReadError::Header { path: shown() });
    }
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(ReadError::PathEscape { path: shown() });
    }
    if found.entry_type() != EntryType::Regular {
        return Err(ReadError::NotAFile { path: shown() });
    }
    let size = found.size().map_err(|_| ReadError::Header { path: shown() })?;
    if header(&path, size).as_bytes() != block {
        return Err(ReadError::Header { path: shown() });
    }
    Ok(Entry { path, size })
}
