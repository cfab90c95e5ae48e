//! Heads of requests and responses, from a buffer that grows.

use crate::http1::field::{FieldError, Fields, trim};
use crate::http1::length::{Length, LengthError};
use crate::http1::status::is_without_content;
use crate::http1::target::{Authority, Target};
use crate::http1::{FIELDS_MAX, HEAD_MAX};
use alloc::string::{String, ToString};
use httparse::{EMPTY_HEADER, Error, Header, Status};

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Any token but `CONNECT`.
    pub method: String,
    /// Path and query, or `*`.
    pub path: String,
    /// The server's name, if the request names one.
    pub authority: Option<String>,
    /// The version is HTTP/1.0, not 1.1.
    pub is_1_0: bool,
    /// All fields of the head.
    pub fields: Fields,
    /// The length of the body.
    pub length: Length,
    /// The connection may be kept for another request.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 999; below 200 a further head follows.
    pub status: u16,
    /// All fields of the head.
    pub fields: Fields,
    /// The length of the body.
    pub length: Length,
}

/// Why a request is not served. The connection ends after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The answer's status.
    pub status: u16,
    /// A description of the error, for people.
    pub why: &'static str,
}

impl Refused {
    const fn bad(why: &'static str) -> Self {
        Self { status: 400, why }
    }
}

/// Why a response cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadResponse {
    /// It is not HTTP/1, or ambiguous.
    Malformed,
    /// It is larger than [`HEAD_MAX`], or has more than [`FIELDS_MAX`] fields.
    TooLarge,
    /// The body has another transfer coding than chunks.
    Coding(String),
}

/// Looks for the end of a head in a buffer that grows, once at each byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    searched: usize,
    /// The length at which to check again whether the bytes can become a head at all.
    worth: usize,
}

impl Search {
    /// The number of bytes up to the first empty line, with it.
    pub fn end(&mut self, buffer: &[u8]) -> Option<usize> {
        let start = self.searched.saturating_sub(3);
        let found = buffer.get(start..)?.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        self.searched = buffer.len();
        found.map(|at| start + at + 4)
    }

    /// The head of a request, at the beginning of `buffer`, and its number of bytes; `None` if it has not come
    /// completely. `buffer` has the same bytes as in the last call, and perhaps more behind them.
    ///
    /// # Errors
    /// The answer to the request.
    pub fn request(&mut self, buffer: &[u8]) -> Result<Option<(Request, usize)>, Refused> {
        // One empty line may come before, as after the bodies of old clients.
        let head = buffer.strip_prefix(b"\r\n").unwrap_or(buffer);
        let within = head.get(..HEAD_MAX).unwrap_or(head);
        match self.look(within) {
            Look::Whole(end) => {
                let parsed = request(within.get(..end).unwrap_or_default())?;
                let parsed = parsed.ok_or(Refused::bad("there is no request line"))?;
                Ok(Some((parsed, buffer.len() - head.len() + end)))
            }
            Look::Nothing => Ok(None),
            Look::Part => request(within).map(|_| None),
            Look::TooLarge => {
                request(within)?;
                let has_line = within.contains(&b'\n');
                Err(match has_line {
                    true => Refused { status: 431, why: "the head is larger than 64 KiB" },
                    false => Refused { status: 414, why: "the target is longer than 64 KiB" },
                })
            }
        }
    }

    /// The head of a response to a request with the method HEAD or another one, at the beginning of `buffer`, and its
    /// number of bytes; `None` if it has not come completely.
    ///
    /// # Errors
    /// The error in the head.
    pub fn response(&mut self, buffer: &[u8], to_head: bool) -> Result<Option<(Response, usize)>, BadResponse> {
        let within = buffer.get(..HEAD_MAX).unwrap_or(buffer);
        match self.look(within) {
            Look::Whole(end) => {
                let parsed = response(within.get(..end).unwrap_or_default(), to_head)?;
                Ok(Some((parsed.ok_or(BadResponse::Malformed)?, end)))
            }
            Look::Nothing => Ok(None),
            Look::Part => response(within, to_head).map(|_| None),
            Look::TooLarge => response(within, to_head).and(Err(BadResponse::TooLarge)),
        }
    }

    /// How much of a head is in `buffer`. Bytes that cannot become a head are found early.
    fn look(&mut self, within: &[u8]) -> Look {
        if let Some(end) = self.end(within) {
            return Look::Whole(end);
        }
        if within.len() >= HEAD_MAX {
            return Look::TooLarge;
        }
        if within.len() < self.worth {
            return Look::Nothing;
        }
        self.worth = within.len() * 2;
        Look::Part
    }
}

/// How much of a head is in a buffer.
enum Look {
    /// All of it, in this many bytes.
    Whole(usize),
    /// As many bytes as a head may have, without its end.
    TooLarge,
    /// Some bytes, and it is time to check whether they can become a head.
    Part,
    /// Some bytes.
    Nothing,
}

