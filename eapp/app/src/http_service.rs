//! The HTTP service: clients, and for each request an instance of the program. All of them run in turns, in one
//! thread: each until it has to wait, and then one edge call waits for all of them.

mod client;
mod instance;
mod listener;
mod progress;

use crate::ending::Ending;
use crate::guest::{Guest, GuestConfig};
use crate::handles::NO_GUEST;
use crate::host::Host;
use crate::linking::{LoadedProgram, entry_point, linker};
use crate::random::{Generator, Random};
use crate::waiting::PollSet;
use crate::wasi::blocking;
use alloc::{boxed::Box, collections::BTreeMap, collections::VecDeque, sync::Arc, vec::Vec};
use client::Client;
use core::net::SocketAddr;
use instance::{Instance, Request};
use listener::Listener;
use wasmstone_edge_protocol::{handle, value::Interest};
use wasmstone_policy::Entry;
use wasmtime::{Result, component::ComponentExportIndex, component::InstancePre};

/// The most clients at once; other clients wait to be accepted.
const CLIENTS_MAX: usize = 1024;

/// The program, ready to be instantiated once for each request.
struct ServedProgram {
    program: LoadedProgram,
    instance: InstancePre<Guest>,
    handle: ComponentExportIndex,
}

impl ServedProgram {
    fn new(program: LoadedProgram) -> Result<Self> {
        let handle = entry_point(&program.component, Entry::Http)?;
        let mut linker = linker(&program.component)?;
        blocking::add_to_linker(&mut linker)?;
        let instance = linker.instantiate_pre(&program.component)?;
        Ok(Self { program, instance, handle })
    }
}

/// The service.
pub struct HttpService {
    host: Box<Host>,
    /// The generators of all instances are forked from this one.
    random: Generator,
    config: Arc<GuestConfig>,
    clients: BTreeMap<u32, Client>,
    instances: BTreeMap<u32, Instance>,
    /// The most instances at once.
    instances_max: usize,
    /// Requests that wait for an instance, each with the number of its client.
    queue: VecDeque<(u32, Request)>,
    /// The last number that a client or an instance got.
    last_id: u32,
    is_stopping: bool,
    /// There was no memory for another instance, and none has ended since.
    is_full: bool,
}

impl HttpService {
    /// A service that has not begun, with at most this many instances at once.
    pub fn new(host: Box<Host>, random: Generator, config: Arc<GuestConfig>, instances_max: u32) -> Self {
        Self {
            host,
            random,
            config,
            clients: BTreeMap::new(),
            instances: BTreeMap::new(),
            instances_max: instances_max as usize,
            queue: VecDeque::new(),
            last_id: NO_GUEST,
            is_stopping: false,
            is_full: false,
        }
    }

    /// The host, for the work after the service.
    pub fn into_host(self) -> Box<Host> {
        self.host
    }

    /// Serves at `address` until the host asks it to stop.
    ///
    /// # Errors
    /// How the enclave ends, if the host did not ask the service to stop.
    pub fn run(&mut self, program: LoadedProgram, address: SocketAddr) -> core::result::Result<Ending, Ending> {
        let program = Arc::new(ServedProgram::new(program).map_err(Ending::from_start)?);
        let mut listener = Some(Listener::open(&mut self.host, address)?);
        self.serve(&program, &mut listener).map_err(Ending::from_run)?;
        Ok(Ending::Exited(0))
    }

