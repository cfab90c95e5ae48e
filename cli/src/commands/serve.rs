//! `wasmstone serve`.

use super::launch::{LaunchArguments, Task, timeout};
use crate::exit::Exit;
use std::net::SocketAddr;
use std::time::Duration;

/// Serve HTTP by a bundle whose program answers requests.
///
/// The enclave itself listens at the address and speaks HTTP; each request is answered by a new instance of
/// the program. Standard output and error are the program's, and its standard input is empty. What it may
/// have besides is what these options grant, within the bundle's policy.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    launch: LaunchArguments,
    /// Where to serve; port 0 stands for any that is free.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// At a first Ctrl-C, SIGTERM or SIGHUP, how long requests that have begun may take to end.
    #[arg(long, value_name = "TIME", value_parser = timeout::parse, default_value = "30s")]
    grace: Duration,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.launch.launch(Task::Http { address: self.addr, grace: self.grace })
    }
}
