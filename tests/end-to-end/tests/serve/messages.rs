//! The parts of a request that a service sees, and of a response that a client gets.

use crate::served::Served;
use tempfile::TempDir;

fn has_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line:?} is not in {text}");
    }
}

#[test]
fn a_request_is_seen_as_it_was_sent() {
    let served = Served::start(&[]);
    let mut client = served.client();
    client.send(
        "POST /request?a=b%20c&d HTTP/1.1\r\nHost: example.com:123\r\nX-One: 1\r\nx-one:2\r\nX-Empty:\r\n\
         X-Spaces:  \t both \t \r\nContent-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: x\r\n\r\nhello",
    );
    let response = client.response();
    assert_eq!((response.status, response.version.as_str()), (200, "HTTP/1.1"));
    let text = response.text();
    has_lines(
        &text,
        &[
            "method: Method::Post",
            "target: Some(\"/request?a=b%20c&d\")",
            "scheme: Some(Scheme::Http)",
            "authority: Some(\"example.com:123\")",
            "mutable: false",
            "content-length: 5",
            "x-empty: ",
            "x-spaces: both",
            "body: 5, again: false",
            "no trailers",
        ],
    );
    assert!(text.find("x-one: 1").unwrap() < text.find("x-one: 2").unwrap(), "{text}");
    // These belong to the connection.
    assert!(!text.contains("keep-alive") && !text.contains("\nhost:"), "{text}");

    client.send(
        "PUT /request HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n\
         0\r\nX-Sum: 13\r\nConnection: close\r\n\r\n",
    );
    let text = client.response().text();
    has_lines(&text, &["method: Method::Put", "body: 13, again: false", "trailers", "x-sum: 13"]);
    assert!(!text.contains("transfer-encoding") && !text.contains("connection"), "{text}");
}

