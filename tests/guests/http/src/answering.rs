//! Responses of every shape.

use crate::exchange::{Exchange, pattern};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, OutgoingResponse, ResponseOutparam};

const MILLISECOND: u64 = 1_000_000;

/// A body without a declared length.
pub fn hello(exchange: Exchange) {
    let (_request, answer) = exchange.answer(200, Fields::new());
    if answer.write(b"Hello, world!\n").is_ok() {
        let _ = answer.finish(None);
    }
}

/// `?code=CODE`
pub fn status(exchange: Exchange) {
    let code = exchange.number("code") as u16;
    exchange.text(code, "a text\n");
}

/// `?code=CODE`, and no body at all.
pub fn empty(exchange: Exchange) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(exchange.number("code") as u16).expect("a status");
    ResponseOutparam::set(exchange.out, Ok(response));
}

/// `?declared=LENGTH&sent=LENGTH`: a mismatch is reported on standard error.
pub fn length(exchange: Exchange) {
    let (declared, sent) = (exchange.number("declared"), exchange.number("sent"));
    let fields = Fields::new();
    fields.set("content-length", &[declared.to_string().into_bytes()]).expect("a field");
    let (_request, answer) = exchange.answer(200, fields);
    let written = answer.write(&pattern(0, sent as usize));
    eprintln!("written: {}, finished: {:?}", written.is_ok(), answer.finish(None));
}

/// `?bytes=LENGTH`: streamed. The result is reported on standard error.
pub fn large(exchange: Exchange) {
    let bytes = exchange.number("bytes");
    let (_request, answer) = exchange.answer(200, Fields::new());
    let mut position = 0;
    while position < bytes {
        let length = (bytes - position).min(64 << 10);
        if answer.write(&pattern(position, length as usize)).is_err() {
            eprintln!("nobody takes it");
            return;
        }
        position += length;
    }
    eprintln!("large: {:?}", answer.finish(None));
}

/// `?count=COUNT&milliseconds=TIME`: COUNT pieces, each flushed, with a pause before each.
pub fn pieces(exchange: Exchange) {
    let (count, pause) = (exchange.number("count"), exchange.number("milliseconds"));
    let (_request, answer) = exchange.answer(200, Fields::new());
    for index in 0..count {
        subscribe_duration(pause * MILLISECOND).block();
        if answer.stream.blocking_write_and_flush(format!("piece {index}\n").as_bytes()).is_err() {
            eprintln!("nobody takes it");
            return;
        }
    }
    let _ = answer.finish(None);
}

/// A body and trailers.
pub fn trailers(exchange: Exchange) {
    let fields = Fields::new();
    fields.append("trailer", b"x-sum").expect("a field");
    let (_request, answer) = exchange.answer(200, fields);
    answer.write(b"with trailers").expect("written");
    let trailers = Fields::new();
    trailers.append("x-sum", b"13").expect("a field");
    trailers.append("x-sum", b"thirteen").expect("a field");
    let _ = answer.finish(Some(trailers));
}

/// `?count=COUNT&bytes=LENGTH`: fields in the response.
pub fn fields(exchange: Exchange) {
    let (count, bytes) = (exchange.number("count"), exchange.number("bytes"));
    let fields = Fields::new();
    for index in 0..count {
        fields.append(&format!("x-field-{index}"), &vec![b'v'; bytes as usize]).expect("a field");
    }
    // Several fields of one name stay separate.
    fields.append("set-cookie", b"a=1").expect("a field");
    fields.append("set-cookie", b"b=2; Path=/").expect("a field");
    let (_request, answer) = exchange.answer(200, fields);
    let _ = answer.finish(None);
}

/// Continues to work after the response.
pub fn after(exchange: Exchange) {
    exchange.text(200, "answered\n");
    subscribe_duration(20 * MILLISECOND).block();
    eprintln!("done after the answer");
}

/// `?milliseconds=TIME`
pub fn sleep(exchange: Exchange) {
    subscribe_duration(exchange.number("milliseconds") * MILLISECOND).block();
    exchange.text(200, "slept\n");
}
