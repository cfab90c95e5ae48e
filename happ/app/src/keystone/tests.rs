mod fake;

use super::abi::{PAGE, Request};
use super::*;
use crate::backend::Grace;
use crate::edge_call::{STATUS_OK, SharedBuffer};
use crate::edge_server::{Config, Input, Output, Service, StopHandle};
use fake::{ADDRESS, Event, Fake, State, call, exit, interrupted};
use rustix::io::Errno;
use std::sync::{Mutex, mpsc};
use wasmstone_bundle::Measurement;
use wasmstone_edge_protocol::types::{Empty, HandleRequest, PollEntry, PollRequest, ReadRequest};
use wasmstone_edge_protocol::{ExitStatus, handle, io, launch, value::Interest};
use zerocopy::IntoBytes;

const LOADER: [u8; 100] = [1; 100];
const RUNTIME: [u8; 8192] = [2; 8192];
const IMAGE: [u8; 4097] = [3; 4097];
const FILES: Files<'static> =
    Files { loader: &LOADER, runtime: &RUNTIME, image: &IMAGE, measurement: Measurement([0; 64]) };

/// Bytes of private memory, of which the files fill five pages.
const SIZE: u64 = 8 * PAGE;

/// A time long enough for the slowest machine.
const LONG: Duration = Duration::from_secs(300);

/// All requests before the enclave runs.
const BUILT: [Event; 5] = [
    Event::Create(8),
    Event::Buffer(BUFFER_SIZE as u64),
    Event::Pages(5),
    Event::Finalize(PAGE, 3 * PAGE, 5 * PAGE),
    Event::Map,
];

/// The files that are measured when an enclave is given up.
const NOTHING: Event = Event::Finalize(0, 0, 0);

fn patient(patience: Duration) -> Host {
    Host { foreign_floats: false, patience }
}

fn server() -> Server {
    Server::new(Config::default()).unwrap()
}

/// Launches `fake`; returns the result and the requests that the driver got.
fn launch_with(
    fake: Fake,
    server: &mut Server,
    limits: &Limits<'_>,
) -> (Result<Launched, KeystoneError>, Arc<Mutex<State>>) {
    let state = fake.state.clone();
    let forming = Forming::create(fake, SIZE);
    let launched =
        forming.and_then(|forming| launch_in(forming, &mut Stopwatch::start(), &FILES, server, limits, patient(LONG)));
    (launched, state)
}

fn launch(fake: Fake) -> (Result<Outcome, KeystoneError>, Vec<Event>) {
    let (launched, state) = launch_with(fake, &mut server(), &Limits::default());
    let events = std::mem::take(&mut state.lock().unwrap().events);
    (launched.map(|launched| launched.outcome), events)
}

fn after_building(events: &[Event]) -> &[Event] {
    events.strip_prefix(&BUILT).unwrap_or_else(|| panic!("{events:?}"))
}

/// Does one step after the other; there must not be more entries than steps.
fn steps<const N: usize>(steps: [fake::Step; N]) -> Fake {
    let mut steps = steps.into_iter();
    Fake::new(move |buffer| steps.next().expect("the enclave has ended")(buffer))
}

#[test]
fn the_files_lie_one_after_the_other() {
    let (launched, state) = launch_with(Fake::new(|_| exit(ExitStatus::Guest(3))), &mut server(), &Limits::default());
    assert_eq!(launched.unwrap().outcome, Outcome::Ended(ExitStatus::Guest(3)));
    let state = state.lock().unwrap();
    assert_eq!(after_building(&state.events), [Event::Run, Event::Destroy, Event::Close]);
    let mut expected = vec![0; SIZE as usize];
    expected[..100].fill(1);
    expected[4096..4096 + 8192].fill(2);
    expected[3 * 4096..3 * 4096 + 4097].fill(3);
    assert!(state.memory == expected);
}

#[test]
fn an_enclave_that_calls_and_is_interrupted() {
    let output = Arc::new(Mutex::new(Vec::new()));
    let mut server = Server::new(Config { stdout: Output::Memory(output.clone()), ..Config::default() }).unwrap();
    let fake = steps([
        Box::new(|_| interrupted()),
        Box::new(|buffer| call::<launch::Start>(buffer, Empty {}, b"")),
        Box::new(|buffer| {
            assert_eq!(buffer.read_header().unwrap().status.get(), STATUS_OK);
            call::<io::Write>(buffer, HandleRequest { handle: handle::STDOUT.into() }, b"hello")
        }),
        Box::new(|_| interrupted()),
        Box::new(|buffer| {
            let header = buffer.read_header().unwrap();
            assert_eq!(header.status.get(), STATUS_OK);
            assert!(header.return_size.get() > 0);
            call::<launch::Explain>(buffer, Empty {}, b"why")
        }),
        Box::new(|_| exit(ExitStatus::Trap)),
    ]);
    let (launched, state) = launch_with(fake, &mut server, &Limits::default());
    let Launched { outcome, timings } = launched.unwrap();
    assert_eq!(outcome, Outcome::Ended(ExitStatus::Trap));
    assert_eq!(*output.lock().unwrap(), b"hello");
    assert_eq!(server.explanation(), Some("why"));
    let events = &state.lock().unwrap().events;
    assert_eq!(after_building(events), [Event::Run, Event::Resume, Event::Destroy, Event::Close]);

    let reached = timings.phases().map(|(phase, time)| (phase, time.is_some()));
    let expected = ["create", "copy", "finalize", "boot", "stream", "engine", "first_output"];
    assert_eq!(reached, expected.map(|phase| (phase, phase != "stream")));
}

