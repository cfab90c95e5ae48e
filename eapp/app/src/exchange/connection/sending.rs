//! Sending.

use super::{Connection, STALL};
use crate::exchange::body::{Body, End, SharedBody};
use crate::failure::StreamFailure;
use crate::host::Host;
use crate::http1::encode::Encoder;
use crate::waiting::Wait;
use alloc::vec::Vec;
use core::mem::{replace, take};

/// The most bytes around a piece of a body.
const FRAME_MAX: usize = 32;

/// The bytes to send.
#[derive(Default)]
pub(super) struct Output {
    /// Bytes that are sent before the body.
    head: Vec<u8>,
    /// The message that was begun.
    message: Option<Message>,
    /// The host has not sent all yet, and has not said since then that it takes more.
    is_blocked: bool,
    /// When bytes were sent the last time, in nanoseconds since the enclave's start.
    moved: u64,
}

struct Message {
    encoder: Encoder,
    /// `None` for a message without a body.
    body: Option<SharedBody>,
    is_ended: bool,
}

impl Output {
    fn has_something(&self) -> bool {
        let has_body = |body: &Body| !body.bytes.is_empty() || body.end.is_some();
        let of_message =
            |message: &Message| !message.is_ended && message.body.as_ref().is_none_or(|body| has_body(&body.lock()));
        !self.head.is_empty() || self.message.as_ref().is_some_and(of_message)
    }
}

impl Connection {
    /// Begins to send a message with this head, and a body if it has one.
    pub fn begin_message(&mut self, encoder: Encoder, head: Vec<u8>, body: Option<SharedBody>) {
        self.prepend(&head);
        self.output.message = Some(Message { encoder, body, is_ended: false });
    }

    /// Puts bytes before the next bytes of the body.
    pub(super) fn prepend(&mut self, bytes: &[u8]) {
        self.output.head.extend_from_slice(bytes);
    }

    /// Whether a message was begun.
    pub(super) fn is_begun(&self) -> bool {
        self.output.message.is_some()
    }

    /// Whether all of the message was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.output.head.is_empty() && self.output.message.as_ref().is_some_and(|message| message.is_ended)
    }

    /// Bytes that are kept until they are sent.
    pub fn unsent(&self) -> usize {
        let body = self.output.message.as_ref().and_then(|message| message.body.as_ref());
        self.output.head.len().saturating_add(body.map_or(0, |body| body.lock().bytes.len()))
    }

    /// Whether the connection has to end with the message.
    pub(super) fn is_until_close(&self) -> bool {
        self.output.message.as_ref().is_none_or(|message| message.encoder.is_until_close())
    }

    /// The guest has returned. As under Wasmtime, a body that it neither finished nor dropped ends with what it wrote.
    pub fn complete_body(&mut self) {
        if let Some(body) = self.output.message.as_ref().and_then(|message| message.body.as_ref()) {
            let mut body = body.lock();
            if body.end.is_none() {
                // A body that is shorter than its message says is cut off.
                let _ = body.finish(None);
            }
        }
    }

    /// The body is not written to any more. It is cut off if the guest has not ended it.
    pub(super) fn abandon_body(&mut self) {
        if let Some(body) = self.output.message.as_ref().and_then(|message| message.body.as_ref()) {
            body.lock().end.get_or_insert(End::Aborted);
        }
    }

    /// Forgets the message that was sent before.
    pub(super) fn forget_message(&mut self) {
        if let Some(Message { body: Some(body), .. }) = self.output.message.take() {
            body.lock().is_lost = true;
        }
    }

    /// Sends as many bytes as the host takes.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn pump(&mut self, host: &mut Host) -> wasmtime::Result<()> {
        while !self.is_broken && self.output.has_something() {
            let is_stalled = self.output.moved.saturating_add(STALL) <= host.elapsed();
            if self.output.is_blocked && !is_stalled {
                break;
            }
            match self.transport.permit(host) {
                Ok(0) if is_stalled => self.break_off(host)?,
                Ok(0) => self.output.is_blocked = true,
                Ok(permit) => self.send(host, permit)?,
                Err(StreamFailure::Trap(error)) => return Err(error),
                Err(_) => self.break_off(host)?,
            }
        }
        Ok(())
    }

    /// Sends as much as is permitted, with one edge call.
    fn send(&mut self, host: &mut Host, permit: usize) -> wasmtime::Result<()> {
        let head = take(&mut self.output.head);
        let message = self.output.message.as_mut().filter(|message| !message.is_ended);
        let Some(message) = message.filter(|_| head.len() + FRAME_MAX < permit) else {
            let (now, later) = head.split_at(head.len().min(permit));
            self.prepend(later);
            return self.write(host, &[now]);
        };
        let (bytes, end) = match &message.body {
            Some(body) => {
                let mut body = body.lock();
                let length = body.bytes.len().min(permit - head.len() - FRAME_MAX);
                let rest = body.bytes.split_off(length);
                let end = if rest.is_empty() { body.end.take() } else { None };
                (replace(&mut body.bytes, rest), end)
            }
            None => (Vec::new(), Some(End::Finished(None))),
        };
        let framed = message.encoder.frame(bytes.len());
        let mut last = Vec::new();
        let ended = match &end {
            Some(End::Finished(trailers)) => message.encoder.finish(&mut last, trailers.as_deref()),
            _ => Ok(()),
        };
        message.is_ended = matches!(end, Some(End::Finished(_)));
        // The guest wrote more or fewer bytes than the head says: the other side must not take the message for
        // complete.
        let (Ok(frame), Ok(())) = (framed, ended) else { return Ok(self.break_off(host)?) };
        let [before, data, after] = frame.parts(&bytes);
        // The end of the body is sent in the same call, if there is room.
        if head.len() + before.len() + data.len() + after.len() + last.len() > permit {
            self.prepend(&take(&mut last));
        }
        self.write(host, &[&head, before, data, after, &last])?;
        if let Some(End::Aborted) = end { Ok(self.break_off(host)?) } else { Ok(()) }
    }

    fn write(&mut self, host: &mut Host, parts: &[&[u8]]) -> wasmtime::Result<()> {
        self.output.moved = host.elapsed();
        match self.transport.write(host, parts) {
            Ok(()) => Ok(()),
            Err(StreamFailure::Trap(error)) => Err(error),
            Err(_) => Ok(self.break_off(host)?),
        }
    }

    /// What sending has to wait for.
    pub fn output_wait(&self) -> Wait {
        match self.transport.output_interest() {
            interest @ Some(_) if self.output.has_something() && !self.is_broken => {
                Wait { interest, deadline: Some(self.output.moved.saturating_add(STALL)) }
            }
            _ => Wait::default(),
        }
    }

    /// The host says that it takes more.
    pub fn wake_output(&mut self) {
        self.output.is_blocked = false;
    }
}
