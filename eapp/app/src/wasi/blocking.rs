//! The calls of `wasi:io` that wait. A guest that is alone waits with the whole enclave; one that runs in turns
//! with others lets these run meanwhile, by functions that take the place of those that the bindings have.

use crate::bindings::wasi::io::streams::{Host as _, HostInputStream as _, HostOutputStream as _, StreamError};
use crate::guest::Guest;
use crate::interfaces::WASI_VERSION;
use crate::wasi::StreamFailure;
use crate::wasi::input::InputStream;
use crate::wasi::output::OutputStream;
use crate::wasi::poll::{Inquiry, Pollable, chosen};
use alloc::{boxed::Box, format, vec, vec::Vec};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime::{Result, format_err};

type Input = Resource<InputStream>;
type Output = Resource<OutputStream>;

/// The most bytes of the calls that write and flush, by WASI's definition.
const BLOCKING_MAX: u64 = 4096;

/// Edge calls of one guest in a row, of those that did not have to wait, before others have their turn.
const HURRIED_MAX: u64 = 32;

/// The result of what never gives its turn away, since the guest is alone.
///
/// # Errors
/// Where it did.
pub fn now<T, E: From<wasmtime::Error>>(waiting: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match pin!(waiting).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(format_err!("a guest that is alone gave its turn away").into()),
    }
}

/// Another handle of the same stream, for calls that take one.
fn again<T: 'static>(stream: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(stream.rep())
}

/// Defines functions of streams by methods of [`Guest`].
macro_rules! define {
    ($streams:ident: $($name:literal $method:ident($($parameter:ident: $type:ty),*),)*) => {
        $($streams.func_wrap_async($name, |mut store, ($($parameter,)*): ($($type,)*)| {
            Box::new(async move {
                let guest = store.data_mut();
                let result = guest.$method($($parameter),*).await;
                Ok((guest.told(result)?,))
            })
        })?;)*
    };
}

/// For guests that run in turns.
///
/// # Errors
/// Where memory runs out.
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
    /// What a call on a stream tells the guest.
    fn told<T>(&mut self, result: Result<T, StreamFailure>) -> Result<Result<T, StreamError>> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(failure) => self.convert_stream_error(failure).map(Err),
        }
    }

    /// `poll`.
    pub async fn wait_for_any(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        let pollables = self.pollables(&pollables)?;
        Ok(chosen(self.poll_in_turn(&pollables).await?))
    }

    /// `blocking-read`.
    pub async fn read_some(&mut self, stream: Input, length: u64) -> Result<Vec<u8>, StreamFailure> {
        if self.can_wait_reading(&stream)? {
            // One edge call that waits, and not one that polls and one that reads.
            return self.read_stream(&stream, length, true);
        }
        loop {
            let calls = self.host.channel.calls();
            let bytes = self.read(again(&stream), length)?;
            if !bytes.is_empty() || length == 0 {
                self.pause(calls).await;
                return Ok(bytes);
            }
            let pollable = self.input_pollable(&stream)?;
            self.poll_in_turn(&[pollable]).await?;
        }
    }

    /// Lets the others run now and then where a guest never has to wait, since its client sends or takes as fast
    /// as it goes. There were `before` edge calls before what it did.
    async fn pause(&mut self, before: u64) {
        self.hurried = self.hurried.saturating_add(self.host.channel.calls().saturating_sub(before));
        if self.hurried >= HURRIED_MAX
            && let Some(seat) = self.seat.clone()
        {
            seat.wait(&mut self.host, Inquiry::default()).await;
            self.hurried = 0;
        }
    }

    /// `blocking-skip`.
    pub async fn skip_some(&mut self, stream: Input, length: u64) -> Result<u64, StreamFailure> {
        Ok(self.read_some(stream, length).await?.len() as u64)
    }

    /// Waits until something may be written; the result is how much.
    async fn permitted(&mut self, stream: &Output) -> Result<u64, StreamFailure> {
        loop {
            let permit = self.check_write(again(stream))?;
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
        self.write_on(&stream, &bytes).await
    }

    /// `blocking-write-zeroes-and-flush`.
    pub async fn write_all_zeroes(&mut self, stream: Output, length: u64) -> Result<(), StreamFailure> {
        if length > BLOCKING_MAX {
            return Err(too_large("blocking-write-zeroes-and-flush", BLOCKING_MAX));
        }
        self.write_on(&stream, &vec![0; length as usize]).await
    }

    /// Writes everything, and waits until it went on.
    async fn write_on(&mut self, stream: &Output, mut bytes: &[u8]) -> Result<(), StreamFailure> {
        let calls = self.host.channel.calls();
        loop {
            let permit = usize::try_from(self.permitted(stream).await?).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(permit));
            self.write_stream(stream, now)?;
            bytes = later;
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
        self.write_on(&to, &bytes).await?;
        Ok(bytes.len() as u64)
    }

    /// Drops an output stream. What is left with the host goes out before a connection is closed.
    pub async fn drop_output(&mut self, stream: Output) -> Result<()> {
        let pollable = self.output_pollable(&stream)?;
        if self.wants(pollable)?.question.is_some() {
            self.poll_in_turn(&[pollable]).await?;
        }
        self.delete_output(stream)
    }
}

/// The guest wrote more at once than it may.
pub fn too_large(call: &str, cap: u64) -> StreamFailure {
    StreamFailure::Trap(format_err!("Buffer too large for {call} (expected at most {cap})"))
}
