//! What a process gives up to become an enclave: everything but its memory.

use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit,
};
use rustix::thread::{secure_computing_mode, set_no_new_privs};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::io::{Error, Result};

/// The system calls that remain allowed: the doorbell, the end, and reading the clock if that is a system call. With
/// `faults` also returning from a signal, taking a handler back, and making pages accessible for data.
fn filter(faults: bool) -> std::result::Result<BpfProgram, seccompiler::BackendError> {
    let argument = |index: u8, number: i32| {
        let equal = SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number as u64)?;
        SeccompRule::new(vec![equal])
    };
    let doorbell = vec![argument(1, libc::FUTEX_WAIT)?, argument(1, libc::FUTEX_WAKE)?];
    let mut allowed =
        vec![(libc::SYS_futex, doorbell), (libc::SYS_exit_group, vec![]), (libc::SYS_clock_gettime, vec![])];
    if faults {
        allowed.push((libc::SYS_rt_sigreturn, vec![]));
        // For a fault that the guest did not cause, the engine takes its handler back, and the fault happens once
        // more.
        allowed.push((libc::SYS_rt_sigaction, vec![]));
        allowed.push((libc::SYS_mprotect, vec![argument(2, libc::PROT_READ | libc::PROT_WRITE)?]));
    }
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(allowed.into_iter().collect(), SeccompAction::KillProcess, SeccompAction::Allow, architecture)?
        .try_into()
}

/// Takes back the standard library's handlers, which write a message: the parent process is to see the fault, not a
/// system call that is not allowed.
fn die_of_faults() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the default action involves no code of this process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Leaves the signals that ask a program to end to the host, which ends the enclave: a terminal sends them to both.
pub fn leave_signals_to_host() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: a signal that is ignored involves no code of this process.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Closes every file, inherited files included.
fn close_files() -> Result<()> {
    // SAFETY: closes file descriptors only; nothing that this process does afterwards uses one, and
    // the mappings of the shared memory do not need theirs.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0) };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Makes the process end with the host app, the process `parent`: an enclave without a host is of no use.
///
/// # Errors
/// The errors of prctl(2), or if the host app has ended already.
pub fn die_with_parent(parent: Option<Pid>) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent.is_some() && getppid() == parent { Ok(()) } else { Err(Error::other("it was not started by its host")) }
}

/// Gives the faults of machine code to the engine, which turns them into traps. Other faults kill the process.
fn catch_faults() -> Result<()> {
    wasmtime::Engine::new(&wasmtime::Config::new()).map(drop).map_err(|error| Error::other(error.to_string()))
}

/// Gives everything up; with `faults` all but what it takes to turn page faults into traps. A system call that is not
/// allowed afterwards kills the process, if the kernel can do that; if it cannot and `unconfined` is true, the
/// process is not confined.
///
/// # Errors
/// If the kernel lacks seccomp filters or close_range(2), Linux 5.9.
pub fn lock_down(unconfined: bool, faults: bool) -> Result<()> {
    let filter = filter(faults).map_err(Error::other)?;
    // Asked for beforehand, while the process can still report an error.
    let confines = secure_computing_mode();
    if !unconfined {
        confines?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    set_no_new_privs(true)?;
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    for resource in [Resource::Core, Resource::Fsize, Resource::Nproc, Resource::Memlock] {
        setrlimit(resource, nothing)?;
    }
    die_of_faults();
    if faults {
        catch_faults()?;
    }
    close_files()?;
    match confines {
        Ok(_) => seccompiler::apply_filter(&filter).map_err(Error::other),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
