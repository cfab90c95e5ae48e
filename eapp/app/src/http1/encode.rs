//! Writing heads and bodies. Fields are written as they are: their type holds nothing that could end a line, and only
//! this module writes the fields that belong to the connection.

use crate::http1::date::date;
use crate::http1::field::{Fields, decimal, is_forbidden};
use crate::http1::head::Refused;
use crate::http1::status::{is_without_content, reason};
use alloc::{string::String, string::ToString, vec::Vec};

/// Makes a client send the body that it holds back.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Fields that have no meaning behind a body (RFC 9110, 6.5.1).
const NO_TRAILERS: &str = "authorization cache-control content-encoding content-length content-range content-type \
    host max-forwards set-cookie te trailer transfer-encoding connection";

/// The properties of a request that its response depends on.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The method is HEAD.
    pub head: bool,
    /// The version is HTTP/1.0.
    pub is_1_0: bool,
    /// The client says that it reads trailers.
    pub trailers: bool,
    /// The connection is kept after the response, if the response allows it.
    pub keep_alive: bool,
}

/// How a body is sent.
#[derive(Clone, Debug)]
pub struct Encoder {
    state: State,
    /// The trailers that were announced.
    trailers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The bytes of the body are not sent.
    Nothing,
    /// This many bytes are still to come.
    Fixed(u64),
    Chunked,
    UntilClose,
}

/// The bytes before and after a piece of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    before: String,
    after: &'static str,
    nothing: bool,
}

impl Frame {
    /// What to send of `data`, of the length that the frame was made for.
    pub fn parts<'a>(&'a self, data: &'a [u8]) -> [&'a [u8]; 3] {
        [self.before.as_bytes(), if self.nothing { &[] } else { data }, self.after.as_bytes()]
    }
}

/// A body has more or fewer bytes than its head said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength;

impl Encoder {
    /// The encoder of no message.
    pub fn nothing() -> Self {
        Self { state: State::Nothing, trailers: Vec::new() }
    }

    /// Appends the head of a response to `out`. `has_body` says that the guest made a body; its
    /// length is that of the fields, if they have one. `now` is in seconds since 1970-01-01.
    pub fn response(out: &mut Vec<u8>, status: u16, fields: &Fields, has_body: bool, asked: Asked, now: u64) -> Self {
        let length = content_length(fields);
        let (state, told) = if status == 204 {
            (State::Nothing, None)
        } else if is_without_content(status) || asked.head {
            // A response to HEAD has the fields of the response to GET.
            let told = length.map(State::Fixed);
            (State::Nothing, told.or((has_body && asked.head && !asked.is_1_0).then_some(State::Chunked)))
        } else {
            let state = match (has_body, length) {
                (false, _) => State::Fixed(0),
                (true, Some(length)) => State::Fixed(length),
                (true, None) if asked.is_1_0 => State::UntilClose,
                (true, None) => State::Chunked,
            };
            (state, Some(state))
        };
        let keep_alive = asked.keep_alive && state != State::UntilClose;
        push(out, &["HTTP/1.1 ", &status.to_string(), " ", reason(status), "\r\n"]);
        push_fields(out, fields, |name| !is_forbidden(name) && name != "content-length");
        push_length(out, told);
        if !fields.has("date") {
            push(out, &["date: ", &date(now), "\r\n"]);
        }
        if !keep_alive {
            push(out, &["connection: close\r\n"]);
        } else if asked.is_1_0 {
            push(out, &["connection: keep-alive\r\n"]);
        }
        push(out, &["\r\n"]);
        Self { state, trailers: if asked.trailers { announced(fields) } else { Vec::new() } }
    }

