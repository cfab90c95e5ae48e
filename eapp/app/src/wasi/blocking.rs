//! The calls of `wasi:io` that wait. If a guest is alone, the whole enclave waits. If guests take turns, other guests
//! run meanwhile: then the functions here replace those of the bindings.

use crate::bindings::wasi::io::streams::{Host as _, HostInputStream as _, HostOutputStream as _, StreamError};
use crate::failure::StreamFailure;
use crate::guest::Guest;
use crate::interfaces::WASI_VERSION;
use crate::waiting::PollSet;
use crate::wasi::{input::InputStream, output::OutputStream, poll::Pollable, poll::ready_indexes};
use alloc::{boxed::Box, format, vec, vec::Vec};
use wasmtime::{Result, component::Linker, component::Resource, component::ResourceType, format_err};

type Input = Resource<InputStream>;
type Output = Resource<OutputStream>;

/// The most bytes of the calls that write and flush, by WASI's definition.
const BLOCKING_MAX: u64 = 4096;

/// How many edge calls one guest may make in a row without waiting, before other guests have their turn.
const CALLS_IN_TURN_MAX: u64 = 32;

/// Borrows a stream, for calls that take a handle.
fn borrow<T: 'static>(stream: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(stream.rep())
}

/// Defines functions of streams by methods of [`Guest`].
macro_rules! define {
    ($streams:ident: $($name:literal $method:ident($($parameter:ident: $type:ty),*),)*) => {
        $($streams.func_wrap_async($name, |mut store, ($($parameter,)*): ($($type,)*)| {
            Box::new(async move {
                let guest = store.data_mut();
                let result = guest.$method($($parameter),*).await;
                Ok((guest.stream_result(result)?,))
            })
        })?;)*
    };
}

/// Replaces the calls that wait, for guests that take turns.
///
/// # Errors
/// If memory runs out.
pub fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut poll = linker.instance(&format!("wasi:io/poll@{WASI_VERSION}"))?;
    poll.func_wrap_async("[method]pollable.block", |mut store, (pollable,): (Resource<Pollable>,)| {
        Box::new(async move { store.data_mut().wait_for_any(vec![pollable]).await.map(drop) })
    })?;
    poll.func_wrap_async("poll", |mut store, (pollables,): (Vec<Resource<Pollable>>,)| {
        Box::new(async move { Ok((store.data_mut().wait_for_any(pollables).await?,)) })
    })?;
    let mut streams = linker.instance(&format!("wasi:io/streams@{WASI_VERSION}"))?;
    define!(streams:
        "[method]input-stream.blocking-read" read_some(stream: Input, length: u64),
        "[method]input-stream.blocking-skip" skip_some(stream: Input, length: u64),
        "[method]output-stream.blocking-flush" flush_all(stream: Output),
        "[method]output-stream.blocking-write-and-flush" write_all(stream: Output, bytes: Vec<u8>),
        "[method]output-stream.blocking-write-zeroes-and-flush" write_all_zeroes(stream: Output, length: u64),
        "[method]output-stream.blocking-splice" splice_some(to: Output, from: Input, length: u64),
    );
    streams.resource_async("output-stream", ResourceType::host::<OutputStream>(), |mut store, rep| {
        Box::new(async move { store.data_mut().drop_output(Resource::new_own(rep)).await })
    })?;
    Ok(())
}

