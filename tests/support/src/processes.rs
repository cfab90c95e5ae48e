//! Starts processes so that no test waits for one of them for ever.
//!
//! A process that ignores a signal passes that on to its children, and a shell starts background jobs, and `nohup`
//! its command, with signals ignored. Tests that end a child by a signal would then wait for ever. So children of
//! tests start with default dispositions. The kernel ends a child that takes longer than [`LIMIT`]: then its pipes
//! are closed, and every reader of the pipes and every waiter for the child continues.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a child may take. Commands with their own time limit have a shorter one, of five minutes.
pub const LIMIT: Duration = Duration::from_secs(600);

/// How long a test waits for anything else.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Ways to start a child with default signal dispositions and a time limit.
///
/// # Panics
/// If the child cannot be started. [`output_in_time`](Self::output_in_time) and
/// [`status_in_time`](Self::status_in_time) also panic if the limit was reached.
pub trait InTime {
    /// As [`Command::spawn`].
    fn spawn_in_time(&mut self) -> Child;

    /// As [`Command::output`].
    fn output_in_time(&mut self) -> Output;

    /// As [`Command::status`].
    fn status_in_time(&mut self) -> ExitStatus;
}

impl InTime for Command {
    #[track_caller]
    fn spawn_in_time(&mut self) -> Child {
        limited(self).spawn().unwrap_or_else(|error| panic!("cannot start {self:?}: {error}"))
    }

    #[track_caller]
    fn output_in_time(&mut self) -> Output {
        let output = limited(self).output().unwrap_or_else(|error| panic!("cannot start {self:?}: {error}"));
        let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!was_too_slow(output.status), "{self:?} did not end within {LIMIT:?}; it said: {}", said());
        output
    }

    #[track_caller]
    fn status_in_time(&mut self) -> ExitStatus {
        let status = limited(self).status().unwrap_or_else(|error| panic!("cannot start {self:?}: {error}"));
        assert!(!was_too_slow(status), "{self:?} did not end within {LIMIT:?}");
        status
    }
}

fn limited(command: &mut Command) -> &mut Command {
    // SAFETY: between fork and exec, only async-signal-safe functions may be called and nothing may be allocated.
    // `signal` and `alarm` are on the list of signal-safety(7), and the closure captures nothing.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGPIPE, libc::SIGALRM, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            libc::alarm(LIMIT.as_secs() as libc::c_uint);
            Ok(())
        })
    }
}

fn was_too_slow(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGALRM)
}

/// Waits until `poll` returns something. `what` completes the sentence "… did not happen".
///
/// # Panics
/// If that takes longer than [`PATIENCE`].
#[track_caller]
pub fn wait_until<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
        sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::InTime;
    use std::fs;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Command, Stdio};

    /// The signals that the process which reads this file ignores, as a mask.
    const STATUS: &str = "/proc/self/status";

    fn ignored(status: &str) -> u64 {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap()
    }

    /// This test again, in a process that ignores the signals that a background job ignores.
    #[test]
    fn children_of_a_background_job_do_not_ignore_signals() {
        const INTERRUPT: u64 = 1 << (libc::SIGINT - 1);
        const HANGUP: u64 = 1 << (libc::SIGHUP - 1);
        if std::env::var_os("WASMSTONE_TEST_IGNORES").is_none() {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "processes::tests::children_of_a_background_job_do_not_ignore_signals"]);
            command.env("WASMSTONE_TEST_IGNORES", "1");
            // SAFETY: `signal` is async-signal-safe, and the closure captures nothing.
            unsafe {
                command.pre_exec(|| {
                    libc::signal(libc::SIGINT, libc::SIG_IGN);
                    libc::signal(libc::SIGHUP, libc::SIG_IGN);
                    Ok(())
                });
            }
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        let both = INTERRUPT | HANGUP;
        assert_eq!(ignored(&fs::read_to_string(STATUS).unwrap()) & both, both, "the parent ignores them");
        let child = Command::new("cat").arg(STATUS).output_in_time();
        assert_eq!(ignored(&String::from_utf8(child.stdout).unwrap()) & both, 0, "the child does not");

        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn_in_time();
        // SAFETY: the child was not waited for, so its number is still its own.
        assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) }, 0);
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGINT));
    }

    #[test]
    fn a_child_has_a_time_limit() {
        // The rest of the time, in the clock ticks that `alarm` counts, cannot be seen from outside. The child itself
        // can tell, by asking for another alarm.
        let script = "print alarm(0)";
        let output = Command::new("perl").args(["-e", script]).output_in_time();
        let left: u64 = String::from_utf8(output.stdout).unwrap().parse().unwrap();
        assert!((1..=super::LIMIT.as_secs()).contains(&left), "{left}");
    }
}