    /// Appends the head of a request to `out`. The caller has checked method, path and authority.
    pub fn request(
        out: &mut Vec<u8>,
        method: &str,
        path: &str,
        authority: &str,
        fields: &Fields,
        has_body: bool,
    ) -> Self {
        let state = match (has_body, content_length(fields)) {
            (true, Some(length)) => State::Fixed(length),
            // These have a body only if the guest says how long it is, as in Wasmtime.
            (true, None) if matches!(method, "GET" | "HEAD" | "CONNECT") => State::Nothing,
            (true, None) => State::Chunked,
            (false, _) if matches!(method, "POST" | "PUT" | "PATCH") => State::Fixed(0),
            (false, _) => State::Nothing,
        };
        push(out, &[method, " ", path, " HTTP/1.1\r\nhost: ", authority, "\r\n"]);
        push_fields(out, fields, |name| !is_forbidden(name) && name != "content-length");
        push_length(out, (state != State::Nothing).then_some(state));
        push(out, &["connection: close\r\n\r\n"]);
        Self { state, trailers: announced(fields) }
    }

    /// Whether the body ends with the connection.
    pub fn is_until_close(&self) -> bool {
        self.state == State::UntilClose
    }

    /// The frame around the next `length` bytes.
    ///
    /// # Errors
    /// They are more than the head said.
    pub fn frame(&mut self, length: usize) -> Result<Frame, WrongLength> {
        match &mut self.state {
            State::Nothing => Ok(Frame { nothing: true, ..Frame::default() }),
            State::Fixed(left) => {
                *left = left.checked_sub(length as u64).ok_or(WrongLength)?;
                Ok(Frame::default())
            }
            // A chunk of no bytes would be the last one.
            State::Chunked if length > 0 => {
                Ok(Frame { before: alloc::format!("{length:x}\r\n"), after: "\r\n", nothing: false })
            }
            State::Chunked | State::UntilClose => Ok(Frame::default()),
        }
    }

    /// Appends the end of the body to `out`, with the trailers that were announced.
    ///
    /// # Errors
    /// If there were fewer bytes than the head said.
    pub fn finish(&mut self, out: &mut Vec<u8>, trailers: Option<&Fields>) -> Result<(), WrongLength> {
        match self.state {
            State::Fixed(left) if left > 0 => return Err(WrongLength),
            // The body ends with the connection.
            State::UntilClose => return Ok(()),
            State::Chunked => {
                push(out, &["0\r\n"]);
                if let Some(trailers) = trailers {
                    push_fields(out, trailers, |name| self.trailers.iter().any(|announced| announced == name));
                }
                push(out, &["\r\n"]);
            }
            _ => {}
        }
        self.state = State::Nothing;
        Ok(())
    }
}

/// The whole answer to a request that is not served, after which the connection ends. `head` says that the method is
/// HEAD.
pub fn refusal(refused: Refused, head: bool, now: u64) -> Vec<u8> {
    let status = refused.status.to_string();
    let text = alloc::format!("{status} {}: {}\n", reason(refused.status), refused.why);
    let mut out = Vec::new();
    push(&mut out, &["HTTP/1.1 ", &status, " ", reason(refused.status), "\r\n"]);
    push(&mut out, &["content-type: text/plain\r\ncontent-length: ", &text.len().to_string(), "\r\n"]);
    push(&mut out, &["date: ", &date(now), "\r\nconnection: close\r\n\r\n"]);
    if !head {
        push(&mut out, &[&text]);
    }
    out
}

/// The length of the body, if the fields have one.
pub fn content_length(fields: &Fields) -> Option<u64> {
    fields.values("content-length").next().and_then(decimal)
}

fn announced(fields: &Fields) -> Vec<String> {
    let names = fields.members("trailer").filter_map(|name| core::str::from_utf8(name).ok());
    let names = names.map(str::to_ascii_lowercase).filter(|name| NO_TRAILERS.split(' ').all(|other| other != name));
    names.collect()
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

fn push_fields(out: &mut Vec<u8>, fields: &Fields, wanted: impl Fn(&str) -> bool) {
    for (name, value) in fields.iter().filter(|(name, _)| wanted(name)) {
        push(out, &[name, ": "]);
        out.extend_from_slice(value);
        push(out, &["\r\n"]);
    }
}

fn push_length(out: &mut Vec<u8>, told: Option<State>) {
    match told {
        Some(State::Fixed(length)) => push(out, &["content-length: ", &length.to_string(), "\r\n"]),
        Some(State::Chunked) => push(out, &["transfer-encoding: chunked\r\n"]),
        Some(State::Nothing | State::UntilClose) | None => {}
    }
}

#[cfg(test)]
mod tests;
