//! A host that lies, over every operation: the enclave must end with a violation, and never take a
//! lie for data.

use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, HostDescriptor, HostDirectoryEntryStream, NewTimestamp, OpenFlags, PathFlags,
};
use crate::bindings::wasi::io::poll::HostPollable;
use crate::bindings::wasi::io::streams::{HostInputStream, HostOutputStream};
use crate::bindings::wasi::sockets::instance_network::Host as _;
use crate::bindings::wasi::sockets::ip_name_lookup::{Host as _, HostResolveAddressStream};
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use crate::bindings::wasi::sockets::tcp::{HostTcpSocket, ShutdownType};
use crate::bindings::wasi::sockets::tcp_create_socket::Host as _;
use crate::bindings::wasi::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, OutgoingDatagram,
};
use crate::bindings::wasi::sockets::udp_create_socket::Host as _;
use crate::bindings::wasmstone::attestation::attestation::{Error as AttestingError, Host as Attesting};
use crate::boot::tasks;
use crate::channel::Channel;
use crate::clock::Clock;
use crate::descriptors::File;
use crate::ending::Ending;
use crate::engine::program::Precompiled;
use crate::failure::{IoFailure, StreamFailure};
use crate::files::{Descriptor, EntryStream, FileInput, FileOutput, OpenFile};
use crate::guest::{Guest, GuestConfig};
use crate::host::Host;
use crate::net::tcp::TcpSocket;
use crate::platform::{Platform, REPORT_BUFFER};
use crate::random::{Generator, Random};
use crate::report::report;
use crate::start::Start;
use crate::wasi::input::InputStream;
use crate::wasi::output::{OutputStream, Sink};
use crate::wasi::poll::Pollable;
use alloc::{boxed::Box, format, string::String, string::ToString, sync::Arc, vec, vec::Vec};
use core::net::SocketAddr;
use wasmstone_edge_protocol::frame::{HEADER, ReplyHeader, RequestHeader, reply_header};
use wasmstone_edge_protocol::types::{
    AcceptReply, AddressReply, AddressesReply, DatagramsReply, EntriesReply, EntropyReply, FreshnessRequest,
    OptionReply, ReadReply, SendReply, SocketAddress, StartReply, StatReply, WriteReply,
};
use wasmstone_edge_protocol::value::FileType;
use wasmstone_edge_protocol::{Coded, OPERATIONS, OperationInfo, Status, VERSION, Violation};
use wasmstone_policy::{
    Addresses, Entry, Grants, Launch, Memories, Memory, Names, Network, Policy, Program, Reach, Target,
};
use wasmtime::component::Resource;
use zerocopy::{FromBytes, IntoBytes};

/// How the honest answer to an operation is falsified. The function sees the frame and may change it in any way.
type Lie = Box<dyn Fn(&mut Vec<u8>) + Send>;

/// A host that answers every operation honestly, except for one.
struct Liar {
    about: &'static str,
    lie: Lie,
    /// Every operation that it was asked.
    asked: Arc<std::sync::Mutex<Vec<&'static str>>>,
}

impl Platform for Liar {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let (header, _) = RequestHeader::read_from_prefix(request).unwrap();
        let row = OperationInfo::find(call, header.function).unwrap();
        self.asked.lock().unwrap().push(row.name);
        let mut frame = honest(row, header.request_id.get(), header.reply_payload_max.get());
        if row.name == self.about {
            (self.lie)(&mut frame);
        }
        // As Eyrie does: the answer is copied, as far as there is room.
        let length = frame.len().min(reply.len());
        reply[..length].copy_from_slice(&frame[..length]);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        7
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(1);
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        key.fill(identifier.len() as u8);
        true
    }

    fn attest(&mut self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        report.fill(0xa5);
        report[72..][..data.len()].copy_from_slice(data);
        true
    }
}

fn frame(request_id: u64, body: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = reply_header(request_id, Status::Ok, body.len() as u32, payload.len() as u32);
    [header.as_bytes(), body, payload].concat()
}

fn regular_file() -> StatReply {
    StatReply {
        kind: FileType::RegularFile.into(),
        known_times: Coded::raw(7),
        size: 100.into(),
        ..StatReply::default()
    }
}

/// An answer within the contract.
fn honest(row: &OperationInfo, request_id: u64, reply_payload_max: u32) -> Vec<u8> {
    let body = match row.name {
        "launch.start" => {
            StartReply { ticks_per_second: 1_000_000_000.into(), ..StartReply::default() }.as_bytes().to_vec()
        }
        "launch.entropy" => EntropyReply { entropy: [7; 32] }.as_bytes().to_vec(),
        "io.read" | "filesystem.read_at" => ReadReply { end: 1.into() }.as_bytes().to_vec(),
        "io.write" | "filesystem.write_at" | "filesystem.append" => {
            WriteReply { written: 3.into() }.as_bytes().to_vec()
        }
        "filesystem.open_at" | "filesystem.stat" | "filesystem.stat_at" => regular_file().as_bytes().to_vec(),
        "filesystem.entries" => EntriesReply { count: 1.into(), end: 1.into() }.as_bytes().to_vec(),
        "network.bind" | "network.connect" | "network.connected" => AddressReply { local: local() }.as_bytes().to_vec(),
        "network.accept" => AcceptReply { local: local(), remote: local(), more: 0.into() }.as_bytes().to_vec(),
        "network.send" => SendReply { pending: 0.into() }.as_bytes().to_vec(),
        "network.get_option" => OptionReply { value: 64.into() }.as_bytes().to_vec(),
        "network.send_to" | "network.receive_from" => DatagramsReply { count: 1.into() }.as_bytes().to_vec(),
        "network.addresses" => AddressesReply { count: 1.into() }.as_bytes().to_vec(),
        _ => Vec::new(),
    };
    assert_eq!(body.len(), row.reply, "honest() needs a reply for {}", row.name);
    let payload = match row.name {
        "launch.program" => PROGRAM.to_vec(),
        "io.read" | "filesystem.read_at" | "network.accept" => b"abc".to_vec(),
        "network.receive_from" => datagram(),
        "network.addresses" => local().as_bytes().to_vec(),
        "io.poll" => vec![1; reply_payload_max as usize],
        "filesystem.readlink_at" => b"target".to_vec(),
        "filesystem.entries" => b"\x05\0\0\0\x06name".to_vec(),
        _ => Vec::new(),
    };
    frame(request_id, &body, &payload)
}

