//! Sealed directories on a host in memory: what the host sees, and the results of its actions.

#[path = "sealed/host.rs"]
mod host;

use crate::bindings::wasi::filesystem::preopens::Host as _;
use crate::bindings::wasi::filesystem::types::{
    DescriptorFlags, HostDescriptor, HostDirectoryEntryStream, OpenFlags, PathFlags,
};
use crate::bindings::wasi::io::streams::{HostInputStream, HostOutputStream};
use crate::bindings::wasmstone::attestation::attestation::Host as _;
use crate::channel::Channel;
use crate::clock::Clock;
use crate::ending::Ending;
use crate::failure::IoFailure;
use crate::files::Descriptor;
use crate::guest::{Guest, GuestConfig};
use crate::handles::Handles;
use crate::host::Host;
use crate::random::{Generator, Random};
use crate::start::Start;
use crate::volumes::open_all;
use alloc::{boxed::Box, string::String, string::ToString, sync::Arc, vec::Vec};
use core::num::NonZeroU32;
use host::{Files, Lie, World, machine, world};
use std::sync::Mutex;
use wasmstone_edge_protocol::frame::HEADER;
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Status, value::TaskKind};
use wasmstone_policy::{Access, Directories, Directory, Grants, Network, Policy, Reach};
use wasmtime::component::Resource;

type Shared = Arc<Mutex<World>>;
type Pin = Option<[u8; FRESHNESS_SIZE]>;

/// A policy with these directories; those whose path has an `s` are sealed.
fn policy() -> Policy {
    let directory = |guest: &str, access| Directory { guest: guest.to_string(), access, sealed: guest.contains('s') };
    let listed = ["/s", "/s2", "/plain"].map(|guest| directory(guest, Access::ReadWrite));
    Policy { directories: Directories::Listed(listed.into()), ..Policy::closed() }
}

fn start(directories: &[(&str, Access)], pins: &[Pin]) -> Start {
    let directories = directories.iter().map(|(path, access)| ((*path).to_string(), *access)).collect();
    Start {
        grants: Grants { directories, ..Grants::default() },
        reach: Reach::new(Network::Denied),
        wall: (1_000_000_000, 0),
        ticks_per_second: NonZeroU32::new(1_000_000).unwrap(),
        terminals: [false; 3],
        entropy: [3; 32],
        serve: None,
        pins: pins.to_vec(),
        task: TaskKind::Run,
        record: Vec::new(),
    }
}

/// An enclave with a guest, on this host.
struct Enclave {
    guest: Guest,
    roots: Vec<Resource<Descriptor>>,
}

const WRITABLE: &[(&str, Access)] = &[("/s", Access::ReadWrite)];

impl Enclave {
    /// An enclave that opens its sealed directories.
    fn open(world: &Shared, number: u8, granted: &[(&str, Access)], pins: &[Pin]) -> Result<Self, Ending> {
        let start = start(granted, pins);
        let mut channel = Channel::new(machine(world, number));
        let mut random = Generator::new(channel.platform(), &start.entropy);
        let mut handles = Handles::default();
        let sealed = open_all(&mut channel, &mut handles, &policy(), &start, &mut random)?;
        let clock = Clock::new(0, start.ticks_per_second, start.wall);
        let mut host = Box::new(Host::new(channel, clock, start.reach));
        (host.handles, host.sealed) = (handles, sealed);
        let given = Arc::new(GuestConfig::new("guest".to_string(), start.grants, start.terminals));
        let mut guest = Guest::new(0, host, Random::new(&mut random), given);
        let roots = guest.get_directories().unwrap().into_iter().map(|(root, _)| root).collect();
        Ok(Self { guest, roots })
    }

    fn new(world: &Shared) -> Self {
        Self::open(world, 1, WRITABLE, &[]).unwrap()
    }

    fn root(&self, index: usize) -> Resource<Descriptor> {
        Resource::new_borrow(self.roots[index].rep())
    }

    fn opened(&mut self, path: &str, open: OpenFlags) -> Result<Resource<Descriptor>, IoFailure> {
        let (flags, root) = (DescriptorFlags::READ | DescriptorFlags::WRITE, self.root(0));
        self.guest.open_at(root, PathFlags::empty(), path.to_string(), open, flags)
    }

