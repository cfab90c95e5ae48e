//! The wire's bytes: one request and one reply for every operation, compared with `golden.txt`, so that no change of
//! the format goes unnoticed. `WASMSTONE_BLESS=1` writes the file again.

use std::fmt::Write;
use std::net::{SocketAddr, SocketAddrV6};
use wasmstone_edge_protocol::frame::{decode_reply, decode_request, reply_header, request_head};
use wasmstone_edge_protocol::types::*;
use wasmstone_edge_protocol::value::{
    Advice, DeniedUse, DescriptorFlag, Direction, FileTime, FileType, Interest, OpenFlag, PathFlag, Protocol,
    SocketOption, StandardStream, TaskKind, TimeChange,
};
use wasmstone_edge_protocol::{
    Coded, FRESHNESS_SIZE, OPERATIONS, Operation, Set, Status, filesystem, io, launch, network, value::AddressFamily,
};
use zerocopy::IntoBytes;

struct Golden {
    text: String,
    operations: Vec<&'static str>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Golden {
    fn add<O: Operation>(&mut self, request: O::Request, payload: &[u8], reply: O::Reply, reply_payload: &[u8]) {
        let id = 0x0102_0304_0506_0708;
        let mut asked = Vec::new();
        let room = O::REPLY_PAYLOAD_MAX as u32;
        request_head::<O>(id, payload.len() as u32, room, &request, |bytes| asked.extend_from_slice(bytes));
        asked.extend_from_slice(payload);
        let mut answered = Vec::new();
        let header = reply_header(id, Status::Ok, size_of::<O::Reply>() as u32, reply_payload.len() as u32);
        answered.extend_from_slice(header.as_bytes());
        answered.extend_from_slice(reply.as_bytes());
        answered.extend_from_slice(reply_payload);

        // The values that are read are those that were written.
        let decoded = decode_request(O::CALL.into(), &asked).unwrap();
        assert_eq!((decoded.operation.name, decoded.request_id, decoded.payload), (O::NAME, id, payload));
        assert_eq!(decoded.body, request.as_bytes());
        let (body, read) = decode_reply::<O>(&answered, id, room).unwrap().unwrap();
        assert_eq!((body.as_bytes(), read), (reply.as_bytes(), reply_payload));

        writeln!(self.text, "{} call {}\n  request {}\n  reply   {}", O::NAME, O::CALL, hex(&asked), hex(&answered))
            .unwrap();
        self.operations.push(O::NAME);
    }
}

fn set<T: Into<u32>, const N: usize>(values: [T; N]) -> Coded<Set<T>> {
    Set::from_iter(values).into()
}

fn stat() -> StatReply {
    let time = |seconds: u64| Time { seconds: seconds.into(), nanoseconds: 999_999_999.into() };
    StatReply {
        kind: FileType::RegularFile.into(),
        known_times: set([FileTime::Access, FileTime::Modification, FileTime::StatusChange]),
        links: 2.into(),
        size: 0x1122_3344_5566.into(),
        accessed: time(1),
        modified: time(2),
        changed: time(3),
        hash_lower: 0xaaaa.into(),
        hash_upper: 0xbbbb.into(),
    }
}

