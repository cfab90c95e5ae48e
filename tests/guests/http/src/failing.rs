//! Errors of a service.

use crate::exchange::{Exchange, pattern};
use std::hint::black_box;
use std::mem::forget;
use wasip2::filesystem::preopens;
use wasip2::http::types::{ErrorCode, Fields, ResponseOutparam};
use wasip2::sockets::network::IpAddressFamily;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

/// `?when=before`, `during` or `after` the response.
pub fn trap(exchange: Exchange) {
    match exchange.value("when") {
        Some("during") => {
            let (_request, answer) = exchange.answer(200, Fields::new());
            answer.write(b"and then").expect("written");
            forget(answer);
        }
        Some("after") => exchange.text(200, "answered\n"),
        _ => {}
    }
    std::process::abort();
}

/// `?code=CODE`: exits like a command, before any response.
pub fn exit(exchange: Exchange) {
    std::process::exit(exchange.number("code") as i32);
}

/// Never answers.
pub fn silence(_: Exchange) {}

/// Answers with an error.
pub fn refuse(exchange: Exchange) {
    ResponseOutparam::set(exchange.out, Err(ErrorCode::ConfigurationError));
}

/// Drops the body without its end.
pub fn abandon(exchange: Exchange) {
    let (_request, answer) = exchange.answer(200, Fields::new());
    answer.write(b"half of it").expect("written");
}

/// Returns while the body, of `?bytes=LENGTH`, is still open; with `&declared=LENGTH` after a head with that length.
pub fn unfinished(exchange: Exchange) {
    let bytes = exchange.number("bytes") as usize;
    let fields = Fields::new();
    if let Some(declared) = exchange.value("declared") {
        fields.set("content-length", &[declared.as_bytes().to_vec()]).expect("a field");
    }
    let (_request, answer) = exchange.answer(200, fields);
    answer.write(&pattern(0, bytes)).expect("written");
    forget(answer);
}

/// Keeps everything that can be opened: `?count=COUNT` of each kind.
pub fn leak(exchange: Exchange) {
    let (mut sockets, mut files) = (0, 0);
    for _ in 0..exchange.number("count") {
        forget(Fields::new());
        sockets += u64::from(create_tcp_socket(IpAddressFamily::Ipv4).map(forget).is_ok());
        for (directory, _) in preopens::get_directories() {
            files += 1;
            forget(directory);
        }
    }
    exchange.text(200, &format!("{sockets} sockets, directories: {}\n", files > 0));
}

/// Takes all available memory.
pub fn memory(exchange: Exchange) {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut more = Vec::new();
        if more.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        more.resize(1 << 20, 1);
        all.push(black_box(more));
    }
    let mebibytes = all.len();
    drop(all);
    exchange.text(200, &format!("{mebibytes}\n"));
}
