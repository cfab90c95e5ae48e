//! The interface `io`.

use crate::harness::{CREATE, Enclave, Host, READ, WRITABLE, WRITE};
use std::fs::File;
use std::io::{Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use wasmstone_edge_protocol::handle::{STDERR, STDIN, STDOUT};
use wasmstone_edge_protocol::types::{HandleRequest, PollRequest, ReadRequest};
use wasmstone_edge_protocol::{POLL_MAX, Status, io};
use wasmstone_happ::edge_server::{Config, Input, Output};

const FOR_EVER: u64 = u64::MAX;

fn read(enclave: &mut Enclave, handle: u32, length: u32, wait: u32) -> Result<(Vec<u8>, bool), Status> {
    let request = ReadRequest { handle: handle.into(), length: length.into(), wait: wait.into() };
    let (reply, data) = enclave.call::<io::Read>(request, &[])?;
    Ok((data, reply.end.flag("end").expect("a flag")))
}

fn write(enclave: &mut Enclave, handle: u32, data: &[u8]) -> Result<u32, Status> {
    enclave.call::<io::Write>(HandleRequest { handle: handle.into() }, data).map(|(reply, _)| reply.written.opaque())
}

fn with_stdin(stdin: Input) -> Enclave {
    Enclave::new(Config { stdin, ..Config::default() })
}

#[test]
fn empty_input_is_at_its_end() {
    let mut enclave = with_stdin(Input::Empty);
    for wait in [0, 1] {
        assert_eq!(read(&mut enclave, STDIN, 10, wait), Ok((vec![], true)));
        assert_eq!(read(&mut enclave, STDIN, 0, wait), Ok((vec![], false)), "reading nothing tells nothing");
    }
}

#[test]
fn bytes_are_read_in_order_to_their_end() {
    let mut enclave = with_stdin(Input::Bytes(std::io::Cursor::new(b"hello".to_vec())));
    assert_eq!(read(&mut enclave, STDIN, 2, 0), Ok((b"he".to_vec(), false)));
    assert_eq!(read(&mut enclave, STDIN, u32::MAX, 1), Ok((b"llo".to_vec(), false)));
    assert_eq!(read(&mut enclave, STDIN, 2, 1), Ok((vec![], true)));
}

#[test]
fn a_pipe_is_read_as_far_as_it_is_filled() {
    let (reader, mut writer) = pipe().expect("a pipe");
    let mut enclave = with_stdin(Input::File(reader.into()));
    assert_eq!(read(&mut enclave, STDIN, 10, 0), Ok((vec![], false)), "nothing yet");
    writer.write_all(b"abc").expect("written");
    assert_eq!(read(&mut enclave, STDIN, 2, 1), Ok((b"ab".to_vec(), false)));
    assert_eq!(read(&mut enclave, STDIN, 2, 0), Ok((b"c".to_vec(), false)));
    drop(writer);
    assert_eq!(read(&mut enclave, STDIN, 2, 0), Ok((vec![], true)));
    assert_eq!(read(&mut enclave, STDIN, 2, 1), Ok((vec![], true)));
}

#[test]
fn waiting_for_input_ends_when_it_comes() {
    let (reader, mut writer) = pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&reader, true).expect("non-blocking");
    let mut enclave = with_stdin(Input::File(reader.into()));
    let later = std::thread::spawn(move || writer.write_all(b"x"));
    assert_eq!(read(&mut enclave, STDIN, 10, 1), Ok((b"x".to_vec(), false)));
    later.join().expect("joined").expect("written");
    assert_eq!(read(&mut enclave, STDIN, 10, 1), Ok((vec![], true)));
}

#[test]
fn only_standard_input_is_a_stream_to_read_from() {
    let host = Host::new();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", CREATE, READ).expect("created");
    for handle in [STDOUT, STDERR, WRITABLE, 128, 129, u32::MAX] {
        assert_eq!(read(&mut enclave, handle, 1, 0), Err(Status::BadDescriptor), "{handle}");
    }
    assert_eq!(read(&mut enclave, STDIN, 1, 2), Err(Status::Malformed), "a wait that is no truth value");
}

#[test]
fn output_arrives_where_it_belongs() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let memory = Arc::new(Mutex::new(Vec::new()));
    let mut enclave = Enclave::new(Config {
        stdout: Output::File(writer.into()),
        stderr: Output::Memory(memory.clone()),
        ..Config::default()
    });
    assert_eq!(write(&mut enclave, STDOUT, b"out"), Ok(3));
    assert_eq!(write(&mut enclave, STDOUT, b""), Ok(0));
    assert_eq!(write(&mut enclave, STDERR, b"err"), Ok(3));
    assert_eq!(write(&mut enclave, STDERR, b"or"), Ok(2));
    for handle in [STDIN, WRITABLE, 128] {
        assert_eq!(write(&mut enclave, handle, b"x"), Err(Status::BadDescriptor), "{handle}");
    }
    drop(enclave);
    let mut out = Vec::new();
    reader.read_to_end(&mut out).expect("read");
    assert_eq!((out.as_slice(), memory.lock().expect("memory").as_slice()), (&b"out"[..], &b"error"[..]));
}

