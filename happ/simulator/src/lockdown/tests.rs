//! Each attempt is made by a process of its own: this test program is started again, and told which attempt to make.

use super::lock_down;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::ptr::null_mut;
use wasmstone_test_support::processes::InTime;

/// The environment variable that names the attempt to the process that makes it.
const ATTEMPT: &str = "WASMSTONE_TEST_ATTEMPT";

/// The exit code of a process that survived its attempt.
const LIVED_ON: i32 = 42;

type Arguments = [usize; 6];

macro_rules! calls {
    ($($call:ident $($argument:expr),*;)*) => {
        vec![$((stringify!($call), libc::$call, vec![$($argument as usize),*])),*]
    };
}

/// System calls with arguments that would have an effect, as far as that is possible without a file.
fn forbidden() -> Vec<(&'static str, libc::c_long, Vec<usize>)> {
    calls! {
        // Files and similar objects.
        SYS_openat libc::AT_FDCWD, c"/etc/passwd".as_ptr(), libc::O_RDONLY;
        SYS_openat2 libc::AT_FDCWD, c"/etc/passwd".as_ptr(), 0, 24;
        SYS_read 0, 0, 0;
        SYS_write 1, c"out".as_ptr(), 3;
        SYS_write 2, c"out".as_ptr(), 3;
        SYS_writev 1, 0, 0;
        SYS_pread64 0, 0, 0, 0;
        SYS_close 0;
        SYS_dup 0;
        SYS_fcntl 0, libc::F_GETFD;
        SYS_ioctl 0, libc::FIONREAD, 0;
        SYS_ppoll 0, 0, 0, 0;
        SYS_pipe2 0, 0;
        SYS_eventfd2 0, 0;
        SYS_memfd_create c"file".as_ptr(), 0;
        SYS_io_uring_setup 1, 0;
        SYS_unlinkat libc::AT_FDCWD, c"nothing here".as_ptr(), 0;
        SYS_getcwd 0, 0;
        SYS_chroot c"/".as_ptr();
        SYS_mount 0, c"/".as_ptr(), 0, 0, 0;
        // The network and other processes.
        SYS_socket libc::AF_INET, libc::SOCK_STREAM, 0;
        SYS_socket libc::AF_UNIX, libc::SOCK_DGRAM, 0;
        SYS_socketpair libc::AF_UNIX, libc::SOCK_STREAM, 0, 0;
        SYS_sendto 0, 0, 0, 0, 0, 0;
        SYS_shmget libc::IPC_PRIVATE, 4096, 0o600;
        SYS_msgget libc::IPC_PRIVATE, 0o600;
        SYS_kill 0, 0;
        SYS_tgkill 1, 1, 0;
        SYS_pidfd_open 1, 0;
        SYS_ptrace libc::PTRACE_TRACEME, 0, 0, 0;
        SYS_process_vm_readv 1, 0, 0, 0, 0, 0;
        SYS_process_vm_writev 1, 0, 0, 0, 0, 0;
        SYS_wait4 -1isize, 0, libc::WNOHANG, 0;
        SYS_getppid;
        // More processes and threads, and other programs.
        SYS_clone libc::SIGCHLD, 0, 0, 0, 0;
        SYS_clone libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND, 0, 0, 0, 0;
        SYS_clone3 0, 88;
        SYS_execve c"/bin/true".as_ptr(), 0, 0;
        SYS_execveat libc::AT_FDCWD, c"/bin/true".as_ptr(), 0, 0, 0;
        SYS_unshare libc::CLONE_NEWUSER;
        SYS_setns 0, 0;
        // Memory.
        SYS_mmap 0, 4096, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1isize, 0;
        SYS_mprotect 0, 4096, libc::PROT_EXEC;
        SYS_munmap 0, 4096;
        SYS_mremap 0, 4096, 8192, libc::MREMAP_MAYMOVE;
        SYS_madvise 0, 4096, libc::MADV_DONTNEED;
        SYS_brk 0;
        SYS_userfaultfd 0;
        // The process itself.
        SYS_prctl libc::PR_SET_DUMPABLE, 1, 0, 0, 0;
        SYS_prctl libc::PR_SET_PDEATHSIG, 0, 0, 0, 0;
        SYS_seccomp 2, 0, 0;
        SYS_prlimit64 0, libc::RLIMIT_FSIZE, 0, 0;
        SYS_setuid 0;
        SYS_getuid;
        SYS_capset 0, 0;
        SYS_personality 0xffff_ffffu32;
        SYS_rt_sigaction libc::SIGSYS, 0, 0, 8;
        SYS_rt_sigprocmask libc::SIG_BLOCK, 0, 0, 8;
        SYS_rt_sigreturn;
        SYS_sigaltstack 0, 0;
        SYS_exit 0;
        SYS_bpf 0, 0, 0;
        SYS_keyctl 0, 0, 0, 0, 0;
        SYS_perf_event_open 0, 0, -1isize, -1isize, 0;
        // Calls that return information, and time.
        SYS_getrandom 0, 0, 0;
        SYS_uname 0;
        SYS_sysinfo 0;
        SYS_syslog 10, 0, 0;
        SYS_sched_yield;
        SYS_nanosleep 0, 0;
        SYS_clock_nanosleep libc::CLOCK_MONOTONIC, 0, 0, 0;
        SYS_clock_settime libc::CLOCK_REALTIME, 0;
        SYS_timer_create libc::CLOCK_MONOTONIC, 0, 0;
    }
}

