//! The interface `launch`, counts and log.

use crate::harness::{CREATE, Enclave, Host, READ, READABLE, WRITABLE, WRITE};
use std::sync::{Arc, Mutex};
use wasmstone_edge_protocol::types::{Empty, FreshnessRequest, ProgramRequest};
use wasmstone_edge_protocol::{Coded, DIRECTORIES_MAX, FRESHNESS_SIZE, PAYLOAD_MAX, Status, launch, record};
use wasmstone_happ::edge_server::{Config, ConfigError, Directory, Server, Task, Timebase};
use wasmstone_policy::{Access, WRAPPED_KEY_SIZE};

fn texts(payload: &[u8]) -> Vec<String> {
    let mut rest = payload;
    let mut texts = Vec::new();
    while !rest.is_empty() {
        texts.push(record::take_text(&mut rest, PAYLOAD_MAX).expect("a text").to_owned());
    }
    texts
}

#[test]
fn the_start_reply_tells_what_was_granted_once() {
    let host = Host::new();
    let mut enclave = Enclave::new(Config {
        arguments: vec!["-v".into(), "".into(), "ä".into()],
        environment: vec![("HOME".into(), "/".into()), ("EMPTY".into(), "".into())],
        ..host.config()
    });
    let (start, payload) = enclave.call::<launch::Start>(Empty {}, &[]).expect("started");
    // Behind each directory is its required state.
    assert_eq!(texts(&payload), ["-v", "", "ä", "HOME", "/", "EMPTY", "", "/writable", "", "/readable", ""]);
    assert_eq!(
        (start.arguments.opaque(), start.environment.opaque(), start.directories.opaque()),
        (3, 2, 2),
        "arguments, variables, directories"
    );
    assert_eq!(start.writable.opaque(), 0b01);
    assert_eq!(start.terminals, Coded::default());
    assert_eq!(start.ticks_per_second.opaque(), 1_000_000_000);
    assert!(start.wall_seconds.opaque() > 1_700_000_000);
    assert!(start.wall_nanoseconds.opaque() < 1_000_000_000);
    assert_ne!(start.entropy, [0; 32]);
    assert_eq!(enclave.call::<launch::Start>(Empty {}, &[]), Err(Status::Malformed), "a second start");
}

#[test]
fn the_enclave_is_told_how_fast_its_counter_runs() {
    let mut server = Server::new(Config::default()).unwrap();
    server.set_timebase(Timebase(10_000_000));
    let mut enclave = Enclave { server, request_id: 0 };
    let (start, _) = enclave.call::<launch::Start>(Empty {}, &[]).expect("started");
    assert_eq!(start.ticks_per_second.opaque(), 10_000_000);
}

#[test]
fn entropy_differs_between_enclaves_and_from_call_to_call() {
    let told = |config| {
        let mut enclave = Enclave::new(config);
        let start = enclave.call::<launch::Start>(Empty {}, &[]).expect("started").0.entropy;
        let mut more = || enclave.call::<launch::Entropy>(Empty {}, &[]).expect("entropy").0.entropy;
        [start, more(), more()]
    };
    let mut all = [told(Config::default()), told(Config::default())].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6, "{all:?}");
    // Unless the operator wants it to be the same always.
    assert_eq!(told(Config { entropy: Some([7; 32]), ..Config::default() }), [[7; 32]; 3]);
}

#[test]
fn a_task_is_told_with_its_record_and_a_pin_with_its_directory() {
    let wrapped_key = vec![9; WRAPPED_KEY_SIZE];
    for (task, number, record) in [
        (Task::Run, 0, None),
        (Task::Report { nonce: b"a nonce!".to_vec() }, 1, Some(&b"a nonce!"[..])),
        (Task::Export { wrapped_key: wrapped_key.clone() }, 2, Some(&wrapped_key[..])),
        (Task::Import { wrapped_key: wrapped_key.clone() }, 3, Some(&wrapped_key[..])),
    ] {
        let host = Host::new();
        let mut config = Config { task, ..host.config() };
        config.directories[1].pin = Some([8; FRESHNESS_SIZE]);
        let (start, payload) = Enclave::new(config).call::<launch::Start>(Empty {}, &[]).expect("started");
        assert_eq!(start.task, Coded::raw(number));
        let mut rest = &payload[..];
        let mut records = Vec::new();
        while !rest.is_empty() {
            records.push(record::take(&mut rest, PAYLOAD_MAX).expect("a record"));
        }
        let mut expected = vec![&b"/writable"[..], b"", b"/readable", &[8; FRESHNESS_SIZE]];
        expected.extend(record);
        assert_eq!(records, expected);
    }
}

#[test]
fn a_report_and_the_state_of_directories_are_kept() {
    let mut enclave = Enclave::new(Host::new().config());
    assert_eq!(enclave.server.attested(), None);
    enclave.call::<launch::Report>(Empty {}, b"a report").expect("taken");
    assert_eq!(enclave.server.attested(), Some(&b"a report"[..]));

    let mut left = |directory: u32, value: &[u8]| {
        enclave.call::<launch::Freshness>(FreshnessRequest { directory: directory.into() }, value).map(|_| ())
    };
    left(1, &[1; FRESHNESS_SIZE]).expect("taken");
    left(1, &[2; FRESHNESS_SIZE]).expect("taken");
    for (directory, value) in [(2, &[3; FRESHNESS_SIZE][..]), (u32::MAX, &[3; FRESHNESS_SIZE]), (0, &[3; 39]), (0, &[])]
    {
        assert_eq!(left(directory, value), Err(Status::Malformed), "{directory}");
    }
    let kept: Vec<_> = enclave.server.freshness().iter().map(|(path, value)| (path.as_str(), *value)).collect();
    assert_eq!(kept, [("/readable", [2; FRESHNESS_SIZE])]);
}