/// The address that the honest host names everywhere.
fn local() -> SocketAddress {
    SocketAddr::from(([127, 0, 0, 1], 80)).into()
}

fn datagram() -> Vec<u8> {
    [local().as_bytes(), b"\x04\0\0\0data"].concat()
}

fn guests_address() -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 80, address: (127, 0, 0, 1) })
}

const PROGRAM: &[u8] = b"not a program, but bytes with a digest";

/// The result of an operation: done, an error for the guest, or the end.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done(String),
    Guest(String),
    Violation(&'static str),
}

impl From<IoFailure> for Outcome {
    fn from(failure: IoFailure) -> Self {
        match failure {
            IoFailure::Code(status) => Self::Guest(format!("{status:?}")),
            IoFailure::Trap(error) => error.into(),
        }
    }
}

impl From<StreamFailure> for Outcome {
    fn from(failure: StreamFailure) -> Self {
        match failure {
            StreamFailure::Closed => Self::Guest("closed".to_string()),
            StreamFailure::Failed(status) => Self::Guest(format!("{status:?}")),
            StreamFailure::Http(code) => Self::Guest(format!("{code:?}")),
            StreamFailure::Trap(error) => error.into(),
        }
    }
}

impl From<wasmtime::Error> for Outcome {
    fn from(error: wasmtime::Error) -> Self {
        match error.downcast_ref::<Violation>() {
            Some(violation) => Self::Violation(violation.0),
            None => panic!("neither done, nor an error, nor a violation: {error:?}"),
        }
    }
}

impl From<Ending> for Outcome {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Violation(violation) => Self::Violation(violation.0),
            other => Self::Guest(format!("{other:?}")),
        }
    }
}

fn outcome<T: core::fmt::Debug, E: Into<Outcome>>(result: Result<T, E>) -> Outcome {
    result.map_or_else(Into::into, |done| Outcome::Done(format!("{done:?}")))
}

struct Bench {
    guest: Guest,
    asked: Arc<std::sync::Mutex<Vec<&'static str>>>,
}

impl Bench {
    fn channel(about: &'static str, lie: Lie) -> (Channel, Arc<std::sync::Mutex<Vec<&'static str>>>) {
        let asked = Arc::default();
        (Channel::new(Box::new(Liar { about, lie, asked: Arc::clone(&asked) })), asked)
    }

    fn new(about: &'static str, lie: Lie) -> Self {
        Self::with_policy(about, lie, Network::Any)
    }

    fn with_policy(about: &'static str, lie: Lie, network: Network) -> Self {
        let (channel, asked) = Self::channel(about, lie);
        let clock = Clock::new(0, core::num::NonZeroU32::MIN, (0, 0));
        let mut host = Box::new(Host::new(channel, clock, Reach::new(network)));
        let given = Arc::new(GuestConfig::new("guest.wasm".to_string(), Grants::default(), [false; 3]));
        let random = Random::new(&mut Generator::new(host.channel.platform(), &[0; 32]));
        Self { guest: Guest::new(0, host, random, given), asked }
    }

    fn directory(&mut self) -> Resource<Descriptor> {
        self.guest.table.push(Descriptor::granted(16, true, None)).unwrap()
    }

    fn file(&mut self) -> Resource<Descriptor> {
        let directory = self.directory();
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        self.guest.open_at(directory, PathFlags::empty(), "file".to_string(), OpenFlags::empty(), flags).unwrap()
    }

    fn output(&mut self, stream: OutputStream) -> Outcome {
        let stream = self.guest.table.push(stream).unwrap();
        outcome(HostOutputStream::write(&mut self.guest, stream, b"abc".to_vec()))
    }
}

fn open() -> OpenFile {
    OpenFile { handle: 128, granted: false, writing: true, sealed: None }
}

fn open_file() -> Arc<OpenFile> {
    Arc::new(open())
}

/// The launch of that program.
fn launch() -> Launch {
    let program = Program {
        target: Target::Pulley64,
        size: PROGRAM.len() as u64,
        sha256: <sha2::Sha256 as sha2::Digest>::digest(PROGRAM).into(),
        cpu_features: Vec::new(),
        hardware_float: false,
        memories: Memories::Moving,
    };
    let memory = Memory { linear: 1 << 20, runtime: 6 << 20 };
    Launch { memory, name: String::new(), entry: Entry::Command, instances: 0, program, policy: Policy::open() }
}

/// The result for a host that says how many directories there are and names a task, and puts these records into the
/// payload.
fn started(directories: u32, task: u32, records: &[&[u8]]) -> Result<Start, Ending> {
    let records = records.iter().map(|record| [&(record.len() as u32).to_le_bytes(), *record].concat());
    let payload: Vec<u8> = records.flatten().collect();
    let told: Lie = Box::new(move |frame| {
        let change = move |start: &mut StartReply| {
            (start.directories, start.task) = (directories.into(), Coded::raw(task));
        };
        change_body(change)(frame);
        set_payload(frame, size_of::<StartReply>(), &payload);
    });
    Start::fetch(&mut Bench::channel("launch.start", told).0, &Policy::open(), Entry::Command)
}

