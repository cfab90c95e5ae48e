//! Connections: kept, many at once, slow, broken.

use crate::served::Served;
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use wasmstone_test_support::client::Client;

/// Closes a connection so that the other side sees a reset.
fn reset(client: Client) {
    set_socket_linger(&client.stream, Some(Duration::ZERO)).unwrap();
    drop(client);
}

#[test]
fn a_request_on_a_kept_connection_is_three_calls() {
    const REQUESTS: u64 = 200;
    for path in ["/hello", "/status?code=200"] {
        let served = Served::start(&["--edge-calls"]);
        let mut client = served.client();
        for _ in 0..REQUESTS {
            let response = client.get(path);
            assert_eq!(response.status, 200);
            assert_ne!(response.field("connection"), Some("close"));
        }
        drop(client);
        let calls = served.end().calls();
        let sum: u64 = calls.iter().filter(|(name, _)| !name.starts_with("launch.")).map(|(_, count)| count).sum();
        // It waits, reads and sends. Listening, accepting and ending do not belong to a request.
        assert!(sum <= 3 * REQUESTS + 20, "{path}: {sum} for {REQUESTS}: {calls:?}");
        assert_eq!(calls["network.accept"], 1, "{calls:?}");
    }
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let served = Served::start(&[]);
    let mut client = served.client();
    let mut all = String::new();
    for index in 0..50 {
        all.push_str(&format!("GET /status?code={} HTTP/1.1\r\nHost: localhost\r\n\r\n", 200 + index));
        all.push_str("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
        all.push_str(
            "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        );
    }
    client.send(all);
    for index in 0..50 {
        let code = 200 + index;
        let response = client.response();
        assert_eq!(response.status, code);
        assert_eq!(client.response().text(), "3\n");
        assert_eq!(client.response().text(), "2\n");
    }
    client.send(
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n\
         GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    let response = client.response();
    assert_eq!((response.status, response.field("connection")), (200, Some("close")));
    assert_eq!(client.rest(), "", "nothing after the last one");
}

#[test]
fn a_byte_at_a_time() {
    let served = Served::start(&[]);
    let mut client = served.client();
    for _ in 0..2 {
        let request = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3\r\none\r\n5;x=y\r\ntwo..\r\n0\r\n\r\n";
        for byte in request.bytes() {
            client.send([byte]);
        }
        assert_eq!(client.response().text(), "onetwo..");
    }
    served.still_serves();
}

/// Uploads that have begun, each with an instance that waits for the rest of it.
fn uploads(served: &Served, count: usize) -> Vec<Client> {
    let begun = |_| {
        let mut client = served.client();
        client.begin("/count");
        client.chunk(b"begun");
        client
    };
    (0..count).map(begun).collect()
}

#[test]
fn requests_that_wait_stop_nobody_else() {
    let served = Served::start(&[]);
    let mut half_a_head = served.client();
    half_a_head.send("GET /hello HTTP/1.1\r\nHo");
    let mut half_a_body = served.client();
    half_a_body.send("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe");
    let mut open = uploads(&served, 4);
    let mut sleeping = served.client();
    sleeping.request("GET", "/sleep?milliseconds=200");
    let mut other = served.client();
    for _ in 0..20 {
        assert_eq!(other.get("/hello").status, 200);
    }
    for client in &mut open {
        client.chunk(b"and ended");
        client.chunk(b"");
        assert_eq!(client.response().text(), "14\n");
    }
    half_a_head.send("st: localhost\r\n\r\n");
    assert_eq!(half_a_head.response().status, 200);
    half_a_body.send("llo");
    assert_eq!(half_a_body.response().text(), "5\n");
    assert_eq!(sleeping.response().text(), "slept\n");
}

/// More requests than there are instances: the others wait until one is free, and nothing is lost.
#[test]
fn more_requests_than_instances() {
    const COUNT: usize = 100;
    let served = Served::start(&[]);
    let mut open = uploads(&served, COUNT);
    let mut waiting = served.client();
    waiting.request("GET", "/hello");
    for client in &mut open {
        client.chunk(b"");
    }
    for client in &mut open {
        assert_eq!(client.response().text(), "5\n");
    }
    assert_eq!(waiting.response().status, 200);
}

#[test]
fn a_peer_that_never_reads_stops_nobody_else() {
    const LENGTH: usize = 32 << 20;
    let served = Served::start(&[]);
    let mut stuffed: Vec<_> = (0..3).map(|_| served.client()).collect();
    for client in &mut stuffed {
        client.request("GET", &format!("/large?bytes={LENGTH}"));
    }
    for _ in 0..5 {
        served.still_serves();
    }
    // In the end one client reads, and gets everything; the others never do.
    let body = stuffed[0].response().body;
    assert_eq!(body.len(), LENGTH);
    assert!(body.iter().enumerate().all(|(index, byte)| *byte == (index % 251) as u8));
    served.still_serves();
}

#[test]
fn half_closed_connections_get_their_answers() {
    let served = Served::start(&[]);
    let mut client = served.client();
    client.request("GET", "/hello");
    client.end();
    assert_eq!(client.response().text(), "Hello, world!\n");
    assert!(client.is_closed());

    let mut client = served.client();
    client.begin("/echo");
    client.chunk(b"the last word");
    client.chunk(b"");
    client.end();
    assert_eq!(client.response().text(), "the last word");
    assert!(client.is_closed());

    // A connection whose bytes cannot become a request any more ends as well.
    for unfinished in [
        "",
        "G",
        "GET /hello HTTP/1.1\r\nHost: loc",
        "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello",
        "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nhello",
        "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let mut client = served.client();
        client.send(unfinished);
        client.end();
        let answer = client.rest();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{unfinished:?}: {answer}");
    }
    served.still_serves();
}

#[test]
fn resets_in_every_state() {
    let served = Served::start(&[]);
    for _ in 0..10 {
        reset(served.client());
        for begun in [
            "GET /hello HT",
            "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello",
            "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nhello",
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "GET /large?bytes=100000000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /pieces?count=1000000&milliseconds=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ] {
            let mut client = served.client();
            client.send(begun);
            // A response that has begun is cut off.
            if begun.contains("/large") || begun.contains("/echo") || begun.contains("/pieces") {
                assert_eq!(client.head().status, 200);
            }
            reset(client);
        }
        served.still_serves();
    }
}

/// Incomplete requests are kept outside any instance, so there is a limit for all together.
#[test]
fn many_half_requests() {
    const LENGTH: usize = 60_000;
    let served = Served::start(&[]);
    let mut clients: Vec<_> = (0..100)
        .map(|_| {
            let mut client = served.client();
            let head =
                format!("POST /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {LENGTH}\r\n\r\n");
            client.send(head);
            client.try_send(vec![b'x'; LENGTH - 1]);
            client
        })
        .collect();
    served.still_serves();
    let answers = clients.iter_mut().map(|client| {
        client.try_send("x");
        client.rest()
    });
    let (answered, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.ends_with("60000\n"));
    assert!(!answered.is_empty() && !refused.is_empty(), "{} and {}", answered.len(), refused.len());
    assert!(refused.iter().all(|answer| answer.starts_with("HTTP/1.1 503 ")), "{refused:?}");
    served.still_serves();
}

#[test]
fn two_thousand_connections_at_once() {
    const COUNT: usize = 2000;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(COUNT as u64 + 500, |maximum| maximum.min(COUNT as u64 + 500));
    setrlimit(
        Resource::Nofile,
        Rlimit { current: Some(wanted.max(limit.current.unwrap_or(0))), maximum: limit.maximum },
    )
    .unwrap();
    let served = Served::start(&[]);
    let mut clients: Vec<_> = (0..COUNT)
        .map(|_| {
            let mut client = served.client();
            client.last("/hello");
            client
        })
        .collect();
    for client in &mut clients {
        assert_eq!(client.response().text(), "Hello, world!\n");
    }
    drop(clients);
    served.still_serves();
}
