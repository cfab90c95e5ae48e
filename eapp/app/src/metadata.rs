//! Time stamps and descriptions of files, between the wire and `wasi:filesystem`.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, NewTimestamp};
use crate::clock::SECOND;
use wasmstone_edge_protocol::types::{NewTime, StatReply, Time};
use wasmstone_edge_protocol::{Status, Violation};

/// What is known of a file, checked.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub stat: DescriptorStat,
    /// Identifies the file on the host.
    pub hash: (u64, u64),
}

/// Checks what the host said.
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

/// The descriptor-type with that number, in WASI's order.
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

/// The seconds and nanoseconds, fewer than 10⁹, of a time that the guest gives.
pub fn normalized(time: Datetime) -> Result<(u64, u32), Status> {
    let carry = u64::from(time.nanoseconds) / SECOND;
    let seconds = time.seconds.checked_add(carry).ok_or(Status::Overflow)?;
    // Below 10⁹ after the remainder, so it fits.
    Ok((seconds, (u64::from(time.nanoseconds) % SECOND) as u32))
}
