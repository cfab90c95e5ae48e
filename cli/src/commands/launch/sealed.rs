//! Sealed directories of a run: each is locked, and its state is kept if an option asks for that.

use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use wasmstone_bundle::atomic;
use wasmstone_edge_protocol::{ExitStatus, FRESHNESS_SIZE};
use wasmstone_happ::backend::Outcome;
use wasmstone_happ::edge_server::{Directory, Lock};
use wasmstone_happ::freshness::{Freshness, NotFreshness, States};
use wasmstone_policy::Policy;

/// Options about the states of sealed directories.
#[derive(clap::Args)]
pub struct FreshnessArguments {
    /// Refuse a sealed directory in any other state than this one; overrides the state that --freshness has for it.
    #[arg(long, value_name = "GUEST=STATE", value_parser = pin)]
    fresh: Vec<(String, Freshness)>,
    /// Keep the states of sealed directories in this file: refuse any other state, and update the file at the end;
    /// with - print the states at the end on standard error.
    #[arg(long, value_name = "FILE|-")]
    freshness: Option<PathBuf>,
}

fn pin(text: &str) -> Result<(String, Freshness), NotFreshness> {
    let (guest, state) = text.rsplit_once('=').ok_or(NotFreshness)?;
    Ok((guest.to_owned(), state.parse()?))
}

impl FreshnessArguments {
    /// Refuses states on the command line, for a directory that is empty and therefore has none.
    ///
    /// # Errors
    /// If one is given.
    pub fn none_given(&self) -> Result<(), Fault> {
        match self.fresh.first() {
            None => Ok(()),
            Some((guest, _)) => {
                let message = format!("--fresh gives a state of {guest}, which is still empty: leave the option out");
                Err(Fault::new(Exit::Usage, message))
            }
        }
    }
}

/// The states in a file; `None` if the file does not exist yet.
fn read(file: &Path) -> anyhow::Result<Option<States>> {
    let shown = file.display();
    match fs::read_to_string(file) {
        _ if file.as_os_str() == "-" => Ok(None),
        Ok(text) => text.parse().map(Some).with_context(|| {
            let message = format!("cannot use the states of sealed directories in {shown}: name another file");
            Fault::new(Exit::Configuration, message)
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {shown}")),
    }
}

/// The sealed directories of a run.
pub struct Sealed {
    guests: Vec<String>,
    /// The states that were known before.
    known: States,
    file: Option<PathBuf>,
    _locks: Vec<Lock>,
}

impl Sealed {
    /// Locks those of `directories` that are sealed, and pins their known states.
    ///
    /// # Errors
    /// If one is in use, or a state is pinned for something else.
    pub fn prepare(
        arguments: &FreshnessArguments,
        policy: &Policy,
        directories: &mut [Directory],
    ) -> anyhow::Result<Self> {
        let sealed = Self::lock(arguments, policy, directories)?;
        let pinned: BTreeMap<_, _> = arguments.fresh.iter().map(|(guest, state)| (guest, state)).collect();
        if let Some(other) = pinned.keys().find(|guest| !sealed.guests.contains(guest)) {
            let message = format!(
                "--fresh names {other}, which is not a granted sealed directory: grant it with --dir HOST::{other}, \
                 or leave the option out"
            );
            return Err(Fault::new(Exit::Configuration, message).into());
        }
        for directory in directories.iter_mut().filter(|directory| sealed.guests.contains(&directory.guest)) {
            let state = pinned.get(&directory.guest).copied().or_else(|| sealed.known.0.get(&directory.guest));
            directory.pin = state.map(|state| state.0);
        }
        Ok(sealed)
    }

    /// Locks those of `directories` that are sealed, whatever state they are in.
    ///
    /// # Errors
    /// If one is in use.
    pub fn lock(arguments: &FreshnessArguments, policy: &Policy, directories: &[Directory]) -> anyhow::Result<Self> {
        let is_sealed = |guest: &str| policy.sealed_directories().any(|directory| directory.guest == guest);
        let (mut guests, mut locks) = (Vec::new(), Vec::new());
        for directory in directories.iter().filter(|directory| is_sealed(&directory.guest)) {
            locks.push(lock(directory)?);
            guests.push(directory.guest.clone());
        }
        // The states are read under the locks, so that no other run changes them meanwhile.
        let file = arguments.freshness.clone();
        let known = file.as_deref().map(read).transpose()?.flatten();
        if let (None, Some(file), false) = (&known, &file, guests.is_empty())
            && file.as_os_str() != "-"
        {
            let file = file.display();
            console::say(format_args!(
                "{file} does not exist yet: sealed directories are accepted in whatever state they are"
            ));
        }
        let known = known.unwrap_or_default();
        Ok(Self { guests, known, file, _locks: locks })
    }

    /// Warns of states that were to be kept and that nobody knows, because the enclave was stopped.
    pub fn say_unknown(&self, found: &BTreeMap<String, [u8; FRESHNESS_SIZE]>, outcome: &Outcome) {
        let started = !matches!(outcome, Outcome::Ended(ExitStatus::Refused) | Outcome::NotStarted { .. });
        let wanted = self.file.is_some() && started;
        for guest in self.guests.iter().filter(|guest| wanted && !found.contains_key(*guest)) {
            console::warn(format_args!(
                "the enclave ended before it reported the state of {guest}: if it wrote there, the known state is \
                 out of date, and has to be left out the next time"
            ));
        }
    }

    /// Keeps the states at the end, if an option asks for that.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn keep(&self, found: &BTreeMap<String, [u8; FRESHNESS_SIZE]>) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let found = found.iter().map(|(guest, state)| (guest.clone(), Freshness(*state)));
        if file.as_os_str() == "-" {
            let found = States(found.collect()).to_string();
            found.lines().for_each(|line| console::say(console::visible(line)));
            return Ok(());
        }
        // Other runs may have written the states of other directories meanwhile.
        let before = read(file)?.unwrap_or_default();
        let mut states = before.clone();
        states.0.extend(found);
        if states != before {
            atomic::write(file, states.to_string().as_bytes()).with_context(|| {
                let message = format!("cannot write {}: make room there, or choose another file", file.display());
                Fault::new(Exit::Output, message)
            })?;
        }
        Ok(())
    }

    /// What to add if the enclave refuses to start: with sealed directories its explanation says what to do.
    pub fn advice(&self) -> Option<String> {
        let pinned = |file: &PathBuf| format!("; the pins are the lines of {}", file.display());
        let pins = self.file.as_ref().filter(|_| !self.known.0.is_empty()).map(pinned);
        (!self.guests.is_empty()).then(|| pins.unwrap_or_default())
    }
}

/// Locks a sealed directory: two enclaves in one would destroy it.
///
/// # Errors
/// If another enclave uses it.
pub fn lock(directory: &Directory) -> anyhow::Result<Lock> {
    let guest = &directory.guest;
    match directory.lock() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            let message = format!(
                "another enclave uses the sealed directory that was granted as {guest}: wait until it has ended, or grant another one"
            );
            Err(Fault::new(Exit::InUse, message).into())
        }
        locked => locked.with_context(|| format!("cannot lock the directory that was granted as {guest}")),
    }
}
