//! The length of a body (RFC 9112, 6.3).

use crate::http1::field::{Fields, decimal};
use alloc::string::{String, ToString};

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// After this many bytes; with zero there is no body.
    Fixed(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Why it is uncertain where a body ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LengthError {
    /// There are several lengths, or one that is not a number.
    ContentLength,
    /// There is a length besides a transfer coding, or a transfer coding of HTTP/1.0.
    Ambiguous,
    /// There is another transfer coding than chunks.
    Coding(String),
}

impl Length {
    /// The length of a message's body, if its fields say one.
    ///
    /// # Errors
    /// If another reader of the message could find another end.
    pub fn told(fields: &Fields, is_1_0: bool) -> Result<Option<Self>, LengthError> {
        let mut codings = fields.values("transfer-encoding");
        let coding = codings.next();
        let mut lengths = fields.values("content-length");
        let length = lengths.next();
        if coding.is_some() && (is_1_0 || length.is_some()) {
            return Err(LengthError::Ambiguous);
        }
        if let Some(coding) = coding {
            let is_known = coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
            return if is_known {
                Ok(Some(Self::Chunked))
            } else {
                Err(LengthError::Coding(String::from_utf8_lossy(coding).to_string()))
            };
        }
        match length {
            None => Ok(None),
            Some(digits) if lengths.next().is_none() => {
                Ok(Some(Self::Fixed(decimal(digits).ok_or(LengthError::ContentLength)?)))
            }
            Some(_) => Err(LengthError::ContentLength),
        }
    }
}
