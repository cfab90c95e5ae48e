//! Serving HTTP on RISC-V, under `qemu-riscv64`: with the enclave app for RISC-V as it is measured, and with the
//! static executable for a board. Both answer as on this machine.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use tempfile::TempDir;
use wasmstone_test_support::client::Client;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, build, command, guest, keystone_files, target_directory};

/// The service for both engines, built for a platform that does not protect floating-point registers.
fn service() -> Bundled {
    let directory = TempDir::new().unwrap();
    let (loader, runtime) = (directory.path().join("loader.bin"), directory.path().join("eyrie-rt"));
    let files = keystone_files::keystone_files();
    fs::write(&loader, files.0).unwrap();
    fs::write(&runtime, files.1).unwrap();
    let mut add = command();
    add.args(["platform", "add", "board", "--loader"]).arg(&loader).arg("--runtime").arg(&runtime);
    let output = add.output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let flags = ["--platform", "board", "--targets=pulley64,riscv64", "--max-memory", "16M", "--instances", "4"];
    build(&guest("http_service", "wasm32-wasip2"), &flags)
}

fn built(program: &str) -> PathBuf {
    let path = target_directory().join("riscv64gc-unknown-linux-gnu/small").join(program);
    assert!(path.exists(), "{} is missing: run `cargo xtask test`", path.display());
    path
}

/// A process that serves.
struct Serving {
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn_in_time();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it does not serve: {said}");
            if let Some((_, rest)) = line.split_once("Serving HTTP on http://") {
                break rest.split('/').next().unwrap().parse().expect(&line);
            }
            said.push_str(&line);
        };
        Self { stdin: child.stdin.take(), child, stderr, address }
    }

    /// Waits for the end, which must be a graceful one.
    fn ends(mut self) {
        drop(self.stdin.take());
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{stderr}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A few requests of every kind.
fn answers(address: SocketAddr) {
    let mut client = Client::new(address);
    for _ in 0..3 {
        assert_eq!(client.get("/hello").seen(), (200, "Hello, world!\n".to_owned()));
        assert_eq!(client.get("/instance").text(), "0 before\n");
    }
    let body: Vec<u8> = (0..200_000u32).map(|index| (index % 253) as u8).collect();
    assert_eq!(client.post("/count", &body).text(), "200000\n");
    assert!(client.post("/splice", &body).body == body);
    client.begin("/echo");
    assert_eq!(client.head().status, 200);
    for word in [&b"one"[..], b"two", b"three"] {
        client.chunk(word);
        assert_eq!(client.next_chunk().unwrap(), word);
    }
    // While this request waits, others are served.
    let mut other = Client::new(address);
    assert_eq!(other.get("/sleep?milliseconds=5").text(), "slept\n");
    assert_eq!(other.get("/trap?when=before").status, 500);
    client.chunk(b"");
    assert_eq!(client.next_chunk(), Some(Vec::new()));
    assert_eq!(client.line(), Some(String::new()));

    let mut bad = Client::new(address);
    bad.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(bad.rest().starts_with("HTTP/1.1 400 "));
    assert_eq!(client.get("/hello").status, 200);
}

#[test]
fn needs_riscv64_the_enclave_app_serves() {
    let bundled = service();
    for target in ["pulley64", "riscv64"] {
        let mut command = Command::new("qemu-riscv64");
        command.arg(built("wasmstone-eyrie-harness")).arg(bundled.path()).args(["--target", target]);
        let serving = Serving::start(command.args(["--serve", "127.0.0.1:0", "--timeout", "300000"]));
        answers(serving.address);
        serving.ends();
    }
}

#[test]
fn needs_riscv64_the_static_executable_serves() {
    const EMULATOR: &str = "qemu-riscv64";
    let bundled = build(&guest("http_service", "wasm32-wasip2"), &["--targets", "riscv64", "--instances", "4"]);
    let own = command();
    let (_, home) = own.get_envs().find(|(name, _)| *name == "WASMSTONE_HOME").expect("the tests have one");
    let mut command = Command::new(EMULATOR);
    command
        .arg(built("simulating/wasmstone"))
        .env("WASMSTONE_HOME", home.unwrap())
        .env("WASMSTONE_SIM_RUNNER", EMULATOR);
    command.arg("serve").arg(bundled.path()).args(["--insecure-no-lockdown", "--addr", "127.0.0.1:0"]);
    let serving = Serving::start(&mut command);
    answers(serving.address);
    kill_process(Pid::from_child(&serving.child), Signal::TERM).unwrap();
    serving.ends();
}
