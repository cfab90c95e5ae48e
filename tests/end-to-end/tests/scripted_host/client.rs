//! Clients, who do as is written.

use std::collections::VecDeque;

/// What a client does next.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends bytes.
    Sends(Vec<u8>),
    /// Does nothing for so many nanoseconds.
    Waits(u64),
    /// Sends nothing any more.
    Ends,
    /// Breaks the connection.
    Resets,
}

/// A client, from coming to going.
#[derive(Clone, Debug)]
pub struct Client {
    pub acts: VecDeque<Act>,
    /// Whether it ever reads.
    pub reads: bool,
    /// When its next act is.
    pub next: u64,
    /// What it was sent.
    pub received: Vec<u8>,
    /// When its connection was closed.
    pub closed: Option<u64>,
}

impl Client {
    pub fn new(acts: &[Act]) -> Self {
        Self { acts: acts.to_vec().into(), reads: true, next: 0, received: Vec::new(), closed: None }
    }

    /// One that sends this at once.
    pub fn sending(bytes: &str) -> Self {
        Self::new(&[Act::Sends(bytes.into())])
    }

    /// One that never reads.
    pub fn that_never_reads(bytes: &str) -> Self {
        Self { reads: false, ..Self::sending(bytes) }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Whether something can be read from it at the time `now`.
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
