//! A host that gives the same bytes in every run: the random numbers still differ between machines, and between
//! instances.

use crate::client::Client;
use crate::host::{Served, serve_lying, serve_on};
use crate::lies::{failing, header};
use std::collections::BTreeSet;
use wasmstone_edge_protocol::{ExitStatus, Status};

const ASKS: &str = "GET /random HTTP/1.1\r\nHost: a\r\n\r\n";

fn clients() -> Vec<Client> {
    vec![Client::sending(ASKS), Client::sending(&ASKS.repeat(2))]
}

/// Every random number that was given out.
fn numbers(served: &Served) -> Vec<u64> {
    assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
    let text: String = served.clients.iter().map(Client::text).collect();
    text.lines().filter(|line| line.len() == 16).filter_map(|line| u64::from_str_radix(line, 16).ok()).collect()
}

#[test]
fn a_host_that_repeats_itself_does_not_get_the_same_random_numbers() {
    let runs = [1, 1, 2, 3].map(|private| numbers(&serve_on(private, clients())));
    assert_eq!(runs[0], runs[1], "the script is the same to the byte: what differs is the machine's secret");
    for run in &runs {
        assert_eq!(run.len(), 3 * 8);
    }
    let all: BTreeSet<_> = runs[1..].iter().flatten().collect();
    assert_eq!(all.len(), 3 * 3 * 8, "every number once, in all instances of all runs");
}

#[test]
fn each_instance_asks_the_host_for_more_of_its_own() {
    let served = serve_on(1, clients());
    let asked = served.world.asked.iter().filter(|name| **name == "launch.entropy").count();
    assert_eq!(asked, 3, "once in each, after the first mebibyte");
}

#[test]
fn a_host_that_refuses_is_no_obstacle_and_one_that_lies_is_the_end() {
    let refusing = numbers(&serve_lying(clients(), "launch.entropy", 0, failing(Status::Unsupported)));
    assert_eq!(refusing.iter().collect::<BTreeSet<_>>().len(), 3 * 8);
    for lie in [header(|header| header.body_length = 0.into()), header(|header| header.request_id = 1.into())] {
        let served = serve_lying(clients(), "launch.entropy", 1, lie);
        assert_eq!(served.ended.status, ExitStatus::Violation, "{}", served.world.said);
        assert_eq!(served.world.asked.last(), Some(&"launch.entropy"), "nothing more was asked");
    }
}
