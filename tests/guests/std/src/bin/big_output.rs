//! Writes 3 MiB to standard output in pieces of many sizes.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let bytes: Vec<u8> = (0u32..3 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut out = io::stdout().lock();
    let mut rest = bytes.as_slice();
    for size in [1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1 << 20, usize::MAX] {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        out.write_all(piece)?;
        rest = after;
    }
    out.flush()
}
