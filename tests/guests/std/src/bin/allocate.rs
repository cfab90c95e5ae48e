//! Allocates until an allocation fails, frees the memory, and continues.

use std::hint::black_box;

const CHUNK: usize = 1 << 20;

fn chunk() -> Option<Vec<u8>> {
    let mut chunk = Vec::new();
    chunk.try_reserve_exact(CHUNK).ok()?;
    chunk.resize(CHUNK, 0xa5);
    Some(black_box(chunk))
}

fn main() {
    let mut chunks = Vec::with_capacity(4096);
    while chunks.len() < chunks.capacity()
        && let Some(chunk) = chunk()
    {
        chunks.push(chunk);
    }
    println!("some memory was given: {}", chunks.len() >= 4);
    println!("{}", if chunks.len() < chunks.capacity() { "refused" } else { "never refused" });
    println!("contents kept: {}", chunks.iter().all(|chunk| chunk.iter().all(|byte| *byte == 0xa5)));
    drop(chunks);
    println!("usable afterwards: {}", chunk().is_some());
}
