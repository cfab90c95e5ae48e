//! wasi:io/poll with an empty list is a trap.

fn main() {
    println!("before");
    println!("{:?}", wasip2::io::poll::poll(&[]));
}
