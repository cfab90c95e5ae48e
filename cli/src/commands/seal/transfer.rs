//! `wasmstone seal export` and `wasmstone seal import`.

use crate::commands::launch::sealed::{FreshnessArguments, Sealed, lock};
use crate::commands::launch::{EnclaveArguments, Worker, directory};
use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use wasmstone_bundle::sealing::{TransferKey, WRAPPED_KEY_SIZE};
use wasmstone_edge_protocol::TRANSFER_DIRECTORY;
use wasmstone_happ::edge_server::{Directory, Task};
use wasmstone_policy::{Access, Policy};

/// Export a sealed directory from its enclave, encrypted under the transfer key.
///
/// The program does not run meanwhile. You can take the copy to another machine.
#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    common: Common,
    /// Write the copy to this directory, which must be empty; the command creates it if it does not exist.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Import an exported copy into a sealed directory, which must be empty.
///
/// The program does not run meanwhile.
#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    common: Common,
    /// Directory with the copy, from "wasmstone seal export".
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
}

#[derive(clap::Args)]
struct Common {
    /// Sealed directory, as you grant it to the program.
    #[arg(long, value_name = "HOST::GUEST")]
    dir: String,
    /// Transfer key, wrapped by "wasmstone seal provision" for this bundle's enclave.
    #[arg(long, value_name = "FILE")]
    transfer_key: PathBuf,
    #[command(flatten)]
    freshness: FreshnessArguments,
    #[command(flatten)]
    enclave: EnclaveArguments,
}

/// Direction of a transfer.
#[derive(Clone, Copy, Debug)]
enum Direction {
    /// Out of the sealed directory.
    Out,
    /// Into the sealed directory.
    In,
}

impl Export {
    pub fn run(self) -> anyhow::Result<Exit> {
        let to = &self.to;
        let made = match fs::create_dir(to) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        };
        made.with_context(|| {
            Fault::new(
                Exit::Output,
                format!("cannot create the directory {}: choose another path with --to", to.display()),
            )
        })?;
        self.common.perform(Direction::Out, to)?;
        console::say(format_args!("exported to {}: anybody who has the transfer key can read the copy", to.display()));
        Ok(Exit::Success)
    }
}

impl Import {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.common.freshness.none_given()?;
        let from = &self.from;
        self.common.perform(Direction::In, from)?;
        console::say(format_args!(
            "imported {}: remove the copy and the transfer key once the program has its data",
            from.display()
        ));
        Ok(Exit::Success)
    }
}

impl Common {
    /// Copies between the sealed directory and `transfer`.
    fn perform(&self, direction: Direction, transfer: &Path) -> anyhow::Result<()> {
        let wrapped_key = wrapped_key(&self.transfer_key)?;
        let worker = Worker::find(&self.enclave)?;
        let policy = &worker.launch().policy;
        let mut sealed = directory(&self.dir, Access::ReadWrite)?;
        sealed.access = movable_access(policy, &sealed.guest)?;
        let access = match direction {
            Direction::Out => Access::ReadWrite,
            Direction::In => Access::ReadOnly,
        };
        let transfer = Directory::open(transfer, TRANSFER_DIRECTORY, access).with_context(|| {
            Fault::new(Exit::Configuration, format!("cannot use the directory {}", transfer.display()))
        })?;
        let _lock = lock(&transfer)?;
        let mut directories = vec![sealed, transfer];
        let (held, task) = match direction {
            Direction::Out => {
                (Sealed::prepare(&self.freshness, policy, &mut directories)?, Task::Export { wrapped_key })
            }
            // A freshness state would describe the exported directory, and the one to import into is empty.
            Direction::In => (Sealed::lock(&self.freshness, policy, &directories)?, Task::Import { wrapped_key }),
        };
        let server = worker.perform(task, directories)?;
        let sealed = server.freshness().iter().filter(|(guest, _)| *guest != TRANSFER_DIRECTORY);
        held.keep(&sealed.map(|(guest, state)| (guest.clone(), *state)).collect())
    }
}

/// The program's access to a sealed directory, if the policy allows moving it.
fn movable_access(policy: &Policy, guest: &str) -> Result<Access, Fault> {
    let no = |message: String| Err(Fault::new(Exit::Configuration, message));
    let Some(sealed) = policy.sealed_directories().find(|directory| directory.guest == guest) else {
        let names: Vec<_> = policy.sealed_directories().map(|directory| directory.guest.as_str()).collect();
        return no(match names.join(", ") {
            none if none.is_empty() => "the bundle has no sealed directories, so there is nothing to move".to_owned(),
            names => format!("{guest} is not a sealed directory of the bundle: name one of {names} as HOST::GUEST"),
        });
    };
    if policy.seal_owner.is_none() {
        return no("the bundle's policy names no seal-owner, so nobody can move its sealed data: only the program \
                   itself can hand them out"
            .to_owned());
    }
    Ok(sealed.access)
}

fn wrapped_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shown = path.display();
    let read = File::open(path).and_then(|file| file.take(WRAPPED_KEY_SIZE as u64 + 1).read_to_end(&mut bytes));
    match read.with_context(|| format!("cannot read the wrapped transfer key {shown}"))? {
        WRAPPED_KEY_SIZE => Ok(bytes),
        TransferKey::SIZE => {
            let message = format!(
                "{shown} is the transfer key itself, which this machine must not see: wrap it for the enclave with \
                 \"wasmstone seal provision\""
            );
            Err(Fault::new(Exit::Configuration, message).into())
        }
        _ => {
            let message =
                format!("{shown} is not a wrapped transfer key: create one with \"wasmstone seal provision\"");
            Err(Fault::new(Exit::Configuration, message).into())
        }
    }
}
