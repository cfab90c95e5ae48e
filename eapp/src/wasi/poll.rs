//! `wasi:io/poll`. What is known to be ready needs no host; everything else is one edge call for all.

use crate::bindings::wasi::io::poll;
use crate::guest::Guest;
use alloc::vec::Vec;
use wasmstone_edge_protocol::{Violation, handle, io, types::PollEntry, types::PollRequest};
use wasmtime::component::Resource;
use wasmtime::{Result, bail};
use zerocopy::IntoBytes;

/// Something to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pollable {
    /// Always ready: files, and output that the host takes at once.
    Ready,
    /// Ready from this many nanoseconds after the enclave's start on.
    At(u64),
    /// Ready when standard input has bytes or has ended.
    Stdin,
}

/// How long the host may wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    No,
    Until(u64),
    ForEver,
}

impl Guest {
    /// Which of `pollables` are ready, and waits until one is where `block` says so.
    fn poll_all(&mut self, pollables: &[Pollable], block: bool) -> Result<Vec<bool>> {
        loop {
            let now = self.elapsed();
            let known = |pollable: &Pollable| match pollable {
                Pollable::Ready => true,
                Pollable::At(when) => *when <= now,
                Pollable::Stdin => self.stdin.is_ready(),
            };
            let mut ready: Vec<bool> = pollables.iter().map(known).collect();
            let any = ready.contains(&true);
            let asks_stdin = pollables.contains(&Pollable::Stdin) && !self.stdin.is_ready();
            let wait = if any || !block { Wait::No } else { earliest(pollables) };
            if asks_stdin || wait != Wait::No {
                let stdin_ready = self.wait(asks_stdin, wait, now)?;
                for (pollable, ready) in pollables.iter().zip(&mut ready) {
                    *ready |= stdin_ready && *pollable == Pollable::Stdin;
                }
            }
            // A host that wakes us early only makes us ask again: our own clock decides.
            if !block || ready.contains(&true) {
                return Ok(ready);
            }
        }
    }

    /// One edge call; says whether standard input is ready.
    fn wait(&mut self, stdin: bool, wait: Wait, now: u64) -> Result<bool> {
        let entries = [PollEntry { handle: handle::STDIN.into(), interest: 0.into() }];
        let entries = if stdin { &entries[..] } else { &[] };
        let timeout = match wait {
            Wait::No => 0,
            // One below the number that means for ever.
            Wait::Until(when) => when.saturating_sub(now).min(u64::MAX - 1),
            Wait::ForEver => u64::MAX,
        };
        let request = PollRequest { timeout: timeout.into(), count: (entries.len() as u32).into() };
        let answer = self.channel.call::<io::Poll>(&request, &[entries.as_bytes()], entries.len())?;
        match answer {
            Ok((_, [])) if !stdin => Ok(false),
            Ok((_, [0])) if stdin => Ok(false),
            Ok((_, [1])) if stdin => Ok(true),
            Ok(_) => Err(Violation("a poll answered with something else").into()),
            // Reading will tell the guest what is wrong with it.
            Err(_) => Ok(stdin),
        }
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
