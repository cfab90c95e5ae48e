//! Functions of WASI 0.1 on descriptors.

use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DescriptorType};
use crate::descriptors::Open;
use crate::failure::{IoFailure, IoResult, StreamFailure};
use crate::stdio;
use crate::wasi::p1::Call;
use crate::wasi::p1::values::{APPEND, FDFLAGS, NONBLOCK, RIGHTS, SYNCHRONOUS, file_type, flags, new_times};
use alloc::vec::Vec;
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation};

pub fn fd_advise(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, offset, length, advice, ..] = call.arguments;
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Status::Invalid.into()),
    };
    let file = call.guest.descriptors.file(descriptor)?;
    file.descriptor.advise(&mut call.guest.host, (offset, length), advice)
}

pub fn fd_allocate(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, ..] = call.arguments;
    call.guest.descriptors.file(descriptor)?;
    Err(Status::Unsupported.into())
}

pub fn fd_close(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, ..] = call.arguments;
    call.guest.descriptors.close(&mut call.guest.host, descriptor)
}

pub fn fd_datasync(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, ..] = call.arguments;
    call.guest.descriptors.file(descriptor)?.descriptor.sync(&mut call.guest.host, true)
}

pub fn fd_sync(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, ..] = call.arguments;
    call.guest.descriptors.file(descriptor)?.descriptor.sync(&mut call.guest.host, false)
}

/// Rights, by their bits. They restrict nothing: what a program may do follows from how a file was opened and what is
/// granted. Programs compute with them, so they are those that Wasmtime shows.
mod rights {
    pub const READ: u64 = 1 << 1;
    pub const WRITE: u64 = 1 << 6;
    pub const READDIR: u64 = 1 << 14;
    /// What is pointless for a directory: seeking, and setting sizes.
    pub const FILE_ONLY: u64 = 1 << 2 | 1 << 19 | 1 << 22;
    /// A granted directory: all on paths and directories but setting sizes.
    pub const GRANTED: u64 = 0x07b7_fe00;
    /// What is opened in a granted directory: these, and all on files.
    pub const IN_GRANTED: u64 = GRANTED | 0x0840_01ff;
}

pub fn fd_fdstat_get(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, result, ..] = call.arguments;
    let terminal = |stream: usize| call.guest.config.terminals.get(stream) == Some(&true);
    let (kind, set, base, inheriting) = match call.guest.descriptors.get(descriptor)? {
        Open::Input => (stream_type(terminal(0)), 0, rights::READ, rights::READ),
        Open::Output(number) => (stream_type(terminal(*number as usize)), 0, rights::WRITE, rights::WRITE),
        Open::Directory(directory) if directory.granted.is_some() => {
            (file_type(DescriptorType::Directory), 0, rights::GRANTED, rights::IN_GRANTED)
        }
        Open::Directory(directory) => {
            let base = RIGHTS & !rights::FILE_ONLY & usable(directory.descriptor.flags);
            (file_type(DescriptorType::Directory), 0, base, base)
        }
        Open::File(file) => {
            let set = if file.append { APPEND } else { 0 } | if file.nonblocking { NONBLOCK } else { 0 };
            let base = RIGHTS & usable(file.descriptor.flags);
            (file_type(file.descriptor.kind), set, base, base)
        }
    };
    let all = call.rights();
    Ok(call.memory.put_longs(result, &[kind | set << 16, base & all, inheriting & all])?)
}

/// The type of a standard stream.
fn stream_type(is_terminal: bool) -> u64 {
    file_type(if is_terminal { DescriptorType::CharacterDevice } else { DescriptorType::Unknown })
}

/// All rights but those that these flags take away.
fn usable(flags: DescriptorFlags) -> u64 {
    let reads = if flags.contains(DescriptorFlags::READ) { 0 } else { rights::READ | rights::READDIR };
    let writes = if flags.contains(DescriptorFlags::WRITE) { 0 } else { rights::WRITE };
    !(reads | writes)
}

pub fn fd_fdstat_set_flags(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, set, ..] = call.arguments;
    let set = flags(set, FDFLAGS)?;
    let file = call.guest.descriptors.file(descriptor)?;
    if set & SYNCHRONOUS != 0 {
        return Err(Status::Invalid.into());
    }
    (file.append, file.nonblocking) = (set & APPEND != 0, set & NONBLOCK != 0);
    Ok(())
}

