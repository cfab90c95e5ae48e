//! What a guest has under way while it waits for whatever: requests to servers, and bodies that it wrote.

use crate::exchange::connection::Connection;
use crate::exchange::outbound::ClientRequest;
use crate::guest::Guest;
use crate::wasi::poll::Inquiry;
use alloc::sync::{Arc, Weak};
use core::mem::take;
use spinning_top::Spinlock;
use wasmtime::Result;

/// What goes on while its guest waits for whatever.
pub enum Moving {
    /// A request on its way.
    Request(Weak<Spinlock<ClientRequest>>),
    /// A connection on which the guest writes.
    Connection(Weak<Spinlock<Connection>>),
}

impl Moving {
    /// Goes on, and tells what it waits for. What comes after it, if anything.
    fn advance(self, guest: &mut Guest, inquiry: &mut Inquiry) -> Result<Option<Self>> {
        match &self {
            Self::Request(request) => {
                let Some(shared) = request.upgrade() else { return Ok(None) };
                let mut request = shared.lock();
                request.advance(guest)?;
                request.ask(inquiry);
                if request.is_over() {
                    // The body may still be on its way.
                    return Ok(request.connection().map(|connection| Self::Connection(Arc::downgrade(connection))));
                }
            }
            Self::Connection(connection) => {
                let Some(connection) = connection.upgrade() else { return Ok(None) };
                let mut connection = connection.lock();
                connection.pump(&mut guest.host)?;
                inquiry.add(connection.wants_output());
                if connection.is_finished() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(self))
    }

    fn hear(&self, inquiry: &Inquiry) {
        match self {
            Self::Request(request) => {
                request.upgrade().inspect(|request| request.lock().hear(inquiry));
            }
            Self::Connection(connection) => {
                connection.upgrade().inspect(|connection| connection.lock().hear(inquiry));
            }
        }
    }
}

impl Guest {
    /// Goes on with what the guest has under way, and adds what that waits for.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn move_on(&mut self, inquiry: &mut Inquiry) -> Result<()> {
        for moving in take(&mut self.moving) {
            let next = moving.advance(self, inquiry)?;
            self.moving.extend(next);
        }
        Ok(())
    }

    /// Hears what the host answered, and goes on.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn hear(&mut self, inquiry: &Inquiry) -> Result<()> {
        for moving in &self.moving {
            moving.hear(inquiry);
        }
        self.move_on(&mut Inquiry::default())
    }
}
