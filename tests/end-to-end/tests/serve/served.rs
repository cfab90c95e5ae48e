//! The service of `guests/http` in an enclave.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use wasmstone_test_support::client::{Client, Response};
use wasmstone_test_support::processes::{InTime, PATIENCE};
use wasmstone_test_support::{Bundled, build, command, guest};

/// The service, with little memory.
pub static SERVICE: LazyLock<Bundled> =
    LazyLock::new(|| build(&guest("http_service", "wasm32-wasip2"), &["--max-memory", "64M", "--engine", "pulley"]));

/// A running service; it ends when this is dropped.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    lines: Receiver<String>,
    stderr: String,
}

/// How a service ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The edge calls, by `--edge-calls`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let line = self.stderr.lines().rfind(|line| line.starts_with('{')).expect("the counts");
        serde_json::from_str(line).unwrap()
    }
}

/// The command line for a bundle, in the simulator.
pub fn serve(bundled: &Bundled, options: &[&str]) -> Command {
    let mut command = command();
    command.arg("serve").arg(bundled.path()).args(["--backend", "sim"]).args(options);
    command
}

impl Served {
    /// The service of `guests/http`, at a port that is free.
    pub fn start(options: &[&str]) -> Self {
        Self::start_bundle(&SERVICE, options)
    }

    pub fn start_bundle(bundled: &Bundled, options: &[&str]) -> Self {
        Self::from_command(serve(bundled, options).args(["--addr", "127.0.0.1:0"]))
    }

    pub fn from_command(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stderr.split(b'\n').map_while(Result::ok) {
                // The port may not be in use any more.
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned() + "\n");
            }
        });
        let mut served = Self { child, address: ([0, 0, 0, 0], 0).into(), lines, stderr: String::new() };
        let line = served.says("Serving HTTP on http://");
        let (_, address) = line.split_once("http://").unwrap();
        served.address = address.split('/').next().unwrap().parse().expect(&line);
        served
    }

    /// Waits for a line on standard error that contains these words.
    pub fn says(&mut self, words: &str) -> String {
        if let Some(line) = self.stderr.lines().find(|line| line.contains(words)) {
            return line.to_owned();
        }
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { panic!("{words:?} is not in {}", self.stderr) };
            self.stderr.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Sends a request on a new connection.
    pub fn get(&self, path: &str) -> Response {
        self.client().get(path)
    }

    /// Checks that the service still answers.
    #[track_caller]
    pub fn still_serves(&self) {
        assert_eq!(self.get("/hello").seen(), (200, "Hello, world!\n".to_owned()));
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Ended {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap();
        self.stderr.extend(self.lines.iter());
        Ended { code: status.code(), stdout, stderr: std::mem::take(&mut self.stderr) }
    }

    /// Makes it end gracefully.
    pub fn end(self) -> Ended {
        self.signal(Signal::TERM);
        let ended = self.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
