//! wasi:io/error and filesystem-error-code: the errors of failing streams.

use guests_wasip2::{FOLLOW, READ, WRITE, create, data, outcome, put, stream_outcome};
use wasip2::filesystem::types::{OpenFlags, filesystem_error_code};
use wasip2::io::streams::StreamError;

fn main() {
    let dir = data();
    put(&dir, "file", b"content");
    let reader = dir.open_at(FOLLOW, "file", OpenFlags::empty(), READ).expect("opened");
    let writer = dir.open_at(FOLLOW, "file", OpenFlags::empty(), WRITE).expect("opened");
    // If the stream is given, using it fails.
    let read = writer.read_via_stream(0).map(|stream| stream_outcome(stream.blocking_read(1)));
    println!("read a writer: {}", read.unwrap_or_else(|code| code.name()));
    let write = reader.write_via_stream(0).map(|stream| stream_outcome(stream.blocking_write_and_flush(b"x")));
    println!("write a reader: {}", write.unwrap_or_else(|code| code.name()));
    let append = reader.append_via_stream().map(|stream| stream_outcome(stream.blocking_write_and_flush(b"x")));
    println!("append to a reader: {}", append.unwrap_or_else(|code| code.name()));
    println!("read a directory: {}", outcome(dir.read_via_stream(0)));
    println!("write a directory: {}", outcome(dir.write_via_stream(0)));

    // No file is as large as this offset.
    let file = create(&dir, "sparse").expect("created");
    let stream = file.write_via_stream(i64::MAX as u64).expect("a stream");
    let failed = stream.blocking_write_and_flush(b"too far");
    if let Err(StreamError::LastOperationFailed(error)) = &failed {
        println!("code: {:?}", filesystem_error_code(error).map(|code| code.name()));
        println!("described: {}", !error.to_debug_string().is_empty());
    }
    println!("too far: {}", stream_outcome(failed));
    println!("afterwards: {}", stream_outcome(stream.check_write()));
    println!("size: {}", file.stat().expect("described").size);
}
