//! Messages that are sent: they are read as they were meant.

use super::{Asked, Encoder, WrongLength, refusal};
use crate::http1::decode::Decoder;
use crate::http1::field::Fields;
use crate::http1::head::{Refused, Search};
use crate::http1::length::Length;
use std::string::String;
use std::vec::Vec;

const ASKED: Asked = Asked { head: false, is_1_0: false, trailers: false, keep_alive: true };
const DATE: &str = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

fn fields(list: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in list {
        fields.append(name, value.as_bytes()).unwrap();
    }
    fields
}

fn response(status: u16, list: &[(&str, &str)], has_body: bool, asked: Asked) -> (String, Encoder) {
    let mut out = Vec::new();
    let encoder = Encoder::response(&mut out, status, &fields(list), has_body, asked, 0);
    let (head, consumed) = Search::default().response(&out, asked.head).unwrap().unwrap();
    assert_eq!((head.status, consumed), (status, out.len()));
    (String::from_utf8(out).unwrap(), encoder)
}

#[test]
fn heads_of_responses() {
    let old = Asked { is_1_0: true, ..ASKED };
    let close = Asked { keep_alive: false, ..ASKED };
    for (status, list, has_body, asked, expected) in [
        (200, &[("a", "b")][..], true, ASKED, "HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\nDATE\r\n"),
        (200, &[], false, ASKED, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nDATE\r\n"),
        (200, &[("content-length", "3")], true, ASKED, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nDATE\r\n"),
        (200, &[("content-length", "3")], false, ASKED, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nDATE\r\n"),
        (200, &[], true, close, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nDATEconnection: close\r\n\r\n"),
        (200, &[], true, old, "HTTP/1.1 200 OK\r\nDATEconnection: close\r\n\r\n"),
        (200, &[], false, old, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nDATEconnection: keep-alive\r\n\r\n"),
        (204, &[("content-length", "3")], true, ASKED, "HTTP/1.1 204 No Content\r\nDATE\r\n"),
        (304, &[("content-length", "3")], true, ASKED, "HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\nDATE\r\n"),
        (304, &[], true, ASKED, "HTTP/1.1 304 Not Modified\r\nDATE\r\n"),
        (299, &[("date", "mine")], false, ASKED, "HTTP/1.1 299 \r\ndate: mine\r\ncontent-length: 0\r\n\r\n"),
        (
            500,
            &[("Set-Cookie", "a"), ("x", "1"), ("set-cookie", "b")],
            false,
            ASKED,
            "HTTP/1.1 500 Internal Server Error\r\nset-cookie: a\r\nset-cookie: b\r\nx: 1\r\ncontent-length: 0\r\nDATE\r\n",
        ),
    ] {
        assert_eq!(response(status, list, has_body, asked).0, expected.replace("DATE", DATE));
    }
    let head = Asked { head: true, ..ASKED };
    for (list, has_body, expected) in [
        (&[("content-length", "3")][..], true, "content-length: 3\r\n"),
        (&[("content-length", "3")], false, "content-length: 3\r\n"),
        (&[], true, "transfer-encoding: chunked\r\n"),
        (&[], false, ""),
    ] {
        let (text, mut encoder) = response(200, list, has_body, head);
        assert_eq!(text, std::format!("HTTP/1.1 200 OK\r\n{expected}{DATE}\r\n"));
        assert_eq!(encoder.frame(5).unwrap().parts(b"Hello"), [b""; 3]);
        let mut out = Vec::new();
        encoder.finish(&mut out, None).unwrap();
        assert!(out.is_empty());
    }
}

/// Whatever a guest has among its fields.
#[test]
fn the_connection_is_not_the_guests() {
    let list = [
        ("connection", "upgrade"),
        ("Transfer-Encoding", "gzip"),
        ("keep-alive", "1"),
        ("host", "x"),
        ("upgrade", "h2c"),
    ];
    assert_eq!(
        response(200, &list, false, ASKED).0,
        std::format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{DATE}\r\n")
    );
}

#[test]
fn heads_of_requests() {
    for (method, list, has_body, expected) in [
        ("GET", &[("accept", "*/*")][..], false, "accept: */*\r\n"),
        ("GET", &[], true, ""),
        ("GET", &[("content-length", "1")], true, "content-length: 1\r\n"),
        ("DELETE", &[], true, "transfer-encoding: chunked\r\n"),
        ("DELETE", &[("content-length", "1")], false, ""),
        ("POST", &[], true, "transfer-encoding: chunked\r\n"),
        ("POST", &[], false, "content-length: 0\r\n"),
        ("PUT", &[("content-length", "1"), ("host", "other")], true, "content-length: 1\r\n"),
    ] {
        let mut out = Vec::new();
        Encoder::request(&mut out, method, "/p?q", "a:81", &fields(list), has_body);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, std::format!("{method} /p?q HTTP/1.1\r\nhost: a:81\r\n{expected}connection: close\r\n\r\n"));
        let (head, consumed) = Search::default().request(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.path.as_str(), head.authority.as_deref(), consumed), ("/p?q", Some("a:81"), text.len()));
    }
}

#[test]
fn bodies_come_back_as_they_went() {
    let data: Vec<_> = (0..100_000u32).map(|number| number as u8).collect();
    for (list, asked, length) in [
        (&[("content-length", "100000")][..], ASKED, Length::Fixed(100_000)),
        (&[], ASKED, Length::Chunked),
        (&[], Asked { is_1_0: true, ..ASKED }, Length::UntilClose),
    ] {
        let (_, mut encoder) = response(200, list, true, asked);
        assert_eq!(encoder.is_until_close(), length == Length::UntilClose);
        let mut out = Vec::new();
        for piece in data.chunks(33_333).chain([&[][..]]) {
            let frame = encoder.frame(piece.len()).unwrap();
            frame.parts(piece).iter().for_each(|part| out.extend_from_slice(part));
        }
        encoder.finish(&mut out, None).unwrap();
        assert_eq!(encoder.is_until_close(), length == Length::UntilClose);
        let (mut decoder, mut at, mut back) = (Decoder::new(length), 0, Vec::new());
        while at < out.len() {
            let step = decoder.step(&out[at..], usize::MAX).unwrap();
            back.extend_from_slice(&out[at + step.skip..][..step.data]);
            at += step.skip + step.data;
        }
        decoder.end().unwrap();
        assert!(back == data);
    }
}

#[test]
fn as_many_bytes_as_the_head_said() {
    let (_, mut encoder) = response(200, &[("content-length", "3")], true, ASKED);
    encoder.frame(2).unwrap();
    assert_eq!(encoder.clone().frame(2), Err(WrongLength));
    assert_eq!(encoder.clone().finish(&mut Vec::new(), None), Err(WrongLength));
    encoder.frame(1).unwrap();
    encoder.finish(&mut Vec::new(), None).unwrap();
}

#[test]
fn trailers_that_were_announced_and_are_wanted() {
    let list = [("trailer", "A, content-length"), ("trailer", "b")];
    let trailers = fields(&[("a", "1"), ("content-length", "9"), ("b", "2"), ("c", "3")]);
    for (asked, expected) in [(Asked { trailers: true, ..ASKED }, "0\r\na: 1\r\nb: 2\r\n\r\n"), (ASKED, "0\r\n\r\n")] {
        let (_, mut encoder) = response(200, &list, true, asked);
        let mut out = Vec::new();
        encoder.finish(&mut out, Some(&trailers)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn refusals_are_whole_responses() {
    let refused = Refused { status: 400, why: "no" };
    let text = String::from_utf8(refusal(refused, false, 0)).unwrap();
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 20\r\n";
    assert_eq!(text, std::format!("{head}{DATE}connection: close\r\n\r\n400 Bad Request: no\n"));
    let text = String::from_utf8(refusal(refused, true, 0)).unwrap();
    assert_eq!(text, std::format!("{head}{DATE}connection: close\r\n\r\n"));
}