#[test]
fn how_enclaves_end() {
    let crashed =
        |outcome: &Outcome, word: &str| matches!(outcome, Outcome::Crashed { reason } if reason.contains(word));
    for (value, expected) in [
        (ExitStatus::OutOfMemory.value(), Outcome::OutOfMemory),
        (ExitStatus::Violation.value(), Outcome::Ended(ExitStatus::Violation)),
    ] {
        assert_eq!(launch(Fake::new(move |_| Ok((0, value)))).0.unwrap(), expected);
    }
    assert!(crashed(&launch(Fake::new(|_| Ok((0, u64::MAX)))).0.unwrap(), "runtime"));
    assert!(crashed(&launch(Fake::new(|_| Ok((0, 7)))).0.unwrap(), "0x7"));
}

#[test]
fn an_enclave_that_is_not_entered() {
    let (outcome, events) = launch(Fake::new(|_| Err(Errno::INVAL)));
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    assert_eq!(after_building(&events), [Event::Run, Event::Destroy, Event::Close]);

    let (outcome, events) = launch(steps([Box::new(|_| interrupted()), Box::new(|_| Ok((100_010, 0)))]));
    assert!(matches!(outcome, Err(KeystoneError::Monitor { code: 100_010 })), "{outcome:?}");
    assert_eq!(after_building(&events), [Event::Run, Event::Resume, Event::Destroy, Event::Close]);
}

#[test]
fn memory_that_cannot_be_had() {
    let never = || Fake::new(|_| panic!("it must not run"));
    let (outcome, events) = launch(never().failing(Request::Create, 1));
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    assert_eq!(events, [Event::Create(8), Event::Close]);

    // The private memory is freed all the same.
    let (outcome, events) = launch(never().failing(Request::UtmInit, 1));
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    let large = Event::Buffer(BUFFER_SIZE as u64);
    let small = Event::Buffer(2 * PAGE);
    assert_eq!(events, [Event::Create(8), large, small, NOTHING, Event::Destroy, Event::Close]);

    // Unless that would clear memory of another process.
    let (_, events) = launch(never().failing(Request::UtmInit, 2));
    assert_eq!(events, [Event::Create(8), large, small, Event::Close]);

    // The memory lies where it cannot be used, which matters only if it is large.
    let fake = never();
    fake.state().address = ADDRESS + (1 << 20);
    let state = fake.state.clone();
    assert!(matches!(Forming::create(fake, 4 << 20), Err(KeystoneError::Misaligned { .. })));
    let events = &state.lock().unwrap().events;
    assert_eq!(events.first(), Some(&Event::Create(1024)));
    assert_eq!(events.iter().filter(|event| **event == Event::Destroy).count(), 1);
}

#[test]
fn files_that_cannot_be_copied() {
    let fake = Fake::new(|_| panic!("it must not run"));
    fake.state().write_fails_at = Some(2 * PAGE);
    let (outcome, events) = launch(fake);
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    let buffer = Event::Buffer(BUFFER_SIZE as u64);
    assert_eq!(events, [Event::Create(8), buffer, Event::Pages(2), NOTHING, Event::Destroy, Event::Close]);

    // The files are larger than the memory: not a byte is written outside the memory.
    let fake = Fake::new(|_| panic!("it must not run"));
    let state = fake.state.clone();
    let mut forming = Forming::create(fake, 2 * PAGE).unwrap();
    forming.add_buffer(2 * PAGE).unwrap();
    assert!(forming.copy([&LOADER, &RUNTIME, &IMAGE]).is_err());
    drop(forming);
    let expected = [Event::Create(2), Event::Buffer(2 * PAGE), Event::Pages(2), NOTHING, Event::Destroy, Event::Close];
    assert_eq!(state.lock().unwrap().events, expected);
}