/// Makes the guest's call that needs the operation.
fn perform(operation: &'static str, lie: Lie) -> Outcome {
    match operation {
        "launch.start" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            return outcome(Start::fetch(&mut channel, &Policy::open(), Entry::Command).map(|start| start.grants));
        }
        "launch.program" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            return outcome(Precompiled::new(&mut channel, &launch().program, None).map(|_| ()));
        }
        "launch.report" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            let start = started(0, 1, &[b"a nonce!"]).unwrap();
            return outcome(tasks::perform(&mut channel, &launch(), &start).unwrap());
        }
        "launch.freshness" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            let directory = FreshnessRequest { directory: 0.into() };
            let call = channel.call::<wasmstone_edge_protocol::launch::Freshness>(&directory, &[&[1; 40]], 0);
            return call.map_or_else(|violation| Outcome::Violation(violation.0), |_| Outcome::Done(String::new()));
        }
        "launch.entropy" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            let mut random = Generator::new(channel.platform(), &[0; 32]);
            random.fill(&mut vec![0; 1 << 20]);
            return random
                .refresh(&mut channel)
                .map_or_else(|violation| Outcome::Violation(violation.0), |()| Outcome::Done(String::new()));
        }
        "launch.explain" => {
            let (mut channel, _) = Bench::channel(operation, lie);
            let call = channel.call::<wasmstone_edge_protocol::launch::Explain>(
                &wasmstone_edge_protocol::types::Empty {},
                &[b"why"],
                0,
            );
            return call.map_or_else(|violation| Outcome::Violation(violation.0), |_| Outcome::Done(String::new()));
        }
        _ => {}
    }
    let mut bench = Bench::new(operation, lie);
    let path = || "path".to_string();
    let no_time = NewTimestamp::NoChange;
    let result = match operation {
        "io.read" => {
            let stream = bench.guest.table.push(InputStream::Stdin).unwrap();
            outcome(bench.guest.blocking_read(stream, 10))
        }
        "io.write" => bench.output(OutputStream::new(Sink::Standard(1))),
        "io.poll" => {
            let pollable = bench.guest.table.push(Pollable::Stdin).unwrap();
            outcome(HostPollable::ready(&mut bench.guest, pollable))
        }
        "io.close" => {
            let file = bench.file();
            outcome(HostDescriptor::drop(&mut bench.guest, file))
        }
        "filesystem.open_at" => {
            let directory = bench.directory();
            let opened =
                bench.guest.open_at(directory, PathFlags::empty(), path(), OpenFlags::empty(), DescriptorFlags::READ);
            outcome(opened.and_then(|file| bench.guest.stat(file)))
        }
        "filesystem.read_at" => {
            let stream = bench.guest.table.push(InputStream::File(FileInput::new(open_file(), 0, 0))).unwrap();
            outcome(HostInputStream::read(&mut bench.guest, stream, 10))
        }
        "filesystem.write_at" => bench.output(OutputStream::new(Sink::File(FileOutput::new(open_file(), Some(0))))),
        "filesystem.append" => bench.output(OutputStream::new(Sink::File(FileOutput::new(open_file(), None)))),
        "filesystem.stat" => {
            let directory = bench.directory();
            outcome(bench.guest.stat(directory))
        }
        "filesystem.stat_at" => {
            let directory = bench.directory();
            outcome(bench.guest.stat_at(directory, PathFlags::empty(), path()))
        }
        "filesystem.set_size" => {
            let file = bench.file();
            outcome(bench.guest.set_size(file, 1))
        }
        "filesystem.set_times" => {
            let file = bench.file();
            outcome(bench.guest.set_times(file, no_time, no_time))
        }
        "filesystem.set_times_at" => {
            let directory = bench.directory();
            outcome(bench.guest.set_times_at(directory, PathFlags::empty(), path(), no_time, no_time))
        }
        "filesystem.advise" => {
            let file = bench.file();
            outcome(bench.guest.advise(file, 0, 1, Advice::Normal))
        }
        "filesystem.sync" => {
            let file = bench.file();
            outcome(bench.guest.sync(file))
        }
        "filesystem.create_directory_at" => {
            let directory = bench.directory();
            outcome(bench.guest.create_directory_at(directory, path()))
        }
        "filesystem.remove_directory_at" => {
            let directory = bench.directory();
            outcome(bench.guest.remove_directory_at(directory, path()))
        }
        "filesystem.unlink_file_at" => {
            let directory = bench.directory();
            outcome(bench.guest.unlink_file_at(directory, path()))
        }
        "filesystem.readlink_at" => {
            let directory = bench.directory();
            outcome(bench.guest.readlink_at(directory, path()))
        }
        "filesystem.symlink_at" => {
            let directory = bench.directory();
            outcome(bench.guest.symlink_at(directory, path(), path()))
        }
        "filesystem.rename_at" => {
            let (one, other) = (bench.directory(), bench.directory());
            outcome(bench.guest.rename_at(one, path(), other, path()))
        }
        "filesystem.link_at" => {
            let (one, other) = (bench.directory(), bench.directory());
            outcome(bench.guest.link_at(one, PathFlags::empty(), path(), other, path()))
        }
        "filesystem.list" => {
            let directory = bench.directory();
            outcome(bench.guest.read_directory(directory).map(|_| ()))
        }
        "filesystem.entries" => {
            let stream = bench.guest.table.push(EntryStream::new(open())).unwrap();
            outcome(bench.guest.read_directory_entry(stream))
        }
        _ if operation.starts_with("network.") => network(&mut bench, operation),
        other => panic!("{other} has no test: add a call to perform() and the lies about its reply to own_lies()"),
    };
    assert_eq!(bench.asked.lock().unwrap().last(), Some(&operation), "the operation was not used");
    result
}

