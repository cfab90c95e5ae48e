//! Services that trap, exit, do not answer, leak and take all the memory: the next request is served.

use crate::served::Served;

#[test]
fn what_fails_before_it_answers_is_an_error() {
    let served = Served::start(&[]);
    for path in ["/trap?when=before", "/exit?code=0", "/exit?code=3", "/silence", "/refuse"] {
        for _ in 0..3 {
            let response = served.get(path);
            assert_eq!(response.status, 500, "{path}: {response:?}");
            assert!(response.complete, "{path}: {response:?}");
        }
        served.still_serves();
    }
    // Also with a body that the service did not read.
    let mut client = served.client();
    assert_eq!(client.post("/trap?when=before", b"unread").status, 500);
    let ended = served.end();
    assert!(ended.stderr.contains("trapped"), "{ended:?}");
}

#[test]
fn what_fails_later_does_no_harm() {
    let served = Served::start(&[]);
    for _ in 0..5 {
        let response = served.get("/trap?when=after");
        assert_eq!(response.seen(), (200, "answered\n".to_owned()));
        assert!(response.complete);
        // Another test covers the end.
        let mut client = served.client();
        client.last("/unfinished");
        assert!(client.rest().starts_with("HTTP/1.1 200 "));
        served.still_serves();
    }
}

#[test]
fn memory_comes_back() {
    let served = Served::start(&[]);
    let first = served.get("/memory");
    assert_eq!(first.status, 200, "{first:?}");
    let mebibytes: u64 = first.text().trim().parse().unwrap();
    assert!((1..=64).contains(&mebibytes), "{first:?}");
    for _ in 0..10 {
        assert_eq!(served.get("/memory").text(), first.text());
    }
    served.still_serves();
}

#[test]
fn leaks_end_with_the_request() {
    let served = Served::start(&["--net"]);
    let first = served.get("/leak?count=500").seen();
    assert_eq!(first, (200, "500 sockets, directories: false\n".to_owned()));
    // Together they would need more memory than there is.
    for _ in 0..20 {
        assert_eq!(served.get("/leak?count=500").seen(), first);
    }
    served.still_serves();
}