#[test]
fn a_monitor_that_takes_no_more() {
    // The driver has freed the memory itself.
    let (outcome, events) = launch(Fake::new(|_| panic!("it must not run")).failing(Request::Finalize, 1));
    assert!(matches!(outcome, Err(KeystoneError::Busy(_))), "{outcome:?}");
    assert_eq!(events[3..], [BUILT[3], Event::Close]);

    let fake = Fake::new(|_| panic!("it must not run"));
    fake.state().map_fails = true;
    let (outcome, events) = launch(fake);
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    assert_eq!(after_building(&events), [Event::Destroy, Event::Close]);

    let (outcome, events) = launch(Fake::new(|_| exit(ExitStatus::Guest(0))).failing(Request::Destroy, 1));
    assert!(matches!(outcome, Err(KeystoneError::Device { .. })), "{outcome:?}");
    assert_eq!(after_building(&events), [Event::Run, Event::Destroy, Event::Close]);
}

#[test]
fn time_is_up() {
    let soon = Some(Duration::from_millis(20));
    // The enclave made no edge call.
    let limits = Limits { boot_timeout: soon, timeout: Some(LONG), ..Limits::default() };
    let (launched, state) = launch_with(Fake::new(|_| interrupted()), &mut server(), &limits);
    assert!(matches!(launched.unwrap().outcome, Outcome::NotStarted { .. }));
    assert_eq!(after_building(&state.lock().unwrap().events)[2..], [Event::Destroy, Event::Close]);

    // It runs, and computes without an edge call.
    let spinning = || {
        let mut called = false;
        Fake::new(move |buffer| match std::mem::replace(&mut called, true) {
            false => call::<launch::Start>(buffer, Empty {}, b""),
            true => interrupted(),
        })
    };
    let later = Some(Duration::from_millis(60));
    for (boot_timeout, timeout) in [(None, soon), (soon, later), (later, soon), (Some(LONG), soon)] {
        let limits = Limits { boot_timeout, timeout, ..Limits::default() };
        let (launched, state) = launch_with(spinning(), &mut server(), &limits);
        // A machine that takes so long for the first edge call is slow, not wrong.
        let outcome = launched.unwrap().outcome;
        assert!(matches!(outcome, Outcome::TimedOut | Outcome::NotStarted { .. }), "{outcome:?}");
        let events = &state.lock().unwrap().events;
        assert_eq!(events[events.len() - 2..], [Event::Destroy, Event::Close]);
        assert_eq!(events.iter().filter(|event| **event == Event::Destroy).count(), 1);
    }
}

