//! No client keeps others waiting for ever. The host decides about time here, and it passes as fast as it is read.

use crate::client::{Act, Client};
use crate::host::{SECOND, serve};
use wasmstone_edge_protocol::ExitStatus;

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const MINUTE: u64 = 60 * SECOND;

/// Serves one client beside another one that is answered whatever the first does.
fn alone(client: Client) -> Client {
    let served = serve(vec![client, Client::sending(HELLO)]);
    assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
    let mut clients = served.clients.into_iter();
    let client = clients.next().unwrap();
    assert!(clients.next().unwrap().text().contains("Hello, world!"));
    client
}

#[track_caller]
fn closed_within(client: &Client, from: u64, to: u64) {
    let closed = client.closed.expect("it was closed");
    assert!((from..=to).contains(&closed), "closed after {} s", closed as f64 / SECOND as f64);
}

#[test]
fn silence_is_not_waited_for() {
    let client = alone(Client::new(&[]));
    assert_eq!(client.text(), "");
    closed_within(&client, MINUTE, 2 * MINUTE);
    let client = alone(Client::sending("GET /hello HTTP/1.1\r\nHos"));
    assert!(client.text().is_empty() || client.text().starts_with("HTTP/1.1 408 "), "{}", client.text());
    closed_within(&client, MINUTE, 2 * MINUTE);
}

/// A head that comes a byte at a time has no more time than another one.
#[test]
fn a_byte_a_second() {
    let mut acts = Vec::new();
    for byte in "GET /hello HTTP/1.1\r\nHost: a\r\nX-Long: ".bytes().chain([b'x'; 1000]) {
        acts.extend([Act::Sends(vec![byte]), Act::Waits(SECOND)]);
    }
    let client = alone(Client::new(&acts));
    assert!(!client.text().contains("200 OK"), "{}", client.text());
    closed_within(&client, MINUTE, 2 * MINUTE);

    // A client that is fast enough is served.
    let mut acts = Vec::new();
    for byte in HELLO.bytes() {
        acts.extend([Act::Sends(vec![byte]), Act::Waits(SECOND)]);
    }
    assert!(alone(Client::new(&acts)).text().contains("Hello, world!"));
}

#[test]
fn a_kept_connection_is_kept_a_while() {
    let again = |pause| Client::new(&[Act::Sends(HELLO.into()), Act::Waits(pause), Act::Sends(HELLO.into())]);
    let client = alone(again(MINUTE / 2));
    assert_eq!(client.text().matches("Hello, world!").count(), 2);
    let client = alone(again(10 * MINUTE));
    assert_eq!(client.text().matches("Hello, world!").count(), 1);
    closed_within(&client, MINUTE, 2 * MINUTE);
}

#[test]
fn a_body_that_does_not_go_on_is_given_up() {
    for framing in ["Content-Length: 10", "Content-Length: 1000000", "Transfer-Encoding: chunked"] {
        let head = format!("POST /count HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n5\r\nhel");
        let client = alone(Client::sending(&head));
        assert!(!client.text().contains("200 OK"), "{framing}: {}", client.text());
        closed_within(&client, MINUTE, 3 * MINUTE);
    }
    // As long as it continues, it may take its time.
    let mut acts = vec![Act::Sends(b"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())];
    for _ in 0..20 {
        acts.extend([Act::Waits(MINUTE / 2), Act::Sends(b"1\r\nx\r\n".to_vec())]);
    }
    acts.push(Act::Sends(b"0\r\n\r\n".to_vec()));
    assert!(alone(Client::new(&acts)).text().ends_with("20\n"));
}

#[test]
fn who_never_reads_is_given_up() {
    let client = alone(Client::that_never_reads("GET /large?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    closed_within(&client, MINUTE, 3 * MINUTE);
    let client = alone(Client::that_never_reads(HELLO));
    closed_within(&client, 0, 3 * MINUTE);
}

#[test]
fn who_goes_is_forgotten_at_once() {
    for acts in [
        vec![Act::Ends],
        vec![Act::Resets],
        vec![Act::Sends(b"GET /hel".to_vec()), Act::Ends],
        vec![Act::Sends(b"GET /hel".to_vec()), Act::Resets],
        vec![Act::Sends(HELLO.into()), Act::Resets],
        vec![
            Act::Sends(b"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec()),
            Act::Resets,
        ],
    ] {
        let client = alone(Client::new(&acts));
        closed_within(&client, 0, 10 * SECOND);
    }
}

/// The end is asked for while requests are in flight; they are answered first.
#[test]
fn a_service_sleeps_by_its_own_clock() {
    let client =
        alone(Client::sending("GET /sleep?milliseconds=5000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert!(client.text().ends_with("slept\n"), "{}", client.text());
    closed_within(&client, 5 * SECOND, 10 * SECOND);
}

/// Clients beyond the limit wait until others close their connections, or were idle for too long.
#[test]
fn a_thousand_and_twenty_four_at_once() {
    let last = HELLO.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    for request in [HELLO, &last] {
        let served = serve(vec![Client::sending(request); 2500]);
        assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
        assert!(served.clients.iter().all(|client| client.text().contains("Hello, world!")));
        assert!((100..=1024).contains(&served.world.most), "{}", served.world.most);
    }
}
