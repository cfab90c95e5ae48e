//! The times at which an enclave reached its milestones, measured by its host.

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
