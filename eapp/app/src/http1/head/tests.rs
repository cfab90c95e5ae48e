//! Heads: which are understood, which are refused, and that this does not depend on how the bytes come.

use super::{BadResponse, Refused, Request, Response, Search};
use crate::http1::length::Length;
use crate::http1::{FIELDS_MAX, HEAD_MAX};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

/// The result for all bytes at once, after a check that it is the same byte by byte.
fn request(bytes: &[u8]) -> Result<Option<(Request, usize)>, Refused> {
    let at_once = Search::default().request(bytes);
    let mut search = Search::default();
    let mut step_by_step = Ok(None);
    for length in 0..=bytes.len() {
        step_by_step = search.request(&bytes[..length]);
        if step_by_step != Ok(None) {
            break;
        }
    }
    assert_eq!(step_by_step, at_once, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]));
    at_once
}

fn accepted(text: &str) -> Request {
    let (head, consumed) = request(text.as_bytes()).unwrap().unwrap_or_else(|| panic!("incomplete: {text:?}"));
    let body = format!("{text}BODY");
    assert_eq!(Search::default().request(body.as_bytes()), Ok(Some((head.clone(), consumed))));
    assert_eq!(consumed, text.len());
    head
}

fn refused(text: &str) -> u16 {
    request(text.as_bytes()).expect_err(text).status
}

fn response(text: &str, to_head: bool) -> Result<Option<(Response, usize)>, BadResponse> {
    let at_once = Search::default().response(text.as_bytes(), to_head);
    let mut search = Search::default();
    let mut step_by_step = Ok(None);
    for length in 0..=text.len() {
        step_by_step = search.response(&text.as_bytes()[..length], to_head);
        if step_by_step != Ok(None) {
            break;
        }
    }
    assert_eq!(step_by_step, at_once, "{text:?}");
    at_once
}

#[test]
fn a_request_is_understood() {
    let head = accepted(
        "POST /a?b=c HTTP/1.1\r\nHost: example:80\r\nContent-Length: 007\r\nX-Thing:  v w \t\r\nx-thing:\r\n\r\n",
    );
    assert_eq!((head.method.as_str(), head.path.as_str()), ("POST", "/a?b=c"));
    assert_eq!(head.authority.as_deref(), Some("example:80"));
    assert_eq!(head.length, Length::Fixed(7));
    assert_eq!(head.fields.values("x-thing").collect::<Vec<_>>(), [&b"v w"[..], b""]);
    assert!(head.keep_alive && !head.is_1_0 && !head.expects_continue);
}

#[test]
fn targets_and_hosts() {
    for (line, authority, path) in [
        ("GET / HTTP/1.1\r\nhost: a", Some("a"), "/"),
        ("GET / HTTP/1.1\r\nhost:", None, "/"),
        ("GET / HTTP/1.0", None, "/"),
        ("GET / HTTP/1.0\r\nhost: a", Some("a"), "/"),
        ("GET http://b:8?q HTTP/1.1\r\nhost: a", Some("b:8"), "/?q"),
        ("GET http://b HTTP/1.1\r\nhost: b", Some("b"), "/"),
        ("GET https://b/c HTTP/1.1\r\nhost:", Some("b"), "/c"),
        ("OPTIONS * HTTP/1.1\r\nhost: [::1]:80", Some("[::1]:80"), "*"),
        ("M!X /a HTTP/1.1\r\nHOST: a", Some("a"), "/a"),
    ] {
        let head = accepted(&format!("{line}\r\n\r\n"));
        assert_eq!((head.authority.as_deref(), head.path.as_str()), (authority, path), "{line}");
    }
    for line in [
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: a",
        "GET / HTTP/1.0\r\nhost: a\r\nHost: b",
        "GET / HTTP/1.1\r\nhost: a b",
        "GET / HTTP/1.1\r\nhost: a, b",
        "GET / HTTP/1.1\r\nhost: a/b",
        "GET / HTTP/1.1\r\nhost: u@a",
        "GET / HTTP/1.1\r\nhost: a:b",
        "GET http://b/ HTTP/1.1",
        "GET http://u@b/ HTTP/1.1\r\nhost: b",
        "GET * HTTP/1.1\r\nhost: a",
        "GET a HTTP/1.1\r\nhost: a",
        "GET /a#b HTTP/1.1\r\nhost: a",
        "GET /a b HTTP/1.1\r\nhost: a",
        "GET  / HTTP/1.1\r\nhost: a",
        "GET / HTTP/1.1 \r\nhost: a",
        "GET /\r\nhost: a",
        "GET",
        "G(T / HTTP/1.1\r\nhost: a",
        " GET / HTTP/1.1\r\nhost: a",
        "GET /\u{1} HTTP/1.1\r\nhost: a",
    ] {
        assert_eq!(refused(&format!("{line}\r\n\r\n")), 400, "{line}");
    }
    assert_eq!(refused("CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n"), 501);
}

