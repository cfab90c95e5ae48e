//! An enclave as the server sees it: the protocol's own encoder makes the requests, and its own decoder reads the
//! replies.

use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use wasmstone_edge_protocol::filesystem::*;
use wasmstone_edge_protocol::frame::{HEADER, decode_reply, request_head};
use wasmstone_edge_protocol::handle::FIRST_DIRECTORY;
use wasmstone_edge_protocol::types::*;
use wasmstone_edge_protocol::{Coded, Operation, PATH_MAX, Status, io, record};
use wasmstone_happ::edge_server::{Config, Directory, Server};
use wasmstone_policy::Access;

pub const CREATE: u32 = 1;
pub const DIRECTORY: u32 = 2;
pub const EXCLUSIVE: u32 = 4;
pub const TRUNCATE: u32 = 8;

pub const READ: u32 = 1;
pub const WRITE: u32 = 2;

pub const FOLLOW: u32 = 1;

/// The first granted directory, which may be written to.
pub const WRITABLE: u32 = FIRST_DIRECTORY;
/// The second granted directory, which may not be written to.
pub const READABLE: u32 = FIRST_DIRECTORY + 1;

pub struct Enclave {
    pub server: Server,
    pub request_id: u64,
}

impl Enclave {
    pub fn new(config: Config) -> Self {
        Self { server: Server::new(config).expect("a config that fits"), request_id: 0 }
    }

    pub fn call<O: Operation>(&mut self, body: O::Request, payload: &[u8]) -> Result<(O::Reply, Vec<u8>), Status> {
        self.call_with_room::<O>(body, payload, O::REPLY_PAYLOAD_MAX)
    }

    pub fn call_with_room<O: Operation>(
        &mut self,
        body: O::Request,
        payload: &[u8],
        room: usize,
    ) -> Result<(O::Reply, Vec<u8>), Status> {
        self.request_id += 1;
        let mut frame = Vec::new();
        request_head::<O>(self.request_id, payload.len() as u32, room as u32, &body, |bytes| {
            frame.extend_from_slice(bytes);
        });
        frame.extend_from_slice(payload);
        let mut reply = vec![0xff; 100];
        self.server.answer(O::CALL.into(), &frame, &mut reply);
        match decode_reply::<O>(&reply, self.request_id, room as u32) {
            Ok(Ok((body, payload))) => {
                assert_eq!(reply.len(), HEADER + size_of::<O::Reply>() + payload.len(), "nothing behind the payload");
                Ok((body, payload.to_vec()))
            }
            Ok(Err(status)) => {
                assert_eq!(reply.len(), HEADER);
                Err(status)
            }
            Err(violation) => {
                assert_eq!(reply[2..4], (Status::Malformed as u16).to_le_bytes(), "{violation}");
                Err(Status::Malformed)
            }
        }
    }

    pub fn open(&mut self, handle: u32, directory: u32, name: &str, how: u32, flags: u32) -> Result<StatReply, Status> {
        self.open_with(handle, directory, FOLLOW, name, how, flags)
    }

    pub fn open_with(
        &mut self,
        handle: u32,
        directory: u32,
        path_flags: u32,
        name: &str,
        how: u32,
        flags: u32,
    ) -> Result<StatReply, Status> {
        let request = OpenRequest {
            directory: directory.into(),
            handle: handle.into(),
            path_flags: Coded::raw(path_flags),
            open_flags: Coded::raw(how),
            flags: Coded::raw(flags),
        };
        self.call::<OpenAt>(request, name.as_bytes()).map(|(stat, _)| stat)
    }

    pub fn close(&mut self, handle: u32) -> Result<(), Status> {
        self.call::<io::Close>(HandleRequest { handle: handle.into() }, &[]).map(drop)
    }

    pub fn read_at(&mut self, handle: u32, offset: u64, length: u32) -> Result<(Vec<u8>, bool), Status> {
        let request = ReadAtRequest { handle: handle.into(), length: length.into(), offset: offset.into() };
        let (reply, data) = self.call::<ReadAt>(request, &[])?;
        Ok((data, reply.end.flag("end").expect("a flag")))
    }

    pub fn write_at(&mut self, handle: u32, offset: u64, data: &[u8]) -> Result<u32, Status> {
        let request = WriteAtRequest { handle: handle.into(), reserved: 0.into(), offset: offset.into() };
        self.call::<WriteAt>(request, data).map(|(reply, _)| reply.written.opaque())
    }

    pub fn append(&mut self, handle: u32, data: &[u8]) -> Result<u32, Status> {
        self.call::<Append>(HandleRequest { handle: handle.into() }, data).map(|(reply, _)| reply.written.opaque())
    }

    pub fn stat(&mut self, handle: u32) -> Result<StatReply, Status> {
        self.call::<Stat>(HandleRequest { handle: handle.into() }, &[]).map(|(stat, _)| stat)
    }

