//! Watching an enclave from outside while another thread answers its edge calls.

use crate::edge_server::{Server, StopHandle};
use crate::signals::Signals;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::Error;
use std::os::fd::OwnedFd;
use std::panic::resume_unwind;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread that answers an enclave's edge calls, so that the calling thread can watch for the enclave's end and its
/// time limits. An answer can take for ever, such as the answer to a read of a terminal.
#[derive(Debug)]
pub struct Serving<T> {
    thread: JoinHandle<(Server, T)>,
    /// Hangs up when the thread ends.
    pub running: OwnedFd,
}

impl<T: Send + 'static> Serving<T> {
    /// Starts `work`, which answers edge calls from `server`. Until [`Self::finish`], `server` has nothing to give, and
    /// tells only what is counted and timed meanwhile.
    pub fn start(server: &mut Server, work: impl FnOnce(&mut Server) -> T + Send + 'static) -> Result<Self, Error> {
        let nothing = server.stand_in().map_err(Error::other)?;
        let (running, end) = std::io::pipe()?;
        let mut served = std::mem::replace(server, nothing);
        let thread = std::thread::Builder::new().name("edge calls".into()).spawn(move || {
            let _end = end;
            let result = work(&mut served);
            (served, result)
        })?;
        Ok(Self { thread, running: running.into() })
    }

    /// Waits for the thread's end, at most for `patience`.
    pub fn ends_within(&self, patience: Duration) -> Result<bool, Error> {
        Ok(wait([&self.running], None, Instant::now().checked_add(patience))? == Woken::Ended)
    }

    /// The result of `work`, once the thread has ended; `server` is then what it was.
    pub fn finish(self, server: &mut Server) -> T {
        let (returned, result) = self.thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        *server = returned;
        result
    }
}

/// Why [`wait`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// One of `ends` is readable or has hung up.
    Ended,
    /// The deadline has passed.
    TimedOut,
    /// A signal came that asks the program to end.
    Signal(i32),
}

/// A graceful end: how an enclave is asked to end by itself, and how much time it then has.
#[derive(Clone, Debug)]
pub struct Grace {
    /// Asks the enclave.
    pub stop: StopHandle,
    /// How much time the enclave has after it was asked.
    pub time: Duration,
    /// Called with this time when the enclave is asked.
    pub asked: fn(Duration),
}

/// What is watched besides the enclave: signals. If there is [`Grace`], the first signal only asks the enclave to
/// end. The second signal ends it, and so does the end of its grace time.
#[derive(Debug)]
pub struct Watching<'a> {
    signals: Option<&'a Signals>,
    grace: Option<&'a Grace>,
    /// The signal after which the enclave was asked, and when its grace time ends.
    asked: Option<(i32, Option<Instant>)>,
}

impl<'a> Watching<'a> {
    pub const fn new(signals: Option<&'a Signals>, grace: Option<&'a Grace>) -> Self {
        Self { signals, grace, asked: None }
    }

    /// As [`wait`]. The end of the grace time is reported as the signal that began it.
    pub fn wait<const N: usize>(&mut self, ends: [&OwnedFd; N], deadline: Option<Instant>) -> Result<Woken, Error> {
        loop {
            let over = self.asked.and_then(|(_, over)| over);
            let woken = wait(ends, self.signals, [deadline, over].into_iter().flatten().min())?;
            match (woken, self.asked, self.grace) {
                (Woken::Signal(signal), None, Some(grace)) => {
                    grace.stop.stop();
                    (grace.asked)(grace.time);
                    self.asked = Some((signal, Instant::now().checked_add(grace.time)));
                }
                (Woken::TimedOut, Some((signal, Some(over))), _) if over <= Instant::now() => {
                    return Ok(Woken::Signal(signal));
                }
                (woken, _, _) => return Ok(woken),
            }
        }
    }
}

/// Waits until one of `ends` is readable or hangs up, a signal comes, or `deadline` passes. A signal has precedence
/// over an end: a terminal sends it to all processes at once.
pub fn wait<const N: usize>(
    ends: [&OwnedFd; N],
    signals: Option<&Signals>,
    deadline: Option<Instant>,
) -> Result<Woken, Error> {
    let mut fds: Vec<_> = ends.iter().map(|end| PollFd::new(*end, PollFlags::IN)).collect();
    fds.extend(signals.map(Signals::poll));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A time too long for the system's type is as good as none.
        let ready = match poll(&mut fds, left.and_then(|left| left.try_into().ok()).as_ref()) {
            Err(Errno::INTR) => continue,
            ready => ready?,
        };
        if let Some(signal) = signals.and_then(Signals::received) {
            return Ok(Woken::Signal(signal));
        }
        if fds.iter().take(N).any(|fd| !fd.revents().is_empty()) {
            return Ok(Woken::Ended);
        }
        if ready == 0 {
            return Ok(Woken::TimedOut);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge_server::Config;
    use wasmstone_edge_protocol::frame::request_head;
    use wasmstone_edge_protocol::types::Empty;
    use wasmstone_edge_protocol::{Operation, launch::Start};

    #[test]
    fn what_comes_first_wakes() {
        let (running, end) = std::io::pipe().unwrap();
        let running = OwnedFd::from(running);
        let soon = || Instant::now().checked_add(Duration::from_millis(1));
        assert_eq!(wait([&running], None, soon()).unwrap(), Woken::TimedOut);
        drop(end);
        assert_eq!(wait([&running], None, None).unwrap(), Woken::Ended);
        assert_eq!(wait([&running], None, soon()).unwrap(), Woken::Ended);
    }

    #[test]
    fn a_thread_gives_the_server_back() {
        let mut server = Server::new(Config { program: (*b"program").into(), ..Config::default() }).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let serving = Serving::start(&mut server, move |_| receiver.recv().is_err()).unwrap();
        assert!(!serving.ends_within(Duration::from_millis(1)).unwrap());
        drop(sender);
        assert!(serving.ends_within(Duration::from_secs(60)).unwrap());
        assert!(serving.finish(&mut server));
    }

    #[test]
    fn what_is_counted_can_be_read_while_the_thread_is_busy() {
        let mut server = Server::new(Config::default()).unwrap();
        let ((told, answered), (end, ended)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
        let serving = Serving::start(&mut server, move |server| {
            let mut request = Vec::new();
            request_head::<Start>(1, 0, Start::REPLY_PAYLOAD_MAX as u32, &Empty {}, |part| request.extend(part));
            server.answer(Start::CALL.into(), &request, &mut Vec::new());
            told.send(()).unwrap();
            ended.recv().is_err()
        });
        let serving = serving.unwrap();
        answered.recv().unwrap();
        assert_eq!(server.counts().into_iter().collect::<Vec<_>>(), [("launch.start", 1)]);
        assert!(server.milestones().running.is_some());
        drop(end);
        assert!(serving.finish(&mut server));
        assert_eq!(server.counts()["launch.start"], 1);
    }
}