fn request(bytes: &[u8]) -> Result<Option<Request>, Refused> {
    let mut headers = [EMPTY_HEADER; FIELDS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    if bytes.starts_with(b"\r") && bytes != b"\r" {
        return Err(Refused::bad("there is no request line"));
    }
    match parsed.parse(bytes) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Ok(None),
        // The version can be judged only once the line has ended.
        Err(Error::Version) if !bytes.contains(&b'\n') => return Ok(None),
        Err(error) => return Err(refused(error, bytes)),
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Ok(None);
    };
    let is_1_0 = version == 0;
    if has_bare_line_feed(bytes) {
        return Err(Refused::bad("a line of the head ends in LF without CR"));
    }
    let fields = fields(parsed.headers).map_err(|_| Refused::bad("a field is not valid"))?;
    if method == "CONNECT" {
        return Err(Refused { status: 501, why: "CONNECT is not served" });
    }
    let target = Target::parse(target, method == "OPTIONS").ok_or(Refused::bad("the target is not valid"))?;
    let host = host(&fields, is_1_0)?;
    let (authority, path) = match target {
        Target::Origin(path) => (host, path.to_string()),
        Target::Absolute { authority, path } if path.starts_with('/') => (authority, path.to_string()),
        Target::Absolute { authority, path } => (authority, alloc::format!("/{path}")),
    };
    let authority = (!authority.is_empty()).then(|| authority.to_string());
    let length = Length::told(&fields, is_1_0).map_err(|error| {
        Refused::bad(match error {
            LengthError::ContentLength => "there must be at most one Content-Length, a number",
            LengthError::Ambiguous => "the length of the body is ambiguous",
            LengthError::Coding(_) => "the only transfer coding served is chunked",
        })
    })?;
    let length = length.unwrap_or(Length::Fixed(0));
    let keep_alive =
        !fields.has_member("connection", "close") && (!is_1_0 || fields.has_member("connection", "keep-alive"));
    let expects_continue = !is_1_0 && length != Length::Fixed(0) && fields.has_member("expect", "100-continue");
    let method = method.to_string();
    Ok(Some(Request { method, path, authority, is_1_0, fields, length, keep_alive, expects_continue }))
}

/// The value of the only Host field; empty if the request names no server.
fn host(fields: &Fields, is_1_0: bool) -> Result<&str, Refused> {
    let mut hosts = fields.values("host");
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        (None, _) if is_1_0 => &[],
        _ => return Err(Refused::bad("there must be exactly one Host field")),
    };
    let host = core::str::from_utf8(host).ok().filter(|host| host.is_empty() || Authority::parse(host).is_some());
    host.ok_or(Refused::bad("the Host field is not valid"))
}

fn refused(error: Error, bytes: &[u8]) -> Refused {
    match error {
        Error::TooManyHeaders => Refused { status: 431, why: "there are more than 100 fields" },
        Error::Version if is_other_version(bytes) => Refused { status: 505, why: "only HTTP/1.1 and 1.0 are served" },
        Error::HeaderName | Error::HeaderValue => Refused::bad("a field is not valid"),
        _ => Refused::bad("this is not a request of HTTP/1.1"),
    }
}

/// Whether the third and last word of the first line could be a version.
fn is_other_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    matches!((words.next(), words.next()), (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

fn response(bytes: &[u8], to_head: bool) -> Result<Option<Response>, BadResponse> {
    let mut headers = [EMPTY_HEADER; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => return Err(BadResponse::TooLarge),
        Err(_) => return Err(BadResponse::Malformed),
    }
    let (Some(status), Some(version)) = (parsed.code, parsed.version) else { return Ok(None) };
    // 101 changes the protocol, which the request did not ask for.
    if status < 100 || status == 101 || has_bare_line_feed(bytes) {
        return Err(BadResponse::Malformed);
    }
    let fields = fields(parsed.headers).map_err(|_| BadResponse::Malformed)?;
    let told = Length::told(&fields, version == 0).map_err(|error| match error {
        LengthError::Coding(coding) => BadResponse::Coding(coding),
        LengthError::ContentLength | LengthError::Ambiguous => BadResponse::Malformed,
    });
    let has_none = to_head || is_without_content(status);
    let length = if has_none { Length::Fixed(0) } else { told?.unwrap_or(Length::UntilClose) };
    Ok(Some(Response { status, fields, length }))
}

/// Whether a line ends in LF alone, which only some readers take for the end of a line.
pub fn has_bare_line_feed(bytes: &[u8]) -> bool {
    let mut before = 0;
    bytes.iter().any(|byte| core::mem::replace(&mut before, *byte) != b'\r' && *byte == b'\n')
}

/// The fields that were parsed.
pub fn fields(headers: &[Header<'_>]) -> Result<Fields, FieldError> {
    let mut fields = Fields::default();
    for header in headers {
        fields.append(header.name, trim(header.value))?;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests;
