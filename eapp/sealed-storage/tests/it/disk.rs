//! A disk in memory, which counts, fails, fills up and remembers what a loss of power would leave.

use crate::bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmstone_sealed_storage::{Disk, Failure};

pub const FAILS: Failure = Failure(5);
pub const FULL: Failure = Failure(28);
/// The most bytes that a host reads or writes at once.
const PIECE: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    List,
    Open,
    Size,
    Read,
    Write,
    SetSize,
    Sync,
    SyncNames,
    Remove,
}

/// A change that a loss of power may undo.
#[derive(Clone)]
pub enum Change {
    Write(u64, Arc<[u8]>),
    SetSize(u64),
}

#[derive(Clone, Default)]
pub struct File {
    /// The content that readers see.
    pub bytes: Bytes,
    /// The content at the last sync.
    pub durable: Bytes,
    /// The changes since the last sync.
    pub changes: Vec<Change>,
}

/// The disk just before an operation that cannot be undone.
#[derive(Clone)]
pub struct Moment {
    pub disk: MemoryDisk,
    /// The write that followed, if a part of it may be done.
    pub write: Option<(u32, u64, Arc<[u8]>)>,
    /// The value of [`MemoryDisk::mark`].
    pub mark: usize,
}

/// Which operation fails.
#[derive(Clone, Copy)]
pub struct Fail {
    /// The number of the operation, from 1.
    pub at: u64,
    /// The operation is done nevertheless; half of it if it is a write.
    pub done: bool,
}

#[derive(Clone, Default)]
pub struct MemoryDisk {
    pub files: BTreeMap<u32, File>,
    pub names: BTreeMap<String, u32>,
    /// The names at the last sync.
    pub durable: BTreeMap<String, u32>,
    pub fail: Option<Fail>,
    /// The number of pages of 4096 bytes on this disk.
    pub room: Option<u64>,
    /// A change is a bug of the volume.
    pub read_only: bool,
    /// Every moment from now on.
    pub moments: Option<Vec<Moment>>,
    pub mark: usize,
    /// The number of operations of each kind.
    pub counts: BTreeMap<Kind, u64>,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// How often a volume was opened on it.
    pub openings: u8,
    /// The open files, by the numbers that the volume has for them.
    pub open: BTreeMap<u32, u32>,
    /// The last number.
    pub next: u32,
}

impl MemoryDisk {
    /// Makes or replaces a file behind the volume's back.
    pub fn put(&mut self, name: &str, bytes: Bytes) {
        self.next += 1;
        self.files.insert(self.next, File { durable: bytes.clone(), bytes, changes: Vec::new() });
        self.names.insert(name.into(), self.next);
        self.durable.insert(name.into(), self.next);
    }

    /// A file's content, to read and to change.
    pub fn content(&mut self, name: &str) -> &mut Bytes {
        &mut self.files.get_mut(&self.names[name]).expect("a file").bytes
    }

    pub fn file_names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    /// The number of operations.
    pub fn operations(&self) -> u64 {
        self.counts.values().sum()
    }

    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    pub fn forget_counts(&mut self) {
        self.counts.clear();
        (self.bytes_read, self.bytes_written) = (0, 0);
    }

    /// The number of bytes in all files.
    pub fn bytes_held(&self) -> u64 {
        self.names.values().map(|serial| self.files[serial].bytes.size()).sum()
    }

    /// The number of open files.
    pub fn handles(&self) -> usize {
        self.open.len()
    }

    /// The process that used the disk has ended. Its writes are there, but need not be durable.
    pub fn restarted(mut self) -> Self {
        self.open.clear();
        self.moments = None;
        self.fail = None;
        let named: Vec<u32> = self.names.values().chain(self.durable.values()).copied().collect();
        self.files.retain(|serial, _| named.contains(serial));
        self
    }

    fn file(&mut self, handle: u32) -> &mut File {
        let serial = self.open.get(&handle).expect("a file that is open");
        self.files.get_mut(serial).expect("a file")
    }

