//! A web server on the board, reached from here through ssh.

use super::Suite;
use super::client::Client;
use anyhow::{Context, Result, bail, ensure};
use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take until it answers, or until it ends: it may be a program of 30 MB, emulated.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server; it ends when this is dropped.
pub struct Server {
    /// The address at which it listens, here and on the board.
    pub address: &'static str,
    /// The script has a terminal on the board, so that the server ends with it.
    ssh: Child,
}

impl Server {
    /// Starts a shell script that serves at an address of the board, and waits until a request for a path is answered
    /// with 200.
    ///
    /// # Errors
    /// If the script ends before that, or no answer arrives.
    pub fn start(suite: &Suite, address: &'static str, script: &str, path: &str) -> Result<Self> {
        let ssh = suite.remote.start(&["-L", &format!("{address}:{address}")], script)?;
        let mut server = Self { address, ssh };
        let start = Instant::now();
        // The port is open at once, since ssh forwards it.
        while !server.answers(path) {
            if let Some(status) = server.ssh.try_wait()? {
                bail!("the server ended: {status}");
            }
            ensure!(start.elapsed() < PATIENCE, "the server does not answer");
            sleep(Duration::from_millis(500));
        }
        Ok(server)
    }

    /// Waits until no answer arrives any more.
    ///
    /// # Errors
    /// If the server keeps answering.
    pub fn until_closed(&self, path: &str) -> Result<()> {
        let start = Instant::now();
        while self.answers(path) {
            ensure!(start.elapsed() < PATIENCE, "the server goes on answering");
        }
        Ok(())
    }

    /// Whether a request for this path is answered with 200, on a connection of its own.
    fn answers(&self, path: &str) -> bool {
        Client::new(self.address).and_then(|mut client| client.get(path)).is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until the script ends by itself; its exit code is that of ssh.
    ///
    /// # Errors
    /// If the script does not end.
    pub fn wait(mut self) -> Result<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.ssh.try_wait().context("cannot wait for ssh")? {
                return Ok(status);
            }
            sleep(Duration::from_millis(100));
        }
        bail!("the server does not end")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}
