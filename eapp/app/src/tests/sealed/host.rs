//! A host in memory: directories of files, and failures at the places that a test names.

use crate::platform::Platform;
use alloc::{borrow::ToOwned, boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};
use sha2::{Digest, Sha256};
use std::sync::Mutex;
use wasmstone_edge_protocol::frame::{decode_request, reply_header};
use wasmstone_edge_protocol::types::{
    EntriesReply, FreshnessRequest, HandleRequest, ListRequest, OpenRequest, PathRequest, ReadAtRequest, ReadReply,
    SetSizeRequest, StatReply, WriteAtRequest, WriteReply,
};
use wasmstone_edge_protocol::value::{FileType, OpenFlag};
use wasmstone_edge_protocol::{Status, Violation};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The files of a directory.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The change of an honest answer.
pub type Lie = fn(&mut Vec<u8>);

/// The state of the host.
#[derive(Default)]
pub struct World {
    /// The directories, by their handles.
    pub directories: BTreeMap<u32, Files>,
    open: BTreeMap<u32, (u32, String)>,
    /// The number of operations that changed something or were to make it durable.
    pub changes: usize,
    /// From this operation on, the host is gone: it does nothing any more.
    pub gone: Option<usize>,
    /// An operation that fails, and how.
    pub fails: Option<(&'static str, Status)>,
    /// The most bytes that a write takes.
    pub short: Option<usize>,
    /// Falsifies the frame of an answer to this operation.
    pub lie: Option<(&'static str, Lie)>,
    /// The text on standard error.
    pub said: String,
    /// The states of directories that were reported.
    pub freshness: BTreeMap<u32, Vec<u8>>,
    /// Every requested operation.
    pub asked: Vec<&'static str>,
}

impl World {
    /// The open files.
    pub fn open(&self) -> usize {
        self.open.len()
    }
}

/// The host, and the machine between: the machine has a sealing key of its own.
pub struct Memory {
    pub world: Arc<Mutex<World>>,
    pub machine: u8,
    pub ticks: u64,
}

fn parse<T: FromBytes + KnownLayout + Immutable>(body: &[u8]) -> T {
    T::read_from_bytes(body).unwrap()
}

/// The struct and the payload of a reply.
type Answer = Result<(Vec<u8>, Vec<u8>), Status>;

fn body(reply: impl IntoBytes + Immutable) -> Answer {
    Ok((reply.as_bytes().to_vec(), Vec::new()))
}

impl Platform for Memory {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let request = decode_request(call.into(), request).expect("the enclave keeps to the protocol");
        let mut world = self.world.lock().unwrap();
        let name = request.operation.name;
        world.asked.push(name);
        let answer = match world.fails {
            Some((fails, status)) if fails == name => Err(status),
            _ => world.answer(name, request.body, request.payload),
        };
        let mut frame = match answer {
            Ok((body, payload)) => {
                assert!(payload.len() <= request.reply_payload_max, "{name}");
                let header = reply_header(request.request_id, Status::Ok, body.len() as u32, payload.len() as u32);
                [header.as_bytes(), &body, &payload].concat()
            }
            Err(status) => reply_header(request.request_id, status, 0, 0).as_bytes().to_vec(),
        };
        if let Some((about, lie)) = world.lie
            && about == name
        {
            lie(&mut frame);
        }
        let length = frame.len().min(reply.len());
        reply[..length].copy_from_slice(&frame[..length]);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(1);
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        key.copy_from_slice(&Sha256::new().chain_update([self.machine]).chain_update(identifier).finalize());
        self.machine != 0
    }
}

impl World {
    /// Counts one more change; it is not made if the host is gone.
    fn change(&mut self) -> Result<(), Status> {
        self.changes += 1;
        if self.gone.is_some_and(|gone| self.changes > gone) { Err(Status::Io) } else { Ok(()) }
    }

    fn file(&mut self, handle: u32) -> Result<&mut Vec<u8>, Status> {
        let (directory, name) = self.open.get(&handle).ok_or(Status::BadDescriptor)?;
        self.directories.get_mut(directory).and_then(|files| files.get_mut(name)).ok_or(Status::BadDescriptor)
    }

