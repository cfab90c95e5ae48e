//! Serving HTTP: clients, and for each request an instance of the program. All run in turns, in one thread:
//! each until it has to wait, and then one edge call waits for all of them.

mod client;
mod instance;
mod listener;

use crate::ending::Ending;
use crate::guest::{Given, Guest};
use crate::host::Host;
use crate::http1::encode::{Asked, Encoder};
use crate::http1::status::is_final;
use crate::random::{Generator, Random};
use crate::wasi::blocking;
use crate::wasi::http::outparam::{Answer, Response};
use crate::wasi::poll::Inquiry;
use crate::{Runnable, entry_point, linker};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use client::{Progress, Visitor};
use core::fmt::Arguments;
use core::net::SocketAddr;
use instance::{Finished, Instance, Request};
use listener::Listener;
use wasmstone_edge_protocol::types::HandleRequest;
use wasmstone_edge_protocol::{handle, io};
use wasmstone_policy::Entry;
use wasmtime::component::{ComponentExportIndex, InstancePre};
use wasmtime::{Result, format_err};

/// The most clients at once; others wait to be accepted.
const VISITORS_MAX: usize = 1024;

/// The most bytes of memory that each of these keeps in all: requests that have not come yet, requests that wait
/// for an instance, responses that are taken slowly. Beyond that, clients go: of the first two kinds those that
/// hold more than [`HELD_EACH`], of the last the slowest.
const HELD_MAX: usize = 3 << 19;
const HELD_EACH: usize = 1 << 10;

/// The owner of the handles that are no guest's.
const NOBODY: u32 = 0;

/// The most bytes of what is said about an instance that failed.
const WORDS_MAX: usize = 4096;

/// The program, linked.
struct Program {
    runnable: Runnable,
    instance: InstancePre<Guest>,
    handle: ComponentExportIndex,
}

impl Program {
    fn new(runnable: Runnable) -> Result<Self> {
        let handle = entry_point(&runnable.component, Entry::Http)?;
        let mut linker = linker(&runnable.component)?;
        blocking::add_to_linker(&mut linker)?;
        let instance = linker.instantiate_pre(&runnable.component)?;
        Ok(Self { runnable, instance, handle })
    }
}

/// Everything that serves.
pub struct Service {
    host: Box<Host>,
    /// What each instance's random numbers come from.
    random: Generator,
    given: Arc<Given>,
    visitors: BTreeMap<u32, Visitor>,
    instances: BTreeMap<u32, Instance>,
    /// The most of them.
    room: usize,
    /// What waits for an instance.
    queue: VecDeque<(u32, Request)>,
    /// Visitors and instances get numbers that are never used again.
    numbers: u32,
    stopping: bool,
    /// There was no room for one more instance, and none has ended since.
    crowded: bool,
}

impl Service {
    /// A service that has not begun, with so many instances at once.
    pub fn new(host: Box<Host>, random: Generator, given: Arc<Given>, instances: u32) -> Self {
        Self {
            host,
            random,
            given,
            visitors: BTreeMap::new(),
            instances: BTreeMap::new(),
            room: instances as usize,
            queue: VecDeque::new(),
            numbers: NOBODY,
            stopping: false,
            crowded: false,
        }
    }

    /// The host, for what is left to do.
    pub fn into_host(self) -> Box<Host> {
        self.host
    }

    /// Serves at `address` until the host wants an end.
    ///
    /// # Errors
    /// How the enclave ends else.
    pub fn run(&mut self, runnable: Runnable, address: SocketAddr) -> core::result::Result<Ending, Ending> {
        let program = Arc::new(Program::new(runnable).map_err(Ending::from_start)?);
        let mut listener = Some(Listener::open(&mut self.host, address)?);
        self.serve(&program, &mut listener).map_err(Ending::from_run)?;
        Ok(Ending::Guest(0))
    }

    fn serve(&mut self, program: &Arc<Program>, listener: &mut Option<Listener>) -> Result<()> {
        // What was heard of them since their last turn, or what they have not had a turn for.
        let mut visitors: Vec<u32> = Vec::new();
        let mut instances: Vec<u32> = Vec::new();
        loop {
            for id in visitors.drain(..) {
                self.advance(id)?;
            }
            for id in instances.drain(..) {
                self.turn(id)?;
            }
            // What comes meanwhile has its turn after the others, or a client that asks and asks would be the only one.
            for _ in 0..self.queue.len() {
                if !self.has_room() {
                    break;
                }
                let Some((visitor, request)) = self.queue.pop_front() else { break };
                let id = self.number();
                self.random.refresh(&mut self.host.channel)?;
                let random = Random::new(&mut self.random);
                self.instances.insert(id, Instance::new(id, visitor, program, &self.given, random, request));
                self.turn(id)?;
            }
            if self.stopping && self.visitors.is_empty() {
                return Ok(());
            }
            self.wait(listener, &mut visitors, &mut instances)?;
        }
    }

