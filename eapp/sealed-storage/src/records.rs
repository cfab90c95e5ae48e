//! What the blocks of a directory hold: records without gaps, which are names and free space. A record never moves.

use crate::cache::Block;
use crate::error::{Error, Result};
use crate::geometry::BLOCK;
use crate::stat::Kind;
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The bytes of a granule. A record takes whole granules.
const GRANULE: usize = 32;
/// How many granules a block has.
pub const GRANULES: usize = BLOCK / GRANULE;

/// A directory's content decrypts and is not what this crate writes.
pub const BROKEN: Error = Error::Damaged("a directory's content is invalid");

/// The start of a record, which the name follows.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    /// The number of the inode that is named; 0 for free space.
    node: U64,
    kind: u8,
    /// Bytes of the name.
    length: u8,
    /// How many granules the record takes.
    granules: u8,
    zero: u8,
}

/// How many granules a record with this name takes.
pub fn granules(name: &str) -> usize {
    (size_of::<Header>() + name.len()).div_ceil(GRANULE)
}

/// A record of a block.
pub struct Record<'a> {
    pub granule: usize,
    pub granules: usize,
    /// `None` is free space.
    pub name: Option<(&'a str, u64, Kind)>,
}

/// The record that begins at a granule; `None` at the end of the block.
pub fn record(block: &Block, granule: usize) -> Result<Option<Record<'_>>> {
    if granule >= GRANULES {
        return Ok(None);
    }
    let bytes = block.get(granule * GRANULE..).ok_or(BROKEN)?;
    let (header, rest) = Header::read_from_prefix(bytes).map_err(|_| BROKEN)?;
    let granules = usize::from(header.granules);
    if granules == 0 || granule + granules > GRANULES {
        return Err(BROKEN);
    }
    let name = if header.node == 0 {
        None
    } else {
        let kind = Kind::from_number(header.kind).ok_or(BROKEN)?;
        let name = rest.get(..header.length.into()).ok_or(BROKEN)?;
        Some((core::str::from_utf8(name).map_err(|_| BROKEN)?, header.node.get(), kind))
    };
    Ok(Some(Record { granule, granules, name }))
}

/// The first record of a block for which `wanted` is true.
pub fn first<'a>(block: &'a Block, wanted: impl Fn(&Record<'_>) -> bool) -> Result<Option<Record<'a>>> {
    let mut at = 0;
    while let Some(record) = record(block, at)? {
        at += record.granules;
        if wanted(&record) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Writes a record over the granules that it takes.
pub fn put(block: &mut Block, granule: usize, granules: usize, node: u64, kind: u8, name: &str) {
    let start = granule * GRANULE;
    let Some(bytes) = block.get_mut(start..start + granules * GRANULE) else { return };
    bytes.fill(0);
    // Both fit a byte: a block has 128 granules, a name 255 bytes.
    let header = Header { node: node.into(), kind, length: name.len() as u8, granules: granules as u8, zero: 0 };
    let (head, rest) = bytes.split_at_mut(size_of::<Header>());
    head.copy_from_slice(header.as_bytes());
    if let Some(place) = rest.get_mut(..name.len()) {
        place.copy_from_slice(name.as_bytes());
    }
}

/// The longest free record of a block, in granules.
pub fn room(block: &Block) -> Result<u8> {
    let (mut at, mut longest) = (0, 0);
    while let Some(record) = record(block, at)? {
        at += record.granules;
        if record.name.is_none() {
            longest = longest.max(record.granules);
        }
    }
    Ok(longest as u8)
}

/// Joins neighbouring free records.
pub fn join(block: &mut Block) -> Result<()> {
    let mut at = 0;
    while let Some(Record { granules, name, .. }) = record(block, at)? {
        let free = name.is_none();
        match record(block, at + granules)? {
            Some(next) if free && next.name.is_none() => {
                let granules = granules + next.granules;
                put(block, at, granules, 0, 0, "");
            }
            _ => at += granules,
        }
    }
    Ok(())
}
