//! A command that is a service of wasi:http as well: the builder of the bundle chooses the entry point.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Service;

wasip2::http::proxy::export!(Service);

impl Guest for Service {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body");
        ResponseOutparam::set(out, Ok(response));
        body.write().expect("the stream").blocking_write_and_flush(b"a service\n").expect("written");
        OutgoingBody::finish(body, None).expect("finished");
    }
}

fn main() {
    println!("a command");
}