    /// Counts one more operation. Returns whether it is done, and whether it succeeds.
    fn begin(&mut self, kind: Kind, write: Option<(u32, u64, &[u8])>) -> (bool, Result<(), Failure>) {
        let changes = !matches!(kind, Kind::List | Kind::Size | Kind::Read);
        assert!(!changes || kind == Kind::Open || !self.read_only, "{kind:?} on a disk that is only read");
        if changes && let Some(mut moments) = self.moments.take() {
            let write = write.map(|(handle, at, bytes)| (self.open[&handle], at, bytes.into()));
            moments.push(Moment { disk: self.clone(), write, mark: self.mark });
            self.moments = Some(moments);
        }
        *self.counts.entry(kind).or_default() += 1;
        match self.fail {
            Some(fail) if fail.at == self.operations() => (fail.done, Err(FAILS)),
            _ => (true, Ok(())),
        }
    }

    fn used(&self) -> u64 {
        self.files.values().map(|file| file.bytes.pages().count() as u64).sum()
    }
}

impl Disk for MemoryDisk {
    fn list(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let (done, result) = self.begin(Kind::List, None);
        if done {
            self.names.keys().for_each(|name| each(name));
        }
        result
    }

    fn open(&mut self, name: &str, create: bool) -> Result<Option<u32>, Failure> {
        let (done, result) = self.begin(Kind::Open, None);
        if done && create && !self.names.contains_key(name) {
            assert!(!self.read_only, "a file is made on a disk that is only read");
            self.next += 1;
            self.files.insert(self.next, File::default());
            self.names.insert(name.into(), self.next);
        }
        result?;
        let Some(serial) = self.names.get(name).copied() else { return Ok(None) };
        self.next += 1;
        self.open.insert(self.next, serial);
        Ok(Some(self.next))
    }

    fn close(&mut self, file: u32) {
        let serial = self.open.remove(&file).expect("a file that is open");
        let named = self.names.values().chain(self.durable.values()).any(|other| *other == serial);
        if !named && !self.open.values().any(|other| *other == serial) {
            self.files.remove(&serial);
        }
    }

    fn size(&mut self, file: u32) -> Result<u64, Failure> {
        self.begin(Kind::Size, None).1?;
        Ok(self.file(file).bytes.size())
    }

    fn read_at(&mut self, file: u32, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        assert!(into.len() <= PIECE, "{} bytes in one piece", into.len());
        let (done, result) = self.begin(Kind::Read, None);
        if done {
            let read = self.file(file).bytes.read(offset, into);
            self.bytes_read += read as u64;
            result.map(|()| read)
        } else {
            into.fill(0xee);
            result.map(|()| 0)
        }
    }

    fn write_at(&mut self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        assert!(bytes.len() <= PIECE, "{} bytes in one piece", bytes.len());
        let (done, mut result) = self.begin(Kind::Write, Some((file, offset, bytes)));
        let mut length = if result.is_ok() { bytes.len() } else { bytes.len() / 2 };
        if let Some(room) = self.room {
            let used = self.used();
            let content = &self.file(file).bytes;
            while length > 0 && used + content.added(offset, length) > room {
                (length, result) = (length.saturating_sub(512), Err(FULL));
            }
        }
        if done {
            let bytes = &bytes[..length];
            self.bytes_written += length as u64;
            let file = self.file(file);
            file.bytes.write(offset, bytes);
            file.changes.push(Change::Write(offset, bytes.into()));
        }
        result
    }

    fn set_size(&mut self, file: u32, size: u64) -> Result<(), Failure> {
        let (done, result) = self.begin(Kind::SetSize, None);
        if done {
            let file = self.file(file);
            file.bytes.set_size(size);
            file.changes.push(Change::SetSize(size));
        }
        result
    }

    fn sync(&mut self, file: u32) -> Result<(), Failure> {
        let (done, result) = self.begin(Kind::Sync, None);
        if done {
            let file = self.file(file);
            file.durable = file.bytes.clone();
            file.changes.clear();
        }
        result
    }

    fn sync_names(&mut self) -> Result<(), Failure> {
        let (done, result) = self.begin(Kind::SyncNames, None);
        if done {
            self.durable = self.names.clone();
            let kept: Vec<u32> = self.durable.values().chain(self.open.values()).copied().collect();
            self.files.retain(|serial, _| kept.contains(serial));
        }
        result
    }

    fn remove(&mut self, name: &str) -> Result<(), Failure> {
        let (done, result) = self.begin(Kind::Remove, None);
        if done && let Some(serial) = self.names.remove(name) {
            assert!(!self.open.values().any(|open| *open == serial), "{name} is removed while it is open");
        }
        result
    }
}