#[test]
fn too_little_room_for_the_start_reply_is_the_enclaves_mistake() {
    let mut enclave = Enclave::new(Config { arguments: vec!["x".repeat(100)], ..Config::default() });
    assert_eq!(enclave.call_with_room::<launch::Start>(Empty {}, &[], 103), Err(Status::Malformed));
    let mut enclave = Enclave::new(Config { arguments: vec!["x".repeat(100)], ..Config::default() });
    assert!(enclave.call_with_room::<launch::Start>(Empty {}, &[], 104).is_ok());
}

#[test]
fn grants_that_cannot_be_passed_are_refused_before_the_start() {
    let longest = Config { arguments: vec!["x".repeat(PAYLOAD_MAX - 4)], ..Config::default() };
    assert!(Enclave::new(longest).call::<launch::Start>(Empty {}, &[]).is_ok());

    let too_long = Config { arguments: vec!["x".repeat(PAYLOAD_MAX - 3)], ..Config::default() };
    let error = Server::new(too_long).err();
    assert_eq!(error, Some(ConfigError::TooLong(PAYLOAD_MAX + 1)));
    assert!(error.is_some_and(|error| error.to_string().ends_with("a granted directory")));

    let host = Host::new();
    let grants = |count: usize| Config {
        directories: (0..count)
            .map(|index| Directory::open(&host.path("writable"), format!("/{index}"), Access::ReadWrite))
            .collect::<Result<_, _>>()
            .expect("grants"),
        ..Config::default()
    };
    let (start, _) = Enclave::new(grants(DIRECTORIES_MAX)).call::<launch::Start>(Empty {}, &[]).expect("started");
    assert_eq!(start.writable.opaque(), u64::MAX);
    let error = Server::new(grants(DIRECTORIES_MAX + 1)).err();
    assert_eq!(error, Some(ConfigError::TooManyDirectories(DIRECTORIES_MAX + 1)));
}

#[test]
fn the_program_comes_in_exact_parts() {
    let bytes: Vec<u8> = (0..=255).collect();
    let mut enclave = Enclave::new(Config { program: bytes.clone().into(), ..Config::default() });
    let mut part = |offset: u64, length: u32, room: usize| {
        let request = ProgramRequest { offset: offset.into(), length: length.into() };
        enclave.call_with_room::<launch::Program>(request, &[], room).map(|(_, part)| part)
    };
    assert_eq!(part(0, 256, 256), Ok(bytes.clone()));
    assert_eq!(part(250, 6, 1000), Ok(bytes[250..].to_vec()));
    assert_eq!(part(256, 0, 0), Ok(Vec::new()));
    for (offset, length, room) in
        [(250, 7, 1000), (257, 0, 0), (0, 256, 255), (u64::MAX, 1, 10), (u64::MAX, u32::MAX, 10), (0, u32::MAX, 10)]
    {
        assert_eq!(part(offset, length, room), Err(Status::Malformed), "{length} bytes at {offset}, room for {room}");
    }
}

#[test]
fn last_words_are_kept_without_what_acts_on_a_terminal() {
    let mut enclave = Enclave::new(Config::default());
    assert_eq!(enclave.server.explanation(), None);
    enclave.call::<launch::Explain>(Empty {}, b"first").expect("explained");
    enclave.call::<launch::Explain>(Empty {}, b"unreachable\n\x1b[31m\xff").expect("explained");
    assert_eq!(enclave.server.explanation(), Some("unreachable\n\\u{1b}[31m\u{fffd}"));
}

#[test]
fn calls_are_counted_by_operation() {
    let host = Host::new();
    let mut enclave = host.enclave();
    enclave.call::<launch::Start>(Empty {}, &[]).expect("started");
    enclave.open(128, WRITABLE, "file", CREATE, WRITE).expect("created");
    enclave.open(129, WRITABLE, "none", 0, READ).expect_err("there is none");
    enclave.server.answer(77, &[1, 2, 3], &mut Vec::new());
    let counts: Vec<_> = enclave.server.counts().iter().map(|(name, count)| (*name, *count)).collect();
    assert_eq!(counts, [("filesystem.open_at", 2), ("launch.start", 1)]);
}

#[test]
fn refused_accesses_are_logged_on_one_line_each() {
    let host = Host::new();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let log = Box::new(move |line: &str| sink.lock().expect("a log").push(line.to_owned()));
    let mut enclave = Enclave::new(Config { log: Some(log), ..host.config() });
    enclave.open(128, WRITABLE, "../outside/secret", 0, READ).expect_err("outside");
    enclave.open(128, READABLE, "a\n\x1b\"", CREATE, WRITE).expect_err("read-only");
    enclave.open(128, WRITABLE, "missing", 0, READ).expect_err("missing, which is not a refusal");
    enclave
        .call::<launch::Program>(ProgramRequest { offset: 1.into(), length: 1.into() }, &[])
        .expect_err("no program");
    enclave.server.answer(9, b"odd", &mut Vec::new());
    assert_eq!(
        *lines.lock().expect("a log"),
        [
            "filesystem.open_at \"../outside/secret\": NotPermitted",
            "filesystem.open_at \"a\\n\\u{1b}\\\"\": NotPermitted",
            "launch.program: Malformed",
            "a request with call id 9 breaks the protocol: Malformed",
        ]
    );
}
