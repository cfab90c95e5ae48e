//! `wasi:io/poll`. Pollables that are known to be ready need no host; one edge call asks for all others.

use crate::bindings::wasi::io::poll;
use crate::exchange::in_flight::advance_all;
use crate::guest::Guest;
use crate::net::{lookup::AddressStream, tcp::TcpSocket, udp::UdpSocket};
use crate::turns::complete;
use crate::waiting::{PollSet, Wait};
use alloc::{vec, vec::Vec};
use wasmstone_edge_protocol::{handle, value::Interest};
use wasmtime::{Result, bail, component::Resource, component::ResourceTableError};

/// Something to wait for. A resource that it refers to by the number in the table is its parent, so the resource
/// exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pollable {
    /// Always ready: files, and output that the host takes at once.
    Ready,
    /// Ready from this many nanoseconds after the enclave's start on.
    At(u64),
    /// Ready when standard input has bytes or has ended.
    Stdin,
    /// Ready when a TCP socket can accept, or has connected or failed to.
    Tcp(u32),
    /// Ready when a TCP socket's connection has bytes or has ended.
    TcpInput(u32),
    /// Ready when a TCP socket's connection takes bytes.
    TcpOutput(u32),
    /// Ready when a UDP socket has datagrams.
    UdpInput(u32),
    /// Ready when a UDP socket takes datagrams.
    UdpOutput(u32),
    /// Ready when a lookup has an answer.
    Lookup(u32),
    /// Ready when a response has come, or will not come.
    HttpResponse(u32),
    /// Ready when a body has bytes or has ended.
    HttpInput(u32),
    /// Ready when a body takes bytes.
    HttpOutput(u32),
    /// Ready when the trailers of a body have come, or will not come.
    HttpTrailers(u32),
}

/// How many polls in a row may be answered without asking the host, although the host could know more.
const UNASKED_MAX: u8 = 3;

impl Guest {
    /// Which of `pollables` are ready now.
    pub fn poll_now(&mut self, pollables: &[Pollable]) -> Result<Vec<bool>> {
        let (mut ready, mut polls) = self.known(pollables)?;
        polls.deadline = 0;
        if !polls.interests.is_empty() {
            self.host.poll(&mut polls)?;
            self.take_answers(pollables, &mut ready, &polls)?;
        }
        Ok(ready)
    }

    /// Waits until one of `pollables` is ready. The result is which are. Other guests run meanwhile; if there are
    /// none, the enclave waits.
    pub async fn poll_in_turn(&mut self, pollables: &[Pollable]) -> Result<Vec<bool>> {
        loop {
            let (mut ready, mut polls) = self.known(pollables)?;
            if self.is_enough(&ready) {
                return Ok(ready);
            }
            if ready.contains(&true) {
                polls.deadline = 0;
            }
            if let Some(turn) = self.turn.clone() {
                polls = turn.wait(&mut self.host, polls).await;
                self.take_answers(pollables, &mut ready, &polls)?;
            } else if !polls.interests.is_empty() || polls.deadline > 0 {
                self.host.poll(&mut polls)?;
                self.take_answers(pollables, &mut ready, &polls)?;
            }
            // The enclave's own clock decides what is over: if the host wakes it early, it asks again.
            if ready.contains(&true) {
                return Ok(ready);
            }
        }
    }

    /// Which of `pollables` are known to be ready without asking the host, and what to ask the host.
    fn known(&mut self, pollables: &[Pollable]) -> Result<(Vec<bool>, PollSet)> {
        let now = self.host.elapsed();
        let mut polls = PollSet::endless();
        advance_all(&mut self.in_flight, &mut self.host, self.id, &mut polls)?;
        let mut ready = Vec::with_capacity(pollables.len());
        for pollable in pollables {
            let wait = self.wait(*pollable)?;
            let is_late = wait.deadline.is_some_and(|deadline| deadline <= now);
            ready.push(is_late || wait.is_over());
            polls.add(wait);
        }
        Ok((ready, polls))
    }

    /// Whether the guest is answered with what is ready, and the host is not asked. The host is asked now and then,
    /// since otherwise a guest would never learn what only the host knows.
    fn is_enough(&mut self, ready: &[bool]) -> bool {
        let enough = ready.contains(&true) && self.host.unasked_polls < UNASKED_MAX;
        self.host.unasked_polls += u8::from(enough);
        enough
    }

