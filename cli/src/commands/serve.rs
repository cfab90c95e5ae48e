//! `wasmstone serve`.

use super::launch::{LaunchArguments, Purpose, timeout};
use crate::exit::Exit;
use std::net::SocketAddr;
use std::time::Duration;

/// Serve HTTP with a bundle whose program answers requests.
///
/// The enclave itself listens at the address and speaks HTTP; a new instance of the program answers each
/// request. Standard output and error belong to the program, and its standard input is empty. Apart from that the
/// program has access only to what these options grant, within the bundle's policy.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    launch: LaunchArguments,
    /// Address to serve at; port 0 stands for any free port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// After the first Ctrl-C, SIGTERM or SIGHUP, let requests in flight take this long to end.
    #[arg(long, value_name = "TIME", value_parser = timeout::parse, default_value = "30s")]
    grace: Duration,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.launch.launch(Purpose::Http { address: self.addr, grace: self.grace })
    }
}
