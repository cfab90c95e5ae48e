//! Time stamps, descriptions and lists of files: the host's answers on the wire, checked, in the types of
//! `wasi:filesystem`.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, DirectoryEntry, NewTimestamp};
use crate::channel::Channel;
use crate::clock::SECOND;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wasmstone_edge_protocol::types::{HandleRequest, NewTime, StatReply, Time};
use wasmstone_edge_protocol::value::{FileTime, FileType, TimeChange};
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
    let known = reply.known_times.get()?;
    let time = |which: FileTime, time: Time| -> Result<Option<Datetime>, Violation> {
        let nanoseconds = time.nanoseconds.at_most(999_999_999, "a time stamp's nanoseconds")?;
        Ok(known.contains(which).then(|| Datetime { seconds: time.seconds.opaque(), nanoseconds }))
    };
    Ok(Stat {
        stat: DescriptorStat {
            type_: descriptor_type(reply.kind.get()?),
            link_count: reply.links.opaque(),
            size: reply.size.opaque(),
            data_access_timestamp: time(FileTime::Access, reply.accessed)?,
            data_modification_timestamp: time(FileTime::Modification, reply.modified)?,
            status_change_timestamp: time(FileTime::StatusChange, reply.changed)?,
        },
        hash: (reply.hash_lower.opaque(), reply.hash_upper.opaque()),
    })
}

/// WASI's type of a file.
pub fn descriptor_type(kind: FileType) -> DescriptorType {
    match kind {
        FileType::Unknown => DescriptorType::Unknown,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Directory => DescriptorType::Directory,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::SymbolicLink => DescriptorType::SymbolicLink,
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Socket => DescriptorType::Socket,
    }
}

/// A new time stamp for the wire.
pub fn new_time(time: NewTimestamp) -> Result<NewTime, Status> {
    Ok(match time {
        NewTimestamp::NoChange => NewTime { kind: TimeChange::NoChange.into(), ..NewTime::default() },
        NewTimestamp::Now => NewTime { kind: TimeChange::Now.into(), ..NewTime::default() },
        NewTimestamp::Timestamp(time) => {
            let (seconds, nanoseconds) = normalized(time)?;
            let kind = TimeChange::Timestamp.into();
            NewTime { kind, nanoseconds: nanoseconds.into(), seconds: seconds.into() }
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

/// The host's answer on a path. It is current as long as no other edge call followed.
#[derive(Debug)]
pub struct RecentStat {
    /// The number of edge calls, this one included.
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
    /// No more entries follow.
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
    let kind = FileType::try_from(u32::from(*kind))?;
    Ok(DirectoryEntry { type_: descriptor_type(kind), name: name.to_owned() })
}

/// Asks the host for the next entries of a directory stream.
///
/// # Errors
/// If the host breaks the contract.
pub fn list_entries(channel: &mut Channel, handle: u32) -> Result<Result<Entries, Status>, Violation> {
    let request = HandleRequest { handle: handle.into() };
    let cap = filesystem::Entries::REPLY_PAYLOAD_MAX;
    let (reply, mut payload) = match channel.call::<filesystem::Entries>(&request, &[], cap)? {
        Ok(answer) => answer,
        Err(status) => return Ok(Err(status)),
    };
    let end = reply.end.flag("an end that is neither yes nor no")?;
    // Each entry has at least the length before it.
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
