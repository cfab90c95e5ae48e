//! Descriptions, times and positions, between `wasi:filesystem` and volumes.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, NewTimestamp};
use crate::failure::IoResult;
use crate::metadata::{Stat, normalized};
use wasmstone_edge_protocol::Status;
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Kind, Time};

/// WASI's name for a kind of file.
pub fn descriptor_type(kind: Kind) -> DescriptorType {
    match kind {
        Kind::File => DescriptorType::RegularFile,
        Kind::Directory => DescriptorType::Directory,
        Kind::Symlink => DescriptorType::SymbolicLink,
    }
}

/// The description of a file in the volume with this number.
pub fn describe(volume: usize, stat: storage::Stat) -> Stat {
    let time = |time: Time| Some(Datetime { seconds: time.seconds, nanoseconds: time.nanoseconds });
    let (lower, upper) = stat.identity;
    Stat {
        stat: DescriptorStat {
            type_: descriptor_type(stat.kind),
            link_count: stat.links.into(),
            size: stat.size,
            data_access_timestamp: time(stat.accessed),
            data_modification_timestamp: time(stat.modified),
            status_change_timestamp: time(stat.changed),
        },
        // The volume's number goes into the lower half, since many programs compare that half only.
        hash: (lower ^ (volume as u64 + 1) << 48, upper),
    }
}

/// A new time of a file.
#[derive(Clone, Copy)]
pub enum NewTime {
    Same,
    Now,
    Time(Time),
}

impl NewTime {
    /// The time to set, if there is one.
    pub fn at(self, now: Time) -> Option<Time> {
        match self {
            Self::Same => None,
            Self::Now => Some(now),
            Self::Time(time) => Some(time),
        }
    }
}

/// New times of access and modification, as far as Linux can represent them.
pub fn new_times([accessed, modified]: [NewTimestamp; 2]) -> IoResult<[NewTime; 2]> {
    let new = |new| {
        Ok::<_, Status>(match new {
            NewTimestamp::NoChange => NewTime::Same,
            NewTimestamp::Now => NewTime::Now,
            NewTimestamp::Timestamp(timestamp) => {
                let (seconds, nanoseconds) = normalized(timestamp)?;
                i64::try_from(seconds).map_err(|_| Status::Overflow)?;
                NewTime::Time(Time { seconds, nanoseconds })
            }
        })
    };
    Ok([new(accessed)?, new(modified)?])
}

/// Fails for a position or size that no file of Linux can have.
pub fn check_position(offset: u64) -> IoResult<()> {
    if i64::try_from(offset).is_ok() { Ok(()) } else { Err(Status::Invalid.into()) }
}