    pub fn stat_at(&mut self, directory: u32, path_flags: u32, name: &str) -> Result<StatReply, Status> {
        self.on_path_with::<StatAt>(directory, path_flags, name).map(|(stat, _)| stat)
    }

    pub fn set_size(&mut self, handle: u32, size: u64) -> Result<(), Status> {
        let request = SetSizeRequest { handle: handle.into(), reserved: 0.into(), size: size.into() };
        self.call::<SetSize>(request, &[]).map(drop)
    }

    /// One of the operations that take one path.
    pub fn on_path<O: Operation<Request = PathRequest>>(&mut self, directory: u32, name: &str) -> Result<(), Status> {
        self.on_path_with::<O>(directory, 0, name).map(drop)
    }

    pub fn on_path_with<O: Operation<Request = PathRequest>>(
        &mut self,
        directory: u32,
        path_flags: u32,
        name: &str,
    ) -> Result<(O::Reply, Vec<u8>), Status> {
        self.call::<O>(PathRequest { handle: directory.into(), path_flags: Coded::raw(path_flags) }, name.as_bytes())
    }

    pub fn readlink(&mut self, directory: u32, name: &str) -> Result<String, Status> {
        let (_, target) = self.on_path_with::<ReadlinkAt>(directory, 0, name)?;
        assert!(target.len() <= PATH_MAX);
        Ok(String::from_utf8(target).expect("UTF-8"))
    }

    /// One of the operations that take two paths.
    pub fn on_paths<O: Operation<Request = TwoPathsRequest, Reply = Empty>>(
        &mut self,
        (old_directory, old): (u32, &str),
        (new_directory, new): (u32, &str),
    ) -> Result<(), Status> {
        let request = TwoPathsRequest {
            old_directory: old_directory.into(),
            new_directory: new_directory.into(),
            path_flags: Coded::default(),
            old_length: (old.len() as u32).into(),
        };
        self.call::<O>(request, format!("{old}{new}").as_bytes()).map(drop)
    }

    pub fn list(&mut self, handle: u32, directory: u32) -> Result<(), Status> {
        self.call::<List>(ListRequest { directory: directory.into(), handle: handle.into() }, &[]).map(drop)
    }

    /// One batch of entries, as types and names, and whether it was the last.
    pub fn entries(&mut self, handle: u32, room: usize) -> Result<(Vec<(u8, String)>, bool), Status> {
        let (reply, payload) = self.call_with_room::<Entries>(HandleRequest { handle: handle.into() }, &[], room)?;
        let mut rest = payload.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let entry = record::take(&mut rest, room).expect("a record");
            entries.push((entry[0], String::from_utf8(entry[1..].to_vec()).expect("UTF-8")));
        }
        assert_eq!(reply.count.opaque() as usize, entries.len());
        Ok((entries, reply.end.flag("end").expect("a flag")))
    }

    pub fn poll(&mut self, timeout: u64, entries: &[(u32, u32)]) -> Result<Vec<u8>, Status> {
        let mut payload = Vec::new();
        for (handle, interest) in entries {
            payload.extend_from_slice(&handle.to_le_bytes());
            payload.extend_from_slice(&interest.to_le_bytes());
        }
        let request = PollRequest { timeout: timeout.into(), count: (entries.len() as u32).into() };
        self.call::<io::Poll>(request, &payload).map(|(_, ready)| ready)
    }
}

/// A host with two granted directories, `writable` and `readable`, and an `outside` that the enclave must not reach,
/// which holds the file `secret`.
pub struct Host {
    pub root: TempDir,
}

impl Host {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["writable", "readable", "outside"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        let host = Self { root };
        host.write("outside/secret", b"secret");
        host
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, data: &[u8]) {
        fs::write(self.path(name), data).expect("a file written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file read")
    }

    pub fn config(&self) -> Config {
        let open = |name: &str, access| Directory::open(&self.path(name), format!("/{name}"), access).expect("a grant");
        Config {
            directories: vec![open("writable", Access::ReadWrite), open("readable", Access::ReadOnly)],
            ..Config::default()
        }
    }

    pub fn enclave(&self) -> Enclave {
        Enclave::new(self.config())
    }

    /// Checks that nothing outside the grants was changed.
    pub fn assert_outside_untouched(&self) {
        let names = |path: &str| -> Vec<_> {
            let entries = fs::read_dir(self.path(path)).expect("a directory");
            let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(""), ["outside", "readable", "writable"]);
        assert_eq!(names("outside"), ["secret"]);
        assert_eq!(self.read("outside/secret"), b"secret");
        let secret = fs::metadata(self.path("outside/secret")).expect("the secret");
        assert_eq!(std::os::unix::fs::MetadataExt::nlink(&secret), 1, "nobody linked to it");
    }
}
