//! What the process of a simulated enclave can do, and that it never outlives its host.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, PidfdFlags, Signal, geteuid, kill_process, pidfd_open};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use wasmstone_test_support::processes::{InTime, PATIENCE};
use wasmstone_test_support::{Bundled, Enclave, build, guest};

static CAT: LazyLock<Bundled> = LazyLock::new(|| build(&guest("cat", "wasm32-wasip2"), &[]));

/// A process that is held by its file descriptor, so that its number cannot come to mean another process.
struct Process {
    pid: Pid,
    fd: OwnedFd,
}

impl Process {
    fn new(pid: Pid) -> Self {
        Self { pid, fd: pidfd_open(pid, PidfdFlags::empty()).unwrap() }
    }

    fn proc(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid.as_raw_nonzero()).into()
    }

    fn status(&self, name: &str) -> String {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name} in {status}")).trim().to_owned()
    }

    fn has_ended(&self, wait: bool) -> bool {
        let timeout = if wait { PATIENCE } else { Duration::ZERO };
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        poll(&mut fds, Some(&timeout.try_into().unwrap())).unwrap() > 0
    }
}

/// The guest `cat` in an enclave, which waits for its input.
struct Cat {
    host: Child,
    enclave: Process,
}

impl Cat {
    fn start() -> Self {
        let mut command = Enclave::new(&CAT).command(&[]);
        let mut host = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
        // Once it has answered, it runs inside, with everything given up.
        echoes(&mut host, b"hello\n");
        let children = children(host.id());
        let [enclave] = children[..] else { panic!("{children:?}") };
        Self { host, enclave: Process::new(enclave) }
    }

    fn host(&self) -> Pid {
        Pid::from_child(&self.host)
    }

    /// Lets the guest end.
    fn finish(mut self) -> (ExitStatus, String) {
        drop(self.host.stdin.take());
        self.end()
    }

    /// Waits, while the standard input of the host stays open, for the ends of the host and of the enclave.
    fn end(mut self) -> (ExitStatus, String) {
        // `wait` would close it.
        let _stdin = self.host.stdin.take();
        let status = self.host.wait().unwrap();
        assert!(self.enclave.has_ended(true), "the enclave did not end with its host");
        let mut stderr = String::new();
        self.host.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (status, stderr)
    }
}

#[track_caller]
fn echoes(host: &mut Child, line: &[u8]) {
    host.stdin.as_mut().unwrap().write_all(line).unwrap();
    let mut echo = vec![0; line.len()];
    host.stdout.as_mut().unwrap().read_exact(&mut echo).unwrap();
    assert_eq!(echo, line);
}

fn children(parent: u32) -> Vec<Pid> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_child = |pid: &i32| {
        // The process has ended already, unless it is the one that is searched for.
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|number| number.trim() == parent.to_string()))
    };
    numbers.filter(is_child).map(|pid| Pid::from_raw(pid).unwrap()).collect()
}

#[test]
fn nothing_is_left_to_it() {
    // A file that the process which started this one may have left open.
    let inherited = File::open("/etc/hostname").or_else(|_| File::open("/dev/null")).unwrap();
    fcntl_setfd(&inherited, FdFlags::empty()).unwrap();
    let cat = Cat::start();
    let host = Process::new(cat.host());
    assert!(host.proc(&format!("fd/{}", inherited.as_raw_fd())).exists(), "the host has inherited it");

    assert_eq!(cat.enclave.status("Seccomp"), "2");
    assert_eq!(cat.enclave.status("NoNewPrivs"), "1");
    assert_eq!(cat.enclave.status("Threads"), "1");
    let files = fs::read_dir(cat.enclave.proc("fd"));
    let environment = fs::read(cat.enclave.proc("environ"));
    if geteuid().is_root() {
        assert_eq!(files.unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(environment.unwrap(), b"");
    } else {
        // A process that cannot be debugged is hidden from all users but root.
        assert_eq!(files.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(environment.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    let limits = fs::read_to_string(cat.enclave.proc("limits")).unwrap();
    for name in ["Max core file size", "Max file size", "Max processes", "Max locked memory"] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), ["0", "0"], "{name}");
    }

    assert!(!cat.enclave.has_ended(false));
    assert_eq!(cat.finish(), (ExitStatus::from_raw(0), "wasmstone: simulated enclave, nothing is protected\n".into()));
}

#[test]
fn it_ends_with_its_host() {
    for signal in [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP] {
        let cat = Cat::start();
        kill_process(cat.host(), signal).unwrap();
        let (status, _) = cat.end();
        assert_eq!(status.signal(), Some(signal.as_raw()));
    }
}

#[test]
fn it_leaves_signals_from_the_terminal_to_its_host() {
    let mut cat = Cat::start();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        kill_process(cat.enclave.pid, signal).unwrap();
        echoes(&mut cat.host, b"and again\n");
    }
    assert_eq!(cat.finish().0.code(), Some(0));
}

#[test]
fn it_can_be_stopped_and_continued() {
    let mut cat = Cat::start();
    for pid in [cat.enclave.pid, cat.host()] {
        kill_process(pid, Signal::STOP).unwrap();
        kill_process(pid, Signal::CONT).unwrap();
        echoes(&mut cat.host, b"and again\n");
    }
    assert_eq!(cat.finish().0.code(), Some(0));
}

#[test]
fn a_host_notices_its_death_though_the_guest_waits_for_input() {
    for signal in [Signal::KILL, Signal::BUS] {
        let cat = Cat::start();
        kill_process(cat.enclave.pid, signal).unwrap();
        let (status, stderr) = cat.end();
        assert_eq!(status.code(), Some(112), "{stderr}");
        assert!(stderr.contains("error: the enclave ended abnormally"), "{stderr}");
        assert!(stderr.contains(&format!("killed by signal {}", signal.as_raw())), "{stderr}");
    }
}

#[test]
fn its_time_is_up_though_it_waits() {
    // The guest waits for input that does not come, and for a reader of its output.
    for program in ["cat", "big_output"] {
        let bundled = build(&guest(program, "wasm32-wasip2"), &[]);
        let mut command = wasmstone_test_support::command();
        command.arg("run").arg(bundled.path()).args(["--backend", "sim", "--timeout", "100ms"]);
        let mut host = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
        let _stdin = host.stdin.take();
        assert_eq!(host.wait().unwrap().code(), Some(107), "{program}");
        let mut stderr = String::new();
        host.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains("the time given by --timeout is up"), "{stderr}");
    }
}

#[test]
fn nobody_else_starts_one() {
    let start = |parent: &[&str]| {
        let output =
            Command::new(wasmstone_test_support::enclave_program()).args(parent).stdin(Stdio::null()).output_in_time();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let orphan = "simulated enclave: it was not started by its host\n".to_owned();
    for parent in ["1", "0", "-1", "99999999999", "", "x"] {
        assert_eq!(start(&[parent]), (Some(1), orphan.clone()), "{parent}");
    }
    assert_eq!(start(&[]), (Some(1), orphan));
    // Neither shared memory nor an image.
    let (code, stderr) = start(&[&std::process::id().to_string()]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.starts_with("simulated enclave: "), "{stderr}");
}
