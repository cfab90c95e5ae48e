//! The content of files: reading, writing, size, advice, syncing.

use super::super::Server;
use super::super::handles::Descriptor;
use super::super::io::{flag, written};
use super::super::reply::{Failure, Payload};
use super::super::transfer::{read_fully, write_fully};
use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ReadWriteFlags, pwritev2};
use std::fs::File;
use std::io::{IoSlice, Result as IoResult};
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use wasmstone_edge_protocol::types::{
    AdviseRequest, Empty, HandleRequest, ReadAtRequest, ReadReply, SetSizeRequest, SyncRequest, WriteAtRequest,
    WriteReply,
};
use wasmstone_edge_protocol::{Status, value};

/// A read of this length or more reads ahead, in bytes. The server then looks whether the file ends behind the data, which
/// saves the enclave a call. A shorter read, such as that of a database page, would take three system calls instead of
/// one.
const READS_AHEAD: usize = 16 << 10;

pub(in super::super) fn read_at(
    server: &mut Server,
    request: ReadAtRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<ReadReply, Failure> {
    let file = server.handles.file(request.handle.get())?.reading();
    let offset = request.offset.get();
    let length = usize::try_from(request.length.get()).unwrap_or(usize::MAX);
    let end = payload.fill(length, |buffer| {
        let (count, end) = read_fully(buffer, |rest, done| file.read_at(rest, position(offset, done)?))?;
        let end = end || buffer.len() >= READS_AHEAD && count == buffer.len() && is_end(file, offset, count);
        Ok((count, end))
    })?;
    Ok(ReadReply { end: u32::from(end).into() })
}

/// Whether a regular file ends at `offset + done`.
fn is_end(file: &File, offset: u64, done: usize) -> bool {
    let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    regular && position(offset, done).and_then(|offset| file.read_at(&mut [0], offset)).is_ok_and(|count| count == 0)
}

pub(in super::super) fn write_at(
    server: &mut Server,
    request: WriteAtRequest,
    data: &[u8],
    _: &mut Payload<'_>,
) -> Result<WriteReply, Failure> {
    zero(request.reserved.get())?;
    let file = server.handles.file(request.handle.get())?.writing()?;
    let offset = request.offset.get();
    written(write_fully(data, |rest, done| file.write_at(rest, position(offset, done)?))?)
}

pub(in super::super) fn append(
    server: &mut Server,
    request: HandleRequest,
    data: &[u8],
    _: &mut Payload<'_>,
) -> Result<WriteReply, Failure> {
    let file = server.handles.file(request.handle.get())?.writing()?;
    written(write_fully(data, |rest, _| append_once(file, rest))?)
}

/// Writes at the end, wherever other processes have moved it to.
fn append_once(file: &File, data: &[u8]) -> IoResult<usize> {
    match pwritev2(file, &[IoSlice::new(data)], 0, ReadWriteFlags::APPEND) {
        Err(Errno::NOSYS | Errno::NOTSUP) => {}
        result => return Ok(result?),
    }
    // File systems and kernels that do not know the flag know it as a mode of the open file.
    let flags = fcntl_getfl(file)?;
    fcntl_setfl(file, flags | OFlags::APPEND)?;
    let result = rustix::io::write(file, data);
    fcntl_setfl(file, flags)?;
    Ok(result?)
}

pub(in super::super) fn set_size(
    server: &mut Server,
    request: SetSizeRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    zero(request.reserved.get())?;
    server.handles.file(request.handle.get())?.writing()?.set_len(request.size.get())?;
    Ok(Empty {})
}

pub(in super::super) fn advise(
    server: &mut Server,
    request: AdviseRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let advice = match request.advice.get()? {
        value::Advice::Normal => Advice::Normal,
        value::Advice::Sequential => Advice::Sequential,
        value::Advice::Random => Advice::Random,
        value::Advice::WillNeed => Advice::WillNeed,
        value::Advice::DontNeed => Advice::DontNeed,
        value::Advice::NoReuse => Advice::NoReuse,
    };
    let file = server.handles.file(request.handle.get())?.reading();
    fadvise(file, request.offset.get(), NonZeroU64::new(request.length.get()), advice)?;
    Ok(Empty {})
}

pub(in super::super) fn sync(
    server: &mut Server,
    request: SyncRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let data_only = flag(request.data_only.get())?;
    let write_out = |file: &File| if data_only { file.sync_data() } else { file.sync_all() };
    match server.handles.descriptor(request.handle.get())? {
        Descriptor::File(file) => write_out(file.reading())?,
        // A granted directory is only a place for paths to begin at; to be written out, it has to be
        // open for reading.
        Descriptor::Directory(directory) => write_out(&directory.reading().open(".")?.into_std())?,
    }
    Ok(Empty {})
}

/// `offset + done`.
fn position(offset: u64, done: usize) -> IoResult<u64> {
    let sum = u64::try_from(done).ok().and_then(|done| offset.checked_add(done));
    Ok(sum.ok_or(Errno::FBIG)?)
}

/// A field that is always zero.
fn zero(reserved: u32) -> Result<(), Failure> {
    if reserved == 0 { Ok(()) } else { Err(Status::Malformed.into()) }
}