/// A TCP or UDP socket of the guest's, bound.
fn tcp(guest: &mut Guest) -> Resource<TcpSocket> {
    let socket = guest.create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    Resource::new_borrow(socket.rep())
}

fn udp(guest: &mut Guest) -> u32 {
    let rep = guest.create_udp_socket(IpAddressFamily::Ipv4).unwrap().rep();
    let network = guest.instance_network().unwrap();
    HostUdpSocket::start_bind(guest, Resource::new_borrow(rep), network, guests_address()).unwrap();
    rep
}

/// As [`perform`], for sockets.
fn network(bench: &mut Bench, operation: &str) -> Outcome {
    let guest = &mut bench.guest;
    let net = guest.instance_network().unwrap();
    match operation {
        "network.socket" => outcome(guest.create_tcp_socket(IpAddressFamily::Ipv4).map(drop)),
        "network.bind" => {
            let socket = tcp(guest);
            outcome(HostTcpSocket::start_bind(guest, socket, net, guests_address()))
        }
        "network.connect" => {
            let socket = udp(guest);
            outcome(guest.stream(Resource::new_borrow(socket), Some(guests_address())).map(drop))
        }
        "network.connected" => {
            let socket = tcp(guest);
            let rep = socket.rep();
            guest.start_connect(socket, net, guests_address()).unwrap();
            outcome(guest.finish_connect(Resource::new_borrow(rep)).map(drop))
        }
        "network.listen" | "network.accept" => {
            let rep = tcp(guest).rep();
            let socket = || Resource::new_borrow(rep);
            HostTcpSocket::start_bind(guest, socket(), net, guests_address()).unwrap();
            HostTcpSocket::finish_bind(guest, socket()).unwrap();
            let listening = guest.start_listen(socket());
            if operation == "network.listen" { outcome(listening) } else { outcome(guest.accept(socket()).map(drop)) }
        }
        "network.send" | "network.shutdown" => {
            let rep = tcp(guest).rep();
            guest.start_connect(Resource::new_borrow(rep), net, guests_address()).unwrap();
            let (_, output) = guest.finish_connect(Resource::new_borrow(rep)).unwrap();
            if operation == "network.shutdown" {
                return outcome(guest.shutdown(Resource::new_borrow(rep), ShutdownType::Both));
            }
            guest.check_write(Resource::new_borrow(output.rep())).unwrap();
            outcome(HostOutputStream::write(guest, output, b"abc".to_vec()))
        }
        "network.get_option" => {
            let socket = tcp(guest);
            outcome(guest.hop_limit(socket))
        }
        "network.set_option" => {
            let socket = tcp(guest);
            outcome(guest.set_hop_limit(socket, 5))
        }
        "network.send_to" | "network.receive_from" => {
            let socket = udp(guest);
            let (incoming, outgoing) = guest.stream(Resource::new_borrow(socket), None).unwrap();
            if operation == "network.receive_from" {
                return outcome(guest.receive(incoming, 16).map(|datagrams| datagrams.len()));
            }
            guest.check_send(Resource::new_borrow(outgoing.rep())).unwrap();
            let datagram = OutgoingDatagram { data: b"data".to_vec(), remote_address: Some(guests_address()) };
            outcome(guest.send(outgoing, vec![datagram]))
        }
        "network.lookup" => outcome(guest.resolve_addresses(net, "path".to_string()).map(drop)),
        "network.addresses" => {
            let stream = guest.resolve_addresses(net, "localhost".to_string()).unwrap();
            outcome(guest.resolve_next_address(stream).map(drop))
        }
        "network.denied" => {
            guest.host.reach = Reach::new(Network::Denied);
            match outcome(guest.resolve_addresses(net, "localhost".to_string()).map(drop)) {
                Outcome::Guest(error) if error == "Access" => Outcome::Done(error),
                other => other,
            }
        }
        other => panic!("{other} has no test: add a call to network() and the lies about its reply to own_lies()"),
    }
}

fn change_header(change: impl Fn(&mut ReplyHeader) + Send + 'static) -> Lie {
    Box::new(move |frame| {
        let (header, _) = ReplyHeader::mut_from_prefix(frame).unwrap();
        change(header);
    })
}

/// Lies about every operation.
fn common_lies(row: &OperationInfo) -> Vec<(&'static str, Lie)> {
    let (body, payload_max) = (row.reply, row.reply_payload_max as u32);
    let mut lies: Vec<(&'static str, Lie)> = vec![
        ("nothing at all", Box::new(Vec::clear)),
        ("half a header", Box::new(|frame| frame.truncate(HEADER / 2))),
        ("another version", change_header(|header| header.version = (VERSION + 1).into())),
        ("a stale request id", change_header(|header| header.request_id = 0xdead.into())),
        ("an unknown status", change_header(|header| header.status = 38.into())),
        ("a huge status", change_header(|header| header.status = u16::MAX.into())),
        ("malformed", change_header(|header| header.status = (Status::Malformed as u16).into())),
        ("a reserved field", change_header(|header| header.reserved = 1.into())),
        ("a longer struct", change_header(move |header| header.body_length = (body as u32 + 1).into())),
        ("a huge struct", change_header(|header| header.body_length = u32::MAX.into())),
        (
            "more payload than there is room",
            change_header(move |header| header.payload_length = (payload_max + 1).into()),
        ),
        ("a huge payload", change_header(|header| header.payload_length = u32::MAX.into())),
        (
            "a failure with a payload",
            change_header(|header| {
                header.status = (Status::Io as u16).into();
                header.payload_length = 1.into();
            }),
        ),
        (
            "a failure with a struct",
            change_header(|header| {
                header.status = (Status::Io as u16).into();
                header.body_length = 4.into();
                header.payload_length = 0.into();
            }),
        ),
    ];
    if body > 0 {
        lies.push(("no struct", change_header(|header| header.body_length = 0.into())));
    }
    lies
}