    /// Writes a file of its own, and syncs it.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), IoFailure> {
        let file = self.opened(path, OpenFlags::CREATE | OpenFlags::TRUNCATE)?;
        let borrowed = || Resource::new_borrow(file.rep());
        let mut done = 0;
        while done < bytes.len() {
            done += HostDescriptor::write(&mut self.guest, borrowed(), bytes[done..].to_vec(), done as u64)? as usize;
        }
        self.guest.sync(borrowed())?;
        HostDescriptor::drop(&mut self.guest, file).map_err(IoFailure::from)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, IoFailure> {
        let root = self.root(0);
        let flags = DescriptorFlags::READ;
        let file = self.guest.open_at(root, PathFlags::empty(), path.to_string(), OpenFlags::empty(), flags)?;
        let mut bytes = Vec::new();
        let read = loop {
            match HostDescriptor::read(&mut self.guest, Resource::new_borrow(file.rep()), 1 << 20, bytes.len() as u64) {
                Ok((part, _)) if part.is_empty() => break Ok(bytes),
                Ok((part, _)) => bytes.extend(part),
                Err(failure) => break Err(failure),
            }
        };
        HostDescriptor::drop(&mut self.guest, file)?;
        read
    }

    fn end(mut self) -> Result<(), Ending> {
        self.guest.host.close_sealed()
    }
}

