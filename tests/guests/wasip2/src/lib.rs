//! What several of these programs share.

pub mod http;
pub mod sockets;

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags, filesystem_error_code};
use wasip2::io::streams::StreamError;

/// Paths are taken as they are: no symbolic link is followed.
pub const NO_FOLLOW: PathFlags = PathFlags::empty();
/// A symbolic link at the end of a path is followed.
pub const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;
/// For reading.
pub const READ: DescriptorFlags = DescriptorFlags::READ;
/// For writing.
pub const WRITE: DescriptorFlags = DescriptorFlags::WRITE;
/// For reading and writing.
pub const READ_WRITE: DescriptorFlags = DescriptorFlags::READ.union(DescriptorFlags::WRITE);

/// The directory that was granted at `/data`.
pub fn data() -> Descriptor {
    let granted = preopens::get_directories().into_iter().find(|(_, path)| path == "/data");
    granted.expect("a directory at /data").0
}

/// `ok`, or the name of the error.
pub fn outcome<T>(result: Result<T, ErrorCode>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(code) => code.name(),
    }
}

/// `ok`, `closed`, or the name of the filesystem error behind a failed operation.
pub fn stream_outcome<T>(result: Result<T, StreamError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(StreamError::Closed) => "closed",
        Err(StreamError::LastOperationFailed(error)) => {
            filesystem_error_code(&error).map_or("failed", |code| code.name())
        }
    }
}

/// Opens a file to read and write; it is made if it does not exist, and emptied if it does.
pub fn create(dir: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    dir.open_at(NO_FOLLOW, path, OpenFlags::CREATE | OpenFlags::TRUNCATE, READ_WRITE)
}

/// Makes a file with a content.
pub fn put(dir: &Descriptor, path: &str, content: &[u8]) {
    let file = create(dir, path).expect("a new file");
    let mut written = 0;
    while written < content.len() {
        written += file.write(&content[written..], written as u64).expect("written") as usize;
    }
}

/// The content of a file as text.
pub fn text(dir: &Descriptor, path: &str) -> String {
    let file = dir.open_at(FOLLOW, path, OpenFlags::empty(), READ).expect("an existing file");
    let mut bytes = Vec::new();
    loop {
        let (piece, end) = file.read(1 << 16, bytes.len() as u64).expect("read");
        bytes.extend_from_slice(&piece);
        if end || piece.is_empty() {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}