#[test]
fn methods_and_targets() {
    let served = Served::start(&[]);
    let mut client = served.client();
    for (method, seen) in [
        ("GET", "method: Method::Get"),
        ("DELETE", "method: Method::Delete"),
        ("OPTIONS", "method: Method::Options"),
        ("TRACE", "method: Method::Trace"),
        ("PATCH", "method: Method::Patch"),
        ("PURGE", "method: other PURGE"),
        ("get", "method: other get"),
        ("!#$%&'*+-.^_`|~9", "method: other !#$%&'*+-.^_`|~9"),
    ] {
        client.request(method, "/request");
        has_lines(&client.response().text(), &[seen, "body: 0, again: false"]);
    }
    client.send("GET http://elsewhere.org:8080/request?x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let text = client.response().text();
    has_lines(&text, &["authority: Some(\"elsewhere.org:8080\")", "target: Some(\"/request?x\")"]);
    client.request("OPTIONS", "*");
    assert_eq!(client.response().status, 404);
    client.request("GET", "/hello%20there?");
    assert_eq!(client.response().status, 404);
    // An empty line before a request is left out.
    client.send("\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.response().status, 200);
}

#[test]
fn responses_have_the_right_shape() {
    let served = Served::start(&[]);
    let mut client = served.client();
    let response = client.get("/hello");
    assert_eq!(response.seen(), (200, "Hello, world!\n".to_owned()));
    assert_eq!(response.field("transfer-encoding"), Some("chunked"));
    assert!(response.field("date").is_some_and(|date| date.ends_with(" GMT")), "{response:?}");

    for code in [200, 201, 206, 302, 400, 404, 418, 451, 500, 503, 599, 799] {
        let response = client.get(&format!("/status?code={code}"));
        assert_eq!(response.seen(), (code, "a text\n".to_owned()));
        assert_eq!(response.field("content-length"), Some("7"), "{response:?}");
        assert_eq!(response.field("content-type"), Some("text/plain"), "{response:?}");
    }
    for code in [200, 204, 304, 404] {
        let response = client.get(&format!("/empty?code={code}"));
        assert_eq!(response.seen(), (code, String::new()));
        assert_eq!(response.field("transfer-encoding"), None, "{response:?}");
    }
    let response = client.get("/length?declared=1000&sent=1000");
    assert_eq!((response.field("content-length"), response.body.len()), (Some("1000"), 1000));
    let response = client.get("/length?declared=0&sent=0");
    assert_eq!((response.field("content-length"), response.body.len()), (Some("0"), 0));

    let response = client.get("/fields?count=90&bytes=300");
    assert_eq!(response.fields.iter().filter(|(name, _)| name.starts_with("x-field-")).count(), 90);
    assert!((0..90).all(|index| response.field(&format!("x-field-{index}")) == Some(&*"v".repeat(300))));
    let cookies: Vec<_> = response.fields.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a=1", "b=2; Path=/"]);
}

#[test]
fn the_response_to_head_has_no_body() {
    let served = Served::start(&[]);
    let mut client = served.client();
    for (path, status, length) in [
        ("/status?code=200", 200, Some("7")),
        ("/length?declared=1000&sent=1000", 200, Some("1000")),
        ("/nothing", 404, Some("13")),
        ("/hello", 200, None),
        ("/large?bytes=300000", 200, None),
    ] {
        client.request("HEAD", path);
        let head = client.head();
        assert_eq!(head.status, status, "{path}");
        if length.is_some() {
            assert_eq!(head.field("content-length"), length, "{path}");
        }
    }
    // The bytes behind it are the next response.
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn http_1_0() {
    let served = Served::start(&[]);
    // No chunks: the end of the connection is the end of the body.
    let mut client = served.client();
    client.send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let response = client.response();
    assert_eq!((response.field("transfer-encoding"), response.field("content-length")), (None, None));
    assert_eq!(response.text(), "Hello, world!\n");
    assert!(client.is_closed());

    let mut client = served.client();
    client.send("GET /status?code=200 HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.response().text(), "a text\n");
    assert!(client.is_closed());

    // The connection is kept only if both sides say so.
    let mut client = served.client();
    for _ in 0..3 {
        client.send("GET /status?code=200 HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n");
        let response = client.response();
        assert_eq!(response.text(), "a text\n");
        assert!(response.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("keep-alive")));
    }
    client.send("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n");
    assert_eq!(client.response().text(), "Hello, world!\n");
    assert!(client.is_closed());
}

#[test]
fn trailers_both_ways() {
    let served = Served::start(&[]);
    let mut client = served.client();
    client.send("GET /trailers HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\n\r\n");
    let response = client.response();
    assert_eq!(response.text(), "with trailers");
    let sums: Vec<_> = response.trailers.iter().filter(|(name, _)| name == "x-sum").collect();
    assert_eq!(sums.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["13", "thirteen"]);

    client.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\
         Trailer: X-Check\r\n\r\n4\r\nbody\r\n0\r\nX-Check: yes\r\n\r\n",
    );
    let response = client.response();
    assert_eq!(response.text(), "body");
    assert_eq!(response.trailers, [("x-check".to_owned(), "yes".to_owned())]);

    // Unread bodies have trailers as well.
    client.send(
        "POST /skipped HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\na: b\r\n\r\n",
    );
    assert_eq!(client.response().text(), "Ok(Some(1))\n");
    // A client that does not announce trailers gets at least the body.
    assert_eq!(client.get("/trailers").text(), "with trailers");
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn a_client_that_waits_for_leave_gets_it() {
    let served = Served::start(&[]);
    let mut client = served.client();
    for framing in ["Content-Length: 5", "Content-Length: 100000", "Transfer-Encoding: chunked"] {
        client.send(format!("POST /count HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n{framing}\r\n\r\n"));
        assert_eq!(client.head().status, 100);
        let (body, answer) = match framing {
            "Content-Length: 5" => (b"hello".to_vec(), "5\n"),
            "Content-Length: 100000" => (vec![7; 100_000], "100000\n"),
            _ => (b"5\r\nhello\r\n0\r\n\r\n".to_vec(), "5\n"),
        };
        client.send(body);
        assert_eq!(client.response().seen(), (200, answer.to_owned()), "{framing}");
    }
    // A client that does not wait may get it nevertheless.
    client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    let mut response = client.response();
    if response.status == 100 {
        response = client.response();
    }
    assert_eq!(response.seen(), (200, "5\n".to_owned()));
}

#[test]
fn every_request_has_an_instance_of_its_own() {
    let data = TempDir::new().unwrap();
    let grant = format!("{}::/data", data.path().display());
    let mut served = Served::start(&["--dir", &grant, "--env", "GREETING=hello"]);
    let mut client = served.client();
    for visit in 0..5 {
        assert_eq!(client.get("/instance").text(), "0 before\n");
        // State outside the instance stays.
        assert_eq!(client.get("/file").text(), format!("{visit} before\n"));
    }
    let world = client.get("/world").text();
    has_lines(
        &world,
        &[
            "variables: [(\"GREETING\", \"hello\")]",
            "input: Err(\"closed\"), a terminal: false",
            "directories: [\"/data\"]",
        ],
    );
    assert_eq!(client.get("/log").text(), "logged\n");
    // An instance that has answered may still work.
    assert_eq!(client.get("/after").text(), "answered\n");
    served.says("done after the answer");
    let ended = served.end();
    assert!(ended.stdout.contains("a line of output\n"), "{ended:?}");
    assert!(ended.stderr.contains("a line of errors\n"), "{ended:?}");
}
