//! Reading bodies.

use crate::http1::field::Fields;
use crate::http1::head::{Search, fields, has_bare_line_feed};
use crate::http1::length::Length;
use crate::http1::{FIELDS_MAX, TRAILERS_MAX};
use httparse::{EMPTY_HEADER, Status};

/// The most bytes of the line that begins a chunk. Extensions have no effect here, but some clients sign their chunks
/// with one.
const LINE_MAX: usize = 1024;

/// The most digits of a chunk's size.
const DIGITS_MAX: usize = 16;

/// The state of a body that is being read. Its bytes are kept elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
    trailers: Option<Fields>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    Fixed(u64),
    UntilClose,
    /// At the line that begins a chunk.
    Size,
    /// In a chunk's data, with this many bytes left.
    Chunk(u64),
    /// At the line end behind a chunk's data.
    ChunkEnd,
    Trailers(Search),
    #[default]
    Done,
}

/// What the input begins with: first bytes that are not data, then data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// How many bytes to skip.
    pub skip: usize,
    /// How many bytes of data follow.
    pub data: usize,
}

/// Why a body cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBody {
    /// A chunk or the trailers are not valid.
    Malformed,
    /// The trailers are larger than [`TRAILERS_MAX`].
    TrailersTooLarge,
    /// The connection ended before the end of the body.
    Incomplete,
}

impl Decoder {
    /// The state at the beginning of a body.
    pub fn new(length: Length) -> Self {
        let state = match length {
            Length::Fixed(0) => State::Done,
            Length::Fixed(length) => State::Fixed(length),
            Length::Chunked => State::Size,
            Length::UntilClose => State::UntilClose,
        };
        Self { state, trailers: None }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes the trailers, if some came.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.trailers.take()
    }

    /// What `input` begins with, with at most `most` bytes of data. The next call has to be given the bytes behind the
    /// data again, with more behind them. They are fewer than [`TRAILERS_MAX`].
    ///
    /// # Errors
    /// The error in the body; after it, nothing more can be read on the connection.
    pub fn step(&mut self, input: &[u8], most: usize) -> Result<Step, BadBody> {
        let mut skip = 0;
        loop {
            let rest = input.get(skip..).unwrap_or_default();
            match &mut self.state {
                State::Done => return Ok(Step { skip, data: 0 }),
                State::UntilClose => return Ok(Step { skip, data: rest.len().min(most) }),
                State::Fixed(left) | State::Chunk(left) => {
                    let data = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len()).min(most);
                    *left -= data as u64;
                    if *left == 0 {
                        let in_chunk = matches!(self.state, State::Chunk(_));
                        self.state = if in_chunk { State::ChunkEnd } else { State::Done };
                    }
                    return Ok(Step { skip, data });
                }
                State::Size => {
                    let Some((size, line)) = chunk_size(rest)? else { return Ok(Step { skip, data: 0 }) };
                    skip += line;
                    self.state = if size == 0 { State::Trailers(Search::default()) } else { State::Chunk(size) };
                }
                State::ChunkEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        skip += 2;
                        self.state = State::Size;
                    }
                    [] | [b'\r'] => return Ok(Step { skip, data: 0 }),
                    _ => return Err(BadBody::Malformed),
                },
                State::Trailers(search) => {
                    let Some((trailers, length)) = trailers(rest, search)? else { return Ok(Step { skip, data: 0 }) };
                    skip += length;
                    self.trailers = trailers;
                    self.state = State::Done;
                }
            }
        }
    }

    /// Ends the body, because the connection has ended.
    ///
    /// # Errors
    /// If the body is not complete.
    pub fn end(&mut self) -> Result<(), BadBody> {
        match self.state {
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(BadBody::Incomplete),
        }
    }
}

/// The size of a chunk, and the length of the line that gives the size. Between the digits and the line's end only an
/// extension may stand.
fn chunk_size(input: &[u8]) -> Result<Option<(u64, usize)>, BadBody> {
    let within = input.get(..LINE_MAX).unwrap_or(input);
    let digits = within.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(within.len());
    let (digits, rest) = within.split_at(digits);
    if digits.len() > DIGITS_MAX {
        return Err(BadBody::Malformed);
    }
    // Only tabs and visible characters: some readers would take other bytes for the end of the line.
    let is_extension = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    // Blanks may precede the semicolon of an extension (RFC 9112, section 7.1.1), but not stand for themselves.
    let extension = match rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')) {
        Some(b';') | None => rest.iter().position(|byte| !is_extension(byte)).unwrap_or(rest.len()),
        Some(_) => 0,
    };
    let (extension, rest) = rest.split_at(extension);
    match rest {
        [b'\r', b'\n', ..] if !digits.is_empty() => {
            let text = core::str::from_utf8(digits).map_err(|_| BadBody::Malformed)?;
            let size = u64::from_str_radix(text, 16).map_err(|_| BadBody::Malformed)?;
            Ok(Some((size, digits.len() + extension.len() + 2)))
        }
        [] | [b'\r'] if within.len() < LINE_MAX && (!digits.is_empty() || rest.is_empty()) => Ok(None),
        _ => Err(BadBody::Malformed),
    }
}

/// The trailers, if there are any, and their length with the empty line.
fn trailers(input: &[u8], search: &mut Search) -> Result<Option<(Option<Fields>, usize)>, BadBody> {
    if input.starts_with(b"\r\n") {
        return Ok(Some((None, 2)));
    }
    let within = input.get(..TRAILERS_MAX).unwrap_or(input);
    let Some(end) = search.end(within) else {
        return if within.len() < TRAILERS_MAX { Ok(None) } else { Err(BadBody::TrailersTooLarge) };
    };
    let lines = within.get(..end).unwrap_or_default();
    let mut headers = [EMPTY_HEADER; FIELDS_MAX];
    match httparse::parse_headers(lines, &mut headers) {
        Ok(Status::Complete((_, parsed))) if !has_bare_line_feed(lines) => {
            Ok(Some((Some(fields(parsed).map_err(|_| BadBody::Malformed)?), end)))
        }
        Err(httparse::Error::TooManyHeaders) => Err(BadBody::TrailersTooLarge),
        _ => Err(BadBody::Malformed),
    }
}

#[cfg(test)]
mod tests;