/// What `futex` could do besides waiting and waking between processes.
const FORBIDDEN_FUTEXES: &[(&str, libc::c_int)] = &[
    ("private wait", libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG),
    ("private wake", libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG),
    ("wait with the wall clock", libc::FUTEX_WAIT | libc::FUTEX_CLOCK_REALTIME),
    ("fd", libc::FUTEX_FD),
    ("requeue", libc::FUTEX_REQUEUE),
    ("compare and requeue", libc::FUTEX_CMP_REQUEUE),
    ("wake with an operation", libc::FUTEX_WAKE_OP),
    ("lock", libc::FUTEX_LOCK_PI),
    ("unlock", libc::FUTEX_UNLOCK_PI),
    ("try to lock", libc::FUTEX_TRYLOCK_PI),
    ("wait for bits", libc::FUTEX_WAIT_BITSET),
    ("wake for bits", libc::FUTEX_WAKE_BITSET),
    ("wait and requeue", libc::FUTEX_WAIT_REQUEUE_PI),
    ("an unknown operation", 0x7f),
];

/// A number of the other calling convention of x86-64, which this filter must not confuse with ours.
#[cfg(target_arch = "x86_64")]
const X32: libc::c_long = 0x4000_0000;

fn call(number: libc::c_long, arguments: &[usize]) -> libc::c_long {
    let mut all: Arguments = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: the callers below are processes that are made for this one call: whatever it does to their memory, they
    // do not use it afterwards.
    unsafe { libc::syscall(number, a, b, c, d, e, f) }
}

/// Ends the process as one that survived, with no other system call than the one that ends it.
fn live_on() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(LIVED_ON) }
}

