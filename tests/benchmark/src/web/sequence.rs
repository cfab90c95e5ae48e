//! The experiment of the WasmStone paper: pictures that are sent to a classifier, one after another.

use super::client::{Client, Picture};
use crate::statistics::Rounds;
use anyhow::Result;
use serde_json::json;
use std::net::SocketAddr;

/// The number and kind of rounds.
pub struct Sequence {
    /// The number of pictures in a round.
    pub count: usize,
    /// The number of rounds.
    pub rounds: usize,
    /// Whether all pictures go over one connection, instead of each over a connection of its own.
    pub keep_alive: bool,
}

impl Sequence {
    /// The numbers of the paper.
    pub const PAPER: Self = Self { count: 100, rounds: 10, keep_alive: false };

    /// The seconds that each round took. Every picture is sent once before, uncounted.
    ///
    /// # Errors
    /// If an answer is missing or wrong.
    pub fn run(&self, address: SocketAddr, pictures: &[Picture]) -> Result<Rounds> {
        let client = Client::new(address, self.keep_alive);
        client.round(pictures, pictures.len())?;
        (0..self.rounds).map(|_| client.round(pictures, self.count)).collect()
    }

    /// The result, for people.
    pub fn text(&self, address: SocketAddr, rounds: &Rounds) -> String {
        let connections = if self.keep_alive { "one connection" } else { "a connection each" };
        let mut text = format!("{} pictures to {address}, {connections}\n", self.count);
        for seconds in rounds.values() {
            text += &format!("{seconds:10.4} s\n");
        }
        text + &format!(
            "mean {:.4} s, median {:.4} s, standard deviation {:.4} s, {:.4} – {:.4} s\n",
            rounds.mean(),
            rounds.median(),
            rounds.deviation(),
            rounds.min(),
            rounds.max()
        )
    }

    /// The result, for programs.
    pub fn json(&self, address: SocketAddr, rounds: &Rounds) -> String {
        let result = json!({
            "address": address.to_string(),
            "count": self.count,
            "keep_alive": self.keep_alive,
            "seconds": rounds.values(),
            "mean": rounds.mean(),
            "median": rounds.median(),
            "deviation": rounds.deviation(),
            "min": rounds.min(),
            "max": rounds.max(),
        });
        format!("{result:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Sequence;
    use crate::web::client::{pictures, tests::answering};
    use serde_json::Value;

    #[test]
    fn every_picture_is_sent_and_every_answer_checked() {
        let sevens: Vec<_> = pictures().unwrap().into_iter().filter(|picture| picture.digit == 7).collect();
        for (keep_alive, connections) in [(false, 7), (true, 1)] {
            let sequence = Sequence { count: 3, rounds: 2, keep_alive };
            let (address, server) = answering(connections, r#"{"digit": 7}"#);
            let rounds = sequence.run(address, &sevens).unwrap();
            assert_eq!((rounds.values().len(), server.join().unwrap()), (2, 7));

            let text = sequence.text(address, &rounds);
            assert!(text.contains("3 pictures to 127.0.0.1:") && text.lines().count() == 4, "{text}");
            let json: Value = serde_json::from_str(&sequence.json(address, &rounds)).unwrap();
            assert_eq!((json["count"].as_u64(), json["seconds"].as_array().unwrap().len()), (Some(3), 2));
        }
    }
}