    fn serve(&mut self, program: &Arc<ServedProgram>, listener: &mut Option<Listener>) -> Result<()> {
        // The clients and instances that can continue.
        let mut clients: Vec<u32> = Vec::new();
        let mut instances: Vec<u32> = Vec::new();
        loop {
            for id in clients.drain(..) {
                self.advance_client(id)?;
            }
            for id in instances.drain(..) {
                self.run_turn(id)?;
            }
            // A request that is queued while these run waits for the next round: otherwise, a client that sends one
            // request after the other would be the only one served.
            for _ in 0..self.queue.len() {
                if !self.has_room() {
                    break;
                }
                let Some((client, request)) = self.queue.pop_front() else { break };
                let id = self.next_id();
                self.random.refresh(&mut self.host.channel)?;
                let random = Random::new(&mut self.random);
                self.instances.insert(id, Instance::new(id, client, program, &self.config, random, request));
                self.run_turn(id)?;
            }
            if self.is_stopping && self.clients.is_empty() {
                return Ok(());
            }
            self.wait(listener, &mut clients, &mut instances)?;
        }
    }

    /// Whether one more instance may begin.
    fn has_room(&self) -> bool {
        self.instances.len() < self.instances_max && !self.is_full
    }

    /// A number that no client and no instance has.
    fn next_id(&mut self) -> u32 {
        loop {
            // At a thousand requests a second, the numbers begin again after a month. Nearly all clients and instances
            // from then have ended, so the loop is short.
            self.last_id = self.last_id.wrapping_add(1).max(NO_GUEST + 1);
            if !self.clients.contains_key(&self.last_id) && !self.instances.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    /// Waits until a client or an instance can continue.
    fn wait(
        &mut self,
        listener: &mut Option<Listener>,
        clients: &mut Vec<u32>,
        instances: &mut Vec<u32>,
    ) -> Result<()> {
        let mut polls = PollSet::endless();
        if self.clients.len() < CLIENTS_MAX
            && let Some(listener) = listener
        {
            polls.add(listener.wait(self.host.elapsed()));
        }
        if !self.is_stopping {
            polls.interests.insert((handle::STOP, Interest::Reading), false);
        }
        for client in self.clients.values() {
            if let Some(wait) = client.wait() {
                polls.add(wait);
                // This client can continue at once, so the host must not wait.
                if wait.interest.is_none() {
                    polls.deadline = 0;
                }
            }
        }
        for instance in self.instances.values() {
            instance.add_to(&mut polls);
        }
        if self.has_room() && !self.queue.is_empty() {
            polls.deadline = 0;
        }
        let is_answered = self.host.poll(&mut polls)?;

        let now = self.host.elapsed();
        for (id, client) in &mut self.clients {
            if client.take_answers(&polls, now) {
                clients.push(*id);
            }
        }
        for (id, instance) in &mut self.instances {
            if instance.take_answers(&polls, now) {
                instances.push(*id);
            }
        }
        // If the host could not answer, every answer is yes, and that must not stop the service.
        let stop = is_answered && polls.is_ready((handle::STOP, Interest::Reading));
        if let Some(listener) = listener.as_mut().filter(|listener| polls.is_ready(listener.interest())) {
            self.accept(listener)?;
        }
        if stop {
            self.stop(listener.take())?;
        }
        Ok(())
    }

    /// Accepts all waiting connections, as long as there is room.
    fn accept(&mut self, listener: &mut Listener) -> Result<()> {
        while self.clients.len() < CLIENTS_MAX {
            let Some((transport, more)) = listener.accept(&mut self.host)? else { break };
            let id = self.next_id();
            let now = self.host.elapsed();
            self.clients.insert(id, Client::new(transport, now));
            // The bytes that came with it are counted as held before the next connection brings more.
            self.advance_client(id)?;
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// Accepts no more connections, and ends connections without a request.
    fn stop(&mut self, listener: Option<Listener>) -> Result<()> {
        self.is_stopping = true;
        if let Some(listener) = listener {
            listener.close(&mut self.host)?;
        }
        let now = self.host.elapsed();
        for id in self.clients.keys().copied().collect::<Vec<_>>() {
            if let Some(client) = self.clients.get_mut(&id) {
                let progress = client.dismiss(&mut self.host, now)?;
                self.handle_progress(id, progress)?;
            }
        }
        Ok(())
    }
}