pub fn fd_fdstat_set_rights(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, base, inheriting, ..] = call.arguments;
    flags(base | inheriting, call.rights())?;
    call.guest.descriptors.descriptor(descriptor)?;
    Err(Status::Unsupported.into())
}

pub fn fd_filestat_get(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, result, ..] = call.arguments;
    let terminal = |stream: usize| call.guest.config.terminals.get(stream) == Some(&true);
    let kind = match call.guest.descriptors.get(descriptor)? {
        Open::Input => stream_type(terminal(0)),
        Open::Output(number) => stream_type(terminal(*number as usize)),
        Open::Directory(_) | Open::File(_) => {
            let opened = call.guest.descriptors.descriptor(descriptor)?;
            let stat = opened.stat(&mut call.guest.host)?;
            let (inode, _) = opened.hash(&mut call.guest.host)?;
            return call.put_filestat(result, &stat, inode);
        }
    };
    Ok(call.put_description(result, (0, 0), kind, (0, 0), [0; 3])?)
}

pub fn fd_filestat_set_size(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, size, ..] = call.arguments;
    call.guest.descriptors.file(descriptor)?.descriptor.set_size(&mut call.guest.host, size)
}

pub fn fd_filestat_set_times(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, accessed, modified, fstflags, ..] = call.arguments;
    let times = new_times(accessed, modified, fstflags)?;
    call.guest.descriptors.descriptor(descriptor)?.set_times(&mut call.guest.host, times)
}

pub fn fd_read(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, vectors, count, result, ..] = call.arguments;
    let (address, length) = call.memory.first_buffer(vectors, count)?;
    let length = call.memory.bytes(address, length)?.len();
    let guest = &mut *call.guest;
    let bytes = match guest.descriptors.get(descriptor)? {
        Open::File(file) => file.read(&mut guest.host, length)?,
        Open::Input => match stdio::read(&mut guest.host, &mut guest.stdin, length.min(PAYLOAD_MAX), true) {
            Err(StreamFailure::Closed) => Vec::new(),
            read => read?,
        },
        _ => return Err(Status::BadDescriptor.into()),
    };
    call.put_read(address, &bytes, result)
}

pub fn fd_pread(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, vectors, count, offset, result, ..] = call.arguments;
    let (address, length) = call.memory.first_buffer(vectors, count)?;
    let length = call.memory.bytes(address, length)?.len();
    let file = match call.guest.descriptors.get(descriptor)? {
        Open::File(file) => file,
        Open::Input => return Err(Status::InvalidSeek.into()),
        _ => return Err(Status::BadDescriptor.into()),
    };
    let (bytes, _) = file.descriptor.read(&mut call.guest.host, length, offset)?;
    call.put_read(address, &bytes, result)
}

impl Call<'_> {
    /// All rights that there are.
    pub fn rights(&self) -> u64 {
        // The last one is to accept connections.
        if self.unstable { RIGHTS >> 1 } else { RIGHTS }
    }

    /// Writes what was read to `address`, and its length to `result`.
    fn put_read(&mut self, address: u64, bytes: &[u8], result: u64) -> IoResult<()> {
        self.memory.put(address, bytes)?;
        // It fits into a memory, whose addresses have 32 bits.
        Ok(self.memory.put_number(result, bytes.len() as u32)?)
    }

    /// Writes at a position, or at the offset of the descriptor.
    fn write(&mut self, result: u64, at: Option<u64>) -> IoResult<()> {
        let [descriptor, vectors, count, ..] = self.arguments;
        let (address, length) = self.memory.first_buffer(vectors, count)?;
        let bytes = self.memory.bytes(address, length)?;
        let guest = &mut *self.guest;
        let written = match guest.descriptors.get(descriptor)? {
            Open::File(file) => file.write(&mut guest.host, bytes, at)?,
            Open::Output(_) if at.is_some() => return Err(Status::InvalidSeek.into()),
            Open::Output(number) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let part = rest.get(..PAYLOAD_MAX).unwrap_or(rest);
                    let written = match stdio::write(&mut guest.host, *number, part) {
                        Ok(0) => return Err(Violation("a write wrote nothing").into()),
                        // As in Wasmtime, for which the stream has ended.
                        Err(IoFailure::Code(Status::Pipe)) => return Err(Status::Io.into()),
                        written => written?,
                    };
                    rest = rest.get(written..).unwrap_or_default();
                }
                bytes.len()
            }
            _ => return Err(Status::BadDescriptor.into()),
        };
        // It fits into a memory, whose addresses have 32 bits.
        Ok(self.memory.put_number(result, written as u32)?)
    }
}