fn change_body<T: FromBytes + IntoBytes + zerocopy::KnownLayout + zerocopy::Immutable + 'static>(
    change: impl Fn(&mut T) + Send + 'static,
) -> Lie {
    Box::new(move |frame| {
        let (mut body, _) = T::read_from_prefix(&frame[HEADER..]).unwrap();
        change(&mut body);
        frame[HEADER..HEADER + size_of::<T>()].copy_from_slice(body.as_bytes());
    })
}

fn payload(bytes: &'static [u8], body: usize) -> Lie {
    Box::new(move |frame| set_payload(frame, body, bytes))
}

fn set_payload(frame: &mut Vec<u8>, body: usize, bytes: &[u8]) {
    frame.truncate(HEADER + body);
    frame.extend_from_slice(bytes);
    ReplyHeader::mut_from_prefix(frame).unwrap().0.payload_length = (bytes.len() as u32).into();
}

/// Lies about the content of an operation's answer.
fn own_lies(row: &OperationInfo) -> Vec<(&'static str, Lie)> {
    let body = row.reply;
    match row.name {
        "launch.start" => vec![
            ("nanoseconds", change_body(|start: &mut StartReply| start.wall_nanoseconds = 1_000_000_000.into())),
            ("a fourth terminal", change_body(|start: &mut StartReply| start.terminals = Coded::raw(8))),
            ("arguments that are not there", change_body(|start: &mut StartReply| start.arguments = u32::MAX.into())),
            ("variables that are not there", change_body(|start: &mut StartReply| start.environment = 1.into())),
            ("too many directories", change_body(|start: &mut StartReply| start.directories = 65.into())),
            ("a writable directory that is not there", change_body(|start: &mut StartReply| start.writable = 1.into())),
            (
                "a place to serve for a command",
                change_body(|start: &mut StartReply| start.serve.family = Coded::raw(4)),
            ),
            ("a place of no kind", change_body(|start: &mut StartReply| start.serve.address = [1; 16])),
            ("a clock that stands still", change_body(|start: &mut StartReply| start.ticks_per_second = 0.into())),
            ("more payload than said", payload(b"\x01\0\0\0a", body)),
            ("an unknown task", change_body(|start: &mut StartReply| start.task = Coded::raw(4))),
            ("a huge task", change_body(|start: &mut StartReply| start.task = Coded::raw(u32::MAX))),
            ("a task without its record", change_body(|start: &mut StartReply| start.task = Coded::raw(1))),
            (
                "failure",
                change_header(|header| {
                    *header = reply_header(header.request_id.opaque(), Status::Io, 0, 0);
                }),
            ),
        ],
        "launch.program" => vec![
            ("too little", payload(b"short", body)),
            ("another program", payload(b"NOT a program, but bytes with a digest", body)),
            (
                "failure",
                change_header(|header| {
                    *header = reply_header(header.request_id.opaque(), Status::Io, 0, 0);
                }),
            ),
        ],
        "io.read" | "filesystem.read_at" => vec![
            ("an end that is no truth value", change_body(|read: &mut ReadReply| read.end = 2.into())),
            (
                "nothing, and not the end",
                Box::new(|frame| {
                    frame[HEADER] = 0;
                    ReplyHeader::mut_from_prefix(frame).unwrap().0.payload_length = 0.into();
                }),
            ),
        ],
        "io.write" | "filesystem.write_at" | "filesystem.append" => vec![
            ("more than was sent", change_body(|write: &mut WriteReply| write.written = 4.into())),
            ("nothing", change_body(|write: &mut WriteReply| write.written = 0.into())),
            ("a negative number", change_body(|write: &mut WriteReply| write.written = u32::MAX.into())),
        ],
        "io.poll" => {
            vec![("neither ready nor not", payload(b"\x02", body)), ("no answer for a handle", payload(b"", body))]
        }
        "filesystem.open_at" | "filesystem.stat" | "filesystem.stat_at" => vec![
            ("an unknown type", change_body(|stat: &mut StatReply| stat.kind = Coded::raw(8))),
            ("an unknown time", change_body(|stat: &mut StatReply| stat.known_times = Coded::raw(8))),
            ("access nanoseconds", change_body(|stat: &mut StatReply| stat.accessed.nanoseconds = u32::MAX.into())),
            (
                "modification nanoseconds",
                change_body(|stat: &mut StatReply| stat.modified.nanoseconds = 1_000_000_000.into()),
            ),
            ("change nanoseconds", change_body(|stat: &mut StatReply| stat.changed.nanoseconds = 1_000_000_000.into())),
        ],
        "filesystem.readlink_at" => vec![("bytes that are no text", payload(b"\xff\xfe", body))],
        "filesystem.entries" => vec![
            ("fewer than said", change_body(|entries: &mut EntriesReply| entries.count = 2.into())),
            ("more than said", change_body(|entries: &mut EntriesReply| entries.count = 0.into())),
            ("a huge count", change_body(|entries: &mut EntriesReply| entries.count = u32::MAX.into())),
            ("an end that is no truth value", change_body(|entries: &mut EntriesReply| entries.end = 7.into())),
            ("an unknown type", payload(b"\x02\0\0\0\x08a", body)),
            ("an empty entry", payload(b"\0\0\0\0", body)),
            ("an empty name", payload(b"\x01\0\0\0\x06", body)),
            ("the directory itself", payload(b"\x02\0\0\0\x03.", body)),
            ("the parent", payload(b"\x03\0\0\0\x03..", body)),
            ("a path", payload(b"\x04\0\0\0\x06a/b", body)),
            ("a NUL", payload(b"\x02\0\0\0\x06\0", body)),
            ("bytes that are no text", payload(b"\x02\0\0\0\x06\xff", body)),
            ("a record longer than the payload", payload(b"\xff\0\0\0\x06name", body)),
            ("a record longer than a name", payload(b"\xff\xff\xff\x7f\x06name", body)),
        ],
        "network.bind" | "network.connect" | "network.connected" => {
            let lie =
                |change: fn(&mut SocketAddress)| change_body(move |reply: &mut AddressReply| change(&mut reply.local));
            address_lies().into_iter().map(|(what, change)| (what, lie(change))).collect()
        }
        "network.accept" => {
            let mut lies: Vec<(&'static str, Lie)> =
                vec![("more than yes or no", change_body(|reply: &mut AcceptReply| reply.more = 2.into()))];
            for (what, change) in address_lies() {
                lies.push((what, change_body(move |reply: &mut AcceptReply| change(&mut reply.local))));
                lies.push((what, change_body(move |reply: &mut AcceptReply| change(&mut reply.remote))));
            }
            lies
        }
        "network.send" => {
            vec![("neither pending nor not", change_body(|reply: &mut SendReply| reply.pending = 2.into()))]
        }
        "network.get_option" => {
            vec![("more hops than there can be", change_body(|reply: &mut OptionReply| reply.value = 256.into()))]
        }
        "network.send_to" => {
            vec![("more than there were", change_body(|reply: &mut DatagramsReply| reply.count = 2.into()))]
        }
        "network.receive_from" => vec![
            ("more than said", change_body(|reply: &mut DatagramsReply| reply.count = 0.into())),
            ("fewer than said", change_body(|reply: &mut DatagramsReply| reply.count = 2.into())),
            ("more than wanted", change_body(|reply: &mut DatagramsReply| reply.count = 17.into())),
            ("a huge count", change_body(|reply: &mut DatagramsReply| reply.count = u32::MAX.into())),
            ("an unknown family", Box::new(move |frame| frame[HEADER + body] = 5)),
            ("another family", Box::new(move |frame| frame[HEADER + body] = 6)),
            ("a huge port", Box::new(move |frame| frame[HEADER + body + 6] = 1)),
            ("a datagram longer than the payload", Box::new(move |frame| frame[HEADER + body + 32] = 5)),
            ("a datagram longer than any", Box::new(move |frame| frame[HEADER + body + 34] = 1)),
            ("half an address", payload(b"\x04\0\0\0", body)),
        ],
        "network.addresses" => vec![
            ("more than said", change_body(|reply: &mut AddressesReply| reply.count = 0.into())),
            ("fewer than said", change_body(|reply: &mut AddressesReply| reply.count = 2.into())),
            ("a huge count", change_body(|reply: &mut AddressesReply| reply.count = u32::MAX.into())),
            ("an unknown family", Box::new(move |frame| frame[HEADER + body] = 0)),
            ("half an address", payload(b"\x04\0\0\0", body)),
        ],
        _ => Vec::new(),
    }
}

/// How an address is falsified.
type AddressLie = fn(&mut SocketAddress);

/// Ways in which an address for an IPv4 socket can be invalid.
fn address_lies() -> [(&'static str, AddressLie); 3] {
    [
        ("an unknown family", |address| address.family = Coded::raw(5)),
        ("another family", |address| address.family = Coded::raw(6)),
        ("a huge port", |address| address.port = 65536.into()),
    ]
}

/// The result for a host that names a task, with its directories, and with these records behind them.
fn came_of(task: u32, records: &[&[u8]]) -> Outcome {
    let directories: &[&[u8]] = if task > 1 { &[b"/data", b"", b"transfer", b""] } else { &[] };
    let all = [directories, records].concat();
    outcome(started(directories.len() as u32 / 2, task, &all).map(|start| start.record.len()))
}

#[test]
fn a_task_has_its_record_and_no_other() {
    for length in 8..=64 {
        assert_eq!(came_of(1, &[&vec![1; length]]), Outcome::Done(length.to_string()));
    }
    for task in [2, 3] {
        assert_eq!(came_of(task, &[&[1; 72]]), Outcome::Done("72".to_string()));
    }
    assert_eq!(came_of(0, &[]), Outcome::Done("0".to_string()));
    let is_lie = |task: u32, records: &[&[u8]]| {
        let came = came_of(task, records);
        assert!(matches!(came, Outcome::Violation(_)), "task {task}, {records:?}: {came:?}");
    };
    for length in [0, 1, 7, 65, 72, 1000] {
        is_lie(1, &[&vec![1; length]]);
    }
    for (task, length) in [2, 3].into_iter().flat_map(|task| [0, 1, 64, 71, 73, 1000].map(|length| (task, length))) {
        is_lie(task, &[&vec![1; length]]);
    }
    is_lie(0, &[b"a nonce!"]);
    for (task, record) in [(1, &[1; 64][..]), (2, &[1; 72]), (3, &[1; 72])] {
        is_lie(task, &[]);
        is_lie(task, &[record, record]);
    }
}

#[test]
fn sealed_data_move_through_a_directory_for_it() {
    for (directories, records) in [
        (0, &[][..]),
        (1, &[&b"/data"[..], b""][..]),
        (2, &[b"transfer", b"", b"/data", b""]),
        (2, &[b"/data", b"", b"/transfer", b""]),
    ] {
        for task in [2, 3] {
            let came = outcome(started(directories, task, &[records, &[&[1; 72]]].concat()).map(drop));
            assert!(matches!(came, Outcome::Violation(_)), "{records:?}: {came:?}");
        }
    }
}

#[test]
fn a_directory_has_its_pin() {
    let pins = |records: &[&[u8]]| outcome(started(1, 0, records).map(|start| start.pins));
    assert_eq!(pins(&[b"/data", b""]), Outcome::Done("[None]".to_string()));
    assert_eq!(pins(&[b"/data", &[9; 40]]), Outcome::Done(format!("[Some({:?})]", [9; 40])));
    for pin in [1, 39, 41, 1000].map(|length| vec![9; length]) {
        assert!(matches!(pins(&[b"/data", &pin]), Outcome::Violation(_)), "{pin:?}");
    }
    assert!(matches!(pins(&[b"/data"]), Outcome::Violation(_)));
    assert!(matches!(pins(&[b"/data", b"", b""]), Outcome::Violation(_)));
}

#[test]
fn a_machine_without_keys_says_so() {
    let given = Arc::new(GuestConfig::new("guest.wasm".to_string(), Grants::default(), [false; 3]));
    let mut host = Box::new(Host::absent());
    let random = Random::new(&mut Generator::new(host.channel.platform(), &[0; 32]));
    let mut guest = Guest::new(0, host, random, given);
    assert_eq!(Attesting::report(&mut guest, vec![1; 64]).unwrap(), Err(AttestingError::Unavailable));
    assert_eq!(Attesting::report(&mut guest, vec![1; 65]).unwrap(), Err(AttestingError::TooLong));
    assert_eq!(Attesting::measurement(&mut guest).unwrap(), Err(AttestingError::Unavailable));
    assert_eq!(Attesting::sealing_key(&mut guest, "label".to_string()).unwrap(), Err(AttestingError::Unavailable));
    assert_eq!(Attesting::freshness(&mut guest, "/data".to_string()).unwrap(), Err(AttestingError::NotSealed));

    let start = started(0, 1, &[b"a nonce!"]).unwrap();
    let refused = tasks::perform(&mut Channel::closed(), &launch(), &start).unwrap().unwrap_err();
    assert_eq!(refused.explanation(), Some("the machine has no sealing keys"));
}

#[test]
fn a_report_says_nothing_of_what_was_behind_its_data() {
    let (mut channel, _) = Bench::channel("", Box::new(|_| {}));
    let report = report(channel.platform(), b"data").unwrap();
    assert_eq!((report.len(), &report[72..76]), (1352, &b"data"[..]));
    assert!(report[76..1096].iter().all(|byte| *byte == 0));
}

#[test]
fn what_the_policy_does_not_allow_is_never_asked_for() {
    let listed = Network::Listed(Addresses {
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 81))],
        connect: vec!["10.0.0.1:80".parse().unwrap(), "example.org:80".parse().unwrap()],
        lookup: Names::Listed(Vec::new()),
    });
    for network in [Network::Denied, listed] {
        let mut bench = Bench::with_policy("", Box::new(|_| {}), network);
        let denied = Outcome::Guest("Access".to_string());
        let net = || Resource::new_borrow(0);
        bench.guest.instance_network().unwrap();
        let socket = tcp(&mut bench.guest);
        let rep = socket.rep();
        assert_eq!(outcome(HostTcpSocket::start_bind(&mut bench.guest, socket, net(), guests_address())), denied);
        bench.guest.start_connect(Resource::new_borrow(rep), net(), guests_address()).unwrap();
        assert_eq!(outcome(bench.guest.finish_connect(Resource::new_borrow(rep)).map(drop)), denied);
        assert_eq!(outcome(bench.guest.resolve_addresses(net(), "example.com".to_string()).map(drop)), denied);
        let asked = bench.asked.lock().unwrap().clone();
        let expected = ["network.socket", "network.denied", "network.denied", "network.denied"];
        assert_eq!(asked, expected);
    }
}

