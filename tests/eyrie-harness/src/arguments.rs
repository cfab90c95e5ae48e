//! The command line: the options of `wasmstone run` that tests need, and options that only a harness can have.

use anyhow::{Context, Result};
use clap::Parser;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmstone_happ::edge_server::Directory;
use wasmstone_policy::{Access, Target};

/// Run a bundle's image without Keystone, as Eyrie and the host app would.
///
/// Standard input, output and error belong to the program, and its exit code is the harness's.
#[derive(Debug, Parser)]
#[command(name = "wasmstone-eyrie-harness", version, max_term_width = 100)]
pub struct Arguments {
    /// Bundle to run. It need not be signed, but its content must match its manifest.
    pub bundle: PathBuf,
    /// Target whose program in the bundle is run.
    #[arg(long, value_name = "TARGET", value_parser = target)]
    pub target: Option<Target>,
    /// Grant a directory for reading and writing.
    #[arg(long, value_name = "HOST::GUEST")]
    dir: Vec<String>,
    /// Grant a directory for reading only.
    #[arg(long, value_name = "HOST::GUEST")]
    read_only_dir: Vec<String>,
    /// Set an environment variable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Grant the whole network.
    #[arg(long)]
    pub net: bool,
    /// Serve HTTP at this address until standard input ends.
    #[arg(long, value_name = "ADDR:PORT")]
    pub serve: Option<SocketAddr>,
    /// Do not run the program; have a report made over this nonce, and print it in hexadecimal digits.
    #[arg(long, value_name = "TEXT")]
    pub report: Option<String>,
    /// Stop the program after this many milliseconds.
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub timeout: Option<Duration>,
    /// Interrupt the program every so many milliseconds, wherever it is.
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub interrupt: Option<Duration>,
    /// Give the program the same bytes in every run as the host's share of its random numbers.
    #[arg(long)]
    pub same_entropy: bool,
    /// Use the floating-point registers while the enclave does not run; at the end, print how often they
    /// came back changed, as JSON on standard error.
    #[arg(long)]
    pub float_host: bool,
    /// Fail if this text, or a key that the enclave got, is left in the enclave's memory after its end.
    #[arg(long, value_name = "TEXT")]
    pub secret: Option<String>,
    /// At the end, print how often the enclave called the host, as JSON on standard error.
    #[arg(long)]
    pub edge_calls: bool,
    /// At the end, print how many seconds the enclave took from its first instruction, as JSON on standard
    /// error.
    #[arg(long)]
    pub seconds: bool,
    /// Arguments of the program.
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

impl Arguments {
    /// Opens the granted directories.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub fn directories(&self) -> Result<Vec<Directory>> {
        let read_write = self.dir.iter().map(|granted| (granted, Access::ReadWrite));
        let read_only = self.read_only_dir.iter().map(|granted| (granted, Access::ReadOnly));
        let open = |(granted, access): (&String, Access)| {
            let (host, guest) = granted.split_once("::").unwrap_or((granted, granted));
            Directory::open(Path::new(host), guest, access).with_context(|| format!("cannot grant {host}"))
        };
        read_write.chain(read_only).map(open).collect()
    }
}

fn target(name: &str) -> Result<Target, String> {
    let all = [Target::Pulley64, Target::Riscv64];
    let found = all.into_iter().find(|target| target.name() == name);
    found.ok_or_else(|| format!("write {}", all.map(Target::name).join(" or ")))
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Duration::from_millis).ok_or_else(|| "write a number of milliseconds".to_owned())
}
