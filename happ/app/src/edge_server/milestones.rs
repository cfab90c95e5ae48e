//! When an enclave reached what, as its host sees it.

use std::time::Instant;
use wasmstone_edge_protocol::{Operation, OperationInfo, io, launch};

/// Points in time on an enclave's way; `None` where it did not get there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// It runs: its first edge call.
    pub running: Option<Instant>,
    /// The last part of a streamed program was handed over.
    pub streamed: Option<Instant>,
    /// The first edge call that is the guest's own.
    pub guest: Option<Instant>,
    /// The guest's first output was written.
    pub output: Option<Instant>,
}

impl Milestones {
    /// An edge call has come.
    pub(super) fn called(&mut self, operation: &OperationInfo) {
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
    pub(super) fn answered(&mut self, operation: &OperationInfo) {
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