#[test]
fn an_honest_host_is_believed() {
    for row in OPERATIONS {
        let result = perform(row.name, Box::new(|_| {}));
        assert!(matches!(result, Outcome::Done(_)), "{}: {result:?}", row.name);
    }
}

#[test]
fn a_lie_ends_the_enclave() {
    for row in OPERATIONS {
        for (what, lie) in common_lies(row).into_iter().chain(own_lies(row)) {
            let result = perform(row.name, lie);
            assert!(matches!(result, Outcome::Violation(_)), "{}, {what}: {result:?}", row.name);
        }
    }
}

#[test]
fn a_cut_answer_is_never_filled_with_something_else() {
    // The host gives a length and delivers less: the missing bytes are zero, never old bytes.
    for row in OPERATIONS {
        let whole = honest(row, 0, row.reply_payload_max as u32).len();
        for length in 0..whole.min(200) {
            let result = perform(row.name, Box::new(move |frame| frame.truncate(length)));
            let names_old_bytes = format!("{result:?}").contains("path");
            assert!(!names_old_bytes, "{} cut to {length}: {result:?}", row.name);
        }
    }
}

/// Operations whose result does not matter to the guest.
const UNHEEDED: [&str; 4] = ["io.close", "io.poll", "network.shutdown", "network.denied"];

