//! `wasmstone seal export` and `wasmstone seal import`.

use crate::commands::launch::sealed::{FreshnessArguments, Sealed, lock};
use crate::commands::launch::{EnclaveArguments, directory, task::Worker};
use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use wasmstone_bundle::sealing::{TransferKey, WRAPPED_SIZE};
use wasmstone_edge_protocol::TRANSFER_DIRECTORY;
use wasmstone_happ::edge_server::{Directory, Task};
use wasmstone_policy::{Access, Policy};

/// Copy a sealed directory out of its enclave, under the transfer key.
///
/// The program does not run meanwhile. The copy can be taken to another machine.
#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    common: Common,
    /// Where the copy goes: an empty directory, which is made if need be.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Copy what was exported into a sealed directory, which has to be empty.
///
/// The program does not run meanwhile.
#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    common: Common,
    /// Where the copy is, from "wasmstone seal export".
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
}

#[derive(clap::Args)]
struct Common {
    /// The sealed directory, as it is granted to the program.
    #[arg(long, value_name = "HOST::GUEST")]
    dir: String,
    /// The transfer key, as "wasmstone seal provision" wrapped it for the enclave of this bundle.
    #[arg(long, value_name = "FILE")]
    transfer_key: PathBuf,
    #[command(flatten)]
    freshness: FreshnessArguments,
    #[command(flatten)]
    enclave: EnclaveArguments,
}

/// Where data go.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Out of the sealed directory.
    Out,
    /// Into it.
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
                format!("cannot make the directory {}: choose another place with --to", to.display()),
            )
        })?;
        self.common.perform(Way::Out, to)?;
        console::say(format_args!("exported to {}: whoever has the transfer key can read it", to.display()));
        Ok(Exit::Success)
    }
}

impl Import {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.common.freshness.none_given()?;
        let from = &self.from;
        self.common.perform(Way::In, from)?;
        console::say(format_args!(
            "imported {}: remove it, and the transfer key, when the program has what it needs",
            from.display()
        ));
        Ok(Exit::Success)
    }
}

impl Common {
    /// Copies between the sealed directory and `transfer`.
    fn perform(&self, way: Way, transfer: &Path) -> anyhow::Result<()> {
        let wrapped_key = wrapped_key(&self.transfer_key)?;
        let worker = Worker::find(&self.enclave)?;
        let policy = &worker.launch().policy;
        let mut sealed = directory(&self.dir, Access::ReadWrite)?;
        sealed.access = movable(policy, &sealed.guest)?;
        let access = match way {
            Way::Out => Access::ReadWrite,
            Way::In => Access::ReadOnly,
        };
        let transfer = Directory::open(transfer, TRANSFER_DIRECTORY, access).with_context(|| {
            Fault::new(Exit::Configuration, format!("cannot use the directory {}", transfer.display()))
        })?;
        let _lock = lock(&transfer)?;
        let mut directories = vec![sealed, transfer];
        let (held, task) = match way {
            Way::Out => (Sealed::prepare(&self.freshness, policy, &mut directories)?, Task::Export { wrapped_key }),
            // What is known of a state is of the directory that was exported.
            Way::In => (Sealed::lock(&self.freshness, policy, &directories)?, Task::Import { wrapped_key }),
        };
        let server = worker.perform(task, directories)?;
        let sealed = server.freshness().iter().filter(|(guest, _)| *guest != TRANSFER_DIRECTORY);
        held.keep(&sealed.map(|(guest, state)| (guest.clone(), *state)).collect())
    }
}

/// What the program may do in a sealed directory that can be moved.
fn movable(policy: &Policy, guest: &str) -> Result<Access, Fault> {
    let no = |message: String| Err(Fault::new(Exit::Configuration, message));
    let Some(sealed) = policy.sealed_directories().find(|directory| directory.guest == guest) else {
        let names: Vec<_> = policy.sealed_directories().map(|directory| directory.guest.as_str()).collect();
        return no(match names.join(", ") {
            none if none.is_empty() => {
                "the bundle has no sealed directories, so that there is nothing to move".to_owned()
            }
            names => format!("{guest} is no sealed directory of the bundle: name one of {names} as HOST::GUEST"),
        });
    };
    if policy.seal_owner.is_none() {
        return no(
            "the bundle's policy names no seal-owner, so that nobody can move what it has sealed: only the program \
                   itself can give it out"
                .to_owned(),
        );
    }
    Ok(sealed.access)
}

fn wrapped_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shown = path.display();
    let read = File::open(path).and_then(|file| file.take(WRAPPED_SIZE as u64 + 1).read_to_end(&mut bytes));
    match read.with_context(|| format!("cannot read the wrapped transfer key {shown}"))? {
        WRAPPED_SIZE => Ok(bytes),
        TransferKey::SIZE => {
            let message = format!(
                "{shown} is the transfer key itself, which is not for this machine's eyes: wrap it for the enclave with \
                 \"wasmstone seal provision\""
            );
            Err(Fault::new(Exit::Configuration, message).into())
        }
        _ => {
            let message = format!("{shown} is no wrapped transfer key: make one with \"wasmstone seal provision\"");
            Err(Fault::new(Exit::Configuration, message).into())
        }
    }
}
