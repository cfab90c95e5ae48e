//! Sockets of a guest with peers outside, and the guest's grants for the network.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStderr, ChildStdin, Output, Stdio};
use std::sync::LazyLock;
use std::thread;
use tempfile::TempDir;
use wasmstone_test_support::connections::connect;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, guest};

static ECHO_SERVER: LazyLock<Bundled> = LazyLock::new(|| build(&guest("echo_server", "wasm32-wasip2"), &[]));
static DIAL: LazyLock<Bundled> = LazyLock::new(|| build(&guest("dial", "wasm32-wasip2"), &[]));

/// The program `echo_server` in an enclave.
struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: BufReader<ChildStderr>,
    port: u16,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let mut enclave = Enclave::new(&ECHO_SERVER);
        for option in options {
            enclave.flag(option);
        }
        let mut command = enclave.command(&[]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it says its port");
            if let Ok(port) = line.trim().parse() {
                break port;
            }
        };
        Self { stdin: child.stdin.take(), child, stderr, port }
    }

    fn connect(&self) -> TcpStream {
        connect(("127.0.0.1", self.port))
    }

    /// Ends it by closing its standard input; returns its standard output and error.
    fn end(mut self) -> (String, String) {
        drop(self.stdin.take());
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    }
}

fn echo(connection: &mut TcpStream, bytes: &[u8]) {
    connection.write_all(bytes).unwrap();
    let mut heard = vec![0; bytes.len()];
    connection.read_exact(&mut heard).unwrap();
    assert!(heard == bytes);
}

fn counts(stderr: &str) -> BTreeMap<String, u64> {
    serde_json::from_str(stderr.lines().last().unwrap()).unwrap()
}

#[test]
fn a_request_on_a_kept_connection_is_three_calls() {
    const REQUESTS: u64 = 200;
    let server = Server::start(&["--net", "--edge-calls"]);
    let mut connection = server.connect();
    for _ in 0..REQUESTS {
        echo(&mut connection, b"a request of some length");
    }
    drop(connection);
    let (stdout, stderr) = server.end();
    assert!(stdout.contains("ended"), "{stdout}");
    let counts = counts(&stderr);
    assert_eq!(counts["network.send"], REQUESTS, "{counts:?}");
    // Accepting may bring the first request; the ends of the connection and of standard input are read as well.
    assert!((REQUESTS - 1..=REQUESTS + 2).contains(&counts["io.read"]), "{counts:?}");
    assert!((REQUESTS..=REQUESTS + 5).contains(&counts["io.poll"]), "{counts:?}");
    assert_eq!(counts["network.accept"], 1, "{counts:?}");
}

#[test]
fn a_poll_over_a_thousand_sockets_is_one_call() {
    let bundled = build(&guest("many_sockets", "wasm32-wasip2"), &[]);
    let mut enclave = Enclave::new(&bundled);
    enclave.flag("--net").flag("--edge-calls");
    // Standard input stays open and empty.
    let mut child =
        enclave.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(text(&output.stdout), "ready: [700]\n");
    let counts = counts(&text(&output.stderr));
    assert_eq!(counts["io.poll"], 1, "{counts:?}");
}

#[test]
fn connections_are_served_side_by_side() {
    let server = Server::start(&["--net"]);
    let mut connections: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for round in 0..3u8 {
        for connection in &mut connections {
            echo(connection, &[round; 1000]);
        }
    }
    drop(connections.split_off(50));
    for connection in &mut connections {
        echo(connection, b"still here");
    }
    let (stdout, _) = server.end();
    assert!(stdout.ends_with("open at the end: 50\n"), "{stdout}");
}

#[test]
fn a_peer_that_never_reads_stops_nobody_else() {
    let server = Server::start(&["--net"]);
    let mut stuffed = server.connect();
    stuffed.set_nonblocking(true).unwrap();
    // Until its echo fills every buffer on the way, or far more than there can be.
    let mut sent = 0;
    let mut blocked = 0;
    while sent < 64 << 20 && blocked < 200 {
        match stuffed.write(&[7; 65536]) {
            Ok(count) => {
                sent += count;
                blocked = 0;
            }
            Err(_) => {
                blocked += 1;
                thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
    assert!(sent < 64 << 20, "nobody holds that much");
    let mut other = server.connect();
    echo(&mut other, b"and I?");
    // In the end the client reads, and gets everything.
    stuffed.set_nonblocking(false).unwrap();
    stuffed.shutdown(Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    stuffed.read_to_end(&mut heard).unwrap();
    assert!(heard.len() == sent && heard.iter().all(|byte| *byte == 7), "{} of {sent}", heard.len());
    echo(&mut other, b"still");
    server.end();
}

#[test]
fn half_closed_and_reset_connections_end() {
    let server = Server::start(&["--net"]);
    let mut half = server.connect();
    half.write_all(b"the last word").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    half.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "the last word");

    let mut reset = server.connect();
    echo(&mut reset, b"x");
    reset.write_all(b"unread").unwrap();
    let mut one = [0];
    reset.peek(&mut one).unwrap();
    // With an echo that is never read, the system resets the connection.
    drop(reset);
    let mut after = server.connect();
    echo(&mut after, b"still serving");
    let (stdout, _) = server.end();
    let ends = stdout.lines().filter(|line| line.contains("ended") || line.contains("failed")).count();
    assert_eq!(ends, 2, "{stdout}");
}

#[test]
fn a_byte_at_a_time_is_served() {
    let server = Server::start(&["--net"]);
    let mut slow = server.connect();
    slow.set_nodelay(true).unwrap();
    for byte in b"slowly but surely" {
        echo(&mut slow, &[*byte]);
    }
    server.end();
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Enclave::new(&ECHO_SERVER).flag("--net").command(&[&port]).stdin(Stdio::null()).output_in_time();
    assert_eq!(text(&output.stdout), "cannot listen: address-in-use\n");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Answers every connection, and datagrams with nothing, on one port of this machine.
struct Answering {
    port: u16,
    _datagrams: UdpSocket,
}

impl Answering {
    fn start() -> Self {
        let (listener, datagrams) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            if let Ok(datagrams) = UdpSocket::bind(listener.local_addr().unwrap()) {
                break (listener, datagrams);
            }
        };
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut heard = String::new();
                connection.read_to_string(&mut heard).unwrap();
                write!(connection, "{heard} yourself").unwrap();
            }
        });
        Self { port, _datagrams: datagrams }
    }

    fn at(&self, host: &str) -> String {
        format!("{host}:{}", self.port)
    }
}

