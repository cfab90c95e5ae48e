//! How members are stored: raw, or as gzip if that is smaller.

use crate::AGAIN;
use crate::manifest::{Encoding, MemberEntry};
use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

/// A member that does not decode to the content in the manifest.
#[derive(Debug, thiserror::Error)]
#[error("the member {path} is damaged: {problem}; {AGAIN}")]
pub struct DecodeError {
    /// The member.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The smaller of both ways to store `content`. It holds neither time nor name, so its bytes depend on `content`
/// alone.
pub fn encode(content: &[u8]) -> io::Result<(Encoding, Vec<u8>)> {
    // The operating system "unknown" (255), on whichever system this runs.
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::fast());
    gzip.write_all(content)?;
    let packed = gzip.finish()?;
    if packed.len() < content.len() { Ok((Encoding::Gzip, packed)) } else { Ok((Encoding::Raw, content.to_vec())) }
}

/// The content of a member. It is never longer than `entry` says.
pub fn decode<'a>(entry: &MemberEntry, stored: &'a [u8]) -> Result<Cow<'a, [u8]>, DecodeError> {
    let damaged = |problem: &str| DecodeError { path: entry.path.clone(), problem: problem.to_owned() };
    let content = match entry.encoding {
        Encoding::Raw => Cow::from(stored),
        Encoding::Gzip => {
            let mut content = Vec::new();
            // One byte more than expected, to tell a content that is too long from one that is long enough.
            let mut decoder = GzDecoder::new(stored).take(entry.size.saturating_add(1));
            decoder.read_to_end(&mut content).map_err(|error| damaged(&error.to_string()))?;
            if content.len() as u64 <= entry.size && !decoder.into_inner().into_inner().is_empty() {
                return Err(damaged("bytes follow the compressed ones"));
            }
            Cow::from(content)
        }
    };
    match content.len() as u64 {
        size if size == entry.size => Ok(content),
        size if size > entry.size => Err(damaged("it decodes to more bytes than the manifest says")),
        _ => Err(damaged("it decodes to fewer bytes than the manifest says")),
    }
}