#[test]
fn versions() {
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"] {
        assert_eq!(refused(&format!("GET / {version}\r\nhost: a\r\n\r\n")), 505, "{version}");
    }
    assert_eq!(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    for version in ["HTTP/11", "http/1.1", "HTTP/1.10", "HTTP/1", "HTTQ/1.1", "HTTP 1.1", "HTTP/1.x"] {
        assert_eq!(refused(&format!("GET / {version}\r\nhost: a\r\n\r\n")), 400, "{version}");
    }
    assert!(accepted("GET / HTTP/1.0\r\n\r\n").is_1_0);
}

/// Requests that a server in front could understand differently.
#[test]
fn smuggling() {
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5\u{b}",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: ٥",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Content-Length : 5",
        "X: a\r\n b",
        "X: a\r\n\tTransfer-Encoding: chunked",
        "X: a\r\n \r\nY: b",
        " X: a",
        "X: a\nContent-Length: 5",
        "X: a\rContent-Length: 5",
        "X: a\0b",
        "X: a\u{7f}",
        "X\0: a",
        "X Y: a",
        ": a",
        "X",
        "Ä: a",
    ] {
        let text = format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
        assert_eq!(refused(&text), 400, "{lines:?}");
        let text = format!("POST / HTTP/1.1\r\n{lines}\r\nHost: a\r\n\r\n");
        assert_eq!(refused(&text), 400, "{lines:?}");
    }
    assert_eq!(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    for text in [
        "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\nX: b\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(refused(text), 400, "{text:?}");
    }
    assert_eq!(accepted("\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n").path, "/after");
}

