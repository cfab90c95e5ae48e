//! `wasi:io/poll`. What is known to be ready needs no host; everything else is one edge call for all.

use crate::bindings::wasi::io::poll;
use crate::guest::Guest;
use crate::host::Host;
use crate::wasi::blocking::now;
use crate::wasi::sockets::lookup::AddressStream;
use crate::wasi::sockets::tcp::{Awaits, TcpSocket};
use crate::wasi::sockets::udp::UdpSocket;
use alloc::collections::BTreeMap;
use alloc::{vec, vec::Vec};
use wasmstone_edge_protocol::{Violation, handle, io, types::PollEntry, types::PollRequest};
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime::{Result, bail};
use zerocopy::IntoBytes;

/// Something to wait for. What it refers to by its number in the table is its parent, so it is there.
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
    /// Ready when a response is here, or will not come.
    HttpResponse(u32),
    /// Ready when a body has bytes or has ended.
    HttpInput(u32),
    /// Ready when a body takes bytes.
    HttpOutput(u32),
    /// Ready when the trailers of a body are here, or will not come.
    HttpTrailers(u32),
}

/// How many polls in a row may be answered from what is known, though the host could say more.
const UNASKED_MAX: u8 = 3;

/// What the host is asked: a handle, and 0 for reading or 1 for writing.
pub type Question = (u32, u32);

/// What is asked of the host in one edge call.
#[derive(Default)]
pub struct Inquiry {
    /// Whether the answer was yes.
    pub questions: BTreeMap<Question, bool>,
    /// Until when the host waits for a yes, in nanoseconds since the enclave's start: not at all with 0, and
    /// for ever with the greatest number.
    pub until: u64,
}

/// What a pollable waits for. It is ready where there is neither.
#[derive(Clone, Copy, Default)]
pub struct Wants {
    /// What only the host can say.
    pub question: Option<Question>,
    /// When it is ready in any case.
    pub deadline: Option<u64>,
}

impl Wants {
    fn question(question: Option<Question>) -> Self {
        Self { question, deadline: None }
    }

    /// Something that the host knows nothing of.
    pub fn never() -> Self {
        Self { question: None, deadline: Some(u64::MAX) }
    }

    fn is_met(&self) -> bool {
        self.question.is_none() && self.deadline.is_none()
    }
}

impl Inquiry {
    /// Asks nothing yet, and waits for ever.
    pub fn endless() -> Self {
        Self { questions: BTreeMap::new(), until: u64::MAX }
    }

    /// Whether the answer was yes.
    pub fn says(&self, question: Question) -> bool {
        self.questions.get(&question) == Some(&true)
    }

    /// Asks this as well.
    pub fn add(&mut self, wants: Wants) {
        self.questions.extend(wants.question.map(|question| (question, false)));
        self.until = self.until.min(wants.deadline.unwrap_or(u64::MAX));
    }
}

