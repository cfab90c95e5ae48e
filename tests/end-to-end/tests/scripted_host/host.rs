//! The host.

use crate::client::{Act, Client};
use std::alloc::{Layout, alloc_zeroed};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::take;
use std::net::SocketAddr;
use std::ptr::NonNull;
use std::sync::{Arc, LazyLock, Mutex};
use wasmstone_eapp::{Ended, Platform, Region};
use wasmstone_edge_protocol::frame::{decode_request, reply_header};
use wasmstone_edge_protocol::types::{
    AcceptReply, AcceptRequest, AddressReply, AddressRequest, AddressesReply, EntropyReply, HandleRequest,
    ListenRequest, PollEntry, PollRequest, ProgramRequest, ReadReply, ReadRequest, SendReply, SocketAddress,
    StartReply, WriteReply,
};
use wasmstone_edge_protocol::{Status, Violation, handle, value::Interest};
use wasmstone_test_support::{Bundled, build, guest};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

static SERVICE: LazyLock<Bundled> =
    LazyLock::new(|| build(&guest("http_service", "wasm32-wasip2"), &["--max-memory", "8M", "--engine", "pulley"]));

/// Changes the frame of an honest answer.
pub type Lie = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// Everything outside the enclave.
#[derive(Default)]
pub struct World {
    /// Nanoseconds since the beginning.
    pub now: u64,
    arriving: VecDeque<(usize, Client)>,
    open: BTreeMap<u32, (usize, Client)>,
    /// The clients whose connections are closed.
    gone: BTreeMap<usize, Client>,
    listener: u32,
    /// The greatest number of clients at once.
    pub most: usize,
    /// The peers that answer when the enclave connects.
    peers: VecDeque<Client>,
    lookups: BTreeSet<u32>,
    /// Every requested operation.
    pub asked: Vec<&'static str>,
    /// The text on standard error, and why the enclave ended.
    pub said: String,
    /// The machine's own entropy for random numbers.
    private: u8,
    /// The operation that is lied about, the number of honest answers before, and the change of the answers after
    /// these.
    lie: Option<(&'static str, usize, Lie)>,
}

/// A finished service.
pub struct Served {
    pub ended: Ended,
    pub clients: Vec<Client>,
    /// The peers that the service has connected to.
    pub peers: Vec<Client>,
    pub world: World,
}

/// The numbers of peers begin here.
const PEERS: usize = 1 << 20;

/// Serves these clients; the host asks for an end when nothing else can happen any more.
pub fn serve(clients: Vec<Client>) -> Served {
    run(clients, Vec::new(), None)
}

/// The same on a machine with another secret.
pub fn serve_on(private: u8, clients: Vec<Client>) -> Served {
    run_in(World { private, ..World::default() }, clients, Vec::new())
}

/// The same with a host that lies about an operation, after this many honest answers.
pub fn serve_lying(clients: Vec<Client>, about: &'static str, after: usize, lie: Lie) -> Served {
    run(clients, Vec::new(), Some((about, after, lie)))
}

/// The same with peers that the service connects to, one after the other.
pub fn run(clients: Vec<Client>, peers: Vec<Client>, lie: Option<(&'static str, usize, Lie)>) -> Served {
    run_in(World { lie, ..World::default() }, clients, peers)
}

fn run_in(world: World, clients: Vec<Client>, peers: Vec<Client>) -> Served {
    let program = SERVICE.program();
    let count = clients.len();
    let arriving = clients.into_iter().enumerate().collect();
    let world = World { arriving, peers: peers.into(), ..world };
    let world = Arc::new(Mutex::new(world));
    let platform = Host { world: world.clone(), program: program.program.clone() };
    let size = program.launch.memory.linear as usize;
    let layout = Layout::from_size_align(size, 4096).unwrap();
    // SAFETY: the size is not zero.
    let base = NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap();
    // SAFETY: allocated just now, zeroed, known to nothing else, and never freed.
    let linear = unsafe { Region::new(base, size) };
    let ended = wasmstone_eapp::run(Box::new(platform), &program.launch.encode().unwrap(), linear, None);
    let mut world = take(&mut *world.lock().unwrap());
    let mut all = take(&mut world.gone);
    all.extend(take(&mut world.open).into_values());
    all.extend(take(&mut world.arriving));
    let peers = all.split_off(&PEERS);
    assert_eq!(all.len(), count);
    Served { ended, clients: all.into_values().collect(), peers: peers.into_values().collect(), world }
}

struct Host {
    world: Arc<Mutex<World>>,
    program: Vec<u8>,
}

fn parse<T: FromBytes + KnownLayout + Immutable>(body: &[u8]) -> T {
    T::read_from_bytes(body).unwrap()
}

fn address() -> SocketAddr {
    ([127, 0, 0, 1], 8080).into()
}

impl Platform for Host {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let request = decode_request(call.into(), request).expect("the enclave keeps to the protocol");
        let mut world = self.world.lock().unwrap();
        let name = request.operation.name;
        world.asked.push(name);
        let mut frame = match world.answer(name, request.body, request.payload, &self.program) {
            Ok((body, payload)) => {
                assert!(payload.len() <= request.reply_payload_max, "{name}");
                let header = reply_header(request.request_id, Status::Ok, body.len() as u32, payload.len() as u32);
                [header.as_bytes(), &body, &payload].concat()
            }
            Err(status) => reply_header(request.request_id, status, 0, 0).as_bytes().to_vec(),
        };
        match &mut world.lie {
            Some((about, 0, lie)) if *about == name => lie(&mut frame),
            Some((about, honest, _)) if *about == name => *honest -= 1,
            _ => {}
        }
        let length = frame.len().min(reply.len());
        reply[..length].copy_from_slice(&frame[..length]);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        let mut world = self.world.lock().unwrap();
        // Time never stands still.
        world.now += 1;
        world.now
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(self.world.lock().unwrap().private);
    }
}

/// The struct and the payload of a reply.
type Answer = Result<(Vec<u8>, Vec<u8>), Status>;

fn body(reply: impl IntoBytes + Immutable) -> Answer {
    Ok((reply.as_bytes().to_vec(), Vec::new()))
}

impl World {
    fn answer(&mut self, name: &str, request: &[u8], payload: &[u8], program: &[u8]) -> Answer {
        let handle = || parse::<HandleRequest>(request).handle.get();
        match name {
            "launch.start" => body(StartReply {
                ticks_per_second: (SECOND as u32).into(),
                serve: address().into(),
                ..StartReply::default()
            }),
            "launch.program" => {
                let request: ProgramRequest = parse(request);
                let start = request.offset.get() as usize;
                Ok((Vec::new(), program[start..start + request.length.get() as usize].to_vec()))
            }
            "launch.entropy" => body(EntropyReply { entropy: [7; 32] }),
            "launch.explain" => {
                self.said.push_str(&String::from_utf8_lossy(payload));
                body(())
            }
            "network.bind" => body(AddressReply { local: address().into() }),
            "network.listen" => {
                self.listener = parse::<ListenRequest>(request).handle.get();
                body(())
            }
            "network.accept" => {
                let request: AcceptRequest = parse(request);
                let (index, client) = self.arriving.pop_front().ok_or(Status::WouldBlock)?;
                // If a client has this number already, the enclave did not learn that it was accepted.
                self.arriving.extend(self.open.insert(request.handle.get(), (index, client)));
                self.most = self.most.max(self.open.len());
                let more = u32::from(!self.arriving.is_empty());
                body(AcceptReply { local: address().into(), remote: address().into(), more: more.into() })
            }
            "network.send" => {
                let (_, client) = self.open.get_mut(&handle()).ok_or(Status::BadDescriptor)?;
                client.received.extend_from_slice(payload);
                body(SendReply { pending: u32::from(!client.reads).into() })
            }
            "io.read" => self.read(parse(request)),
            "io.write" => {
                self.said.push_str(&String::from_utf8_lossy(payload));
                body(WriteReply { written: (payload.len() as u32).into() })
            }
            "io.poll" => self.poll(parse(request), payload),
            "io.close" => {
                self.lookups.remove(&handle());
                if let Some((index, mut client)) = self.open.remove(&handle()) {
                    client.closed = Some(self.now);
                    self.gone.insert(index, client);
                }
                body(())
            }
            "network.connect" => {
                let request: AddressRequest = parse(request);
                let peer = self.peers.pop_front().ok_or(Status::ConnectionRefused)?;
                let number = PEERS + self.gone.len() + self.open.len();
                self.open.insert(request.handle.get(), (number, peer));
                body(AddressReply { local: address().into() })
            }
            "network.connected" => body(AddressReply { local: address().into() }),
            "network.lookup" => {
                self.lookups.insert(handle());
                body(())
            }
            "network.addresses" => {
                let found = SocketAddress::from(SocketAddr::from(([127, 0, 0, 1], 0)));
                Ok((AddressesReply { count: 1.into() }.as_bytes().to_vec(), found.as_bytes().to_vec()))
            }
            "network.socket" | "network.shutdown" => body(()),
            other => panic!("the service asks for {other}"),
        }
    }

