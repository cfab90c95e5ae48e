//! What a guest has in flight: requests to servers, and bodies that it wrote. Every poll of the guest continues all
//! of them, whatever the guest polls.

use super::{connection::Connection, outbound::OutboundRequest};
use crate::host::Host;
use crate::waiting::PollSet;
use alloc::{sync::Arc, sync::Weak, vec::Vec};
use core::mem::take;
use spinning_top::Spinlock;
use wasmtime::Result;

/// What continues while its guest waits.
pub enum InFlight {
    /// A request whose response has not come.
    Request(Weak<Spinlock<OutboundRequest>>),
    /// A connection on which the guest writes.
    Connection(Weak<Spinlock<Connection>>),
}

impl InFlight {
    /// Continues, for the guest `owner`, and adds what it waits for to `polls`. The result is what is in flight after
    /// it, if anything.
    fn advance(self, host: &mut Host, owner: u32, polls: &mut PollSet) -> Result<Option<Self>> {
        match &self {
            Self::Request(request) => {
                let Some(shared) = request.upgrade() else { return Ok(None) };
                let mut request = shared.lock();
                request.advance(host, owner)?;
                request.add_to(polls);
                if request.is_over() {
                    // The response may be here before all of the request's body is sent.
                    return Ok(request.connection().map(|connection| Self::Connection(Arc::downgrade(connection))));
                }
            }
            Self::Connection(connection) => {
                let Some(connection) = connection.upgrade() else { return Ok(None) };
                let mut connection = connection.lock();
                connection.pump(host)?;
                polls.add(connection.output_wait());
                if connection.is_finished() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(self))
    }

    /// Takes the host's answers.
    pub fn take_answers(&self, polls: &PollSet) {
        match self {
            Self::Request(request) => {
                request.upgrade().inspect(|request| request.lock().take_answers(polls));
            }
            Self::Connection(connection) => {
                connection.upgrade().inspect(|connection| connection.lock().take_answers(polls));
            }
        }
    }
}

/// Continues all that the guest `owner` has in flight, and adds what that waits for to `polls`.
///
/// # Errors
/// If the host broke the contract.
pub fn advance_all(all: &mut Vec<InFlight>, host: &mut Host, owner: u32, polls: &mut PollSet) -> Result<()> {
    for in_flight in take(all) {
        let next = in_flight.advance(host, owner, polls)?;
        all.extend(next);
    }
    Ok(())
}
