//! Answers edge calls. One [`Server`] answers those of one enclave; it uses what its [`Config`] grants, and nothing else.
//!
//! The server does not trust the enclave. It answers a request that breaks the protocol with [`Status::Malformed`]. No
//! request makes it panic, allocate more than its caps, or reach a file outside the granted directories.

mod config;
mod errno;
mod filesystem;
mod handles;
mod io;
mod launch;
mod milestones;
mod network;
mod poll;
mod reply;
mod service;
mod stdio;
mod text;
mod timebase;
mod transfer;
mod waiting;

pub use config::{Config, ConfigError, Directory, Lock, Log, Task};
pub use milestones::Milestones;
pub use network::allow_many_sockets;
pub use service::{Service, StopHandle, listening_at};
pub use stdio::{Input, Output};
pub use timebase::Timebase;

use handles::Handles;
use milestones::Record;
use reply::{Failure, Payload};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmstone_edge_protocol::frame::{self, HEADER, Request};
use wasmstone_edge_protocol::network::Socket;
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Operation, PATH_MAX, Status, filesystem::OpenAt};
use wasmstone_policy::Reach;
use zerocopy::{FromBytes, IntoBytes};

/// Answers the edge calls of one enclave.
pub struct Server {
    start: Option<launch::Start>,
    program: Arc<[u8]>,
    handles: Handles,
    reach: Reach,
    service: Option<Service>,
    unserved: Option<Status>,
    lookups: network::UnderWay,
    stdin: Input,
    stdout: Output,
    stderr: Output,
    explanation: Option<String>,
    entropy: Option<[u8; 32]>,
    /// The names of the granted directories, in the order of the start reply.
    directories: Vec<String>,
    attested: Option<Vec<u8>>,
    freshness: BTreeMap<String, [u8; FRESHNESS_SIZE]>,
    record: Record,
    log: Option<Log>,
}

impl Server {
    /// Makes a server that serves what `config` grants.
    ///
    /// # Errors
    /// [`ConfigError`] if the grants do not fit into the start reply.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let start = launch::Start::new(&config)?;
        let network = match &config.serve {
            Some(service) => listening_at(config.network, service.address),
            None => config.network,
        };
        Ok(Self {
            start: Some(start),
            program: config.program,
            directories: config.directories.iter().map(|directory| directory.guest.clone()).collect(),
            handles: Handles::new(config.directories),
            reach: Reach::new(network),
            service: config.serve,
            unserved: None,
            lookups: network::UnderWay::default(),
            stdin: config.stdin,
            stdout: config.stdout,
            stderr: config.stderr,
            explanation: None,
            entropy: config.entropy,
            attested: None,
            freshness: BTreeMap::new(),
            record: Record::default(),
            log: config.log,
        })
    }

    /// Sets the rate of the time counter that the start reply tells the enclave. Without this call, it is the
    /// simulator's.
    pub fn set_timebase(&mut self, timebase: Timebase) {
        if let Some(start) = &mut self.start {
            start.set_timebase(timebase);
        }
    }

    /// Answers one edge call. `request` must be a private copy of the enclave's request. `reply` is cleared and then
    /// holds the reply's frame, at most [`frame::FRAME_MAX`] bytes. Blocks if the operation waits.
    pub fn answer(&mut self, call: u64, request: &[u8], reply: &mut Vec<u8>) {
        let (request_id, status) = match frame::decode_request(call, request) {
            Ok(request) => {
                self.record.called(request.operation);
                let status = self.dispatch(&request, reply).err().map(|Failure(status)| status);
                self.record.answered(request.operation);
                if let Some(status) = status {
                    self.report(&request, status);
                }
                (request.request_id, status)
            }
            Err(request_id) => {
                if let Some(log) = &mut self.log {
                    log(&format!("a request with call id {call} breaks the protocol: {:?}", Status::Malformed));
                }
                (request_id, Some(Status::Malformed))
            }
        };
        if let Some(status) = status {
            reply.clear();
            reply.extend_from_slice(frame::reply_header(request_id, status, 0, 0).as_bytes());
        }
    }

    /// How often each operation was called, by its name in the operation table.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.record.counts()
    }

    /// The times at which the enclave reached its milestones.
    pub fn milestones(&self) -> Milestones {
        self.record.milestones()
    }

    /// A server that serves nothing, for while another thread has this one: what this one counts and times can be read
    /// from both.
    ///
    /// # Errors
    /// None that is known.
    pub fn stand_in(&self) -> Result<Self, ConfigError> {
        Ok(Self { record: self.record.clone(), ..Self::new(Config::default())? })
    }

    /// The enclave's own explanation of its end: the text that it sent, at most 16 KiB, with control characters
    /// escaped.
    pub fn explanation(&self) -> Option<&str> {
        self.explanation.as_deref()
    }

    /// The report that [`Task::Report`] requests, in Keystone's layout, as the enclave sent it.
    pub fn attested(&self) -> Option<&[u8]> {
        self.attested.as_deref()
    }

    /// The freshness value of each sealed directory after the run, by its path as the guest sees it.
    pub fn freshness(&self) -> &BTreeMap<String, [u8; FRESHNESS_SIZE]> {
        &self.freshness
    }

    /// Writes one line to the log.
    fn note(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            log(line);
        }
    }

    /// Writes one line to the log if an access was refused.
    fn report(&mut self, request: &Request<'_>, status: Status) {
        // The network operations write lines of their own, with the address.
        let refused = (request.operation.call != Socket::CALL || status == Status::Malformed)
            && matches!(status, Status::Access | Status::NotPermitted | Status::ReadOnly | Status::Malformed);
        let Some(log) = self.log.as_mut().filter(|_| refused) else { return };
        let row = request.operation;
        let has_path = row.call == OpenAt::CALL && [PATH_MAX, 2 * PATH_MAX].contains(&row.request_payload_max);
        if has_path {
            log(&format!("{} \"{}\": {status:?}", row.name, text::excerpt(request.payload)));
        } else {
            log(&format!("{}: {status:?}", row.name));
        }
    }
}

