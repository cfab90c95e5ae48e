//! wasi:io/streams: writing as much as is permitted, again and again.

use guests_wasip2::{create, data};

const LENGTH: usize = 1_500_000;

fn main() {
    let dir = data();
    let file = create(&dir, "file").expect("created");
    let stream = file.write_via_stream(0).expect("a stream");
    let bytes: Vec<u8> = (0..LENGTH as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        stream.subscribe().block();
        let permitted = usize::try_from(stream.check_write().expect("a permit")).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at(permitted.min(rest.len()));
        stream.write(now).expect("written");
        stream.flush().expect("flushing");
        rest = later;
    }
    stream.blocking_flush().expect("flushed");
    drop(stream);
    println!("size: {}", file.stat().expect("described").size);
    let mut read = Vec::new();
    while read.len() < LENGTH {
        let (piece, _) = file.read(LENGTH as u64, read.len() as u64).expect("read");
        read.extend_from_slice(&piece);
    }
    println!("same: {}", read == bytes);
}
