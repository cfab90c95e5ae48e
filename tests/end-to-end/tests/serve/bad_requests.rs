//! Invalid requests: the service answers once, with the status for that error, and closes the connection.

use crate::served::Served;

/// Sends bytes, with a good request behind them, and returns the answer. There is one answer at most: the bytes
/// behind a bad request are not a request.
fn answer(served: &Served, bytes: &[u8]) -> String {
    let mut client = served.client();
    client.try_send([bytes, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"].concat());
    let answer = client.rest();
    assert!(!answer.contains("Hello, world!"), "{:?} was answered: {answer}", String::from_utf8_lossy(bytes));
    answer
}

#[track_caller]
fn refused(served: &Served, status: u16, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let answer = answer(served, bytes);
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close\r\n"), "{shown:?}: {answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{shown:?}: {answer}");
}

#[test]
fn request_lines_and_fields() {
    let served = Served::start(&[]);
    for head in [
        "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03",
        "GET\r\nHost: a",
        "GET /hello\r\nHost: a",
        "GET hello HTTP/1.1\r\nHost: a",
        "GET  /hello HTTP/1.1\r\nHost: a",
        "GET /hello  HTTP/1.1\r\nHost: a",
        "GET /a b HTTP/1.1\r\nHost: a",
        "GET /a\0b HTTP/1.1\r\nHost: a",
        "GET /a\x7fb HTTP/1.1\r\nHost: a",
        "GET /hello HTTP/1.1 \r\nHost: a",
        "GET /hello http/1.1\r\nHost: a",
        "G@T /hello HTTP/1.1\r\nHost: a",
        "G(T /hello HTTP/1.1\r\nHost: a",
        " GET /hello HTTP/1.1\r\nHost: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\tfolded",
        "GET /hello HTTP/1.1\r\n X-A: 1\r\nHost: a",
        "GET /hello HTTP/1.1\r\nHost : a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A\t: 1",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX A: 1",
        "GET /hello HTTP/1.1\r\nHost: a\r\n: 1",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX(A): 1",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: a\0b",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: a\rb",
        "GET /hello HTTP/1.1\r\nX-A: 1",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b",
        "GET /hello HTTP/1.1\r\nHost: a b",
        "GET /hello HTTP/1.1\r\nHost: a/b",
        "GET /hello HTTP/1.1\r\nHost: a@b@c",
    ] {
        refused(&served, 400, format!("{head}\r\n\r\n"));
    }
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"] {
        let answer = answer(&served, format!("GET /hello {version}\r\nHost: a\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 505 ") || answer.starts_with("HTTP/1.1 400 "), "{version}: {answer}");
    }
    let preface = answer(&served, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(preface.starts_with("HTTP/1.1 505 ") || preface.starts_with("HTTP/1.1 400 "), "{preface}");
    served.still_serves();
}

/// A request whose end two readers could understand differently is not read.
#[test]
fn smuggled_requests() {
    let served = Served::start(&[]);
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5;",
        "Content-Length: five",
        "Content-Length: ",
        "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked;x=y",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding:",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\r\n: chunked",
        "Transfer-Encoding:\r\n chunked",
        "X: y\r\n Transfer-Encoding: chunked",
    ] {
        refused(&served, 400, format!("POST /count HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\n"));
    }
    refused(&served, 400, "POST /count HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    served.still_serves();
}

/// Chunks are checked while the service reads them, so the service may take part in the answer.
#[test]
fn bad_chunks() {
    let served = Served::start(&[]);
    for chunks in [
        "xyz\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5;a=\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: 1\r\n folded\r\n\r\n",
        "5\r\nhello\r\n0\r\nX : 1\r\n\r\n",
    ] {
        let request = format!("POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        let answer = answer(&served, request.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{chunks:?}: {answer}");
    }
    // An extension, and trailers, without end.
    let head = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for endless in [format!("{head}5;{}", "x".repeat(1 << 20)), format!("{head}0\r\n{}", "X: 1\r\n".repeat(200_000))] {
        let answer = answer(&served, endless.as_bytes());
        assert!(!answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    served.still_serves();
}

#[test]
fn too_much() {
    let served = Served::start(&[]);
    let megabyte = "x".repeat(1 << 20);
    refused(&served, 431, format!("GET /hello HTTP/1.1\r\nHost: a\r\nX-Large: {megabyte}\r\n\r\n"));
    refused(&served, 431, format!("GET /hello HTTP/1.1\r\nHost: a\r\n{megabyte}: 1\r\n\r\n"));
    let many: String = (0..5000).map(|index| format!("X-{index}: 1\r\n")).collect();
    refused(&served, 431, format!("GET /hello HTTP/1.1\r\nHost: a\r\n{many}\r\n"));
    for endless in [megabyte.clone(), format!("GET /{megabyte} HTTP/1.1\r\nHost: a\r\n\r\n")] {
        let answer = answer(&served, endless.as_bytes());
        assert!(["400", "414", "431"].iter().any(|code| answer.starts_with(&format!("HTTP/1.1 {code} "))), "{answer}");
    }
    // Requests at the limit.
    let mut client = served.client();
    let field = "x".repeat(60_000);
    client.send(format!("GET /request HTTP/1.1\r\nHost: a\r\nX-Large: {field}\r\n\r\n"));
    assert!(client.response().text().contains(&field));
    let many: String = (0..98).map(|index| format!("X-{index}: 1\r\n")).collect();
    client.send(format!("GET /request HTTP/1.1\r\nHost: a\r\n{many}\r\n"));
    assert!(client.response().text().contains("x-97: 1"));
}
