//! Clients that follow a script.

use std::collections::VecDeque;

/// The next action of a client.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends bytes.
    Sends(Vec<u8>),
    /// Does nothing for this many nanoseconds.
    Waits(u64),
    /// Ends the sending side.
    Ends,
    /// Breaks the connection.
    Resets,
}

/// A client, from connecting to closing.
#[derive(Clone, Debug)]
pub struct Client {
    pub acts: VecDeque<Act>,
    /// Whether it ever reads.
    pub reads: bool,
    /// The time of its next action.
    pub next: u64,
    /// The bytes that it was sent.
    pub received: Vec<u8>,
    /// When its connection was closed.
    pub closed: Option<u64>,
}

impl Client {
    pub fn new(acts: &[Act]) -> Self {
        Self { acts: acts.to_vec().into(), reads: true, next: 0, received: Vec::new(), closed: None }
    }

    /// A client that sends this at once.
    pub fn sending(bytes: &str) -> Self {
        Self::new(&[Act::Sends(bytes.into())])
    }

    /// A client that never reads.
    pub fn that_never_reads(bytes: &str) -> Self {
        Self { reads: false, ..Self::sending(bytes) }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Whether bytes of the client can be read at the time `now`.
    pub fn is_ready(&mut self, now: u64) -> bool {
        while let Some(Act::Waits(time)) = self.acts.front() {
            if self.next == 0 {
                self.next = now + time;
            }
            if self.next > now {
                return false;
            }
            self.next = 0;
            self.acts.pop_front();
        }
        !self.acts.is_empty()
    }
}
