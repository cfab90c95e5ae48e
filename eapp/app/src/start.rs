//! What the host says at start, checked, and compared with the measured policy.

use crate::channel::Channel;
use crate::ending::Ending;
use alloc::{borrow::ToOwned, format, vec::Vec};
use core::{net::SocketAddr, num::NonZeroU32};
use wasmstone_edge_protocol::{
    DIRECTORIES_MAX, FRESHNESS_SIZE, PAYLOAD_MAX, RECORDS_MAX, TRANSFER_DIRECTORY, Violation, attestation, launch,
    record, types::Empty, value::StandardStream, value::TaskKind,
};
use wasmstone_policy::{Access, Entry, Grants, Policy, Reach, WRAPPED_KEY_SIZE};

/// The host's answers at start.
pub struct Start {
    /// The guest's grants, the policy's own arguments and variables included.
    pub grants: Grants,
    /// What the policy allows of the network.
    pub reach: Reach,
    /// The host's wall clock: seconds and nanoseconds since 1970-01-01.
    pub wall: (u64, u32),
    /// The rate of the machine's ticks, as the host says.
    pub ticks_per_second: NonZeroU32,
    /// Standard input, output, error is a terminal.
    pub terminals: [bool; 3],
    /// Entropy from the host.
    pub entropy: [u8; 32],
    /// The address to serve at, which the policy allows; with [`Entry::Http`], and only with it.
    pub serve: Option<SocketAddr>,
    /// For each directory, the required state if it is sealed and the operator named one.
    pub pins: Vec<Option<[u8; FRESHNESS_SIZE]>>,
    /// What the enclave does in this run.
    pub task: TaskKind,
    /// The input of the task: a nonce, or a wrapped key.
    pub record: Vec<u8>,
}

impl Start {
    /// Asks the host.
    ///
    /// # Errors
    /// A violation, or a refusal if the grants go beyond the policy.
    pub fn fetch(channel: &mut Channel, policy: &Policy, entry: Entry) -> Result<Self, Ending> {
        let answer = channel.call::<launch::Start>(&Empty {}, &[], PAYLOAD_MAX)?;
        let (start, mut payload) = answer.map_err(|_| Violation("the host does not start the guest"))?;
        let nanoseconds = start.wall_nanoseconds.at_most(999_999_999, "a time stamp's nanoseconds")?;
        let terminals = start.terminals.get()?;
        let ticks_per_second =
            NonZeroU32::new(start.ticks_per_second.opaque()).ok_or(Violation("a clock that stands still"))?;
        let mut grants = Grants::default();
        for _ in 0..start.arguments.at_most(RECORDS_MAX, "too many arguments")? {
            grants.arguments.push(record::take_text(&mut payload, PAYLOAD_MAX)?.to_owned());
        }
        for _ in 0..start.environment.at_most(RECORDS_MAX, "too many variables")? {
            let name = record::take_text(&mut payload, PAYLOAD_MAX)?.to_owned();
            let value = record::take_text(&mut payload, PAYLOAD_MAX)?.to_owned();
            grants.environment.push((name, value));
        }
        let directories = start.directories.at_most(DIRECTORIES_MAX as u32, "too many directories")?;
        let writable = start.writable.opaque();
        let mut pins = Vec::with_capacity(directories as usize);
        for index in 0..directories {
            let access = if writable >> index & 1 == 1 { Access::ReadWrite } else { Access::ReadOnly };
            grants.directories.push((record::take_text(&mut payload, PAYLOAD_MAX)?.to_owned(), access));
            let pin = record::take(&mut payload, FRESHNESS_SIZE)?;
            pins.push(match pin.len() {
                0 => None,
                _ => Some(*pin.first_chunk().ok_or(Violation("a freshness value is cut short"))?),
            });
        }
        // A task's input comes as one record of a size that the task fixes, so a host cannot put in another one.
        let task = start.task.get()?;
        let sizes = match task {
            TaskKind::Run => 0..=0,
            TaskKind::Report => attestation::NONCE,
            TaskKind::Export | TaskKind::Import => WRAPPED_KEY_SIZE..=WRAPPED_KEY_SIZE,
        };
        let record = if task == TaskKind::Run { &[] } else { record::take(&mut payload, *sizes.end())? };
        if !sizes.contains(&record.len()) {
            return Err(Violation("what belongs to a task is cut short").into());
        }
        let record = record.to_vec();
        // Bytes or bits that nothing reads could let the two sides read the reply differently.
        if !payload.is_empty() || writable.checked_shr(directories).unwrap_or(0) != 0 {
            return Err(Violation("the start reply has more than it says").into());
        }
        // The reply had room for all possible grants, which is much more than later replies need.
        channel.trim();
        // The entry point is measured, the address is not: they have to fit, and the policy has to allow the address.
        let reach = Reach::new(policy.network.clone());
        let serve = start.serve.get_any()?;
        match (entry, serve) {
            (Entry::Command, None) => {}
            (Entry::Command, Some(_)) => return Err(Violation("an address to serve at for a command").into()),
            (Entry::Http, None) if task != TaskKind::Run => {}
            (Entry::Http, None) => return Err(Ending::refused("there is no address to serve at: use wasmstone serve")),
            (Entry::Http, Some(address)) if reach.listen(address) => {}
            (Entry::Http, Some(address)) => {
                return Err(Ending::refused(format!("the bundle's policy does not allow listening at {address}")));
            }
        }
        if matches!(task, TaskKind::Export | TaskKind::Import)
            && grants.directories.pop().is_none_or(|(name, _)| name != TRANSFER_DIRECTORY)
        {
            // The transfer directory comes last. No guest gets it, so the policy does not mention it.
            return Err(Violation("no directory for the transfer").into());
        }
        Ok(Self {
            grants: policy.admit(grants).map_err(Ending::refused)?,
            reach,
            wall: (start.wall_seconds.opaque(), nanoseconds),
            ticks_per_second,
            terminals: [StandardStream::Input, StandardStream::Output, StandardStream::Error]
                .map(|it| terminals.contains(it)),
            entropy: start.entropy,
            serve,
            pins,
            task,
            record,
        })
    }
}
