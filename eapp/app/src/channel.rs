//! Edge calls: one request, one answer, checked.

use crate::platform::Platform;
use alloc::{boxed::Box, vec::Vec};
use wasmstone_edge_protocol::frame::{Answer, HEADER, Parts, reply_parts, request_header, struct_of};
use wasmstone_edge_protocol::{Operation, Status, Violation};
use zerocopy::IntoBytes;
use zeroize::Zeroize;

/// The channel to the host.
pub struct Channel {
    platform: Box<dyn Platform>,
    request: Vec<u8>,
    reply: Vec<u8>,
    /// How many bytes of `reply` the last answer took.
    answered: usize,
    calls: u64,
    broken: Option<Violation>,
}

impl Channel {
    /// A channel on which nothing was sent yet.
    pub fn new(platform: Box<dyn Platform>) -> Self {
        Self { platform, request: Vec::new(), reply: Vec::new(), answered: 0, calls: 0, broken: None }
    }

    /// A channel that leads nowhere: every call is a violation.
    pub fn closed() -> Self {
        let mut channel = Self::new(Box::new(Nowhere));
        channel.broken = Some(NO_HOST);
        channel
    }

    /// How many edge calls were made. As long as there are no more, nothing on the host's side can have changed through
    /// the enclave.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The machine underneath.
    pub fn platform(&mut self) -> &mut dyn Platform {
        &mut *self.platform
    }

    /// Frees the memory of large buffers, after a large call that is not made again.
    pub fn trim(&mut self) {
        self.reply.zeroize();
        self.reply = Vec::new();
    }

    /// Makes an edge call. `payload` is sent in one piece behind `body`; the answer's payload may have at most
    /// `reply_payload_max` bytes.
    ///
    /// If a request is too large to send, or there is no memory for it, the answer is a status, without an edge call.
    ///
    /// # Errors
    /// The violation, then and in every later call, once an answer broke the contract.
    pub fn call<O: Operation>(
        &mut self,
        body: &O::Request,
        payload: &[&[u8]],
        reply_payload_max: usize,
    ) -> Result<Answer<'_, O>, Violation> {
        const { assert!(size_of::<O::Request>() <= 1024 && size_of::<O::Reply>() <= 1024) };
        let form = Form {
            call: O::CALL,
            function: O::FUNCTION,
            reply: size_of::<O::Reply>(),
            request_payload_max: O::REQUEST_PAYLOAD_MAX,
            reply_payload_max: reply_payload_max.min(O::REPLY_PAYLOAD_MAX),
        };
        struct_of::<O>(self.exchange(&form, body.as_bytes(), payload)?)
    }

    /// The part of [`Self::call`] that is the same for all operations, so that its machine code exists once.
    fn exchange(&mut self, form: &Form, body: &[u8], payload: &[&[u8]]) -> Result<Parts<'_>, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let payload_length = payload.iter().map(|part| part.len()).sum::<usize>();
        let (Ok(payload_length_wire), Ok(reply_payload_max_wire)) =
            (u32::try_from(payload_length), u32::try_from(form.reply_payload_max))
        else {
            return Ok(Err(Status::MessageSize));
        };
        if payload_length > form.request_payload_max {
            return Ok(Err(Status::MessageSize));
        }

        let request_size = HEADER + body.len() + payload_length;
        let reply_size = HEADER + form.reply + form.reply_payload_max;
        let more = reply_size.saturating_sub(self.reply.len());
        self.request.clear();
        if self.request.try_reserve_exact(request_size).is_err() || self.reply.try_reserve_exact(more).is_err() {
            return Ok(Err(Status::InsufficientMemory));
        }
        // Never zero, since a reply that the host did not write has the id zero.
        let request_id = self.calls + 1;
        // Structs have at most 1 KiB.
        let body_length = body.len() as u32;
        let header =
            request_header(form.function, request_id, body_length, payload_length_wire, reply_payload_max_wire);
        self.request.extend_from_slice(header.as_bytes());
        self.request.extend_from_slice(body);
        for part in payload {
            self.request.extend_from_slice(part);
        }
        // All bytes beyond those of the last answer are zero. Most answers are much shorter than they may be, so
        // clearing only those bytes saves time.
        if let Some(last) = self.reply.get_mut(..self.answered) {
            last.fill(0);
        }
        self.reply.resize(self.reply.len() + more, 0);
        let reply = self.reply.get_mut(..reply_size).unwrap_or_default();

        self.calls = request_id;
        let sent = self.platform.edge_call(form.call, &self.request, reply);
        let answer = sent.and_then(|()| reply_parts(reply, request_id, form.reply as u32, reply_payload_max_wire));
        match &answer {
            Ok(Ok((body, payload))) => self.answered = HEADER + body.len() + payload.len(),
            Ok(Err(_)) => self.answered = HEADER,
            Err(violation) => self.broken = Some(*violation),
        }
        answer
    }
}

/// The sizes and numbers of an operation's frames.
struct Form {
    call: u8,
    function: u8,
    /// Bytes of the reply's struct.
    reply: usize,
    request_payload_max: usize,
    reply_payload_max: usize,
}

const NO_HOST: Violation = Violation("the enclave asked where it has no host");

/// A machine without a host.
struct Nowhere;

impl Platform for Nowhere {
    fn edge_call(&mut self, _: u8, _: &[u8], _: &mut [u8]) -> Result<(), Violation> {
        Err(NO_HOST)
    }

    fn ticks(&mut self) -> u64 {
        0
    }

    fn private_entropy(&mut self, _: &mut [u8; 64]) {}
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.request.zeroize();
        self.reply.zeroize();
    }
}