#[test]
fn a_failure_is_the_guests_to_see() {
    for row in OPERATIONS.iter().filter(|row| row.call != 1 && !UNHEEDED.contains(&row.name)) {
        let fail: Lie = Box::new(|frame| {
            let id = ReplyHeader::read_from_prefix(frame).unwrap().0.request_id.opaque();
            *frame = reply_header(id, Status::InsufficientSpace, 0, 0).as_bytes().to_vec();
        });
        assert_eq!(perform(row.name, fail), Outcome::Guest("InsufficientSpace".to_string()), "{}", row.name);
    }
}

#[test]
fn after_a_violation_the_host_is_not_asked_again() {
    let mut bench = Bench::new("filesystem.stat", change_header(|header| header.reserved = 1.into()));
    for _ in 0..3 {
        let directory = bench.directory();
        assert!(matches!(outcome(bench.guest.stat(directory)), Outcome::Violation(_)));
    }
    assert_eq!(bench.asked.lock().unwrap().len(), 1);
}

#[test]
fn what_is_granted_for_reading_is_refused_inside() {
    let mut bench = Bench::new("", Box::new(|_| {}));
    let mut directory = || bench.guest.table.push(Descriptor::granted(16, false, None)).unwrap();
    let (one, two, three) = (directory(), directory(), directory());
    let denied = Outcome::Guest("NotPermitted".to_string());
    let path = || "path".to_string();
    assert_eq!(outcome(bench.guest.unlink_file_at(one, path())), denied);
    assert_eq!(outcome(bench.guest.create_directory_at(two, path())), denied);
    let open = bench.guest.open_at(three, PathFlags::empty(), path(), OpenFlags::CREATE, DescriptorFlags::WRITE);
    assert_eq!(outcome(open), denied);
    assert_eq!(bench.asked.lock().unwrap().len(), 0);
}

