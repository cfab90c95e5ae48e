//! The pieces in which the bytes of a connection arrive do not matter.

use crate::client::{Act, Client};
use crate::host::serve;
use wasmstone_edge_protocol::ExitStatus;

const REQUESTS: &str = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
    5\r\nhello\r\n00006;x=\"y\"\r\n there\r\n0\r\nX-Sum: 11\r\n\r\n\
    \r\nPOST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab\r\n\r\
    POST /count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
    HEAD /status?code=201 HTTP/1.1\r\nHost: a\r\n\r\n\
    GET /status?code=202 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[test]
fn every_cut_gives_the_same_answers() {
    let bytes = REQUESTS.as_bytes();
    let cut = |at: usize| {
        let (one, other) = bytes.split_at(at);
        Client::new(&[Act::Sends(one.to_vec()), Act::Waits(1_000_000), Act::Sends(other.to_vec())])
    };
    let mut clients: Vec<_> = (1..bytes.len()).map(cut).collect();
    // A byte at a time, and all bytes in twos and threes.
    for length in 1..4 {
        let pieces = bytes.chunks(length).flat_map(|piece| [Act::Sends(piece.to_vec()), Act::Waits(1_000_000)]);
        clients.push(Client::new(&pieces.collect::<Vec<_>>()));
    }
    let served = serve(clients);
    assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
    for (index, client) in served.clients.iter().enumerate() {
        // `100 Continue` is sent only if the body did not come with the head.
        let text = client.text().replace("HTTP/1.1 100 Continue\r\n\r\n", "");
        let without_time =
            |text: &str| text.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n");
        let expected = "HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 3\n\n11\n\
            HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 2\n\n5\n\
            HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 2\n\n0\n\
            HTTP/1.1 201 Created\ncontent-type: text/plain\ncontent-length: 7\n\n\
            HTTP/1.1 202 Accepted\ncontent-type: text/plain\ncontent-length: 7\nconnection: close\n\na text";
        assert_eq!(without_time(&text), expected, "cut {index}");
        assert!(client.closed.is_some());
    }
}
