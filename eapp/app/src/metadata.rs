//! Time stamps, descriptions and lists of files: what the host says on the wire, checked, as `wasi:filesystem` has it.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, DirectoryEntry, NewTimestamp};
use crate::channel::Channel;
use crate::clock::SECOND;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wasmstone_edge_protocol::types::{HandleRequest, NewTime, StatReply, Time};
use wasmstone_edge_protocol::{Operation, PATH_MAX, Status, Violation, filesystem, record};

/// The description of a file.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub stat: DescriptorStat,
    /// Identifies the file on the host.
    pub hash: (u64, u64),
}

/// Checks a description that the host gave.
pub fn stat(reply: &StatReply) -> Result<Stat, Violation> {
    let known = reply.known_times.at_most(0b111, "an unknown time stamp")?;
    let time = |bit: u32, time: Time| -> Result<Option<Datetime>, Violation> {
        let nanoseconds = time.nanoseconds.at_most(999_999_999, "a time stamp's nanoseconds")?;
        Ok((known >> bit & 1 == 1).then(|| Datetime { seconds: time.seconds.opaque(), nanoseconds }))
    };
    Ok(Stat {
        stat: DescriptorStat {
            type_: descriptor_type(reply.kind.at_most(7, "an unknown type of file")?)?,
            link_count: reply.links.opaque(),
            size: reply.size.opaque(),
            data_access_timestamp: time(0, reply.accessed)?,
            data_modification_timestamp: time(1, reply.modified)?,
            status_change_timestamp: time(2, reply.changed)?,
        },
        hash: (reply.hash_lower.opaque(), reply.hash_upper.opaque()),
    })
}

/// The descriptor type with this number, in WASI's order.
pub fn descriptor_type(number: u32) -> Result<DescriptorType, Violation> {
    Ok(match number {
        0 => DescriptorType::Unknown,
        1 => DescriptorType::BlockDevice,
        2 => DescriptorType::CharacterDevice,
        3 => DescriptorType::Directory,
        4 => DescriptorType::Fifo,
        5 => DescriptorType::SymbolicLink,
        6 => DescriptorType::RegularFile,
        7 => DescriptorType::Socket,
        _ => return Err(Violation("an unknown type of file")),
    })
}

/// A new time stamp for the wire.
pub fn new_time(time: NewTimestamp) -> Result<NewTime, Status> {
    Ok(match time {
        NewTimestamp::NoChange => NewTime { kind: 0.into(), ..NewTime::default() },
        NewTimestamp::Now => NewTime { kind: 1.into(), ..NewTime::default() },
        NewTimestamp::Timestamp(time) => {
            let (seconds, nanoseconds) = normalized(time)?;
            NewTime { kind: 2.into(), nanoseconds: nanoseconds.into(), seconds: seconds.into() }
        }
    })
}

/// The seconds and nanoseconds, fewer than 10⁹, of a time that the guest gave.
pub fn normalized(time: Datetime) -> Result<(u64, u32), Status> {
    let carry = u64::from(time.nanoseconds) / SECOND;
    let seconds = time.seconds.checked_add(carry).ok_or(Status::Overflow)?;
    // Below 10⁹ after the remainder, so it fits.
    Ok((seconds, (u64::from(time.nanoseconds) % SECOND) as u32))
}

/// What the host said of a path. It is current as long as no other edge call followed.
#[derive(Debug)]
pub struct RecentStat {
    /// How many edge calls there were with this one.
    pub calls: u64,
    pub directory: u32,
    pub follow: bool,
    pub path: String,
    pub hash: (u64, u64),
}

/// A part of a directory's list.
#[derive(Debug)]
pub struct Entries {
    pub entries: Vec<DirectoryEntry>,
    /// No more follow.
    pub end: bool,
}

/// Reads one entry of the host's list.
fn entry(payload: &mut &[u8]) -> Result<DirectoryEntry, Violation> {
    let bytes = record::take(payload, PATH_MAX)?;
    let (kind, name) = bytes.split_first().ok_or(Violation("a directory entry is empty"))?;
    let name = record::text(name)?;
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(Violation("a directory entry's name is not one"));
    }
    Ok(DirectoryEntry { type_: descriptor_type(u32::from(*kind))?, name: name.to_owned() })
}

/// Asks the host for the next entries of a directory stream.
///
/// # Errors
/// Where the host breaks the contract.
pub fn list_entries(channel: &mut Channel, handle: u32) -> Result<Result<Entries, Status>, Violation> {
    let request = HandleRequest { handle: handle.into() };
    let cap = filesystem::Entries::REPLY_PAYLOAD_MAX;
    let (reply, mut payload) = match channel.call::<filesystem::Entries>(&request, &[], cap)? {
        Ok(answer) => answer,
        Err(status) => return Ok(Err(status)),
    };
    let end = reply.end.flag("an end that is neither yes nor no")?;
    // Each entry takes the length before it at least.
    let count = reply.count.at_most((payload.len() / 4) as u32, "more entries than there is room for")?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(entry(&mut payload)?);
    }
    if !payload.is_empty() || (entries.is_empty() && !end) {
        return Err(Violation("a directory list has more or less than it says"));
    }
    Ok(Ok(Entries { entries, end }))
}
