//! What a run has to do with sealed directories: each is locked, and its state is kept where that is asked for.

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
    /// Refuse a sealed directory in any other state than this one; wins over what --freshness says of it.
    #[arg(long, value_name = "GUEST=STATE", value_parser = pin)]
    fresh: Vec<(String, Freshness)>,
    /// Keep the states of sealed directories in this file: refuse any other than it says, and renew it at the
    /// end; with - print them at the end on standard error.
    #[arg(long, value_name = "FILE|-")]
    freshness: Option<PathBuf>,
}

fn pin(text: &str) -> Result<(String, Freshness), NotFreshness> {
    let (guest, state) = text.rsplit_once('=').ok_or(NotFreshness)?;
    Ok((guest.to_owned(), state.parse()?))
}

impl FreshnessArguments {
    /// Refuses states on the command line where there can be none.
    ///
    /// # Errors
    /// Where one is given.
    pub fn none_given(&self) -> Result<(), Fault> {
        match self.fresh.first() {
            None => Ok(()),
            Some((guest, _)) => {
                let message = format!("--fresh gives a state of {guest}, which is empty still: leave the option out");
                Err(Fault::new(Exit::Usage, message))
            }
        }
    }
}

/// What a file says of states; nothing where there is none yet.
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
    /// Locks those of `directories` that are sealed, and pins the states that are known of them.
    ///
    /// # Errors
    /// Where one is in use, or a state is pinned of something else.
    pub fn prepare(
        arguments: &FreshnessArguments,
        policy: &Policy,
        directories: &mut [Directory],
    ) -> anyhow::Result<Self> {
        let sealed = Self::lock(arguments, policy, directories)?;
        let pinned: BTreeMap<_, _> = arguments.fresh.iter().map(|(guest, state)| (guest, state)).collect();
        if let Some(other) = pinned.keys().find(|guest| !sealed.guests.contains(guest)) {
            let message = format!(
                "--fresh names {other}, which is no sealed directory that was granted: grant it with --dir HOST::{other}, \
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
    /// Where one is in use.
    pub fn lock(arguments: &FreshnessArguments, policy: &Policy, directories: &[Directory]) -> anyhow::Result<Self> {
        let is_sealed = |guest: &str| policy.sealed_directories().any(|directory| directory.guest == guest);
        let (mut guests, mut locks) = (Vec::new(), Vec::new());
        for directory in directories.iter().filter(|directory| is_sealed(&directory.guest)) {
            locks.push(lock(directory)?);
            guests.push(directory.guest.clone());
        }
        // Only now does nobody else change them.
        let file = arguments.freshness.clone();
        let known = file.as_deref().map(read).transpose()?.flatten();
        if let (None, Some(file), false) = (&known, &file, guests.is_empty())
            && file.as_os_str() != "-"
        {
            let file = file.display();
            console::say(format_args!("{file} is not there yet: sealed directories are taken as they are"));
        }
        let known = known.unwrap_or_default();
        Ok(Self { guests, known, file, _locks: locks })
    }

    /// Says which states nobody knows, where they were to be kept and the enclave was stopped.
    pub fn say_unknown(&self, found: &BTreeMap<String, [u8; FRESHNESS_SIZE]>, outcome: &Outcome) {
        let started = !matches!(outcome, Outcome::Ended(ExitStatus::Refused) | Outcome::NotStarted { .. });
        let wanted = self.file.is_some() && started;
        for guest in self.guests.iter().filter(|guest| wanted && !found.contains_key(*guest)) {
            console::warn(format_args!(
                "the enclave did not come to tell the state of {guest}: where it wrote there, the state that is known is \
                 an old one, and has to be left out the next time"
            ));
        }
    }

    /// Keeps the states at the end, where that was asked for.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn keep(&self, found: &BTreeMap<String, [u8; FRESHNESS_SIZE]>) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let found = found.iter().map(|(guest, state)| (guest.clone(), Freshness(*state)));
        if file.as_os_str() == "-" {
            let found = States(found.collect()).to_string();
            found.lines().for_each(|line| console::say(console::visible(line)));
            return Ok(());
        }
        // Other runs may have written meanwhile of other directories.
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

    /// What to add where the enclave says why it does not start: with sealed directories it says what to do itself.
    pub fn advice(&self) -> Option<String> {
        let pinned = |file: &PathBuf| format!("; the pins are the lines of {}", file.display());
        let pins = self.file.as_ref().filter(|_| !self.known.0.is_empty()).map(pinned);
        (!self.guests.is_empty()).then(|| pins.unwrap_or_default())
    }
}

/// Two enclaves in one sealed directory would destroy it.
///
/// # Errors
/// Where somebody else has it.
pub fn lock(directory: &Directory) -> anyhow::Result<Lock> {
    let guest = &directory.guest;
    match directory.lock() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            let message = format!(
                "another enclave has the sealed directory that was granted as {guest}: wait for its end, or grant another one"
            );
            Err(Fault::new(Exit::InUse, message).into())
        }
        locked => locked.with_context(|| format!("cannot lock the directory that was granted as {guest}")),
    }
}