fn code<T: core::fmt::Debug>(result: Result<T, IoFailure>) -> Status {
    match result {
        Err(IoFailure::Code(status)) => status,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused<T>(result: Result<T, Ending>, words: &str) {
    match result {
        Err(Ending::Refused(text)) => assert!(text.contains(words), "{words:?} is not in {text:?}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it is not refused"),
    }
}

/// The host's files of the first directory.
fn files(world: &Shared) -> Files {
    world.lock().unwrap().directories[&16].clone()
}

fn content(length: usize) -> Vec<u8> {
    b"what only the guest knows, ".iter().copied().cycle().take(length).collect()
}

#[test]
fn what_is_written_is_found_again_and_the_host_sees_none_of_it() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    for (index, length) in [0, 1, 4095, 4096, 4097, 70_000, 1_200_000].into_iter().enumerate() {
        enclave.write(&alloc::format!("a-secret-name-{index}"), &content(length)).unwrap();
    }
    enclave.end().unwrap();
    for (name, bytes) in &files(&world) {
        let holds = |words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
        assert!(!holds(b"secret-name") && !holds(b"the guest knows"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    }
    let mut enclave = Enclave::new(&world);
    for (index, length) in [0, 1, 4095, 4096, 4097, 70_000, 1_200_000].into_iter().enumerate() {
        assert_eq!(enclave.read(&alloc::format!("a-secret-name-{index}")).unwrap(), content(length));
    }
    enclave.end().unwrap();
    assert_eq!(world.lock().unwrap().open(), 0, "everything is given back");
}

#[test]
fn streams_read_and_write() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    let file = enclave.opened("file", OpenFlags::CREATE).unwrap();
    let borrowed = || Resource::new_borrow(file.rep());
    let guest = &mut enclave.guest;
    let output = guest.write_via_stream(borrowed(), 3).unwrap();
    HostOutputStream::write(guest, Resource::new_borrow(output.rep()), b"abc".to_vec()).unwrap();
    HostOutputStream::write(guest, Resource::new_borrow(output.rep()), b"def".to_vec()).unwrap();
    let append = guest.append_via_stream(borrowed()).unwrap();
    HostOutputStream::write(guest, Resource::new_borrow(append.rep()), b"!".to_vec()).unwrap();
    let input = guest.read_via_stream(borrowed(), 2).unwrap();
    let mut read = |length| HostInputStream::read(guest, Resource::new_borrow(input.rep()), length);
    assert_eq!(read(2).unwrap(), b"\0a");
    assert_eq!(read(100).unwrap(), b"bcdef!");
    assert!(read(1).is_err());
    assert_eq!(read(0).unwrap(), b"");
}

#[test]
fn nobody_else_opens_it() {
    let world = world(2);
    let mut enclave = Enclave::new(&world);
    enclave.write("file", b"content").unwrap();
    enclave.end().unwrap();
    refused(Enclave::open(&world, 2, WRITABLE, &[]).map(drop), "seal export");
    refused(Enclave::open(&world, 1, &[("/s2", Access::ReadWrite)], &[]).map(drop), "seal export");
    refused(Enclave::open(&world, 0, WRITABLE, &[]).map(drop), "no sealing keys");
    refused(Enclave::open(&world, 1, &[WRITABLE[0], WRITABLE[0]], &[]).map(drop), "granted twice");
    assert_eq!(Enclave::new(&world).read("file").unwrap(), b"content");
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let world = world(1);
    let others = Files::from([("notes.txt".to_string(), b"somebody's".to_vec())]);
    world.lock().unwrap().directories.insert(16, others.clone());
    refused(Enclave::open(&world, 1, WRITABLE, &[]).map(drop), "not a sealed directory");
    assert_eq!(files(&world), others);
}

#[test]
fn what_is_granted_for_reading_stays_as_it_is() {
    let world = world(1);
    let reading = &[("/s", Access::ReadOnly)];
    refused(Enclave::open(&world, 1, reading, &[]).map(drop), "not a sealed directory");
    let mut enclave = Enclave::new(&world);
    enclave.write("file", b"content").unwrap();
    enclave.end().unwrap();
    let before = files(&world);
    let changes = world.lock().unwrap().changes;
    let mut enclave = Enclave::open(&world, 1, reading, &[]).unwrap();
    assert_eq!(enclave.read("file").unwrap(), b"content");
    assert_eq!(code(enclave.opened("file", OpenFlags::empty())), Status::NotPermitted);
    let root = enclave.root(0);
    assert_eq!(code(enclave.guest.unlink_file_at(root, "file".to_string())), Status::NotPermitted);
    enclave.end().unwrap();
    assert_eq!((files(&world), world.lock().unwrap().changes), (before, changes));
}

#[test]
fn an_older_state_is_refused_where_the_new_one_is_known() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    enclave.write("file", b"old").unwrap();
    enclave.end().unwrap();
    let (old, old_state) = (files(&world), told(&world));
    let mut enclave = Enclave::open(&world, 1, WRITABLE, &[Some(old_state)]).unwrap();
    enclave.write("file", b"new").unwrap();
    let known = enclave.guest.freshness("/s".to_string()).unwrap().unwrap();
    assert!(enclave.guest.freshness("/plain".to_string()).unwrap().is_err());
    enclave.end().unwrap();
    let new_state = told(&world);
    assert_ne!(old_state, new_state);
    assert!(known == new_state || known != old_state);

    refused(Enclave::open(&world, 1, WRITABLE, &[Some(old_state)]).map(drop), "pinned");
    world.lock().unwrap().directories.insert(16, old);
    refused(Enclave::open(&world, 1, WRITABLE, &[Some(new_state)]).map(drop), "pinned");
    world.lock().unwrap().directories.insert(16, Files::new());
    assert!(Enclave::open(&world, 1, WRITABLE, &[Some(new_state)]).is_err());
    assert!(files(&world).is_empty(), "nothing is made where something has to be");
}

/// The state of the first directory that was reported.
fn told(world: &Shared) -> [u8; FRESHNESS_SIZE] {
    world.lock().unwrap().freshness[&0].as_slice().try_into().unwrap()
}

#[test]
fn a_lie_ends_the_enclave() {
    let lies: [(&str, Lie); 9] = [
        ("filesystem.read_at", |frame| frame[HEADER] = 2),
        ("filesystem.write_at", |frame| frame[HEADER..HEADER + 4].fill(0)),
        ("filesystem.write_at", |frame| frame[HEADER..HEADER + 4].fill(0xff)),
        ("filesystem.open_at", |frame| frame[0] ^= 1),
        ("filesystem.entries", |frame| frame[HEADER] = 0xff),
        ("filesystem.list", |frame| frame[0] ^= 1),
        ("filesystem.sync", |frame| frame[0] ^= 1),
        ("filesystem.stat", |frame| frame[0] ^= 1),
        ("io.close", |frame| frame[0] ^= 1),
    ];
    for (about, lie) in lies {
        let world = world(1);
        Enclave::new(&world).end().unwrap();
        world.lock().unwrap().asked.clear();
        world.lock().unwrap().lie = Some((about, lie));
        let ended = Enclave::open(&world, 1, WRITABLE, &[]).and_then(|mut enclave| {
            let wrote = enclave.write("file", &content(100_000));
            match wrote {
                Err(IoFailure::Trap(error)) => Err(Ending::from_run(error)),
                _ => enclave.end(),
            }
        });
        let asked = world.lock().unwrap().asked.contains(&about);
        assert!(!asked || matches!(ended, Err(Ending::Violation(_))), "{about}: {ended:?}");
    }
}

#[test]
fn a_write_cut_short_is_gone_on_with() {
    let world = world(1);
    world.lock().unwrap().short = Some(1000);
    let mut enclave = Enclave::new(&world);
    enclave.write("file", &content(50_000)).unwrap();
    enclave.end().unwrap();
    assert_eq!(Enclave::new(&world).read("file").unwrap(), content(50_000));
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    for failing in ["filesystem.write_at", "filesystem.sync", "filesystem.open_at"] {
        let world = world(1);
        let mut enclave = Enclave::new(&world);
        enclave.write("file", b"old").unwrap();
        world.lock().unwrap().fails = Some((failing, Status::InsufficientSpace));
        let failed = enclave.write("file", &content(10_000));
        assert!(failed.is_err() || failing == "filesystem.open_at", "{failing}");
        match enclave.guest.host.close_sealed() {
            Err(Ending::Unsaved(why)) => assert!(why.contains("/s") && why.contains("could not be stored"), "{why}"),
            Ok(()) => assert_eq!(failing, "filesystem.open_at"),
            Err(other) => panic!("{other:?}"),
        }
        world.lock().unwrap().fails = None;
        let found = Enclave::new(&world).read("file").unwrap();
        assert!(found == b"old" || found.is_empty() || found == content(10_000), "{failing}: {found:?}");
    }
}

#[test]
fn a_host_that_goes_leaves_the_old_or_the_new() {
    let steps: [&[u8]; 3] = [b"one", b"the second", b"and the third"];
    for gone in 0.. {
        let world = world(1);
        Enclave::new(&world).end().unwrap();
        let before = world.lock().unwrap().changes;
        world.lock().unwrap().gone = Some(before + gone);
        let mut kept = None;
        if let Ok(mut enclave) = Enclave::open(&world, 1, WRITABLE, &[]) {
            for step in steps {
                match enclave.write("file", step) {
                    Ok(()) => kept = Some(step),
                    Err(_) => break,
                }
            }
        }
        let finished = world.lock().unwrap().changes < before + gone;
        world.lock().unwrap().gone = None;
        let mut enclave = Enclave::new(&world);
        let found = match enclave.read("file") {
            Ok(found) => Some(found),
            Err(IoFailure::Code(Status::NoEntry)) => None,
            Err(other) => panic!("{gone}: {other:?}"),
        };
        // At least the content that was kept; of the next one all, or that the file is cut, which comes first.
        let at = kept.map_or(0, |kept| 1 + steps.iter().position(|step| *step == kept).unwrap());
        let next = steps.get(at).map(|step| step.to_vec());
        let possible = [kept.map(<[u8]>::to_vec), next, Some(Vec::new())];
        assert!(possible.contains(&found), "{gone}: {found:?} after {kept:?}");
        assert!(kept.is_none() || found.as_deref() != Some(b"" as &[u8]), "{gone}: what was kept is gone");
        enclave.end().unwrap();
        if finished {
            break;
        }
    }
}

#[test]
fn whatever_the_host_changes_is_found() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    enclave.write("file", &content(20_000)).unwrap();
    enclave.write("other", &content(9_000)).unwrap();
    enclave.end().unwrap();
    let good = files(&world);
    let mut spoilt = Vec::new();
    for (name, bytes) in &good {
        let with = |bytes: Option<Vec<u8>>| {
            let mut files = good.clone();
            files.remove(name);
            files.extend(bytes.map(|bytes| (name.clone(), bytes)));
            files
        };
        for position in (0..bytes.len()).step_by(509) {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << (position % 8);
            spoilt.push(with(Some(flipped)));
        }
        spoilt.push(with(None));
        spoilt.push(with(Some(bytes[..bytes.len() / 2].to_vec())));
        spoilt.push(with(Some(Vec::new())));
    }
    for (number, files) in spoilt.into_iter().enumerate() {
        world.lock().unwrap().directories.insert(16, files);
        world.lock().unwrap().said.clear();
        let Ok(mut enclave) = Enclave::open(&world, 1, WRITABLE, &[]) else { continue };
        let mut damaged = false;
        for (name, length) in [("file", 20_000), ("other", 9_000)] {
            match enclave.read(name) {
                Ok(found) => assert_eq!(found, content(length), "{number}"),
                Err(failure) => {
                    assert_eq!(code(Err::<(), _>(failure)), Status::Io, "{number}");
                    damaged = true;
                }
            }
        }
        let said = world.lock().unwrap().said.clone();
        assert_eq!(said.lines().count(), usize::from(damaged), "{said}");
    }
}