impl Guest {
    /// The result of a call on a stream, as the guest gets it.
    fn stream_result<T>(&mut self, result: Result<T, StreamFailure>) -> Result<Result<T, StreamError>> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(failure) => self.convert_stream_error(failure).map(Err),
        }
    }

    /// `poll`.
    pub async fn wait_for_any(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        let pollables = self.pollables(&pollables)?;
        Ok(ready_indexes(self.poll_in_turn(&pollables).await?))
    }

    /// `blocking-read`.
    pub async fn read_some(&mut self, stream: Input, length: u64) -> Result<Vec<u8>, StreamFailure> {
        if self.can_wait_reading(&stream)? {
            // One edge call that reads and waits replaces one that polls and one that reads.
            return self.read_stream(&stream, length, true);
        }
        loop {
            let calls = self.host.channel.calls();
            let bytes = self.read(borrow(&stream), length)?;
            if !bytes.is_empty() || length == 0 {
                self.pause(calls).await;
                return Ok(bytes);
            }
            let pollable = self.input_pollable(&stream)?;
            self.poll_in_turn(&[pollable]).await?;
        }
    }

    /// Ends the turn now and then if a guest never has to wait, since its client sends and receives as fast as it
    /// does. Before the guest's last operation, there were `before` edge calls.
    async fn pause(&mut self, before: u64) {
        self.calls_in_turn = self.calls_in_turn.saturating_add(self.host.channel.calls().saturating_sub(before));
        if self.calls_in_turn >= CALLS_IN_TURN_MAX
            && let Some(turn) = self.turn.clone()
        {
            turn.wait(&mut self.host, PollSet::default()).await;
            self.calls_in_turn = 0;
        }
    }

    /// `blocking-skip`.
    pub async fn skip_some(&mut self, stream: Input, length: u64) -> Result<u64, StreamFailure> {
        Ok(self.read_some(stream, length).await?.len() as u64)
    }

    /// Waits until bytes may be written; the result is how many.
    async fn permitted(&mut self, stream: &Output) -> Result<u64, StreamFailure> {
        loop {
            let permit = self.check_write(borrow(stream))?;
            if permit > 0 {
                return Ok(permit);
            }
            let pollable = self.output_pollable(stream)?;
            self.poll_in_turn(&[pollable]).await?;
        }
    }

    /// `blocking-flush`.
    pub async fn flush_all(&mut self, stream: Output) -> Result<(), StreamFailure> {
        self.permitted(&stream).await.map(drop)
    }

    /// `blocking-write-and-flush`.
    pub async fn write_all(&mut self, stream: Output, bytes: Vec<u8>) -> Result<(), StreamFailure> {
        if bytes.len() as u64 > BLOCKING_MAX {
            return Err(too_large("blocking-write-and-flush", BLOCKING_MAX));
        }
        self.write_and_flush(&stream, &bytes).await
    }

    /// `blocking-write-zeroes-and-flush`.
    pub async fn write_all_zeroes(&mut self, stream: Output, length: u64) -> Result<(), StreamFailure> {
        if length > BLOCKING_MAX {
            return Err(too_large("blocking-write-zeroes-and-flush", BLOCKING_MAX));
        }
        self.write_and_flush(&stream, &vec![0; length as usize]).await
    }

    /// Writes everything, and waits until the host has sent it.
    async fn write_and_flush(&mut self, stream: &Output, mut bytes: &[u8]) -> Result<(), StreamFailure> {
        let calls = self.host.channel.calls();
        loop {
            let permit = usize::try_from(self.permitted(stream).await?).unwrap_or(usize::MAX);
            let (part, rest) = bytes.split_at(bytes.len().min(permit));
            self.write_stream(stream, part)?;
            bytes = rest;
            if bytes.is_empty() {
                break;
            }
        }
        self.pause(calls).await;
        match self.permitted(stream).await {
            Ok(_) | Err(StreamFailure::Closed) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// `blocking-splice`.
    pub async fn splice_some(&mut self, to: Output, from: Input, length: u64) -> Result<u64, StreamFailure> {
        let length = length.min(self.permitted(&to).await?);
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.read_some(from, length).await?;
        self.write_and_flush(&to, &bytes).await?;
        Ok(bytes.len() as u64)
    }

    /// Drops an output stream, once the host has sent all bytes: the connection may be closed next.
    pub async fn drop_output(&mut self, stream: Output) -> Result<()> {
        let pollable = self.output_pollable(&stream)?;
        if self.wait(pollable)?.interest.is_some() {
            self.poll_in_turn(&[pollable]).await?;
        }
        self.delete_output(stream)
    }
}

/// Ends the guest, since it wrote more at once than it may.
pub fn too_large(call: &str, cap: u64) -> StreamFailure {
    StreamFailure::Trap(format_err!("Buffer too large for {call} (expected at most {cap})"))
}
