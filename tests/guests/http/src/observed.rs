//! What a service can observe of a request and of its surroundings.

use crate::exchange::{Exchange, Received, lines};
use std::sync::atomic::{AtomicU32, Ordering};
use wasip2::cli::{environment, terminal_stdin};
use wasip2::filesystem::preopens;
use wasip2::http::types::Method;
use wasip2::io::streams::StreamError;
use wasip2::random::{insecure, insecure_seed, random};

/// All parts of the request.
pub fn request(exchange: Exchange) {
    let request = &exchange.request;
    let method = match request.method() {
        Method::Other(name) => format!("other {name}"),
        known => format!("{known:?}"),
    };
    let headers = request.headers();
    let mutable = headers.set("x-new", &[b"1".to_vec()]).is_ok();
    let mut text = format!(
        "method: {method}\ntarget: {:?}\nscheme: {:?}\nauthority: {:?}\nmutable: {mutable}\n{}",
        request.path_with_query(),
        request.scheme(),
        request.authority(),
        lines(&headers)
    );
    drop(headers);
    let received = Received::of(request);
    let again = request.consume().is_ok();
    match received.count() {
        Ok(count) => text.push_str(&format!("body: {count}, again: {again}\n")),
        Err(_) => text.push_str("body: failed\n"),
    }
    match received.trailers() {
        Ok(None) => text.push_str("no trailers\n"),
        Ok(Some(fields)) => text.push_str(&format!("trailers\n{}", lines(&fields))),
        Err(error) => text.push_str(&format!("trailers: {error:?}\n")),
    }
    exchange.text(200, &text);
}

/// The grants.
pub fn world(exchange: Exchange) {
    let text = format!(
        "arguments: {:?}\nvariables: {:?}\ninput: {:?}, a terminal: {}\ndirectories: {:?}\n",
        environment::get_arguments(),
        environment::get_environment(),
        wasip2::cli::stdin::get_stdin().blocking_read(100).map_err(|error| match error {
            StreamError::Closed => "closed",
            StreamError::LastOperationFailed(_) => "failed",
        }),
        terminal_stdin::get_terminal_stdin().is_some(),
        preopens::get_directories().into_iter().map(|(_, path)| path).collect::<Vec<_>>(),
    );
    exchange.text(200, &text);
}

/// How many requests this instance has seen.
pub fn instance(exchange: Exchange) {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    let before = SEEN.fetch_add(1, Ordering::Relaxed);
    exchange.text(200, &format!("{before} before\n"));
}

/// A line on each of the standard streams.
pub fn log(exchange: Exchange) {
    println!("a line of output");
    eprintln!("a line of errors");
    exchange.text(200, "logged\n");
}

/// Counts the visits in `/data/visits`.
pub fn file(exchange: Exchange) {
    let before = std::fs::read_to_string("/data/visits").unwrap_or_default();
    let text = match std::fs::write("/data/visits", format!("{before}x")) {
        Ok(()) => format!("{} before\n", before.len()),
        Err(error) => format!("{:?}\n", error.kind()),
    };
    exchange.text(200, &text);
}

/// Random numbers of every kind, before and after so many that the enclave app asks the host for more.
pub fn random(exchange: Exchange) {
    let mut numbers = Vec::from(<[u64; 2]>::from(insecure_seed::insecure_seed()));
    for _ in 0..2 {
        numbers.extend([random::get_random_u64(), random::get_random_u64(), insecure::get_insecure_random_u64()]);
        random::get_random_bytes(1 << 20);
    }
    let lines: String = numbers.iter().map(|number| format!("{number:016x}\n")).collect();
    exchange.text(200, &lines);
}