#[test]
fn directories_are_not_of_one_file_system() {
    let world = world(3);
    let all = [("/s", Access::ReadWrite), ("/s2", Access::ReadWrite), ("/plain", Access::ReadWrite)];
    let mut enclave = Enclave::open(&world, 1, &all, &[]).unwrap();
    enclave.write("file", b"content").unwrap();
    for other in [1, 2] {
        let (one, two) = (enclave.root(0), enclave.root(other));
        let (old, new) = (|| "file".to_string(), || "new".to_string());
        assert_eq!(code(enclave.guest.rename_at(one, old(), two, new())), Status::CrossDevice);
        let (one, two) = (enclave.root(0), enclave.root(other));
        assert_eq!(code(enclave.guest.link_at(one, PathFlags::empty(), old(), two, new())), Status::CrossDevice);
        let (one, two) = (enclave.root(other), enclave.root(0));
        assert_eq!(code(enclave.guest.rename_at(one, old(), two, new())), Status::CrossDevice);
    }
    let (one, two) = (enclave.root(0), enclave.root(1));
    assert!(!enclave.guest.is_same_object(one, two).unwrap());
    let (one, two) = (enclave.root(0), enclave.root(0));
    assert!(enclave.guest.is_same_object(one, two).unwrap());
}

#[test]
fn what_an_instance_leaves_open_is_released() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    enclave.guest.id = 7;
    for _ in 0..100 {
        let file = enclave.opened("file", OpenFlags::CREATE).unwrap();
        let root = enclave.root(0);
        enclave.guest.read_directory(root).unwrap();
        HostDescriptor::write(&mut enclave.guest, file, b"x".to_vec(), 0).unwrap();
    }
    let root = enclave.root(0);
    enclave.guest.unlink_file_at(root, "file".to_string()).unwrap();
    assert_eq!(enclave.guest.host.handles.held(), 200);
    enclave.guest.host.close_all(7).unwrap();
    assert_eq!(enclave.guest.host.handles.held(), 0);
    enclave.end().unwrap();
}

