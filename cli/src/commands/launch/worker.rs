//! Enclaves that are launched for a task of the enclave app, and do not run their program.

use super::arguments::{Chosen, EnclaveArguments};
use super::ending;
use crate::exit::{Exit, Fault};
use wasmstone_happ::backend::Evidence;
use wasmstone_happ::edge_server::{Config, Directory, Server, Task};
use wasmstone_policy::Launch;

/// An enclave that can perform a task.
pub struct Worker<'a> {
    arguments: &'a EnclaveArguments,
    chosen: Chosen,
}

impl<'a> Worker<'a> {
    /// The enclave that the options name, its bundle verified.
    ///
    /// # Errors
    /// If the bundle is not to be run, or none of its programs runs here.
    pub fn find(arguments: &'a EnclaveArguments) -> anyhow::Result<Self> {
        Ok(Self { arguments, chosen: arguments.choose()? })
    }

    /// The launch record that is measured with the enclave.
    pub fn launch(&self) -> &Launch {
        &self.chosen.enclave.program.launch
    }

    /// The form of the report that the enclave makes.
    pub fn evidence(&self) -> Evidence {
        self.chosen.enclave.evidence()
    }

    /// Launches the enclave, which performs `task` with these directories and ends.
    ///
    /// # Errors
    /// Why it did not.
    pub fn perform(&self, task: Task, directories: Vec<Directory>) -> anyhow::Result<Server> {
        let mut server = Server::new(Config { task, directories, ..Config::default() })?;
        let launched = self.chosen.enclave.launch(&mut server, &self.arguments.limits())?;
        match ending::of_task(launched.outcome, server.explanation())? {
            Exit::Guest(0) => Ok(server),
            other => Err(Fault::new(other, "the enclave ended before it had finished").into()),
        }
    }
}