    /// Whether one more instance may begin.
    fn has_room(&self) -> bool {
        self.instances.len() < self.room && !self.crowded
    }

    /// A number that is not in use.
    fn number(&mut self) -> u32 {
        loop {
            // An enclave that answers a thousand requests a second has enough of them for a month, and then
            // begins anew: nearly all of then are gone.
            self.numbers = self.numbers.wrapping_add(1).max(NOBODY + 1);
            if !self.visitors.contains_key(&self.numbers) && !self.instances.contains_key(&self.numbers) {
                return self.numbers;
            }
        }
    }

    /// Waits for whoever can go on.
    fn wait(
        &mut self,
        listener: &mut Option<Listener>,
        visitors: &mut Vec<u32>,
        instances: &mut Vec<u32>,
    ) -> Result<()> {
        let mut inquiry = Inquiry::endless();
        if self.visitors.len() < VISITORS_MAX
            && let Some(listener) = listener
        {
            inquiry.add(listener.wants(self.host.elapsed()));
        }
        if !self.stopping {
            inquiry.questions.insert((handle::STOP, 0), false);
        }
        for visitor in self.visitors.values() {
            if let Some(wants) = visitor.wants() {
                inquiry.add(wants);
                if wants.question.is_none() {
                    inquiry.until = 0;
                }
            }
        }
        for instance in self.instances.values() {
            instance.ask(&mut inquiry);
        }
        if self.has_room() && !self.queue.is_empty() {
            inquiry.until = 0;
        }
        let answered = self.host.inquire(&mut inquiry)?;

        let now = self.host.elapsed();
        for (id, visitor) in &mut self.visitors {
            if visitor.hear(&inquiry, now) {
                visitors.push(*id);
            }
        }
        for (id, instance) in &mut self.instances {
            if instance.hear(&inquiry, now) {
                instances.push(*id);
            }
        }
        let stop = answered && inquiry.says((handle::STOP, 0));
        if let Some(listener) = listener.as_mut().filter(|listener| inquiry.says(listener.question())) {
            self.accept(listener)?;
        }
        if stop {
            self.stop(listener.take())?;
        }
        Ok(())
    }