#[test]
fn a_long_directory_is_listed_whole() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    let expected: Vec<String> = (0..300).map(|index| alloc::format!("{index:03}")).collect();
    for name in &expected {
        enclave.opened(name, OpenFlags::CREATE).unwrap();
    }
    let root = enclave.root(0);
    let stream = enclave.guest.read_directory(root).unwrap();
    let mut names = Vec::new();
    while let Some(entry) = enclave.guest.read_directory_entry(Resource::new_borrow(stream.rep())).unwrap() {
        names.push(entry.name);
    }
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn a_guest_that_opens_all_it_can_keeps_nothing_from_being_stored() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    let mut opened = Vec::new();
    let failure = loop {
        match enclave.opened(&opened.len().to_string(), OpenFlags::CREATE) {
            Ok(file) => opened.push(file),
            Err(failure) => break failure,
        }
    };
    assert_eq!(code(Err::<(), _>(failure)), Status::InsufficientMemory);
    assert!(opened.len() > 4000);
    for file in &opened {
        let file = Resource::new_borrow(file.rep());
        HostDescriptor::write(&mut enclave.guest, file, content(100), 0).unwrap();
    }
    enclave.end().unwrap();
    assert_eq!(Enclave::new(&world).read("4000").unwrap(), content(100));
}

#[test]
fn what_was_changed_is_stored_before_the_enclave_waits_for_long() {
    let world = world(1);
    let mut enclave = Enclave::new(&world);
    let file = enclave.opened("file", OpenFlags::CREATE).unwrap();
    HostDescriptor::write(&mut enclave.guest, file, content(100), 0).unwrap();
    let state = |enclave: &Enclave| enclave.guest.host.freshness("/s").unwrap();
    let before = state(&enclave);
    let host = &mut enclave.guest.host;
    let due = host.store_due().unwrap();
    assert!(due > host.elapsed() && due < host.elapsed() + 6_000_000_000, "{due}");
    assert_eq!(state(&enclave), before);
    let start = Clock::new(0, NonZeroU32::MIN, (0, 0));
    // Each look at the clock is a second later now.
    enclave.guest.host.clock = start;
    for _ in 0..10 {
        enclave.guest.host.store_due().unwrap();
    }
    assert_ne!(state(&enclave), before);
    assert_eq!(enclave.guest.host.store_due().unwrap(), u64::MAX);
    assert_eq!(Enclave::new(&world).read("file").unwrap(), content(100));
}
