//! An instance of the program, made for one request.

use crate::ending::has_begun;
use crate::exchange::connection::Shared;
use crate::exchange::in_flight::Moving;
use crate::guest::{Given, Guest};
use crate::host::Host;
use crate::http_service::Program;
use crate::http1::head;
use crate::random::Random;
use crate::turns::Seat;
use crate::wasi::http::incoming::IncomingRequest;
use crate::wasi::http::outparam::{ResponseOutparam, Slot};
use crate::wasi::poll::Inquiry;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use wasmstone_edge_protocol::Violation;
use wasmtime::component::Resource;
use wasmtime::{Error, Result, Store};

/// How an instance came to its end.
pub enum Finished {
    /// The function returned.
    Returned,
    /// There was no room for its memories. Nothing was run.
    NoRoom(Error),
    /// It ended early.
    Failed(Error),
}

impl Finished {
    /// What the host did, where that ended it.
    pub fn violation(&self) -> Option<Violation> {
        match self {
            Self::Returned => None,
            Self::NoRoom(error) | Self::Failed(error) => error.downcast_ref().copied(),
        }
    }
}

/// A request that is to be given to an instance.
#[derive(Clone)]
pub struct Request {
    pub head: Arc<head::Request>,
    pub connection: Shared,
    /// Where the response is left.
    pub slot: Slot,
    /// Bytes of memory, about, until an instance has it.
    pub held: usize,
}

/// Bytes of memory that a field takes besides its own, about.
const FIELD_COST: usize = 128;

impl Request {
    /// A request whose body is next on the connection.
    pub fn new(head: head::Request, connection: Shared) -> Self {
        let fields = head.fields.iter().map(|(name, value)| FIELD_COST + name.len() + value.len()).sum::<usize>();
        let held = fields + head.path.len() + connection.lock().received();
        Self { head: Arc::new(head), connection, slot: Slot::default(), held }
    }
}

/// An instance and what it does now.
pub struct Instance {
    /// The visitor whose request it answers.
    pub visitor: u32,
    pub request: Request,
    /// Whether the connection stays after the response, once that has begun.
    pub stays: Option<bool>,
    seat: Seat,
    /// Runs the guest. Asking again is its next turn.
    future: Pin<Box<dyn Future<Output = Finished>>>,
    waits_for: Option<Inquiry>,
    /// What it holds of [`Host::read_ahead`].
    pub read_ahead: usize,
}

impl Instance {
    /// An instance that has not had its first turn.
    pub fn new(
        id: u32,
        visitor: u32,
        program: &Arc<Program>,
        given: &Arc<Given>,
        random: Random,
        request: Request,
    ) -> Self {
        let seat = Seat::new();
        let mut guest = Guest::new(id, Box::new(Host::absent()), random, given.clone());
        guest.seat = Some(seat.clone());
        let future = Box::pin(run(program.clone(), guest, seat.clone(), request.clone()));
        Self { visitor, request, stays: None, seat, future, waits_for: None, read_ahead: 0 }
    }

    /// One turn. What it then waits for is told by [`Self::ask`].
    pub fn turn(&mut self, host: &mut Box<Host>) -> Option<Finished> {
        if let Some(inquiry) = self.waits_for.take() {
            self.seat.answer(inquiry);
        }
        let before = host.read_ahead;
        self.seat.swap(host);
        let result = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.seat.swap(host);
        self.read_ahead = self.read_ahead.saturating_add(host.read_ahead).saturating_sub(before);
        self.waits_for = self.seat.take();
        match result {
            Poll::Ready(finished) => Some(finished),
            Poll::Pending => None,
        }
    }

    /// Adds what it waits for to what the host is asked.
    pub fn ask(&self, inquiry: &mut Inquiry) {
        if let Some(own) = &self.waits_for {
            inquiry.questions.extend(own.questions.keys().map(|question| (*question, false)));
            inquiry.until = inquiry.until.min(own.until);
        }
    }

    /// Takes the answers in. Whether it can go on, at the time `now`.
    pub fn hear(&mut self, inquiry: &Inquiry, now: u64) -> bool {
        let Some(own) = &mut self.waits_for else { return true };
        for (question, ready) in &mut own.questions {
            *ready = inquiry.says(*question);
        }
        own.until <= now || own.questions.values().any(|ready| *ready)
    }

    /// Whether it waits for what nobody but a change of its own connection can bring.
    pub fn waits_for_nothing(&self) -> bool {
        self.waits_for.as_ref().is_some_and(|own| own.questions.is_empty() && own.until == u64::MAX)
    }
}

async fn run(program: Arc<Program>, guest: Guest, seat: Seat, request: Request) -> Finished {
    let mut store = match program.runnable.store(guest) {
        Ok(store) => store,
        Err(error) => return Finished::Failed(error),
    };
    seat.swap(&mut store.data_mut().host);
    let finished = call(&program, &mut store, request).await;
    seat.swap(&mut store.data_mut().host);
    finished
}

async fn call(program: &Program, store: &mut Store<Guest>, request: Request) -> Finished {
    let instance = match program.instance.instantiate_async(&mut *store).await {
        Ok(instance) => instance,
        Err(error) if has_begun(&error) => return Finished::Failed(error),
        Err(error) => return Finished::NoRoom(error),
    };
    let result: Result<()> = async {
        let handle = instance.get_typed_func::<(Resource<IncomingRequest>, Resource<ResponseOutparam>), ()>(
            &mut *store,
            &program.handle,
        )?;
        let guest = store.data_mut();
        guest.moving.push(Moving::Connection(Arc::downgrade(&request.connection)));
        let incoming = guest.table.push(IncomingRequest::new(request.head, request.connection))?;
        let outparam = guest.table.push(ResponseOutparam::new(request.slot))?;
        handle.call_async(&mut *store, (incoming, outparam)).await
    }
    .await;
    match result {
        Ok(()) => Finished::Returned,
        Err(error) => Finished::Failed(error),
    }
}