    /// Takes the host's answers.
    fn take_answers(&mut self, pollables: &[Pollable], ready: &mut [bool], polls: &PollSet) -> Result<()> {
        for in_flight in &self.in_flight {
            in_flight.take_answers(polls);
        }
        advance_all(&mut self.in_flight, &mut self.host, self.id, &mut PollSet::default())?;
        for (pollable, ready) in pollables.iter().zip(ready) {
            let wait = self.wait(*pollable)?;
            let is_answered = wait.interest.is_some_and(|interest| polls.is_ready(interest));
            *ready |= is_answered || wait.is_over();
            if *ready {
                self.wake(*pollable, is_answered)?;
            }
            // The bytes that came on the connection may be too few to hold any of the body.
            if is_answered && matches!(pollable, Pollable::HttpInput(_) | Pollable::HttpTrailers(_)) {
                *ready = self.wait(*pollable)?.is_over();
            }
        }
        Ok(())
    }

    /// What `pollable` waits for.
    pub fn wait(&self, pollable: Pollable) -> Result<Wait, ResourceTableError> {
        let tcp = |rep| self.table.get(&Resource::<TcpSocket>::new_borrow(rep));
        let udp = |rep| self.table.get(&Resource::<UdpSocket>::new_borrow(rep));
        Ok(Wait::on(match pollable {
            Pollable::Ready => None,
            Pollable::At(when) => return Ok(Wait::until(when)),
            Pollable::Stdin => (!self.stdin.is_ready()).then_some((handle::STDIN, Interest::Reading)),
            Pollable::Tcp(rep) => tcp(rep)?.interest(),
            Pollable::TcpInput(rep) => tcp(rep)?.transport.input_interest(),
            Pollable::TcpOutput(rep) => tcp(rep)?.transport.output_interest(),
            Pollable::UdpInput(rep) => Some((udp(rep)?.handle, Interest::Reading)),
            Pollable::UdpOutput(rep) => {
                let socket = udp(rep)?;
                socket.blocked.then_some((socket.handle, Interest::Writing))
            }
            Pollable::Lookup(rep) => self.table.get(&Resource::<AddressStream>::new_borrow(rep))?.interest(),
            Pollable::HttpResponse(rep) => return self.response_wait(rep),
            Pollable::HttpInput(rep) => return self.incoming_wait(rep),
            Pollable::HttpOutput(rep) => return self.body_wait(rep),
            Pollable::HttpTrailers(rep) => return self.trailers_wait(rep),
        }))
    }

    /// Updates the state behind `pollable`, which is ready; `is_answered` says that the host reported it.
    fn wake(&mut self, pollable: Pollable, is_answered: bool) -> Result<()> {
        match pollable {
            Pollable::Tcp(rep) => self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?.wake(),
            Pollable::TcpInput(rep) => self.transport(rep)?.0.input.drained = false,
            Pollable::UdpOutput(rep) => {
                self.table.get_mut(&Resource::<UdpSocket>::new_borrow(rep))?.blocked = false;
            }
            Pollable::HttpInput(rep) if is_answered => self.wake_incoming(rep)?,
            Pollable::HttpTrailers(rep) if is_answered => self.read_trailers(rep)?,
            _ => {}
        }
        Ok(())
    }
}

/// The indexes of the ready pollables.
pub fn ready_indexes(ready: Vec<bool>) -> Vec<u32> {
    (0..).zip(ready).filter_map(|(index, ready)| ready.then_some(index)).collect()
}

impl Guest {
    /// The pollables of the guest's handles. There has to be at least one.
    pub fn pollables(&self, handles: &[Resource<Pollable>]) -> Result<Vec<Pollable>> {
        if handles.is_empty() {
            bail!("empty poll list");
        }
        Ok(handles.iter().map(|handle| self.table.get(handle).copied()).collect::<Result<_, _>>()?)
    }
}

impl poll::Host for Guest {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        complete(self.wait_for_any(pollables))
    }
}

impl poll::HostPollable for Guest {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let pollable = *self.table.get(&pollable)?;
        Ok(self.poll_now(&[pollable])?.contains(&true))
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        complete(self.wait_for_any(vec![pollable])).map(drop)
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}