pub fn fd_write(call: &mut Call<'_>) -> IoResult<()> {
    let [_, _, _, result, ..] = call.arguments;
    call.write(result, None)
}

pub fn fd_pwrite(call: &mut Call<'_>) -> IoResult<()> {
    let [_, _, _, offset, result, ..] = call.arguments;
    call.write(result, Some(offset))
}

pub fn fd_prestat_get(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, result, ..] = call.arguments;
    match call.guest.descriptors.get(descriptor)? {
        Open::Directory(directory) => {
            let path = directory.granted.as_ref().ok_or(Status::BadDescriptor)?;
            Ok(call.memory.put_longs(result, &[(path.len() as u64) << 32])?)
        }
        _ => Err(Status::BadDescriptor.into()),
    }
}

pub fn fd_prestat_dir_name(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, buffer, length, ..] = call.arguments;
    match call.guest.descriptors.get(descriptor)? {
        Open::Directory(directory) => {
            let path = directory.granted.as_ref().ok_or(Status::NotDirectory)?;
            if path.len() as u64 > length {
                return Err(Status::NameTooLong.into());
            }
            Ok(call.memory.put(buffer, path.as_bytes())?)
        }
        _ => Err(Status::NotDirectory.into()),
    }
}

pub fn fd_renumber(call: &mut Call<'_>) -> IoResult<()> {
    let [from, to, ..] = call.arguments;
    call.guest.descriptors.renumber(&mut call.guest.host, from, to)
}

pub fn fd_seek(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, offset, whence, result, ..] = call.arguments;
    // Numbered as in `wasi_snapshot_preview1`: from the start, the offset, the end.
    let numbers = if call.unstable { [1, 2, 0] } else { [0, 1, 2] };
    let whence = usize::try_from(whence).ok().and_then(|whence| numbers.get(whence)).ok_or(Status::Invalid)?;
    let file = call.guest.descriptors.seekable(descriptor)?;
    let start = match whence {
        0 => 0,
        1 => file.position,
        _ => file.descriptor.stat(&mut call.guest.host)?.size,
    };
    let position = start.checked_add_signed(offset as i64).ok_or(Status::Invalid)?;
    file.position = position;
    Ok(call.memory.put_longs(result, &[position])?)
}

pub fn fd_tell(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, result, ..] = call.arguments;
    let position = call.guest.descriptors.seekable(descriptor)?.position;
    Ok(call.memory.put_longs(result, &[position])?)
}

pub fn fd_readdir(call: &mut Call<'_>) -> IoResult<()> {
    let [descriptor, buffer, length, cookie, result, ..] = call.arguments;
    let guest = &mut *call.guest;
    let directory = guest.descriptors.directory(descriptor)?;
    directory.seek(&mut guest.host, guest.id, cookie)?;
    let (mut place, mut used) = (cookie, 0);
    while used < length {
        let Some(entry) = directory.entry(&mut guest.host, place)? else { break };
        place = place.saturating_add(1);
        let kind = file_type(entry.kind);
        let head = [place, entry.inode, entry.name.len() as u64 | kind << 32].map(u64::to_le_bytes);
        // The last entry is cut where the buffer ends; the guest asks for it again.
        for part in [head.as_flattened(), entry.name.as_bytes()] {
            let fitting = usize::try_from(length.saturating_sub(used)).unwrap_or(usize::MAX);
            let part = part.get(..fitting).unwrap_or(part);
            call.memory.put(buffer + used, part)?;
            used += part.len() as u64;
        }
    }
    // At most `length`, which has 32 bits.
    Ok(call.memory.put_number(result, used as u32)?)
}
