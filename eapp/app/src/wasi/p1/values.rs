//! Values of WASI 0.1: numbers of errors, types of files, flags, times.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{DescriptorStat, DescriptorType, NewTimestamp};
use crate::clock::SECOND;
use crate::failure::IoResult;
use crate::wasi::p1::Call;
use wasmstone_edge_protocol::Status;
use wasmtime::Result;

/// The number of the error `io`.
const IO: u8 = 29;

/// The number of the error `notsock`.
const NOTSOCK: u8 = 57;

/// The numbers of errors in the order of [`Status`], whose first 38 values they are.
const ERRNOS: [u8; 38] = [
    IO, 2, 6, 7, 8, 10, 16, 19, 20, 22, 25, 26, 27, 28, IO, 31, 32, 34, 35, 37, 43, 44, 46, 48, 51, 54, 55, 56, 58, 59,
    60, 61, 63, 64, 69, 70, 74, 75,
];

/// The bits of `fdflags`: those that are kept, those that ask for synchronous writes, and all.
pub const APPEND: u64 = 1;
pub const NONBLOCK: u64 = 4;
pub const SYNCHRONOUS: u64 = 2 | 8 | 16;
pub const FDFLAGS: u64 = APPEND | NONBLOCK | SYNCHRONOUS;

/// All bits of `rights`.
pub const RIGHTS: u64 = (1 << 30) - 1;

/// The number of an error.
pub fn errno(status: Status) -> u8 {
    match status {
        // The only call on sockets that fails here is one on something else.
        Status::InvalidState => NOTSOCK,
        status => ERRNOS.get(u32::from(status) as usize).copied().unwrap_or(IO),
    }
}

/// Fails if bits are set that are none of `all`.
pub fn flags(bits: u64, all: u64) -> IoResult<u64> {
    if bits & !all == 0 { Ok(bits) } else { Err(Status::Invalid.into()) }
}

/// The number of a type of file. WASI 0.1 has none for a FIFO.
pub fn file_type(kind: DescriptorType) -> u64 {
    match kind {
        DescriptorType::Unknown | DescriptorType::Fifo => 0,
        DescriptorType::BlockDevice => 1,
        DescriptorType::CharacterDevice => 2,
        DescriptorType::Directory => 3,
        DescriptorType::RegularFile => 4,
        DescriptorType::Socket => 6,
        DescriptorType::SymbolicLink => 7,
    }
}

/// Nanoseconds since 1970-01-01.
pub fn nanoseconds(seconds: u64, nanoseconds: u32) -> IoResult<u64> {
    let time = seconds.checked_mul(SECOND).and_then(|time| time.checked_add(nanoseconds.into()));
    Ok(time.ok_or(Status::Overflow)?)
}

/// The new times of access and modification; `fstflags` has two bits for each.
pub fn new_times(accessed: u64, modified: u64, fstflags: u64) -> IoResult<[NewTimestamp; 2]> {
    let flags = flags(fstflags, 0xf)?;
    let new = |time: u64, flags: u64| match flags & 3 {
        0 => Ok(NewTimestamp::NoChange),
        1 => {
            // Below 10⁹ after the remainder, so it fits.
            let nanoseconds = (time % SECOND) as u32;
            Ok(NewTimestamp::Timestamp(Datetime { seconds: time / SECOND, nanoseconds }))
        }
        2 => Ok(NewTimestamp::Now),
        _ => Err(Status::Invalid),
    };
    Ok([new(accessed, flags)?, new(modified, flags >> 2)?])
}

impl Call<'_> {
    /// Writes the description of a file to `address`.
    pub fn put_filestat(&mut self, address: u64, stat: &DescriptorStat, inode: u64) -> IoResult<()> {
        let time = |time: Option<Datetime>| time.map_or(Ok(0), |time| nanoseconds(time.seconds, time.nanoseconds));
        let (accessed, modified) = (time(stat.data_access_timestamp)?, time(stat.data_modification_timestamp)?);
        let (changed, kind) = (time(stat.status_change_timestamp)?, file_type(stat.type_));
        Ok(self.put_description(
            address,
            (1, inode),
            kind,
            (stat.link_count, stat.size),
            [accessed, modified, changed],
        )?)
    }

    /// Writes a description: device and inode, type, links and size, times.
    pub fn put_description(
        &mut self,
        address: u64,
        (device, inode): (u64, u64),
        kind: u64,
        (links, size): (u64, u64),
        [accessed, modified, changed]: [u64; 3],
    ) -> Result<()> {
        if self.unstable {
            let links = links.min(u32::MAX.into()) << 32;
            return self.memory.put_longs(address, &[device, inode, kind | links, size, accessed, modified, changed]);
        }
        self.memory.put_longs(address, &[device, inode, kind, links, size, accessed, modified, changed])
    }
}

#[cfg(test)]
mod tests;