#[test]
fn a_host_that_wakes_early_is_asked_again() {
    let mut bench = Bench::new("", Box::new(|_| {}));
    // The test's clock stands still, so waiting for a deadline in the future would never end; a deadline that has
    // passed needs no edge call at all.
    let pollable = bench.guest.table.push(Pollable::At(0)).unwrap();
    HostPollable::block(&mut bench.guest, pollable).unwrap();
    assert_eq!(bench.asked.lock().unwrap().len(), 0);
}

#[test]
fn a_service_listens_where_the_policy_lets_it() {
    let start = |network, serve: SocketAddress| {
        let told = change_body(move |start: &mut StartReply| start.serve = serve);
        let (mut channel, _) = Bench::channel("launch.start", told);
        let start = Start::fetch(&mut channel, &Policy { network, ..Policy::open() }, Entry::Http);
        start.map(|start| start.serve).map_err(|ending| ending.explanation().map(String::from))
    };
    let listed = |listen| {
        let (connect, lookup) = (Vec::new(), Names::Listed(Vec::new()));
        Network::Listed(Addresses { listen: vec![listen], connect, lookup })
    };
    let address = SocketAddr::from(([127, 0, 0, 1], 80));
    assert_eq!(start(Network::Any, local()), Ok(Some(address)));
    assert_eq!(start(listed(address), local()), Ok(Some(address)));
    let elsewhere = SocketAddr::from(([127, 0, 0, 1], 81));
    for (network, serve, words) in [
        (listed(elsewhere), local(), "does not allow listening at 127.0.0.1:80"),
        (Network::Denied, local(), "does not allow listening at 127.0.0.1:80"),
        (Network::Any, SocketAddress::default(), "no address to serve at"),
    ] {
        let refused = start(network, serve).unwrap_err().unwrap();
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn what_was_opened_for_reading_is_not_written() {
    let mut bench = Bench::new("", Box::new(|_| {}));
    let reading = || Arc::new(OpenFile { handle: 128, granted: false, writing: false, sealed: None });
    for position in [Some(0), None] {
        let stream = OutputStream::new(Sink::File(FileOutput::new(reading(), position)));
        let stream = bench.guest.table.push(stream).unwrap();
        let rep = stream.rep();
        let wrote = HostOutputStream::write(&mut bench.guest, stream, Vec::new());
        assert_eq!(outcome(wrote), Outcome::Guest("BadDescriptor".to_string()));
        let again = HostOutputStream::write(&mut bench.guest, Resource::new_borrow(rep), b"x".to_vec());
        assert_eq!(outcome(again), Outcome::Guest("closed".to_string()));
    }
    assert_eq!(bench.asked.lock().unwrap().len(), 0);
}

#[test]
fn a_full_disk_is_an_error_of_one_write() {
    // The host writes three bytes at once, and fails at one of its writes.
    for (fails_at, expected) in
        [(0, ["InsufficientSpace", "6"]), (1, ["3", "6"]), (2, ["6", "InsufficientSpace"]), (3, ["6", "3"])]
    {
        let writes = core::sync::atomic::AtomicUsize::new(0);
        let full: Lie = Box::new(move |frame| {
            if writes.fetch_add(1, core::sync::atomic::Ordering::Relaxed) == fails_at {
                let id = ReplyHeader::read_from_prefix(frame).unwrap().0.request_id.opaque();
                *frame = reply_header(id, Status::InsufficientSpace, 0, 0).as_bytes().to_vec();
            }
        });
        let mut bench = Bench::new("filesystem.write_at", full);
        let host = &mut bench.guest.host;
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        let directory = Descriptor::granted(16, true, None);
        let opened = directory.open_at(host, 0, PathFlags::empty(), "file", OpenFlags::empty(), flags).unwrap();
        let mut file = File::new(opened, false, false);
        let mut position = 0;
        for expected in expected {
            let wrote = outcome(file.write(host, b"abcdef", None));
            match expected.parse::<u64>() {
                Ok(written) => position += written,
                Err(_) => assert_eq!(wrote, Outcome::Guest(expected.to_string()), "{fails_at}"),
            }
            assert!(format!("{wrote:?}").contains(expected), "{fails_at}: {wrote:?}");
            assert_eq!(file.position, position, "{fails_at}");
        }
    }
}