/// Reads the struct of a request, calls the handler, and writes the reply's frame.
fn run<O: Operation>(
    server: &mut Server,
    request: &Request<'_>,
    reply: &mut Vec<u8>,
    handler: impl FnOnce(&mut Server, O::Request, &[u8], &mut Payload<'_>) -> Result<O::Reply, Failure>,
) -> Result<(), Failure> {
    let body = O::Request::read_from_bytes(request.body).map_err(|_| Failure(Status::Malformed))?;
    let head = HEADER + size_of::<O::Reply>();
    reply.clear();
    reply.resize(head, 0);
    let mut payload = Payload::new(reply, request.reply_payload_max);
    let answer = handler(server, body, request.payload, &mut payload)?;
    let payload_length = payload.length()?;
    let header = frame::reply_header(request.request_id, Status::Ok, size_of::<O::Reply>() as u32, payload_length);
    let (start, rest) = reply.split_at_mut(HEADER);
    start.copy_from_slice(header.as_bytes());
    rest[..size_of::<O::Reply>()].copy_from_slice(answer.as_bytes());
    Ok(())
}

/// Makes the dispatcher from the operation table. The handler of a row is the function with its name in the module of
/// its interface, so that a row without a handler does not compile.
macro_rules! dispatcher {
    ($(
        #[doc = $interface_doc:literal]
        $call:literal $interface:ident {
            $(
                #[doc = $doc:literal]
                $function:literal $name:ident $method:ident: $request:ident + $request_max:expr => $reply:ident + $reply_max:expr;
            )*
        }
    )*) => {
        impl Server {
            fn dispatch(&mut self, request: &Request<'_>, reply: &mut Vec<u8>) -> Result<(), Failure> {
                match (request.operation.call, request.operation.function) {
                    $($(
                        ($call, $function) => run::<wasmstone_edge_protocol::$interface::$name>(
                            self, request, reply, $interface::$method,
                        ),
                    )*)*
                    _ => Err(Failure(Status::Malformed)),
                }
            }
        }
    };
}

wasmstone_edge_protocol::operations!(dispatcher);
