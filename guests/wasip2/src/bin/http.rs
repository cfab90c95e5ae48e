//! wasi:http refuses cleanly: an outgoing request gets an error code, not a trap.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, OutgoingRequest};

fn main() {
    let request = OutgoingRequest::new(Fields::new());
    println!("refused: {}", handle(request, None).is_err());
}
