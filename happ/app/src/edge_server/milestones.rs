//! What an enclave's host counts and times of the enclave's edge calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use wasmstone_edge_protocol::{Operation, OperationInfo, io, launch};

/// When an enclave reached each milestone; `None` if it did not reach it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// The enclave runs: its first edge call.
    pub running: Option<Instant>,
    /// The last part of a streamed program was handed over.
    pub streamed: Option<Instant>,
    /// The guest runs: its first edge call.
    pub guest: Option<Instant>,
    /// The guest's first output was written.
    pub output: Option<Instant>,
}

impl Milestones {
    /// An edge call has come.
    fn called(&mut self, operation: &OperationInfo) {
        if self.guest.is_some() {
            return;
        }
        let now = Instant::now();
        self.running.get_or_insert(now);
        if operation.call != launch::Start::CALL {
            self.guest = Some(now);
        }
    }

    /// It was answered.
    fn answered(&mut self, operation: &OperationInfo) {
        if self.output.is_some() {
            return;
        }
        match (operation.call, operation.function) {
            (launch::Program::CALL, launch::Program::FUNCTION) => self.streamed = Some(Instant::now()),
            (io::Write::CALL, io::Write::FUNCTION) => self.output = Some(Instant::now()),
            _ => {}
        }
    }
}

/// What was counted and timed until now. Clones are of the same record, so that it can be read while another thread
/// answers a call that takes for ever.
#[derive(Clone, Debug, Default)]
pub(super) struct Record(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    counts: BTreeMap<&'static str, u64>,
    milestones: Milestones,
}

impl Record {
    fn locked(&self) -> MutexGuard<'_, Recorded> {
        // Every change is made in one step, so a thread that panicked has left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An edge call has come.
    pub fn called(&self, operation: &OperationInfo) {
        let mut recorded = self.locked();
        *recorded.counts.entry(operation.name).or_default() += 1;
        recorded.milestones.called(operation);
    }

    /// It was answered.
    pub fn answered(&self, operation: &OperationInfo) {
        self.locked().milestones.answered(operation);
    }

    /// How often each operation was called.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.locked().counts.clone()
    }

    /// The times of the milestones.
    pub fn milestones(&self) -> Milestones {
        self.locked().milestones
    }
}