#[test]
fn golden_bytes() {
    let mut golden = Golden { text: String::new(), operations: Vec::new() };
    let handle = HandleRequest { handle: 0x81.into() };
    let follow = set([PathFlag::SymlinkFollow]);
    let path = PathRequest { handle: 16.into(), path_flags: follow };
    let paths = TwoPathsRequest {
        old_directory: 16.into(),
        new_directory: 17.into(),
        path_flags: follow,
        old_length: 3.into(),
    };
    let times = SetTimesRequest {
        handle: 0x81.into(),
        path_flags: follow,
        accessed: NewTime { kind: TimeChange::Now.into(), nanoseconds: 0.into(), seconds: 0.into() },
        modified: NewTime { kind: TimeChange::Timestamp.into(), nanoseconds: 5.into(), seconds: 1_700_000_000.into() },
    };
    let empty = Empty {};
    let start = StartReply {
        wall_seconds: 1_700_000_000.into(),
        wall_nanoseconds: 123_456_789.into(),
        terminals: set([StandardStream::Input, StandardStream::Error]),
        entropy: [0xee; 32],
        arguments: 1.into(),
        environment: 1.into(),
        directories: 1.into(),
        ticks_per_second: 10_000_000.into(),
        writable: 1.into(),
        serve: "127.0.0.1:8080".parse::<SocketAddr>().unwrap().into(),
        task: TaskKind::Report.into(),
    };
    // An argument, a variable, a directory with its required state, a nonce.
    let texts: [&[u8]; 6] = [b"a", b"k", b"v", b"/", &[0xfe; FRESHNESS_SIZE], b"a nonce!"];
    let records = texts.map(|text| [&(text.len() as u32).to_le_bytes(), text].concat()).concat();
    golden.add::<launch::Start>(empty, b"", start, &records);
    golden.add::<launch::Program>(ProgramRequest { offset: 0x10_0000.into(), length: 4.into() }, b"", empty, b"code");
    golden.add::<launch::Explain>(empty, b"why", empty, b"");
    golden.add::<launch::Report>(empty, b"report", empty, b"");
    golden.add::<launch::Freshness>(FreshnessRequest { directory: 1.into() }, &[0xfe; FRESHNESS_SIZE], empty, b"");
    golden.add::<launch::Entropy>(empty, b"", EntropyReply { entropy: [0xee; 32] }, b"");
    let read = ReadRequest { handle: 0.into(), length: 4096.into(), wait: 1.into() };
    golden.add::<io::Read>(read, b"", ReadReply { end: 1.into() }, b"data");
    golden.add::<io::Write>(HandleRequest { handle: 1.into() }, b"data", WriteReply { written: 4.into() }, b"");
    let entry = PollEntry { handle: 0.into(), interest: Interest::Reading.into() };
    golden.add::<io::Poll>(
        PollRequest { timeout: 1_000_000.into(), count: 1.into() },
        entry.as_bytes(),
        empty,
        b"\x01",
    );
    golden.add::<io::Close>(handle, b"", empty, b"");
    let open = OpenRequest {
        directory: 16.into(),
        handle: 0x81.into(),
        path_flags: follow,
        open_flags: set([OpenFlag::Create, OpenFlag::Truncate]),
        flags: set([DescriptorFlag::Read, DescriptorFlag::Write]),
    };
    golden.add::<filesystem::OpenAt>(open, b"path", stat(), b"");
    let read_at = ReadAtRequest { handle: 0x81.into(), length: 4.into(), offset: 0x1_0000_0000.into() };
    golden.add::<filesystem::ReadAt>(read_at, b"", ReadReply { end: 0.into() }, b"data");
    let write_at = WriteAtRequest { handle: 0x81.into(), reserved: 0.into(), offset: 0x1_0000_0000.into() };
    golden.add::<filesystem::WriteAt>(write_at, b"data", WriteReply { written: 4.into() }, b"");
    golden.add::<filesystem::Append>(handle, b"data", WriteReply { written: 4.into() }, b"");
    golden.add::<filesystem::Stat>(handle, b"", stat(), b"");
    golden.add::<filesystem::StatAt>(path, b"path", stat(), b"");
    let size = SetSizeRequest { handle: 0x81.into(), reserved: 0.into(), size: 0x1_0000_0000.into() };
    golden.add::<filesystem::SetSize>(size, b"", empty, b"");
    golden.add::<filesystem::SetTimes>(times, b"", empty, b"");
    golden.add::<filesystem::SetTimesAt>(times, b"path", empty, b"");
    let advise =
        AdviseRequest { handle: 0x81.into(), advice: Advice::WillNeed.into(), offset: 1.into(), length: 2.into() };
    golden.add::<filesystem::Advise>(advise, b"", empty, b"");
    golden.add::<filesystem::Sync>(SyncRequest { handle: 0x81.into(), data_only: 1.into() }, b"", empty, b"");
    golden.add::<filesystem::CreateDirectoryAt>(path, b"path", empty, b"");
    golden.add::<filesystem::RemoveDirectoryAt>(path, b"path", empty, b"");
    golden.add::<filesystem::UnlinkFileAt>(path, b"path", empty, b"");
    golden.add::<filesystem::ReadlinkAt>(path, b"path", empty, b"target");
    golden.add::<filesystem::SymlinkAt>(paths, b"oldnew", empty, b"");
    golden.add::<filesystem::RenameAt>(paths, b"oldnew", empty, b"");
    golden.add::<filesystem::LinkAt>(paths, b"oldnew", empty, b"");
    golden.add::<filesystem::List>(ListRequest { directory: 16.into(), handle: 0x82.into() }, b"", empty, b"");
    let entries = EntriesReply { count: 1.into(), end: 1.into() };
    golden.add::<filesystem::Entries>(handle, b"", entries, b"\x05\0\0\0\x06name");

    let local = SocketAddress::from("127.0.0.1:8080".parse::<SocketAddr>().unwrap());
    let remote = SocketAddress::from(SocketAddr::from(SocketAddrV6::new("2001:db8::1".parse().unwrap(), 443, 5, 6)));
    let socket =
        SocketRequest { handle: 0x81.into(), protocol: Protocol::Udp.into(), family: AddressFamily::Ipv6.into() };
    golden.add::<network::Socket>(socket, b"", empty, b"");
    let to_local = AddressRequest { handle: 0x81.into(), address: local };
    golden.add::<network::Bind>(to_local, b"", AddressReply { local }, b"");
    let to_remote = AddressRequest { handle: 0x81.into(), address: remote };
    golden.add::<network::Connect>(to_remote, b"", AddressReply { local: SocketAddress::default() }, b"");
    golden.add::<network::Connected>(handle, b"", AddressReply { local }, b"");
    golden.add::<network::Listen>(ListenRequest { handle: 0x81.into(), backlog: 128.into() }, b"", empty, b"");
    let accept = AcceptRequest { listener: 0x81.into(), handle: 0x82.into() };
    golden.add::<network::Accept>(accept, b"", AcceptReply { local, remote, more: 1.into() }, b"data");
    golden.add::<network::Send>(handle, b"data", SendReply { pending: 1.into() }, b"");
    let shutdown = ShutdownRequest { handle: 0x81.into(), direction: Direction::Sending.into() };
    golden.add::<network::Shutdown>(shutdown, b"", empty, b"");
    let option = OptionRequest { handle: 0x81.into(), option: SocketOption::HopLimit.into(), value: 64.into() };
    golden.add::<network::GetOption>(option, b"", OptionReply { value: 64.into() }, b"");
    golden.add::<network::SetOption>(option, b"", empty, b"");
    let datagrams = DatagramsRequest { handle: 0x81.into(), count: 1.into() };
    let datagram = [remote.as_bytes(), b"\x04\0\0\0data"].concat();
    golden.add::<network::SendTo>(datagrams, &datagram, DatagramsReply { count: 1.into() }, b"");
    golden.add::<network::ReceiveFrom>(datagrams, b"", DatagramsReply { count: 1.into() }, &datagram);
    golden.add::<network::Lookup>(handle, b"example.org", empty, b"");
    golden.add::<network::Addresses>(handle, b"", AddressesReply { count: 1.into() }, remote.as_bytes());
    golden.add::<network::Denied>(DeniedRequest { what: DeniedUse::Connect.into() }, b"", empty, b"");

    let all: Vec<_> = OPERATIONS.iter().map(|row| row.name).collect();
    let missing: Vec<_> = all.iter().filter(|name| !golden.operations.contains(name)).collect();
    assert!(missing.is_empty(), "add an example of {missing:?} above");
    assert_eq!(golden.operations, all, "the examples stand in the order of the table");

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
    if std::env::var_os("WASMSTONE_BLESS").is_some() {
        std::fs::write(file, &golden.text).unwrap();
    }
    let recorded = std::fs::read_to_string(file).unwrap();
    let mut lines = golden.text.lines().zip(recorded.lines());
    let first = lines.find(|(now, before)| now != before);
    assert!(
        golden.text == recorded,
        "the wire's bytes differ from golden.txt: if you meant that, run this test with WASMSTONE_BLESS=1; \
         the first difference, now and before: {first:#?}"
    );
}