#[test]
#[ignore = "gives up everything: for processes that the other tests start"]
fn attempt() {
    let Ok(attempt) = std::env::var(ATTEMPT) else { return };
    let (kind, index) = attempt.split_once(' ').unwrap();
    let index: usize = index.parse().unwrap();
    let word = 7u32;
    let address = (&raw const word).addr();
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let (nowhere, flags) = (null_mut(), libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a page at an address that the kernel chooses.
    let page = unsafe { libc::mmap(nowhere, 4096, libc::PROT_NONE, flags, -1, 0) }.addr();
    let forbidden = forbidden();
    lock_down(false, kind == "pages").unwrap();
    match (kind, index) {
        ("forbidden", _) => drop(call(forbidden[index].1, &forbidden[index].2)),
        ("futex", _) => drop(call(libc::SYS_futex, &[address, FORBIDDEN_FUTEXES[index].1 as usize, 0])),
        #[cfg(target_arch = "x86_64")]
        ("x32", 0) => drop(call(X32 | libc::SYS_futex, &[address, libc::FUTEX_WAKE as usize, 1])),
        #[cfg(target_arch = "x86_64")]
        ("x32", 1) => drop(call(X32 | libc::SYS_exit_group, &[0])),
        ("nothing", _) => {}
        ("pages", _) => {
            let protection = PROTECTIONS[index].0;
            assert_eq!(call(libc::SYS_mprotect, &[page, 4096, protection as usize]), 0);
        }
        ("wake", _) => assert_eq!(call(libc::SYS_futex, &[address, libc::FUTEX_WAKE as usize, 1]), 0),
        ("wait", _) => {
            // The word does not hold the value whose change the call would wait for, so the call does not wait.
            assert_eq!(call(libc::SYS_futex, &[address, libc::FUTEX_WAIT as usize, 8]), -1);
        }
        ("time", _) => {
            let into = (&raw mut time).expose_provenance();
            assert_eq!(call(libc::SYS_clock_gettime, &[libc::CLOCK_MONOTONIC as usize, into]), 0);
        }
        // SAFETY: the access is invalid on purpose; it must end the process.
        ("fault", _) => unsafe { null_mut::<u8>().write_volatile(0) },
        ("exit", _) => drop(call(libc::SYS_exit_group, &[LIVED_ON as usize])),
        _ => unreachable!("{attempt}"),
    }
    live_on();
}

/// What a process can do to pages if page faults become traps, and whether the process survives it.
const PROTECTIONS: [(i32, bool); 4] = [
    (libc::PROT_READ | libc::PROT_WRITE, true),
    (libc::PROT_READ | libc::PROT_EXEC, false),
    (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, false),
    (libc::PROT_NONE, false),
];

#[test]
fn pages_can_become_data_and_nothing_else() {
    for (index, (protection, lives)) in PROTECTIONS.iter().enumerate() {
        let outcome = outcome_of("pages", index);
        let expected = if *lives { outcome.code() == Some(LIVED_ON) } else { outcome.signal() == Some(libc::SIGSYS) };
        assert!(expected, "{protection}: {outcome:?}");
    }
}

fn outcome_of(kind: &str, index: usize) -> ExitStatus {
    let module = module_path!().split_once("::").unwrap().1;
    Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::attempt"), "--exact", "--ignored", "--test-threads=1", "--nocapture"])
        .env(ATTEMPT, format!("{kind} {index}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status_in_time()
}

#[track_caller]
fn kills(kind: &str, index: usize, name: &str) {
    let status = outcome_of(kind, index);
    assert_eq!(status.signal(), Some(libc::SIGSYS), "{name}: {status}");
}

#[test]
fn every_other_system_call_kills() {
    for (index, (name, ..)) in forbidden().iter().enumerate() {
        kills("forbidden", index, name);
    }
}

#[test]
fn every_other_use_of_a_futex_kills() {
    for (index, (name, _)) in FORBIDDEN_FUTEXES.iter().enumerate() {
        kills("futex", index, name);
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_other_calling_convention_kills() {
    kills("x32", 0, "futex");
    kills("x32", 1, "exit_group");
}

#[test]
fn what_an_enclave_needs_works() {
    for kind in ["nothing", "wake", "wait", "time", "exit"] {
        let status = outcome_of(kind, 0);
        assert_eq!(status.code(), Some(LIVED_ON), "{kind}: {status}");
    }
}

#[test]
fn a_fault_is_seen_as_one() {
    assert_eq!(outcome_of("fault", 0).signal(), Some(libc::SIGSEGV));
}