    fn read(&mut self, request: ReadRequest) -> Answer {
        let (_, client) = self.open.get_mut(&request.handle.get()).ok_or(Status::BadDescriptor)?;
        let nothing = |end: u32| body(ReadReply { end: end.into() });
        if !client.is_ready(self.now) {
            return nothing(0);
        }
        match client.acts.pop_front() {
            Some(Act::Sends(mut bytes)) => {
                let later = bytes.split_off(bytes.len().min(request.length.get() as usize));
                if !later.is_empty() {
                    client.acts.push_front(Act::Sends(later));
                }
                Ok((ReadReply { end: 0.into() }.as_bytes().to_vec(), bytes))
            }
            Some(Act::Ends) => {
                client.acts.push_front(Act::Ends);
                nothing(1)
            }
            Some(Act::Resets) => {
                client.acts.push_front(Act::Resets);
                Err(Status::ConnectionReset)
            }
            _ => nothing(0),
        }
    }

    /// Answers at once if something is ready. Otherwise time advances to the next event, and if there is none, the
    /// host asks for the end.
    fn poll(&mut self, request: PollRequest, payload: &[u8]) -> Answer {
        let entries = <[PollEntry]>::ref_from_bytes(payload).unwrap();
        assert_eq!(entries.len(), request.count.get() as usize);
        let deadline = self.now.saturating_add(request.timeout.get());
        loop {
            let answers: Vec<u8> = entries.iter().map(|entry| u8::from(self.is_ready(entry))).collect();
            let next = self.open.values().map(|(_, client)| client.next).filter(|next| *next > self.now).min();
            if answers.contains(&1) || self.now >= deadline {
                return Ok((Vec::new(), answers));
            }
            match next.map_or(deadline, |next| next.min(deadline)) {
                u64::MAX => {
                    let is_stop = |entry: &PollEntry| u8::from(entry.handle.get() == handle::STOP);
                    let answers: Vec<u8> = entries.iter().map(is_stop).collect();
                    assert!(answers.contains(&1), "it waits for what never comes");
                    return Ok((Vec::new(), answers));
                }
                time => self.now = time,
            }
        }
    }

    fn is_ready(&mut self, entry: &PollEntry) -> bool {
        let handle = entry.handle.get();
        if handle == self.listener {
            return !self.arriving.is_empty();
        }
        let now = self.now;
        match (self.open.get_mut(&handle), entry.interest.get().expect("the enclave keeps to the protocol")) {
            (Some((_, client)), Interest::Reading) => client.is_ready(now),
            (Some((_, client)), Interest::Writing) => client.reads,
            (None, _) => self.lookups.contains(&handle),
        }
    }
}