#[test]
fn bodies_and_connections() {
    let head = |lines: &str| accepted(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
    assert_eq!(head("").length, Length::Fixed(0));
    assert_eq!(head("Transfer-Encoding: Chunked\r\n").length, Length::Chunked);
    assert_eq!(head("Content-Length: 18446744073709551615\r\n").length, Length::Fixed(u64::MAX));
    assert!(head("").keep_alive);
    assert!(!head("Connection: x, Close\r\n").keep_alive);
    assert!(!head("Connection: keep-alive\r\nConnection: close\r\n").keep_alive);
    let old = |lines: &str| accepted(&format!("POST / HTTP/1.0\r\n{lines}\r\n"));
    assert!(!old("").keep_alive);
    assert!(old("Connection: Keep-Alive\r\n").keep_alive);
    assert!(!old("Connection: keep-alive, close\r\n").keep_alive);
    assert!(head("Expect: 100-Continue\r\nContent-Length: 1\r\n").expects_continue);
    assert!(head("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n").expects_continue);
    assert!(!head("Expect: 100-continue\r\n").expects_continue);
    assert!(!old("Expect: 100-continue\r\nContent-Length: 1\r\n").expects_continue);
}

#[test]
fn heads_are_bounded() {
    let fields = |count: usize| (0..count).map(|number| format!("f{number}: v\r\n")).collect::<String>();
    let text = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", fields(FIELDS_MAX - 1));
    assert_eq!(accepted(&text).fields.iter().count(), FIELDS_MAX);
    assert_eq!(refused(&format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", fields(FIELDS_MAX))), 431);

    let text = |filler: usize| format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(filler)).into_bytes();
    let rest = HEAD_MAX - text(0).len();
    let search = |bytes: &[u8]| Search::default().request(bytes);
    assert_eq!(search(&text(rest)).unwrap().unwrap().1, HEAD_MAX);
    assert_eq!(search(&text(rest + 1)).unwrap_err().status, 431);
    // At the limit, the request is refused, whatever might come.
    assert_eq!(search(&text(rest + 1)[..HEAD_MAX]).unwrap_err().status, 431);
    assert_eq!(search(&text(rest + 1)[..HEAD_MAX - 1]), Ok(None));
    assert_eq!(search(format!("GET /{}", "a".repeat(1 << 20)).as_bytes()).unwrap_err().status, 414);
    assert_eq!(search(&vec![b'a'; 1 << 20]).unwrap_err().status, 414);
    // The empty line before it does not count.
    let before = [b"\r\n".to_vec(), text(rest)].concat();
    assert_eq!(search(&before).unwrap().unwrap().1, HEAD_MAX + 2);
}

/// Bytes that cannot become a head are answered at once, not after a time-out.
#[test]
fn other_protocols_are_told_at_once() {
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"SSH-2.0-OpenSSH\r\n", b"\0\0\0", b"GET / FTP/1.0\r\n", b"\r\r"]
    {
        assert_eq!(Search::default().request(bytes).unwrap_err().status, 400, "{bytes:?}");
    }
    // A head of 64 KiB that comes byte by byte is not parsed at every byte, yet soon known to be wrong.
    let bytes = format!("GET / HTTP/1.1\r\n: x\r\n{}", "x".repeat(1000)).into_bytes();
    let mut search = Search::default();
    let length = (0..bytes.len()).find(|length| search.request(&bytes[..*length]).is_err()).unwrap();
    assert!(length < 64, "{length}");
}

#[test]
fn a_response_is_understood() {
    let (head, consumed) =
        response("HTTP/1.1 404 Not There\r\nContent-Length: 5\r\nA: \u{e4}\r\n\r\n", false).unwrap().unwrap();
    assert_eq!((head.status, head.length, consumed), (404, Length::Fixed(5), 52));
    for (line, to_head, length) in [
        ("HTTP/1.1 200 OK", false, Length::UntilClose),
        ("HTTP/1.0 200", false, Length::UntilClose),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", false, Length::Chunked),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", true, Length::Fixed(0)),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9", true, Length::Fixed(0)),
        ("HTTP/1.1 204 No\r\ncontent-length: 9", false, Length::Fixed(0)),
        ("HTTP/1.1 304 No\r\ncontent-length: 9", false, Length::Fixed(0)),
        ("HTTP/1.1 100 Continue", false, Length::Fixed(0)),
        ("HTTP/1.1 999 Odd", false, Length::UntilClose),
    ] {
        let (head, _) = response(&format!("{line}\r\n\r\n"), to_head).unwrap().unwrap();
        assert_eq!(head.length, length, "{line}");
    }
    assert_eq!(response("HTTP/1.1 200 OK\r\nA: b\r\n", false), Ok(None));
}

#[test]
fn a_response_that_is_none() {
    for text in [
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "\r\n\r\n",
        "<html>",
    ] {
        assert_eq!(response(text, false), Err(BadResponse::Malformed), "{text:?}");
    }
    let coding = response("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", false);
    assert_eq!(coding, Err(BadResponse::Coding("gzip, chunked".to_string())));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(FIELDS_MAX + 1));
    assert_eq!(response(&many, false), Err(BadResponse::TooLarge));
    let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(HEAD_MAX));
    assert_eq!(Search::default().response(long.as_bytes(), false), Err(BadResponse::TooLarge));
}