impl Host {
    /// One edge call, which answers the questions. Whether the host did; where it could not, all of them are to be
    /// tried.
    pub fn inquire(&mut self, inquiry: &mut Inquiry) -> Result<bool, Violation> {
        self.unasked = 0;
        let until = inquiry.until.min(self.store_due()?);
        let entries = inquiry
            .questions
            .keys()
            .map(|(handle, interest)| PollEntry { handle: (*handle).into(), interest: (*interest).into() });
        let entries: Vec<_> = entries.collect();
        let timeout = match until {
            u64::MAX if !entries.is_empty() => u64::MAX,
            // Not the number that means for ever, which needs somebody who ends it.
            until => until.saturating_sub(self.elapsed()).min(u64::MAX - 1),
        };
        let request = PollRequest { timeout: timeout.into(), count: (entries.len() as u32).into() };
        let answer = self.channel.call::<io::Poll>(&request, &[entries.as_bytes()], entries.len())?;
        match answer {
            Ok((_, answers)) => {
                if answers.len() != inquiry.questions.len() || answers.iter().any(|answer| *answer > 1) {
                    return Err(Violation("a poll answered with something else"));
                }
                inquiry.questions.values_mut().zip(answers).for_each(|(ready, answer)| *ready = *answer == 1);
            }
            // Using them will tell the guest what is wrong with them.
            Err(_) => {
                inquiry.questions.values_mut().for_each(|ready| *ready = true);
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Guest {
    /// Which of `pollables` are ready now.
    pub fn poll_now(&mut self, pollables: &[Pollable]) -> Result<Vec<bool>> {
        let (mut ready, mut inquiry) = self.known(pollables)?;
        inquiry.until = 0;
        if !inquiry.questions.is_empty() {
            self.host.inquire(&mut inquiry)?;
            self.conclude(pollables, &mut ready, &inquiry)?;
        }
        Ok(ready)
    }

    /// Which of `pollables` are ready, once one is. Where there are others they run meanwhile, else the enclave
    /// waits.
    pub async fn poll_in_turn(&mut self, pollables: &[Pollable]) -> Result<Vec<bool>> {
        loop {
            let (mut ready, mut inquiry) = self.known(pollables)?;
            if self.is_enough(&ready) {
                return Ok(ready);
            }
            if ready.contains(&true) {
                inquiry.until = 0;
            }
            if let Some(seat) = self.seat.clone() {
                inquiry = seat.wait(&mut self.host, inquiry).await;
                self.conclude(pollables, &mut ready, &inquiry)?;
            } else if !inquiry.questions.is_empty() || inquiry.until > 0 {
                self.host.inquire(&mut inquiry)?;
                self.conclude(pollables, &mut ready, &inquiry)?;
            }
            // A host that wakes us early only makes us ask again: our own clock decides.
            if ready.contains(&true) {
                return Ok(ready);
            }
        }
    }

    /// What is known of `pollables` without asking, and what to ask.
    fn known(&mut self, pollables: &[Pollable]) -> Result<(Vec<bool>, Inquiry)> {
        let now = self.host.elapsed();
        let mut inquiry = Inquiry::endless();
        self.move_on(&mut inquiry)?;
        let mut ready = Vec::with_capacity(pollables.len());
        for pollable in pollables {
            let wants = self.wants(*pollable)?;
            let is_over = wants.deadline.is_some_and(|deadline| deadline <= now);
            ready.push(is_over || wants.is_met());
            inquiry.add(wants);
        }
        Ok((ready, inquiry))
    }

    /// Whether what is ready is enough for now. Those that only the host knows of must get their turn.
    fn is_enough(&mut self, ready: &[bool]) -> bool {
        let enough = ready.contains(&true) && self.host.unasked < UNASKED_MAX;
        self.host.unasked += u8::from(enough);
        enough
    }

    /// Takes in what the host said.
    fn conclude(&mut self, pollables: &[Pollable], ready: &mut [bool], inquiry: &Inquiry) -> Result<()> {
        self.hear(inquiry)?;
        for (pollable, ready) in pollables.iter().zip(ready) {
            let wants = self.wants(*pollable)?;
            let is_heard = wants.question.is_some_and(|question| inquiry.says(question));
            *ready |= is_heard || wants.is_met();
            if *ready {
                self.wake(*pollable, is_heard)?;
            }
            // Bytes that came need not be any of a body.
            if is_heard && matches!(pollable, Pollable::HttpInput(_) | Pollable::HttpTrailers(_)) {
                *ready = self.wants(*pollable)?.is_met();
            }
        }
        Ok(())
    }

    /// What `pollable` waits for.
    pub fn wants(&self, pollable: Pollable) -> Result<Wants, ResourceTableError> {
        let tcp = |rep| self.table.get(&Resource::<TcpSocket>::new_borrow(rep));
        let udp = |rep| self.table.get(&Resource::<UdpSocket>::new_borrow(rep));
        Ok(Wants::question(match pollable {
            Pollable::Ready => None,
            Pollable::At(when) => return Ok(Wants { question: None, deadline: Some(when) }),
            Pollable::Stdin => (!self.stdin.is_ready()).then_some((handle::STDIN, 0)),
            Pollable::Tcp(rep) => {
                let socket = tcp(rep)?;
                match socket.awaits() {
                    Awaits::Nothing => None,
                    Awaits::Reading => Some((socket.transport.handle, 0)),
                    Awaits::Writing => Some((socket.transport.handle, 1)),
                }
            }
            Pollable::TcpInput(rep) => tcp(rep)?.transport.awaits_input(),
            Pollable::TcpOutput(rep) => tcp(rep)?.transport.awaits_output(),
            Pollable::UdpInput(rep) => Some((udp(rep)?.handle, 0)),
            Pollable::UdpOutput(rep) => {
                let socket = udp(rep)?;
                socket.blocked.then_some((socket.handle, 1))
            }
            Pollable::Lookup(rep) => {
                let stream = self.table.get(&Resource::<AddressStream>::new_borrow(rep))?;
                stream.found.is_none().then_some((stream.handle, 0))
            }
            Pollable::HttpResponse(rep) => return self.response_wants(rep),
            Pollable::HttpInput(rep) => return self.incoming_wants(rep),
            Pollable::HttpOutput(rep) => return self.body_wants(rep),
            Pollable::HttpTrailers(rep) => return self.trailers_want(rep),
        }))
    }

    /// Forgets what was known before `pollable` was found ready, which the host said where it `is_heard`.
    fn wake(&mut self, pollable: Pollable, is_heard: bool) -> Result<()> {
        match pollable {
            Pollable::Tcp(rep) => self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?.wake(),
            Pollable::TcpInput(rep) => {
                self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?.transport.input.drained = false;
            }
            Pollable::UdpOutput(rep) => {
                self.table.get_mut(&Resource::<UdpSocket>::new_borrow(rep))?.blocked = false;
            }
            Pollable::HttpInput(rep) if is_heard => self.wake_incoming(rep)?,
            Pollable::HttpTrailers(rep) if is_heard => self.read_trailers(rep)?,
            _ => {}
        }
        Ok(())
    }
}

/// The places of those that are ready.
pub fn chosen(ready: Vec<bool>) -> Vec<u32> {
    (0..).zip(ready).filter_map(|(index, ready)| ready.then_some(index)).collect()
}

impl Guest {
    /// What the guest's handles mean, of which there is at least one.
    pub fn pollables(&self, handles: &[Resource<Pollable>]) -> Result<Vec<Pollable>> {
        if handles.is_empty() {
            bail!("empty poll list");
        }
        Ok(handles.iter().map(|handle| self.table.get(handle).copied()).collect::<Result<_, _>>()?)
    }
}

impl poll::Host for Guest {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        now(self.wait_for_any(pollables))
    }
}

impl poll::HostPollable for Guest {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let pollable = *self.table.get(&pollable)?;
        Ok(self.poll_now(&[pollable])?.contains(&true))
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        now(self.wait_for_any(vec![pollable])).map(drop)
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}
