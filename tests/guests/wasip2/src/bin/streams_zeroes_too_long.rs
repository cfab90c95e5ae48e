//! wasi:io/streams: blocking-write-zeroes-and-flush writes at most 4096 zeroes; more is a trap.

fn main() {
    println!("before");
    println!("{}", wasip2::cli::stdout::get_stdout().blocking_write_zeroes_and_flush(4097).is_ok());
}