    fn answer(&mut self, name: &str, request: &[u8], payload: &[u8]) -> Answer {
        let text = core::str::from_utf8(payload).unwrap_or_default().to_owned();
        let handle = || parse::<HandleRequest>(request).handle.get();
        match name {
            "filesystem.open_at" => {
                let request: OpenRequest = parse(request);
                let directory = request.directory.get();
                let creates = request.open_flags.get().unwrap().contains(OpenFlag::Create);
                if !self.directories.get(&directory).ok_or(Status::BadDescriptor)?.contains_key(&text) {
                    if !creates {
                        return Err(Status::NoEntry);
                    }
                    self.change()?;
                }
                self.directories.entry(directory).or_default().entry(text.clone()).or_default();
                assert!(self.open.insert(request.handle.get(), (directory, text)).is_none(), "a number in use");
                self.stat(request.handle.get())
            }
            "filesystem.stat" => self.stat(handle()),
            "filesystem.read_at" => {
                let request: ReadAtRequest = parse(request);
                let file = self.file(request.handle.get())?;
                let start = (request.offset.get() as usize).min(file.len());
                let end = (start + request.length.get() as usize).min(file.len());
                let reply = ReadReply { end: u32::from(end == file.len()).into() };
                Ok((reply.as_bytes().to_vec(), file[start..end].to_vec()))
            }
            "filesystem.write_at" => {
                self.change()?;
                let request: WriteAtRequest = parse(request);
                let count = payload.len().min(self.short.unwrap_or(usize::MAX));
                let file = self.file(request.handle.get())?;
                let start = request.offset.get() as usize;
                file.resize(file.len().max(start + count), 0);
                file[start..start + count].copy_from_slice(&payload[..count]);
                body(WriteReply { written: (count as u32).into() })
            }
            "filesystem.set_size" => {
                self.change()?;
                let request: SetSizeRequest = parse(request);
                self.file(request.handle.get())?.resize(request.size.get() as usize, 0);
                body(())
            }
            "filesystem.sync" => {
                self.change()?;
                body(())
            }
            "filesystem.unlink_file_at" => {
                let directory = parse::<PathRequest>(request).handle.get();
                self.change()?;
                let files = self.directories.get_mut(&directory).ok_or(Status::BadDescriptor)?;
                files.remove(&text).map_or(Err(Status::NoEntry), |_| body(()))
            }
            "filesystem.list" => {
                let request: ListRequest = parse(request);
                self.open.insert(request.handle.get(), (request.directory.get(), String::new()));
                body(())
            }
            "filesystem.entries" => {
                let (directory, _) = self.open.get(&handle()).ok_or(Status::BadDescriptor)?;
                let files = self.directories.get(directory).ok_or(Status::BadDescriptor)?;
                let mut payload = Vec::new();
                for name in files.keys() {
                    payload.extend_from_slice(&(name.len() as u32 + 1).to_le_bytes());
                    payload.push(6);
                    payload.extend_from_slice(name.as_bytes());
                }
                let reply = EntriesReply { count: (files.len() as u32).into(), end: 1.into() };
                Ok((reply.as_bytes().to_vec(), payload))
            }
            "io.close" => self.open.remove(&handle()).map_or(Err(Status::BadDescriptor), |_| body(())),
            "io.write" => {
                self.said.push_str(&text);
                body(WriteReply { written: (payload.len() as u32).into() })
            }
            "launch.freshness" => {
                self.freshness.insert(parse::<FreshnessRequest>(request).directory.get(), payload.to_vec());
                body(())
            }
            other => panic!("the enclave asks for {other}"),
        }
    }

    fn stat(&mut self, handle: u32) -> Answer {
        let size = self.file(handle)?.len() as u64;
        body(StatReply { kind: FileType::RegularFile.into(), size: size.into(), ..StatReply::default() })
    }
}

/// A machine with this host, which replaces a host that is gone.
pub fn machine(world: &Arc<Mutex<World>>, machine: u8) -> Box<Memory> {
    world.lock().unwrap().open.clear();
    Box::new(Memory { world: world.clone(), machine, ticks: 0 })
}

/// A host with empty directories for this many handles, from the first.
pub fn world(directories: u32) -> Arc<Mutex<World>> {
    let first = wasmstone_edge_protocol::handle::FIRST_DIRECTORY;
    let directories = (first..first + directories).map(|handle| (handle, Files::new())).collect();
    Arc::new(Mutex::new(World { directories, ..World::default() }))
}