/// Tries with longer and longer timeouts until the enclave was entered within one: a busy machine may not get there.
fn with_timeouts(mut entered: impl FnMut(Limits<'_>) -> bool) {
    let mut timeout = Duration::from_millis(20);
    while !entered(Limits { timeout: Some(timeout), ..Limits::default() }) {
        timeout *= 4;
        assert!(timeout < Duration::from_secs(60), "the enclave is not entered within {timeout:?}");
    }
}

#[test]
fn an_answer_that_comes_too_late() {
    with_timeouts(|limits| {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut server = Server::new(Config { stdin: Input::File(reader.into()), ..Config::default() }).unwrap();
        let fake = steps([Box::new(|buffer| {
            let request = ReadRequest { handle: handle::STDIN.into(), length: 100.into(), wait: 1.into() };
            call::<io::Read>(buffer, request, b"")
        })]);
        let (launched, state) = launch_with(fake, &mut server, &limits);
        assert_eq!(launched.unwrap().outcome, Outcome::TimedOut);
        let events = after_building(&state.lock().unwrap().events).to_vec();
        if !events.contains(&Event::Run) {
            return false;
        }
        assert_eq!(events, [Event::Run, Event::Destroy]);

        // The memory belongs to another process by now: nothing is written to it, and no thread enters again.
        drop(writer);
        wait_until_closed(&state);
        let state = state.lock().unwrap();
        assert_eq!(after_building(&state.events), [Event::Run, Event::Destroy, Event::Close]);
        assert_eq!(state.buffer.as_ref().unwrap().buffer().read_header().unwrap().status.get(), 99);
        true
    });
}

#[test]
fn an_enclave_that_does_not_come_back() {
    with_timeouts(|limits| {
        let (release, blocked) = mpsc::channel::<()>();
        let fake = Fake::new(move |_| {
            let _ = blocked.recv();
            interrupted()
        });
        let state = fake.state.clone();
        let forming = Forming::create(fake, SIZE).unwrap();
        let patience = Duration::from_millis(20);
        let launched = launch_in(forming, &mut Stopwatch::start(), &FILES, &mut server(), &limits, patient(patience));
        if !state.lock().unwrap().events.contains(&Event::Run) {
            return false;
        }
        assert!(matches!(launched, Err(KeystoneError::Unstoppable)), "{launched:?}");
        assert_eq!(after_building(&state.lock().unwrap().events), [Event::Run]);
        // If the thread comes back after all, the enclave's memory is freed.
        drop(release);
        wait_until_closed(&state);
        assert_eq!(after_building(&state.lock().unwrap().events), [Event::Run, Event::Destroy, Event::Close]);
        true
    });
}

#[test]
fn a_signal_ends_it() {
    let signals = hold_signals();
    let limits = Limits { signals: Some(&signals), ..Limits::default() };
    let raise = || {
        // SAFETY: sends a signal to this thread, which holds it back.
        assert_eq!(unsafe { libc::raise(libc::SIGTERM) }, 0);
    };
    let interrupt = Outcome::Interrupted { signal: libc::SIGTERM };

    // The signal came before the enclave was measured.
    raise();
    let (launched, state) = launch_with(Fake::new(|_| panic!("it must not run")), &mut server(), &limits);
    assert_eq!(launched.unwrap().outcome, interrupt);
    assert_eq!(state.lock().unwrap().events[3..], [NOTHING, Event::Destroy, Event::Close]);

    // The signal comes while the enclave runs: the thread that watches is this one.
    let this = Thread::this();
    let mut entered = false;
    let fake = Fake::new(move |_| {
        if !std::mem::replace(&mut entered, true) {
            this.terminate();
        }
        interrupted()
    });
    let (launched, state) = launch_with(fake, &mut server(), &limits);
    assert_eq!(launched.unwrap().outcome, interrupt);
    let events = &state.lock().unwrap().events;
    assert_eq!(events[events.len() - 2..], [Event::Destroy, Event::Close]);
    assert_eq!(signals.received(), None);
}

#[test]
fn the_first_signal_asks_and_the_second_ends_it() {
    let signals = hold_signals();
    let interrupt = Outcome::Interrupted { signal: libc::SIGTERM };
    // Waits until the enclave is asked to end, and then does as `asked` says.
    let launch = |time: Duration, mut asked: fake::Step| {
        let grace = Grace { stop: StopHandle::new().unwrap(), time, asked: |_| {} };
        let address = "127.0.0.1:0".parse().unwrap();
        let service = Service { address, stop: grace.stop.clone(), listening: None };
        let mut server = Server::new(Config { serve: Some(service), ..Config::default() }).unwrap();
        let this = Thread::this();
        let mut entered = false;
        let fake = Fake::new(move |buffer| {
            if std::mem::replace(&mut entered, true) {
                return asked(buffer);
            }
            this.terminate();
            let poll = PollRequest { timeout: u64::MAX.into(), count: 1.into() };
            let stop = PollEntry { handle: handle::STOP.into(), interest: Interest::Reading.into() };
            call::<io::Poll>(buffer, poll, stop.as_bytes())
        });
        let limits = Limits { signals: Some(&signals), grace: Some(&grace), ..Limits::default() };
        launch_with(fake, &mut server, &limits).0.unwrap().outcome
    };

    let ended = Outcome::Ended(ExitStatus::Guest(0));
    assert_eq!(launch(LONG, Box::new(|_| exit(ExitStatus::Guest(0)))), ended);
    assert_eq!(launch(Duration::from_millis(20), Box::new(|_| interrupted())), interrupt);
    let this = Thread::this();
    let mut again = Some(());
    let insisting = move |_: &SharedBuffer| {
        again.take().into_iter().for_each(|()| this.terminate());
        interrupted()
    };
    assert_eq!(launch(LONG, Box::new(insisting)), interrupt);
    assert_eq!(signals.received(), None);
}

/// Waits until nothing uses the device any more.
fn wait_until_closed(state: &Mutex<State>) {
    let start = Instant::now();
    while !state.lock().unwrap().events.contains(&Event::Close) {
        assert!(start.elapsed() < LONG, "the device was not closed: {:?}", state.lock().unwrap().events);
        std::thread::yield_now();
    }
}

/// Holds signals back. A test may have been started by a process that ignores SIGTERM, and then the enclave would
/// never see it.
fn hold_signals() -> Signals {
    // SAFETY: the default action involves no code of this program.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_DFL) };
    Signals::hold().unwrap()
}

/// A thread that signals can be sent to.
struct Thread(libc::pthread_t);

// SAFETY: a thread's identifier is a number.
unsafe impl Send for Thread {}

impl Thread {
    fn this() -> Self {
        // SAFETY: has no conditions.
        Self(unsafe { libc::pthread_self() })
    }

    fn terminate(&self) {
        // SAFETY: the thread waits for the enclave, so it exists.
        assert_eq!(unsafe { libc::pthread_kill(self.0, libc::SIGTERM) }, 0);
    }
}

#[test]
fn what_is_no_enclave() {
    assert!(matches!(private_memory(&FILES), Err(KeystoneError::Image(_))));
}

#[test]
fn large_enclaves_may_take_longer_to_boot() {
    assert!(boot_patience(1 << 30) > boot_patience(4 << 20));
    assert!(boot_patience(u64::MAX) > Duration::from_secs(60));
}
