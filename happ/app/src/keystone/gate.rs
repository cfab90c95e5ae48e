//! The gate of an enclave: one thread enters and leaves the enclave, another thread may close the gate for good.

use std::sync::atomic::{AtomicU8, Ordering};

const OUTSIDE: u8 = 0;
const INSIDE: u8 = 1;
const CLOSED: u8 = 2;

/// Once the gate is closed, no thread enters any more. That matters because the driver gives the number of a
/// destroyed enclave to the next enclave, which may belong to another process.
#[derive(Debug, Default)]
pub struct Gate(AtomicU8);

impl Gate {
    /// The thread is about to enter; false if it may not.
    #[must_use]
    pub fn enter(&self) -> bool {
        self.0.compare_exchange(OUTSIDE, INSIDE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The thread has come out; false if the gate was closed meanwhile.
    #[must_use]
    pub fn leave(&self) -> bool {
        self.0.compare_exchange(INSIDE, OUTSIDE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Closes the gate. Returns whether the thread is inside, and will come out soon.
    pub fn close(&self) -> bool {
        self.0.swap(CLOSED, Ordering::AcqRel) == INSIDE
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;

    #[test]
    fn nobody_enters_a_closed_gate() {
        let gate = Gate::default();
        assert!(gate.enter() && gate.leave() && gate.enter());
        assert!(gate.close(), "somebody is inside");
        assert!(!gate.leave() && !gate.enter());
        assert!(!gate.close());

        let gate = Gate::default();
        assert!(!gate.close(), "nobody is inside");
        assert!(!gate.enter());
    }
}