    /// Lets in all who wait, as far as there is room.
    fn accept(&mut self, listener: &mut Listener) -> Result<()> {
        while self.visitors.len() < VISITORS_MAX {
            let Some((transport, more)) = listener.accept(&mut self.host)? else { break };
            let id = self.number();
            let now = self.host.elapsed();
            self.visitors.insert(id, Visitor::new(transport, now));
            // What came with it counts before the next one brings more.
            self.advance(id)?;
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// Lets nobody in any more, and those go who have asked nothing.
    fn stop(&mut self, listener: Option<Listener>) -> Result<()> {
        self.stopping = true;
        if let Some(listener) = listener {
            listener.close(&mut self.host)?;
        }
        let now = self.host.elapsed();
        for id in self.visitors.keys().copied().collect::<Vec<_>>() {
            if let Some(visitor) = self.visitors.get_mut(&id) {
                let progress = visitor.dismiss(&mut self.host, now)?;
                self.progress(id, progress)?;
            }
        }
        Ok(())
    }

    /// Reads on what a client sends.
    fn advance(&mut self, id: u32) -> Result<()> {
        let now = self.host.elapsed();
        let Some(visitor) = self.visitors.get_mut(&id) else { return Ok(()) };
        let mut progress = visitor.advance(&mut self.host, now)?;
        if visitor.held() > HELD_EACH && self.held() > HELD_MAX {
            let Some(visitor) = self.visitors.get_mut(&id) else { return Ok(()) };
            progress = visitor.send_away(&mut self.host, now)?;
        }
        self.progress(id, progress)
    }

    /// Bytes kept of requests that have not come yet.
    fn held(&self) -> usize {
        self.visitors.values().map(Visitor::held).sum()
    }

    fn progress(&mut self, id: u32, progress: Progress) -> Result<()> {
        match progress {
            Progress::Waits => Ok(()),
            Progress::Gone => self.part(id),
            Progress::Asks(head) => {
                let queued: usize = self.queue.iter().map(|(_, request)| request.held).sum();
                let Some(visitor) = self.visitors.get_mut(&id) else { return Ok(()) };
                let request = Request::new(head, visitor.connection.clone());
                if request.held > HELD_EACH && queued.saturating_add(request.held) > HELD_MAX {
                    let now = self.host.elapsed();
                    let progress = visitor.send_away(&mut self.host, now)?;
                    return self.progress(id, progress);
                }
                self.queue.push_back((id, request));
                Ok(())
            }
        }
    }

    /// Ends a client's connection.
    fn part(&mut self, id: u32) -> Result<()> {
        if let Some(visitor) = self.visitors.remove(&id) {
            visitor.connection.lock().close(&mut self.host)?;
        }
        Ok(())
    }

    /// One turn of an instance.
    fn turn(&mut self, id: u32) -> Result<()> {
        loop {
            let Some(instance) = self.instances.get_mut(&id) else { return Ok(()) };
            let finished = instance.turn(&mut self.host);
            // A host that broke the contract is not spoken to again.
            if let Some(violation) = finished.as_ref().and_then(Finished::violation) {
                return Err(violation.into());
            }
            let answer = instance.request.slot.lock().take();
            let has_answered = answer.is_some();
            if let Some(answer) = answer {
                let request = instance.request.clone();
                let stays = self.respond(&request, answer)?;
                self.instances.entry(id).and_modify(|instance| instance.stays = Some(stays));
            }
            return match finished {
                Some(finished) => self.finish(id, finished),
                // What it waited for may have been just that.
                None if has_answered => continue,
                None if self.instances.get(&id).is_some_and(Instance::waits_for_nothing) => {
                    let error = format_err!("it waits, and nothing can come");
                    self.finish(id, Finished::Failed(error))
                }
                None => Ok(()),
            };
        }
    }

    /// Begins a response; the result is whether the connection stays after it.
    fn respond(&mut self, request: &Request, answer: Answer) -> Result<bool> {
        let response = match answer {
            Ok(response) if is_final(response.status) => response,
            Ok(response) => {
                self.note(format_args!("the status {} is none of a response", response.status))?;
                Response::failed()
            }
            Err(error) => {
                self.note(format_args!("the program gave up: {error:?}"))?;
                Response::failed()
            }
        };
        let asked = Asked {
            head: request.head.method == "HEAD",
            is_1_0: request.head.is_1_0,
            trailers: request.head.fields.has_member("te", "trailers"),
            keep_alive: request.head.keep_alive && !self.stopping,
        };
        let Response { status, fields, body } = response;
        let wall = self.host.wall_seconds();
        let mut head = Vec::new();
        let encoder = Encoder::response(&mut head, status, &fields, body.is_some(), asked, wall);
        request.connection.lock().respond(encoder, head, body);
        Ok(asked.keep_alive)
    }

    /// Ends an instance.
    fn finish(&mut self, id: u32, finished: Finished) -> Result<()> {
        let Some(instance) = self.instances.remove(&id) else { return Ok(()) };
        self.host.close_all(id)?;
        // What was read ahead of the client's own connection is still there.
        let kept = instance.request.connection.lock().transport.input.buffer.held();
        self.host.read_ahead = self.host.read_ahead.saturating_sub(instance.read_ahead.saturating_sub(kept));
        match finished {
            Finished::Returned if instance.stays.is_some() => {}
            Finished::Returned => self.note(format_args!("the program gave no response"))?,
            Finished::NoRoom(_) if !self.instances.is_empty() => {
                self.crowded = true;
                self.queue.push_front((instance.visitor, instance.request));
                return Ok(());
            }
            Finished::NoRoom(error) => self.note(format_args!("{error:?}"))?,
            Finished::Failed(error) => match Ending::from_run(error) {
                Ending::Guest(code) => self.note(format_args!("the program exited with code {code}"))?,
                Ending::Trap(why) => self.note(format_args!("the program trapped: {why}"))?,
                ending => self.note(format_args!("{ending:?}"))?,
            },
        }
        self.crowded = false;
        let stays = match instance.stays {
            Some(stays) => stays,
            None => self.respond(&instance.request, Ok(Response::failed()))?,
        };
        let now = self.host.elapsed();
        let Some(visitor) = self.visitors.get_mut(&instance.visitor) else { return Ok(()) };
        let progress = visitor.answered(&mut self.host, now, stays && !self.stopping)?;
        let is_slow = visitor.unsent() > 0;
        self.progress(instance.visitor, progress)?;
        if is_slow { self.make_room() } else { Ok(()) }
    }

    /// Ends the connections of those who take their responses most slowly, where these hold too much.
    fn make_room(&mut self) -> Result<()> {
        while self.visitors.values().map(Visitor::unsent).sum::<usize>() > HELD_MAX {
            let slow = self.visitors.iter().filter(|(_, visitor)| visitor.unsent() > 0);
            let slowest = slow.min_by_key(|(_, visitor)| visitor.wants().and_then(|wants| wants.deadline));
            let Some((id, _)) = slowest else { break };
            self.part(*id)?;
        }
        Ok(())
    }

    /// Tells the person who serves.
    fn note(&mut self, words: Arguments<'_>) -> Result<()> {
        let mut words = format!("wasmstone: a request failed: {words}");
        words.truncate(words.floor_char_boundary(WORDS_MAX));
        words.push('\n');
        // Who has closed standard error wants to know nothing.
        let request = HandleRequest { handle: handle::STDERR.into() };
        let _ = self.host.channel.call::<io::Write>(&request, &[words.as_bytes()], 0)?;
        Ok(())
    }
}
