//! Runs the enclave app in this process with the real host app, which stops answering at a chosen edge call.
//! Afterwards its directories hold what a host leaves behind that is killed at that point.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::BTreeMap;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};
use wasmstone_bundle::verify::Program;
use wasmstone_eapp::{Ended, Platform, Region};
use wasmstone_edge_protocol::frame::{decode_request, reply_header};
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Status, Violation};
use wasmstone_happ::edge_server::{Config, Directory, Output, Server, Task, Timebase};
use wasmstone_policy::Access;
use zerocopy::IntoBytes;

/// The host's reaction to an edge call.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// It does what it was asked for.
    Answers,
    /// It does so with the first half of the bytes: a short write.
    DoesHalf,
    /// It does nothing, and returns this status.
    Says(Status),
    /// It was killed before.
    IsGone,
}

type Acts = Box<dyn FnMut(u64, &'static str) -> Act + Send>;

/// A run that is being prepared. The program has to be interpreted.
pub struct Inside<'a> {
    program: &'a Program,
    config: Config,
    acts: Acts,
    machine: u8,
}

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    pub ended: Ended,
    pub stdout: String,
    pub stderr: String,
    pub explanation: Option<String>,
    /// The state of each sealed directory.
    pub freshness: BTreeMap<String, [u8; FRESHNESS_SIZE]>,
    /// Edge calls that were answered.
    pub calls: u64,
}

impl<'a> Inside<'a> {
    /// A run of this program.
    pub fn new(program: &'a Program) -> Self {
        let config = Config { program: program.program.clone().into(), ..Config::default() };
        Self { program, config, acts: Box::new(|_, _| Act::Answers), machine: 1 }
    }

    /// Grants a directory, in the state `pin` if there is one.
    pub fn directory(mut self, host: &Path, guest: &str, pin: Option<[u8; FRESHNESS_SIZE]>) -> Self {
        let directory = Directory::open(host, guest, Access::ReadWrite).unwrap();
        self.config.directories.push(Directory { pin, ..directory });
        self
    }

    /// Arguments of the program.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.config.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self
    }

    /// The task of the enclave.
    pub fn task(mut self, task: Task) -> Self {
        self.config.task = task;
        self
    }

    /// An environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.config.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The last edge call that the host answers.
    pub fn last(self, last: u64) -> Self {
        self.host(move |call, _| if call > last { Act::IsGone } else { Act::Answers })
    }

    /// The host's reaction to each edge call, by the call's number, from 1 on, and the name of the operation.
    pub fn host(mut self, acts: impl FnMut(u64, &'static str) -> Act + Send + 'static) -> Self {
        self.acts = Box::new(acts);
        self
    }

    /// Runs on another machine, with other sealing keys.
    pub fn machine(mut self, machine: u8) -> Self {
        self.machine = machine;
        self
    }

    /// Runs the enclave to its end.
    pub fn run(mut self) -> Ran {
        let [stdout, stderr] = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
        self.config.stdout = Output::Memory(stdout.clone());
        self.config.stderr = Output::Memory(stderr.clone());
        let mut server = Server::new(self.config).unwrap();
        server.set_timebase(Timebase::NANOSECONDS);
        let host = Arc::new(Mutex::new(Host { server, calls: 0 }));
        let machine = Machine { host: host.clone(), acts: self.acts, number: self.machine, ticks: 0 };

        let launch = self.program.launch.encode().unwrap();
        let size = self.program.launch.memory.linear as usize;
        let layout = Layout::from_size_align(size, 4096).unwrap();
        // SAFETY: the size is not zero.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap();
        // SAFETY: allocated just now, zeroed, and known to nothing else until the enclave has ended.
        let linear = unsafe { Region::new(base, size) };
        let ended = wasmstone_eapp::run(Box::new(machine), &launch, linear, None);
        // SAFETY: allocated above, and the enclave that used it is gone.
        unsafe { dealloc(base.as_ptr(), layout) };

        let Host { server, calls } = &*host.lock().unwrap();
        let text = |bytes: &Mutex<Vec<u8>>| String::from_utf8(bytes.lock().unwrap().clone()).unwrap();
        Ran {
            ended,
            stdout: text(&stdout),
            stderr: text(&stderr),
            explanation: server.explanation().map(str::to_owned),
            freshness: server.freshness().clone(),
            calls: *calls,
        }
    }
}

struct Host {
    server: Server,
    calls: u64,
}

struct Machine {
    host: Arc<Mutex<Host>>,
    acts: Acts,
    number: u8,
    ticks: u64,
}

impl Platform for Machine {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let mut host = self.host.lock().unwrap();
        let decoded = decode_request(call.into(), request).expect("the enclave keeps to the protocol");
        let mut frame = Vec::new();
        match (self.acts)(host.calls + 1, decoded.operation.name) {
            Act::Answers => host.server.answer(call.into(), request, &mut frame),
            Act::DoesHalf => {
                let (length, half) = (decoded.payload.len(), decoded.payload.len().div_ceil(2));
                let mut request = request[..request.len() - length + half].to_vec();
                request[8..12].copy_from_slice(&(half as u32).to_le_bytes());
                host.server.answer(call.into(), &request, &mut frame);
            }
            Act::Says(status) => {
                frame.extend_from_slice(reply_header(decoded.request_id, status, 0, 0).as_bytes());
            }
            Act::IsGone => return Err(Violation("the host is gone")),
        }
        host.calls += 1;
        let length = frame.len().min(reply.len());
        reply[..length].copy_from_slice(&frame[..length]);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        self.ticks += 1000;
        self.ticks
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(1);
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        key.fill(self.number);
        for (index, byte) in identifier.iter().enumerate() {
            key[index % 32] = key[index % 32].rotate_left(3) ^ byte;
        }
        true
    }
}
