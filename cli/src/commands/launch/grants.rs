//! Options that grant access to the program.

use crate::exit::{Exit, Fault};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::Path;
use wasmstone_happ::edge_server::Directory;
use wasmstone_policy::{Access, Addresses, Names, Network, Remote};

/// Options that grant access to the program.
#[derive(clap::Args)]
pub struct GrantArguments {
    /// Grant the directory HOST for reading and writing, under the path GUEST [default: the same as HOST].
    #[arg(long, value_name = "HOST[::GUEST]")]
    dir: Vec<String>,
    /// Grant the directory HOST for reading only.
    #[arg(long, value_name = "HOST[::GUEST]")]
    read_only_dir: Vec<String>,
    /// Set an environment variable; without =VALUE it has the value of your own environment.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Grant the whole network.
    #[arg(long, conflicts_with_all = ["listen", "connect"])]
    net: bool,
    /// Let the program listen at an address, over TCP and UDP; 0.0.0.0 and [::] stand for every address.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Vec<SocketAddr>,
    /// Let the program look up a host and connect to it, over TCP and UDP.
    #[arg(long, value_name = "HOST:PORT")]
    connect: Vec<Remote>,
}

impl GrantArguments {
    /// Opens the granted directories.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub fn directories(&self) -> anyhow::Result<Vec<Directory>> {
        let read_write = self.dir.iter().map(|granted| (granted, Access::ReadWrite));
        let read_only = self.read_only_dir.iter().map(|granted| (granted, Access::ReadOnly));
        let mut directories: Vec<Directory> = Vec::new();
        for (granted, access) in read_write.chain(read_only) {
            let directory = directory(granted, access)?;
            if directories.iter().any(|other| other.guest == directory.guest) {
                let message = format!(
                    "two directories are granted as {}: give one of them another path, as HOST::GUEST",
                    directory.guest
                );
                return Err(Fault::new(Exit::Configuration, message).into());
            }
            directories.push(directory);
        }
        Ok(directories)
    }

    /// The granted part of the network.
    pub fn network(&self) -> Network {
        if self.net {
            Network::Any
        } else if self.listen.is_empty() && self.connect.is_empty() {
            Network::Denied
        } else {
            Network::Listed(Addresses {
                listen: self.listen.clone(),
                connect: self.connect.clone(),
                lookup: Names::Listed(Vec::new()),
            })
        }
    }

    /// The granted variables: name and value. The last value of a name counts.
    ///
    /// # Errors
    /// If a variable has no value, or its name is invalid.
    pub fn environment(&self) -> Result<Vec<(String, String)>, Fault> {
        let mut variables: Vec<(String, String)> = Vec::new();
        for granted in &self.env {
            if granted.is_empty() || granted.starts_with('=') {
                let message = format!("--env \"{granted}\": the name is missing; write --env NAME=VALUE");
                return Err(Fault::new(Exit::Configuration, message));
            }
            let (name, value) = match granted.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (granted.as_str(), inherited(granted)?),
            };
            variables.retain(|(other, _)| other != name);
            variables.push((name.to_owned(), value));
        }
        Ok(variables)
    }
}

/// Opens the directory `HOST::GUEST`.
///
/// # Errors
/// If it cannot be opened, or is not named.
pub fn directory(granted: &str, access: Access) -> anyhow::Result<Directory> {
    let (host, guest) = granted.split_once("::").unwrap_or((granted, granted));
    if host.is_empty() || guest.is_empty() {
        let message = format!("\"{granted}\" does not name a directory: write HOST or HOST::GUEST");
        return Err(Fault::new(Exit::Configuration, message).into());
    }
    Directory::open(Path::new(host), guest, access).with_context(|| {
        Fault::new(Exit::Configuration, format!("cannot grant the directory {host}: make it, or grant another one"))
    })
}

fn inherited(name: &str) -> Result<String, Fault> {
    std::env::var(name).map_err(|error| {
        let problem = match error {
            std::env::VarError::NotPresent => "is not set here",
            std::env::VarError::NotUnicode(_) => "is not UTF-8 here",
        };
        Fault::new(Exit::Configuration, format!("--env {name}: {name} {problem}; write --env {name}=VALUE"))
    })
}
