//! Running an enclave: entering and leaving it, and answering its edge calls.

use super::abi::{EDGE_CALL, EXITED, INTERRUPTED, Request, Run};
use super::driver::Device;
use super::enclave::Enclave;
use super::float::FloatRegisters;
use crate::edge_call::Dispatcher;
use crate::edge_server::Server;
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why the enclave does not run any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It made the EXIT call with this value.
    Exited(u64),
    /// Its gate was closed.
    Closed,
    /// The security monitor refused to enter it, with this error code.
    Refused(u64),
    /// The driver failed.
    Failed(Errno),
}

/// Runs a fresh enclave until it is left for good; `called` tells that it has made an edge call. With
/// `foreign_floats` its floating-point registers are not kept: it finds other values whenever it is entered.
///
/// The thread that answers an edge call also enters the enclave again, so an edge call costs no switch of threads.
pub fn run<D: Device>(enclave: &Enclave<D>, server: &mut Server, called: &AtomicBool, foreign_floats: bool) -> Left {
    let mut dispatcher = Dispatcher::default();
    let mut floats = FloatRegisters::default();
    let mut request = Request::Run;
    loop {
        if !enclave.gate.enter() {
            return Left::Closed;
        }
        let mut run = Run { eid: enclave.eid, ..Run::default() };
        if foreign_floats {
            floats = FloatRegisters::foreign();
        }
        let entered = enclave.device.enter(request, &mut run, &mut floats);
        if !enclave.gate.leave() {
            return Left::Closed;
        }
        match entered.map(|()| run.error) {
            Ok(INTERRUPTED) => {}
            Ok(EDGE_CALL) => {
                called.store(true, Ordering::Release);
                dispatcher.dispatch(&enclave.buffer.buffer(), server);
            }
            // The enclave would go on if it were entered once more.
            Ok(EXITED) => return Left::Exited(run.value),
            Ok(code) => return Left::Refused(code),
            Err(error) => return Left::Failed(error),
        }
        request = Request::Resume;
    }
}