#[test]
fn more_than_a_non_blocking_pipe_holds_is_written_all_the_same() {
    let (mut reader, writer) = pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("non-blocking");
    let mut enclave = Enclave::new(Config { stdout: Output::File(writer.into()), ..Config::default() });
    let sink = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    });
    let data: Vec<u8> = (0..1_000_000u32).map(|index| index as u8).collect();
    assert_eq!(write(&mut enclave, STDOUT, &data), Ok(1_000_000));
    drop(enclave);
    assert!(sink.join().expect("joined").expect("read") == data);
}

#[test]
fn a_closed_pipe_and_a_full_device_are_told() {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let full: OwnedFd = File::options().write(true).open("/dev/full").expect("/dev/full").into();
    let mut enclave =
        Enclave::new(Config { stdout: Output::File(writer.into()), stderr: Output::File(full), ..Config::default() });
    assert_eq!(write(&mut enclave, STDOUT, b"x"), Err(Status::Pipe));
    assert_eq!(write(&mut enclave, STDERR, b"x"), Err(Status::InsufficientSpace));
}

#[test]
fn polling_tells_what_is_ready() {
    let host = Host::new();
    let (reader, mut writer) = pipe().expect("a pipe");
    let mut enclave = Enclave::new(Config { stdin: Input::File(reader.into()), ..host.config() });
    enclave.open(128, WRITABLE, "file", CREATE, READ | WRITE).expect("created");

    assert_eq!(enclave.poll(0, &[(STDIN, 0)]), Ok(vec![0]));
    assert_eq!(enclave.poll(1_000, &[(STDIN, 0), (STDIN, 0)]), Ok(vec![0, 0]), "after its time");
    assert_eq!(enclave.poll(FOR_EVER, &[(STDIN, 0), (STDOUT, 1)]), Ok(vec![0, 1]), "discarding is always possible");
    assert_eq!(enclave.poll(FOR_EVER, &[(128, 0), (STDIN, 0), (128, 1)]), Ok(vec![1, 0, 1]));
    writer.write_all(b"x").expect("written");
    assert_eq!(enclave.poll(FOR_EVER, &[(STDIN, 0)]), Ok(vec![1]));
    let mut many = vec![(STDIN, 0); POLL_MAX];
    many[7] = (128, 1);
    assert_eq!(enclave.poll(FOR_EVER, &many), Ok(vec![1; POLL_MAX]));
    read(&mut enclave, STDIN, 1, 0).expect("read");
    drop(writer);
    assert_eq!(enclave.poll(FOR_EVER, &[(STDIN, 0)]), Ok(vec![1]), "the end can be read");
    assert_eq!(enclave.poll(1_000, &[]), Ok(vec![]), "only time passes");
}

#[test]
fn polling_refuses_what_it_cannot_do() {
    let host = Host::new();
    let mut enclave = host.enclave();
    for handle in [WRITABLE, 3, 128, u32::MAX] {
        assert_eq!(enclave.poll(FOR_EVER, &[(STDIN, 0), (handle, 0)]), Err(Status::BadDescriptor), "{handle}");
    }
    assert_eq!(enclave.poll(FOR_EVER, &[]), Err(Status::Malformed), "a wait without end");
    assert_eq!(enclave.poll(0, &[(STDIN, 2)]), Err(Status::Malformed), "an interest that does not exist");
    let request = |count: u32| PollRequest { timeout: 0.into(), count: count.into() };
    for (count, payload, room) in [(1, 0, 10), (0, 8, 10), (1, 7, 10), (2, 16, 1), (u32::MAX, 8, 10)] {
        let result = enclave.call_with_room::<io::Poll>(request(count), &vec![0; payload], room);
        assert_eq!(result.map(drop), Err(Status::Malformed), "{count} entries in {payload} bytes, room for {room}");
    }
}

#[test]
fn only_what_was_opened_can_be_closed() {
    let host = Host::new();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", CREATE, READ).expect("created");
    assert_eq!(enclave.close(128), Ok(()));
    for handle in [128, 129, STDIN, STDOUT, STDERR, WRITABLE] {
        assert_eq!(enclave.close(handle), Err(Status::BadDescriptor), "{handle}");
    }
    assert!(enclave.stat(WRITABLE).is_ok());
}
