//! wasi:io/streams: every way to write, to standard output and to a file.

use guests_wasip2::{FOLLOW, READ, create, data, put, stream_outcome, text};
use wasip2::cli::{stdin, stdout};
use wasip2::filesystem::types::OpenFlags;
use wasip2::io::streams::OutputStream;

fn write(stream: &OutputStream, bytes: &[u8]) {
    stream.subscribe().block();
    let permitted = stream.check_write().expect("a permit");
    assert!(permitted >= bytes.len() as u64, "only {permitted} bytes permitted");
    stream.write(bytes).expect("written");
}

fn main() {
    let out = stdout::get_stdout();
    write(&out, b"written\n");
    println!("flush: {}", stream_outcome(out.flush()));
    println!("blocking flush: {}", stream_outcome(out.blocking_flush()));
    out.blocking_write_and_flush(b"written and flushed\n").expect("written");
    out.blocking_write_and_flush(&[b'.'; 4096]).expect("written");
    out.blocking_write_and_flush(b"").expect("nothing is fine");
    out.blocking_write_zeroes_and_flush(3).expect("zeroes");
    println!();
    println!("spliced: {:?}", out.blocking_splice(&stdin::get_stdin(), 5).ok());
    out.blocking_flush().expect("flushed");

    let dir = data();
    let file = create(&dir, "file").expect("created");
    let stream = file.write_via_stream(0).expect("a stream");
    write(&stream, b"one ");
    stream.blocking_flush().expect("flushed");
    write(&stream, b"two ");
    stream.blocking_flush().expect("flushed");
    stream.subscribe().block();
    println!("permit: {}", stream.check_write().is_ok_and(|permitted| permitted > 0));
    println!("write zeroes: {}", stream_outcome(stream.write_zeroes(2)));
    stream.blocking_flush().expect("flushed");
    stream.blocking_write_zeroes_and_flush(1).expect("zeroes");
    println!("file: {:?}", text(&dir, "file"));

    let later = file.write_via_stream(4).expect("a stream");
    later.blocking_write_and_flush(b"TWO").expect("written");
    println!("in the middle: {:?}", text(&dir, "file"));
    file.write_via_stream(14).expect("a stream").blocking_write_and_flush(b"end").expect("written");
    println!("past the end: {:?}", text(&dir, "file"));

    let append = file.append_via_stream().expect("a stream");
    append.blocking_write_and_flush(b" and").expect("written");
    file.append_via_stream().expect("a stream").blocking_write_and_flush(b" more").expect("written");
    append.blocking_write_and_flush(b" again").expect("written");
    println!("appended: {:?}", text(&dir, "file"));

    put(&dir, "source", b"content of the source");
    let source = create(&dir, "copy").expect("created");
    let from =
        dir.open_at(FOLLOW, "source", OpenFlags::empty(), READ).expect("opened").read_via_stream(8).expect("a stream");
    let to = source.write_via_stream(0).expect("a stream");
    println!("splice nothing: {:?}", to.splice(&from, 0).ok());
    to.blocking_flush().expect("flushed");
    println!("spliced: {:?}", to.blocking_splice(&from, 3).ok());
    to.blocking_flush().expect("flushed");
    to.subscribe().block();
    let mut spliced = 0;
    while let Ok(length) = to.blocking_splice(&from, 1000) {
        spliced += length;
        to.blocking_flush().expect("flushed");
    }
    println!("spliced the rest: {spliced}");
    println!("copy: {:?}", text(&dir, "copy"));
}
