//! `wasi:io/poll`. What is known to be ready needs no host; everything else is one edge call for all.

use crate::bindings::wasi::io::poll;
use crate::guest::Guest;
use crate::wasi::sockets::lookup::AddressStream;
use crate::wasi::sockets::tcp::{Awaits, TcpSocket};
use crate::wasi::sockets::udp::UdpSocket;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
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
}

/// How long the host may wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    No,
    Until(u64),
    ForEver,
}

/// How many polls in a row may be answered from what is known, though the host could say more.
const UNASKED_MAX: u8 = 3;

/// What the host is asked: a handle, and 0 for reading or 1 for writing.
type Question = (u32, u32);

impl Guest {
    /// Which of `pollables` are ready, and waits until one is where `block` says so.
    pub fn poll_all(&mut self, pollables: &[Pollable], block: bool) -> Result<Vec<bool>> {
        loop {
            let now = self.elapsed();
            let mut questions = BTreeMap::new();
            let mut ready = Vec::with_capacity(pollables.len());
            for pollable in pollables {
                let question = self.question(*pollable)?;
                ready.push(match *pollable {
                    Pollable::At(when) => when <= now,
                    _ => question.is_none(),
                });
                questions.extend(question.map(|question| (question, false)));
            }
            // Enough for now, but those that only the host knows of must get their turn.
            if block && ready.contains(&true) && self.unasked < UNASKED_MAX {
                self.unasked += 1;
                return Ok(ready);
            }
            let wait = if ready.contains(&true) || !block { Wait::No } else { earliest(pollables) };
            if !questions.is_empty() || wait != Wait::No {
                self.wait(&mut questions, wait, now)?;
                for (pollable, ready) in pollables.iter().zip(&mut ready) {
                    let question = self.question(*pollable)?;
                    *ready |= question.is_some_and(|question| questions.get(&question) == Some(&true));
                }
                for (pollable, _) in pollables.iter().zip(&ready).filter(|(_, ready)| **ready) {
                    self.wake(*pollable)?;
                }
            }
            // A host that wakes us early only makes us ask again: our own clock decides.
            if !block || ready.contains(&true) {
                return Ok(ready);
            }
        }
    }

    /// What only the host can say of `pollable`.
    fn question(&self, pollable: Pollable) -> Result<Option<Question>, ResourceTableError> {
        let tcp = |rep| self.table.get(&Resource::<TcpSocket>::new_borrow(rep));
        let udp = |rep| self.table.get(&Resource::<UdpSocket>::new_borrow(rep));
        Ok(match pollable {
            Pollable::Ready | Pollable::At(_) => None,
            Pollable::Stdin => (!self.stdin.is_ready()).then_some((handle::STDIN, 0)),
            Pollable::Tcp(rep) => {
                let socket = tcp(rep)?;
                match socket.awaits() {
                    Awaits::Nothing => None,
                    Awaits::Reading => Some((socket.handle, 0)),
                    Awaits::Writing => Some((socket.handle, 1)),
                }
            }
            Pollable::TcpInput(rep) => {
                let socket = tcp(rep)?;
                let known = socket.input.closed || socket.input.buffer.is_ready();
                (!known).then_some((socket.handle, 0))
            }
            Pollable::TcpOutput(rep) => {
                let socket = tcp(rep)?;
                socket.output.pending.then_some((socket.handle, 1))
            }
            Pollable::UdpInput(rep) => Some((udp(rep)?.handle, 0)),
            Pollable::UdpOutput(rep) => {
                let socket = udp(rep)?;
                socket.blocked.then_some((socket.handle, 1))
            }
            Pollable::Lookup(rep) => {
                let stream = self.table.get(&Resource::<AddressStream>::new_borrow(rep))?;
                stream.found.is_none().then_some((stream.handle, 0))
            }
        })
    }

    /// Forgets what was known before `pollable` was found ready.
    fn wake(&mut self, pollable: Pollable) -> Result<(), ResourceTableError> {
        match pollable {
            Pollable::Tcp(rep) => self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?.wake(),
            Pollable::TcpInput(rep) => {
                self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?.input.drained = false;
            }
            Pollable::UdpOutput(rep) => {
                self.table.get_mut(&Resource::<UdpSocket>::new_borrow(rep))?.blocked = false;
            }
            _ => {}
        }
        Ok(())
    }

    /// One edge call, which answers the questions.
    fn wait(&mut self, questions: &mut BTreeMap<Question, bool>, wait: Wait, now: u64) -> Result<(), Violation> {
        self.unasked = 0;
        let entries = questions
            .keys()
            .map(|(handle, interest)| PollEntry { handle: (*handle).into(), interest: (*interest).into() });
        let entries: Vec<_> = entries.collect();
        let timeout = match wait {
            Wait::No => 0,
            // One below the number that means for ever.
            Wait::Until(when) => when.saturating_sub(now).min(u64::MAX - 1),
            Wait::ForEver => u64::MAX,
        };
        let request = PollRequest { timeout: timeout.into(), count: (entries.len() as u32).into() };
        let answer = self.channel.call::<io::Poll>(&request, &[entries.as_bytes()], entries.len())?;
        match answer {
            Ok((_, answers)) => {
                if answers.len() != questions.len() || answers.iter().any(|answer| *answer > 1) {
                    return Err(Violation("a poll answered with something else"));
                }
                questions.values_mut().zip(answers).for_each(|(ready, answer)| *ready = *answer == 1);
            }
            // Using them will tell the guest what is wrong with them.
            Err(_) => questions.values_mut().for_each(|ready| *ready = true),
        }
        Ok(())
    }
}

fn earliest(pollables: &[Pollable]) -> Wait {
    let times =
        pollables.iter().filter_map(|pollable| if let Pollable::At(when) = pollable { Some(*when) } else { None });
    times.min().map_or(Wait::ForEver, Wait::Until)
}

impl poll::Host for Guest {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        if pollables.is_empty() {
            bail!("empty poll list");
        }
        let pollables: Vec<_> =
            pollables.iter().map(|pollable| self.table.get(pollable).copied()).collect::<Result<_, _>>()?;
        let ready = self.poll_all(&pollables, true)?;
        Ok((0..).zip(ready).filter_map(|(index, ready)| ready.then_some(index)).collect())
    }
}

impl poll::HostPollable for Guest {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let pollable = *self.table.get(&pollable)?;
        Ok(self.poll_all(&[pollable], false)?.contains(&true))
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        let pollable = *self.table.get(&pollable)?;
        self.poll_all(&[pollable], true)?;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}
