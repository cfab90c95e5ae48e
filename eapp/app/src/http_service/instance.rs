//! An instance of the program, made for one request.

use super::ServedProgram;
use crate::ending::has_begun;
use crate::exchange::{connection::Shared, in_flight::InFlight};
use crate::guest::{Guest, GuestConfig};
use crate::host::Host;
use crate::http1::head;
use crate::random::Random;
use crate::turns::Turn;
use crate::waiting::PollSet;
use crate::wasi::{http::incoming::IncomingRequest, http::outparam::ResponseOutparam, http::outparam::Slot};
use alloc::{boxed::Box, sync::Arc};
use core::{pin::Pin, task::Context, task::Poll, task::Waker};
use wasmstone_edge_protocol::Violation;
use wasmtime::{Error, Result, Store, component::Resource};

/// How an instance ended.
pub enum Finished {
    /// The function returned.
    Returned,
    /// There was no memory for it. None of its code ran.
    NoRoom(Error),
    /// It trapped or exited.
    Failed(Error),
}

impl Finished {
    /// How the host broke the contract, if that ended the instance.
    pub fn violation(&self) -> Option<Violation> {
        match self {
            Self::Returned => None,
            Self::NoRoom(error) | Self::Failed(error) => error.downcast_ref().copied(),
        }
    }
}

/// A request for an instance.
#[derive(Clone)]
pub struct Request {
    pub head: Arc<head::Request>,
    pub connection: Shared,
    /// The place where the instance leaves its response.
    pub slot: Slot,
    /// About how many bytes of memory it takes until an instance has it.
    pub held: usize,
}

/// About how many bytes of memory a field takes besides its name and value.
const FIELD_COST: usize = 128;

impl Request {
    /// A request whose body is next on the connection.
    pub fn new(head: head::Request, connection: Shared) -> Self {
        let fields = head.fields.iter().map(|(name, value)| FIELD_COST + name.len() + value.len()).sum::<usize>();
        let held = fields + head.path.len() + connection.lock().received();
        Self { head: Arc::new(head), connection, slot: Slot::default(), held }
    }
}

/// An instance and its future.
pub struct Instance {
    /// The number of the client whose request it answers.
    pub client: u32,
    pub request: Request,
    /// Whether the connection is kept after the response, once the response has begun.
    pub keep_alive: Option<bool>,
    turn: Turn,
    /// The guest's future. Each poll of it is a turn.
    future: Pin<Box<dyn Future<Output = Finished>>>,
    waits_for: Option<PollSet>,
    /// Its part of [`Host::read_ahead`].
    pub read_ahead: usize,
}

impl Instance {
    /// An instance that has not had its first turn.
    pub fn new(
        id: u32,
        client: u32,
        program: &Arc<ServedProgram>,
        config: &Arc<GuestConfig>,
        random: Random,
        request: Request,
    ) -> Self {
        let turn = Turn::new();
        let mut guest = Guest::new(id, Box::new(Host::absent()), random, config.clone());
        guest.turn = Some(turn.clone());
        let future = Box::pin(run(program.clone(), guest, turn.clone(), request.clone()));
        Self { client, request, keep_alive: None, turn, future, waits_for: None, read_ahead: 0 }
    }

    /// Runs one turn. Afterwards, [`Self::add_to`] adds what the instance waits for.
    pub fn run_turn(&mut self, host: &mut Box<Host>) -> Option<Finished> {
        if let Some(polls) = self.waits_for.take() {
            self.turn.leave(polls);
        }
        let before = host.read_ahead;
        self.turn.swap(host);
        // While the engine collects exceptions, it offers to do something else. The guest has the host then.
        let result = loop {
            let result = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if result.is_ready() || self.turn.is_over() {
                break result;
            }
        };
        self.turn.swap(host);
        self.read_ahead = self.read_ahead.saturating_add(host.read_ahead).saturating_sub(before);
        self.waits_for = self.turn.take();
        match result {
            Poll::Ready(finished) => Some(finished),
            Poll::Pending => None,
        }
    }

    /// Adds what it waits for to `polls`.
    pub fn add_to(&self, polls: &mut PollSet) {
        if let Some(own) = &self.waits_for {
            polls.interests.extend(own.interests.keys().map(|interest| (*interest, false)));
            polls.deadline = polls.deadline.min(own.deadline);
        }
    }

    /// Takes the host's answers. The result is whether the instance can continue at the time `now`.
    pub fn take_answers(&mut self, polls: &PollSet, now: u64) -> bool {
        let Some(own) = &mut self.waits_for else { return true };
        for (interest, ready) in &mut own.interests {
            *ready = polls.is_ready(*interest);
        }
        own.deadline <= now || own.interests.values().any(|ready| *ready)
    }

    /// Whether it waits for something inside that only its own connection could bring.
    pub fn waits_for_nothing(&self) -> bool {
        self.waits_for.as_ref().is_some_and(|own| own.interests.is_empty() && own.deadline == u64::MAX)
    }
}

async fn run(program: Arc<ServedProgram>, guest: Guest, turn: Turn, request: Request) -> Finished {
    let mut store = match program.program.store(guest) {
        Ok(store) => store,
        Err(error) => return Finished::Failed(error),
    };
    turn.swap(&mut store.data_mut().host);
    let finished = call(&program, &mut store, request).await;
    turn.swap(&mut store.data_mut().host);
    finished
}

async fn call(program: &ServedProgram, store: &mut Store<Guest>, request: Request) -> Finished {
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
        guest.in_flight.push(InFlight::Connection(Arc::downgrade(&request.connection)));
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
