//! Requests that the service sends.

use crate::exchange::{Exchange, Received, lines};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme, http_error_code,
};
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    }
}

/// `to` is AUTHORITY/PATH.
fn request(name: &str, to: &str, fields: Fields) -> OutgoingRequest {
    let (authority, path) = to.split_at(to.find('/').unwrap_or(to.len()));
    let request = OutgoingRequest::new(fields);
    request.set_method(&method(name)).expect("a method");
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request.set_authority(Some(authority)).expect("an authority");
    request.set_path_with_query(Some(path)).expect("a path");
    request
}

fn response(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    loop {
        if let Some(result) = future.get() {
            return result.expect("asked once");
        }
        future.subscribe().block();
    }
}

/// `?to=AUTHORITY/PATH&method=METHOD&milliseconds=TIME`: forwards the body as it arrives, and answers with the
/// response, or with 502 and the error. A body that fails is not ended.
pub fn forward(exchange: Exchange) {
    let name = exchange.value("method").unwrap_or("GET").to_owned();
    let request = request(&name, exchange.value("to").expect("an address"), Fields::new());
    let options = RequestOptions::new();
    let time = match exchange.number("milliseconds") {
        0 => None,
        milliseconds => Some(milliseconds * 1_000_000),
    };
    options.set_first_byte_timeout(time).expect("supported");
    options.set_between_bytes_timeout(time).expect("supported");
    let body = request.body().expect("a body");
    let future = match handle(request, Some(options)) {
        Ok(future) => future,
        Err(error) => return exchange.text(502, &format!("not sent: {error:?}\n")),
    };
    if let Err(error) = send(&exchange, body) {
        eprintln!("forwarding: {error}");
    }
    match response(&future) {
        Ok(response) => pass(exchange, &response),
        Err(error) => exchange.text(502, &format!("no response: {error:?}\n")),
    }
}

fn send(exchange: &Exchange, body: OutgoingBody) -> Result<(), String> {
    let out = body.write().expect("a stream");
    let received = Received::of(&exchange.request);
    loop {
        match out.blocking_splice(&received.stream, 64 << 10) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(format!("{:?}", http_error_code(&error))),
        }
    }
    drop(out);
    OutgoingBody::finish(body, None).map_err(|error| format!("{error:?}"))
}

fn pass(exchange: Exchange, response: &IncomingResponse) {
    let fields = Fields::new();
    let headers = response.headers();
    for line in lines(&headers).lines() {
        fields.append("x-received", line.as_bytes()).expect("a field");
    }
    drop(headers);
    let received = Received::new(response.consume().expect("a body"));
    let (_request, answer) = exchange.answer(response.status(), fields);
    loop {
        match received.next() {
            Ok(Some(bytes)) => {
                if answer.write(&bytes).is_err() {
                    return;
                }
            }
            Ok(None) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                eprintln!("the response failed: {:?}", http_error_code(&error));
                return;
            }
            Err(StreamError::Closed) => return,
        }
    }
    let trailers = received.trailers().unwrap_or_default();
    let _ = answer.finish(trailers);
}

/// `?first=AUTHORITY/PATH&second=AUTHORITY/PATH`: sends both requests at once, and reports the order of the answers.
pub fn both(exchange: Exchange) {
    let ask = |name| {
        let request = request("GET", exchange.value(name).expect("an address"), Fields::new());
        handle(request, None).expect("sent")
    };
    let futures = [("first", ask("first")), ("second", ask("second"))];
    let mut pending: Vec<_> = futures.iter().collect();
    let mut text = String::new();
    while !pending.is_empty() {
        let pollables: Vec<_> = pending.iter().map(|(_, future)| future.subscribe()).collect();
        let ready = poll(&pollables.iter().collect::<Vec<_>>());
        drop(pollables);
        let (name, future) = pending.remove(ready[0] as usize);
        text.push_str(&format!("{name}: {:?}\n", response(future).map(|response| response.status())));
    }
    exchange.text(200, &text);
}