/// Runs `dial`; returns its output, and the lines of the log.
fn dial(bundled: &Bundled, options: &[&str], arguments: &[&str]) -> (Output, Vec<String>) {
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("log");
    let mut enclave = Enclave::new(bundled);
    for option in options {
        enclave.flag(option);
    }
    enclave.option("--log", log.to_str().unwrap());
    let output = enclave.command(arguments).stdin(Stdio::null()).output_in_time();
    let lines = fs::read_to_string(log).unwrap_or_default();
    (output, lines.lines().map(str::to_owned).collect())
}

#[test]
fn what_was_granted_works_and_nothing_else() {
    let (there, elsewhere) = (Answering::start(), Answering::start());
    let (here, other) = (there.at("127.0.0.1"), elsewhere.at("127.0.0.1"));

    let (output, log) = dial(&DIAL, &["--connect", &here], &[&here, &other]);
    let expected =
        "127.0.0.1 answered hello yourself\na datagram: ok\n127.0.0.1: access-denied\na datagram: access-denied\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    let refused = [
        format!("network: connecting to {other} is not granted"),
        format!("network: sending to {other} is not granted"),
    ];
    assert_eq!(log, refused);

    // By its name, even if the address alone was not granted.
    let (output, log) =
        dial(&DIAL, &["--connect", &there.at("localhost")], &[&there.at("localhost"), &here, "other:1"]);
    let stdout = text(&output.stdout);
    let expected = "localhost answered hello yourself\na datagram: ok\n127.0.0.1 answered hello yourself\na datagram: ok\nother: access-denied\na datagram: access-denied\n";
    assert_eq!(stdout, expected, "{log:?}");

    let (output, log) = dial(&DIAL, &[], &[&here]);
    assert_eq!(text(&output.stdout), "127.0.0.1: access-denied\na datagram: access-denied\n");
    assert_eq!(
        log,
        ["network: looking up 127.0.0.1 is not granted", "network: binding a socket to 127.0.0.1:0 is not granted"]
    );
}

#[test]
fn listening_is_granted_address_by_address() {
    let server = Server::start(&["--listen", "0.0.0.0:0"]);
    echo(&mut server.connect(), b"granted");
    server.end();
    for options in [&[][..], &["--listen", "127.0.0.1:1"], &["--listen", "[::1]:0"], &["--connect", "127.0.0.1:0"]] {
        let directory = TempDir::new().unwrap();
        let log = directory.path().join("log");
        let mut enclave = Enclave::new(&ECHO_SERVER);
        for option in options {
            enclave.flag(option);
        }
        enclave.option("--log", log.to_str().unwrap());
        let output = enclave.command(&[]).stdin(Stdio::null()).output_in_time();
        assert_eq!(text(&output.stdout), "cannot listen: access-denied\n", "{options:?}");
        assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 1, "{options:?}");
    }
}

#[test]
fn the_policy_is_an_upper_bound() {
    let (there, elsewhere) = (Answering::start(), Answering::start());
    let (here, other) = (there.at("127.0.0.1"), elsewhere.at("127.0.0.1"));
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("wasmstone.toml");
    let lines = format!("arguments = \"any\"\n[network]\nconnect = [\"{here}\", \"localhost:{}\"]\n", elsewhere.port);
    fs::write(&config, lines).unwrap();
    let bundled = build(&guest("dial", "wasm32-wasip2"), &["--config", config.to_str().unwrap()]);

    let (output, log) = dial(&bundled, &["--connect", &here], &[&here, &other]);
    let expected =
        "127.0.0.1 answered hello yourself\na datagram: ok\n127.0.0.1: access-denied\na datagram: access-denied\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert_eq!(log, vec!["network: the bundle's policy denies connecting or sending to an address"; 2]);

    let name = elsewhere.at("localhost");
    let (output, _) = dial(&bundled, &["--connect", &name], &[&name, &other]);
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("localhost answered hello yourself\na datagram: ok\n127.0.0.1 answered"), "{stdout}");

    for options in [&["--net"][..], &["--connect", &other], &["--listen", "127.0.0.1:0"]] {
        let (output, _) = dial(&bundled, options, &[]);
        assert_eq!(output.status.code(), Some(109), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("the bundle's policy"), "{}", text(&output.stderr));
    }
}
