//! Bodies: large ones, in both directions, cut short, and of another length than declared.

use crate::served::Served;
use std::io::Write;
use std::thread;
use wasmstone_test_support::client::Client;
use wasmstone_test_support::{build, guest};

const LARGE: usize = 64 << 20;

/// A service with less memory than the bodies have bytes.
fn small() -> Served {
    let bundled = build(
        &guest("http_service", "wasm32-wasip2"),
        &["--max-memory", "4M", &wasmstone_test_support::both_engines()],
    );
    Served::start_bundle(&bundled, &["--engine", "native"])
}

/// Sends a body from a thread, while the response is read.
fn send_aside(client: &Client, head: &str, chunked: bool) -> thread::JoinHandle<()> {
    let mut stream = client.stream.try_clone().unwrap();
    let head = head.to_owned();
    thread::spawn(move || {
        stream.write_all(head.as_bytes()).unwrap();
        let piece: Vec<u8> = (0..1 << 20).map(|index| (index % 256) as u8).collect();
        for _ in 0..LARGE / piece.len() {
            if chunked {
                stream.write_all(format!("{:X}\r\n", piece.len()).as_bytes()).unwrap();
            }
            stream.write_all(&piece).unwrap();
            if chunked {
                stream.write_all(b"\r\n").unwrap();
            }
        }
        if chunked {
            stream.write_all(b"0\r\n\r\n").unwrap();
        }
    })
}

