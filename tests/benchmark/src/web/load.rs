//! Many clients that send pictures to a classifier at once, each on a connection that is kept.

use super::client::{Client, Picture};
use anyhow::Result;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// The number of connections and the time.
pub struct Load {
    /// The number of connections.
    pub connections: usize,
    /// The time, from when all connections were answered once.
    pub duration: Duration,
}

/// The result of a load.
pub struct Carried {
    /// The number of right answers in time.
    pub answers: usize,
    /// Why connections stopped before the time was up.
    pub errors: Vec<String>,
    seconds: f64,
}

impl Carried {
    /// The number of right answers in a second.
    pub fn throughput(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

impl Load {
    /// Puts the load on the server at `address`. A connection ends with its first error.
    pub fn run(&self, address: SocketAddr, pictures: &[Picture]) -> Carried {
        let all_connected = Barrier::new(self.connections);
        let results: Vec<_> = thread::scope(|scope| {
            let all_connected = &all_connected;
            let start = |first| scope.spawn(move || self.sender(address, pictures, first, all_connected));
            let senders: Vec<_> = (0..self.connections).map(start).collect();
            let joined = senders.into_iter().map(|sender| sender.join());
            joined.map(|result| result.unwrap_or_else(|_| (0, Some("a sender panicked".to_owned())))).collect()
        });
        Carried {
            answers: results.iter().map(|(answers, _)| answers).sum(),
            errors: results.into_iter().filter_map(|(_, error)| error).collect(),
            seconds: self.duration.as_secs_f64(),
        }
    }

    /// One connection: the number of its right answers, and the error that ended it before the time was up.
    fn sender(
        &self,
        address: SocketAddr,
        pictures: &[Picture],
        first: usize,
        all: &Barrier,
    ) -> (usize, Option<String>) {
        let client = Client::new(address, true);
        let mut answers = 0;
        let mut pictures = pictures.iter().cycle().skip(first);
        let mut send = || pictures.next().map_or(Ok(()), |picture| client.send(picture));
        let connected = send();
        all.wait();
        let start = Instant::now();
        let ended: Result<()> = connected.and_then(|()| {
            loop {
                send()?;
                // An answer that comes too late is right, but does not count.
                if start.elapsed() >= self.duration {
                    return Ok(());
                }
                answers += 1;
            }
        });
        (answers, ended.err().map(|error| format!("{error:#}")))
    }

    /// The result, for people.
    pub fn text(&self, address: SocketAddr, carried: &Carried) -> String {
        let Carried { answers, errors, seconds } = carried;
        let mut text = format!("{} connections to {address} for {seconds} s\n", self.connections);
        for error in errors {
            text += &format!("error: {error}\n");
        }
        let throughput = carried.throughput();
        text + &format!("{answers} answers, {throughput:.2} in a second, {} errors\n", errors.len())
    }

    /// The result, for programs.
    pub fn json(&self, address: SocketAddr, carried: &Carried) -> String {
        let result = json!({
            "address": address.to_string(),
            "connections": self.connections,
            "seconds": carried.seconds,
            "answers": carried.answers,
            "throughput": carried.throughput(),
            "errors": carried.errors,
        });
        format!("{result:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Load;
    use crate::web::client::{pictures, tests::answering};
    use serde_json::Value;
    use std::time::Duration;

    #[test]
    fn every_connection_is_kept_and_sends_until_the_time_is_up() {
        let sevens: Vec<_> = pictures().unwrap().into_iter().filter(|picture| picture.digit == 7).collect();
        let load = Load { connections: 4, duration: Duration::from_millis(50) };
        let (address, server) = answering(4, r#"{"digit": 7}"#);
        let carried = load.run(address, &sevens);
        assert_eq!(carried.errors, [""; 0]);
        // The first answer of each connection is not counted, and the last one came too late.
        assert_eq!(server.join().unwrap(), carried.answers + 2 * 4);
        let json: Value = serde_json::from_str(&load.json(address, &carried)).unwrap();
        assert_eq!((json["connections"].as_u64(), json["answers"].as_u64()), (Some(4), Some(carried.answers as u64)));
    }

    #[test]
    fn a_connection_ends_with_its_first_error() {
        let load = Load { connections: 2, duration: Duration::from_secs(600) };
        let (address, server) = answering(2, r#"{"digit": 99}"#);
        let carried = load.run(address, &pictures().unwrap());
        assert_eq!((carried.answers, carried.errors.len(), server.join().unwrap()), (0, 2, 2));
        let text = load.text(address, &carried);
        assert!(text.contains("error: a 0 was taken for") && text.ends_with("2 errors\n"), "{text}");
    }
}
