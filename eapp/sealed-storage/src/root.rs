//! The root record, from which everything else is found.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::files::Files;
use crate::keys::{Entry, Key, Nonces, ROOT, derive, open};
use crate::stat::Freshness;
use sha2::{Digest, Sha256};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a sealed record.
pub const RECORD: usize = 256;

const MAGIC: [u8; 16] = *b"wasmstone sealed";
const VERSION: u64 = 1;

/// A state of the volume.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Root {
    /// How many commits led to it.
    pub generation: U64,
    /// The random half of the id of the inode table. Its size and the entry of its topmost block follow.
    pub table_unique: U64,
    pub table_size: U64,
    pub table_top: Entry,
    /// The number of the first free inode; 0 if no inode is free.
    pub free: U64,
    pub zeros: [u8; 104],
}

/// The record as it is on the disk. Its first 40 bytes are the same in every record of a volume.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Record {
    magic: [u8; 16],
    version: U64,
    /// Derived from the volume's key, to tell another key from damage.
    check: [u8; 16],
    entry: Entry,
    sealed: [u8; size_of::<Root>()],
}

/// A state and its record.
#[derive(Clone, Copy)]
pub struct State {
    pub root: Root,
    pub record: [u8; RECORD],
}

impl State {
    /// The state before the first commit.
    pub fn none() -> Self {
        Self { root: Root::new_zeroed(), record: [0; RECORD] }
    }

    /// SHA-256 of the record, to which the next state refers.
    pub fn commitment(&self) -> [u8; 32] {
        Sha256::digest(self.record).into()
    }

    /// What a caller can pin.
    pub fn freshness(&self) -> Freshness {
        let mut bytes = [0; 40];
        let (generation, commitment) = bytes.split_at_mut(8);
        generation.copy_from_slice(self.root.generation.as_bytes());
        commitment.copy_from_slice(&self.commitment());
        Freshness(bytes)
    }
}

/// The key that encrypts root records.
pub struct RootKey {
    key: Key,
    check: [u8; 16],
}

impl RootKey {
    /// Derives the key from the volume's key.
    pub fn new(volume: &[u8; 32]) -> Result<Self> {
        let check = derive(volume, &[b"check"])?;
        let check = check.first_chunk().copied().unwrap_or_default();
        Ok(Self { key: derive(volume, &[b"root"])?, check })
    }

    /// Encrypts a state into its record.
    pub fn seal(&self, nonces: &mut Nonces, root: Root) -> Result<State> {
        let mut sealed = [0; size_of::<Root>()];
        let entry = nonces.seal(&self.key, &ROOT, (0, 0), root.as_bytes(), &mut sealed)?;
        let record = Record { magic: MAGIC, version: VERSION.into(), check: self.check, entry, sealed };
        Ok(State { root, record: zerocopy::transmute!(record) })
    }

    /// Decrypts a record; `None` if it is not a record, or was not written completely.
    ///
    /// # Errors
    /// [`Code::WrongKey`], [`Code::Version`].
    pub fn open(&self, bytes: &[u8]) -> Result<Option<State>> {
        let Ok(mut record) = Record::read_from_bytes(bytes) else { return Ok(None) };
        if record.magic != MAGIC {
            return Ok(None);
        }
        if record.version != VERSION {
            return Err(Code::Version.into());
        }
        if record.check != self.check {
            return Err(Code::WrongKey.into());
        }
        let opened = open(&self.key, (0, 0), &record.entry, record.sealed.as_mut_slice().into());
        let state = opened.then(|| Root::read_from_bytes(&record.sealed).ok()).flatten();
        match (state, bytes.first_chunk()) {
            (Some(root), Some(record)) => Ok(Some(State { root, record: *record })),
            _ => Ok(None),
        }
    }

    /// Reads the record on the disk; `None` if it is not complete. Also returns whether its file exists.
    ///
    /// # Errors
    /// [`Code::WrongKey`], [`Code::Version`], or the disk's own.
    pub fn read(&self, disk: &mut dyn Disk, files: &mut Files) -> Result<(Option<State>, bool)> {
        let mut record = [0; RECORD];
        if files.size(disk, &ROOT)?.is_none() {
            return Ok((None, false));
        }
        let read = files.read(disk, &ROOT, 0, &mut record)?;
        Ok((if read == RECORD { self.open(&record)? } else { None }, true))
    }
}

/// The root record cannot be read, and the journal does not replace it.
pub const UNREADABLE: Error = Error::Damaged("the root record is not what was written");