#[test]
fn large_bodies_are_streamed() {
    let served = small();
    let mut client = served.client();
    let body = client.get(&format!("/large?bytes={LARGE}")).body;
    assert_eq!(body.len(), LARGE);
    assert!(body.iter().enumerate().all(|(index, byte)| *byte == (index % 251) as u8));

    for (framing, chunked) in
        [(format!("Content-Length: {LARGE}"), false), ("Transfer-Encoding: chunked".to_owned(), true)]
    {
        for path in ["/count", "/echo", "/splice"] {
            let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n");
            let sending = send_aside(&client, &head, chunked);
            let response = client.response();
            sending.join().unwrap();
            assert!(response.complete && response.status == 200, "{path}");
            if path == "/count" {
                assert_eq!(response.text(), format!("{LARGE}\n"));
            } else {
                assert_eq!(response.body.len(), LARGE, "{path}");
                assert!(response.body.iter().enumerate().all(|(index, byte)| *byte == (index % 256) as u8), "{path}");
            }
        }
    }
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn a_conversation_within_a_request() {
    let served = Served::start(&[]);
    for path in ["/echo", "/splice"] {
        let mut client = served.client();
        client.begin(path);
        // The response begins while the request is still open, and each word is answered.
        assert_eq!(client.head().status, 200);
        for round in 0..100 {
            let word = format!("word {round}");
            client.chunk(word.as_bytes());
            let mut heard = Vec::new();
            while heard.len() < word.len() {
                heard.extend(client.next_chunk().unwrap());
            }
            assert_eq!(heard, word.as_bytes());
        }
        client.chunk(b"");
        assert_eq!(client.next_chunk(), Some(Vec::new()));
        assert_eq!(client.line(), Some(String::new()));
        assert_eq!(client.get("/hello").status, 200);
    }
    // Pieces arrive as they are made.
    let mut client = served.client();
    client.request("GET", "/pieces?count=20&milliseconds=1");
    assert_eq!(client.head().status, 200);
    for index in 0..20 {
        let piece = format!("piece {index}\n");
        assert_eq!(client.next_chunk(), Some(piece.into_bytes()));
    }
}

#[test]
fn many_chunks_and_empty_bodies() {
    let served = Served::start(&[]);
    let mut client = served.client();
    client.begin("/count");
    client.send("1\r\nx\r\n".repeat(5000) + "0\r\n\r\n");
    assert_eq!(client.response().text(), "5000\n");
    client.begin("/count");
    client.send("1;name=value;other=\"in quotes\"\r\nx\r\n".repeat(50) + "0;last\r\n\r\n");
    assert_eq!(client.response().text(), "50\n");
    assert_eq!(client.post("/count", b"").text(), "0\n");
    assert_eq!(client.post("/echo", b"").text(), "");
    client.begin("/count");
    client.send("000000\r\n\r\n");
    assert_eq!(client.response().text(), "0\n");
    // Sizes at and around the bytes that are held before an instance gets the request.
    for length in [1, 65_535, 65_536, 65_537, 200_000] {
        assert_eq!(client.post("/count", &vec![b'x'; length]).text(), format!("{length}\n"));
    }
}

#[test]
fn answers_before_the_body() {
    let mut served = Served::start(&[]);
    let mut client = served.client();
    client.begin("/early");
    assert_eq!(client.response().text(), "early\n");
    client.chunk(b"too late?");
    client.chunk(b"");
    served.says("early: Some(9)");
    assert_eq!(client.get("/hello").status, 200);

    // A small body that the service does not read causes no problem.
    for _ in 0..3 {
        assert_eq!(client.post("/unread", b"for nobody").text(), "unread\n");
    }
    client.send("POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nGET /evil ");
    assert_eq!(client.response().text(), "unread\n");
    assert_eq!(client.get("/hello").status, 200);

    // A large one may be refused by closing the connection, but the response comes first.
    let mut client = served.client();
    client.begin("/unread");
    assert_eq!(client.response().text(), "unread\n");
    client.try_send(b"5\r\nhello\r\n0\r\n\r\n");
    client.try_send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let rest = client.rest();
    assert!(rest.is_empty() || rest.contains("Hello, world!"), "{rest}");
    served.still_serves();
}

#[test]
fn a_declared_length_is_kept_or_the_connection_ends() {
    let mut served = Served::start(&[]);
    for (sent, bytes) in [(0, 0), (5, 5), (9, 9), (11, 10), (1000, 10)] {
        let mut client = served.client();
        client.last(&format!("/length?declared=10&sent={sent}"));
        // There may be no response at all if none can be right.
        let answer = client.rest();
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200 ") || head.starts_with("HTTP/1.1 500 "), "{answer}");
            assert!(head.starts_with("HTTP/1.1 500 ") || body.len() <= bytes, "{sent} of 10: {answer}");
        }
    }
    served.says("HttpResponseBodySize(Some(5))");
    let mut client = served.client();
    assert_eq!(client.get("/length?declared=10&sent=10").body.len(), 10);
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn a_body_without_its_end_has_none_on_the_wire() {
    let served = Served::start(&[]);
    for path in ["/abandon", "/trap?when=during"] {
        let mut client = served.client();
        client.last(path);
        let answer = client.rest();
        assert!(!answer.ends_with("0\r\n\r\n"), "{path}: {answer}");
        // If nothing was sent yet, it can be an error, or nothing.
        let begun = ["HTTP/1.1 200 ", "HTTP/1.1 500 "].iter().any(|line| answer.starts_with(line));
        assert!(begun || answer.is_empty(), "{path}: {answer}");
    }
    served.still_serves();
}

#[test]
fn a_body_that_is_left_open_ends_with_what_was_written() {
    let served = Served::start(&[]);
    let mut client = served.client();
    for bytes in [0, 9, 65_536] {
        let response = client.get(&format!("/unfinished?bytes={bytes}"));
        assert_eq!((response.status, response.body.len(), response.complete), (200, bytes, true), "{bytes}");
    }
    // The connection lives on; but a body that is shorter than the head says is not complete.
    assert_eq!(client.get("/hello").status, 200);
    let mut client = served.client();
    client.last("/unfinished?bytes=5&declared=10");
    let answer = client.rest();
    assert!(answer.split_once("\r\n\r\n").is_none_or(|(_, body)| body.len() <= 5), "{answer}");
    let mut client = served.client();
    assert_eq!(client.get("/unfinished?bytes=10&declared=10").body.len(), 10);
    assert_eq!(client.get("/hello").status, 200);
}
