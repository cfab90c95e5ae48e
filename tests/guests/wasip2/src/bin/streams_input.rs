//! wasi:io/streams: every way to read, from standard input and from a file.

use guests_wasip2::{FOLLOW, READ, data, put, stream_outcome};
use wasip2::cli::stdin;
use wasip2::filesystem::types::OpenFlags;
use wasip2::io::streams::InputStream;

fn text(stream: &InputStream, length: u64) -> String {
    match stream.blocking_read(length) {
        Ok(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
        other => stream_outcome(other).to_owned(),
    }
}

fn main() {
    let input = stdin::get_stdin();
    println!("nothing: {}", text(&input, 0));
    println!("three: {}", text(&input, 3));
    println!("skipped: {:?}", input.blocking_skip(2).ok());
    println!("skipped nothing: {:?}", input.skip(0).ok());
    input.subscribe().block();
    println!("read after waiting: {:?}", input.read(2).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    println!("rest: {}", text(&input, 1000));
    println!("end: {}", text(&input, 1));
    println!("end again: {}", stream_outcome(input.read(1)));
    println!("end skipped: {}", stream_outcome(input.blocking_skip(1)));
    input.subscribe().block();

    let dir = data();
    put(&dir, "file", b"0123456789");
    let file = dir.open_at(FOLLOW, "file", OpenFlags::empty(), READ).expect("opened");
    let stream = file.read_via_stream(2).expect("a stream");
    println!("from 2: {}", text(&stream, 3));
    println!("skipped: {:?}", stream.blocking_skip(2).ok());
    let other = file.read_via_stream(0).expect("a stream");
    println!("its own position: {}", text(&other, 4));
    println!("rest: {}", text(&stream, u64::MAX));
    println!("end: {}", text(&stream, 1));
    println!("end again: {}", text(&stream, 1));
    let beyond = file.read_via_stream(100).expect("a stream");
    println!("beyond the end: {}", text(&beyond, 1));

    let large = vec![7; 300_000];
    put(&dir, "large", &large);
    let file = dir.open_at(FOLLOW, "large", OpenFlags::empty(), READ).expect("opened");
    let stream = file.read_via_stream(0).expect("a stream");
    let (mut read, mut skipped) = (0, 0);
    loop {
        match stream.blocking_read(1 << 20) {
            Ok(bytes) => read += bytes.len() as u64,
            Err(_) => break,
        }
        match stream.blocking_skip(10) {
            Ok(length) => skipped += length,
            Err(_) => break,
        }
    }
    println!("large: {}", read + skipped);
}
