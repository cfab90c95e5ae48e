//! wasi:io/streams: blocking-write-and-flush takes at most 4096 bytes; more is a trap.

fn main() {
    println!("before");
    println!("{}", wasip2::cli::stdout::get_stdout().blocking_write_and_flush(&[b'x'; 4097]).is_ok());
}
