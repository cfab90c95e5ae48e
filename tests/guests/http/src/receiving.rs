//! Requests with bodies.

use crate::exchange::{Exchange, Received};
use wasip2::http::types::{Fields, http_error_code};
use wasip2::io::streams::StreamError;

fn described(error: &StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => format!("{:?}", http_error_code(error)),
    }
}

/// Answers with the request's bytes as they arrive, and with its trailers.
pub fn echo(exchange: Exchange) {
    let fields = Fields::new();
    fields.set("trailer", &exchange.request.headers().get("trailer")).expect("a field");
    let (request, answer) = exchange.answer(200, fields);
    let received = Received::of(&request);
    loop {
        match received.next() {
            Ok(Some(bytes)) => {
                if answer.write(&bytes).is_err() {
                    eprintln!("nobody takes it");
                    return;
                }
            }
            Ok(None) => break,
            Err(error) => {
                // The answer stays without an end.
                eprintln!("echo: {}", described(&error));
                return;
            }
        }
    }
    match received.trailers() {
        Ok(trailers) => drop(answer.finish(trailers)),
        Err(error) => eprintln!("trailers: {error:?}"),
    }
}

/// The same without touching the bytes.
pub fn splice(exchange: Exchange) {
    let (request, answer) = exchange.answer(200, Fields::new());
    let received = Received::of(&request);
    while answer.stream.blocking_splice(&received.stream, 1 << 20).is_ok() {}
    let _ = answer.finish(None);
}

/// Counts the bytes of the body.
pub fn count(exchange: Exchange) {
    let received = Received::of(&exchange.request);
    let counted = received.count();
    drop(received);
    match counted {
        Ok(count) => exchange.text(200, &format!("{count}\n")),
        Err(error) => {
            eprintln!("count: {}", described(&error));
            exchange.text(400, "failed\n");
        }
    }
}

/// Answers before it reads the body.
pub fn early(exchange: Exchange) {
    let (request, answer) = exchange.answer(200, Fields::new());
    answer.write(b"early\n").expect("written");
    answer.finish(None).expect("finished");
    eprintln!("early: {:?}", Received::of(&request).count().ok());
}

/// Never reads the body.
pub fn unread(exchange: Exchange) {
    exchange.text(200, "unread\n");
}

/// Takes the body and drops it, except for the trailers.
pub fn skipped(exchange: Exchange) {
    let trailers = Received::of(&exchange.request).trailers();
    exchange.text(200, &format!("{:?}\n", trailers.map(|fields| fields.map(|fields| fields.entries().len()))));
}
