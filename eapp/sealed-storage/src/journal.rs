//! Transactions in the journal.
//!
//! A transaction is a head, padded to whole blocks, and the blocks that the head lists. The encrypted head holds the
//! commitment of the state before, the new root record, and the place and entry of each block. Through the tags in the
//! entries, the head authenticates every block: none can be missing or come from elsewhere.

use crate::disk::Disk;
use crate::error::Result;
use crate::files::{Files, PIECE};
use crate::geometry::{BLOCK, blocks as blocks_of, position, reach};
use crate::keys::{Entry, Id, JOURNAL, Key, Nonces, open};
use crate::limits::SIZE_MAX;
use crate::object;
use crate::root::{RECORD, RootKey, State};
use crate::sealing::Sealed;
use alloc::vec::Vec;
use chacha20poly1305::aead::inout::InOutBuf;
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// How many blocks are written at once.
pub const PIECE_BLOCKS: usize = PIECE / BLOCK - 1;

/// The most blocks of a transaction.
const BLOCKS_MAX: usize = 4096;

/// The start of the head, before its encrypted part.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Prefix {
    /// Bytes of the encrypted part.
    length: U64,
    entry: Entry,
}

/// The encrypted part, which a [`Listed`] for each block follows.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Head {
    /// SHA-256 of the root record before this transaction.
    previous: [u8; 32],
    root: [u8; RECORD],
}

/// A block of the transaction.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Listed {
    id: Id,
    index: [u8; 7],
    level: u8,
    entry: Entry,
}

/// A transaction that was read.
pub struct Transaction {
    pub previous: [u8; 32],
    pub state: State,
    pub blocks: Vec<(Id, u64, Vec<u8>)>,
    /// Where the next one begins.
    pub end: u64,
}

/// Bytes of a head with this many encrypted bytes.
fn head_size(length: usize) -> usize {
    (size_of::<Prefix>() + length).next_multiple_of(BLOCK)
}

/// The bytes of a transaction's head.
pub fn head(key: &Key, nonces: &mut Nonces, previous: [u8; 32], state: &State, blocks: &[Sealed]) -> Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(size_of::<Head>() + size_of_val(blocks));
    plain.extend_from_slice(Head { previous, root: state.record }.as_bytes());
    for block in blocks {
        let index = block.index.to_le_bytes().first_chunk().copied().unwrap_or_default();
        let listed = Listed { id: block.id, index, level: block.level, entry: block.entry };
        plain.extend_from_slice(listed.as_bytes());
    }
    let length = plain.len();
    let mut head = alloc::vec![0; head_size(length)];
    let (prefix, rest) = head.split_at_mut(size_of::<Prefix>());
    if let Some(sealed) = rest.get_mut(..length) {
        let entry = nonces.seal(key, &JOURNAL, (0, length as u64), &plain, sealed)?;
        prefix.copy_from_slice(Prefix { length: (length as u64).into(), entry }.as_bytes());
    }
    Ok(head)
}

/// Reads the transaction at this place of the journal; `None` if there is no complete one.
pub fn read(
    disk: &mut dyn Disk,
    files: &mut Files,
    volume: &[u8; 32],
    keys: (&Key, &RootKey),
    at: u64,
) -> Result<Option<Transaction>> {
    let mut head = alloc::vec![0; BLOCK];
    if files.read(disk, &JOURNAL, at, &mut head)? != BLOCK {
        return Ok(None);
    }
    let Ok((prefix, _)) = Prefix::read_from_prefix(&head) else { return Ok(None) };
    let most = size_of::<Head>() + BLOCKS_MAX * size_of::<Listed>();
    let Some(length) = usize::try_from(prefix.length.get()).ok().filter(|length| *length <= most) else {
        return Ok(None);
    };
    head.resize(head_size(length), 0);
    if let Some(more) = head.get_mut(BLOCK..)
        && !fill(disk, files, at.saturating_add(BLOCK as u64), more)?
    {
        return Ok(None);
    }
    let Some(sealed) = head.get_mut(size_of::<Prefix>()..).and_then(|rest| rest.get_mut(..length)) else {
        return Ok(None);
    };
    if !open(keys.0, (0, length as u64), &prefix.entry, (&mut *sealed).into()) {
        return Ok(None);
    }
    let Ok((Head { previous, root }, listed)) = Head::read_from_prefix(sealed) else { return Ok(None) };
    let Ok(listed) = <[Listed]>::ref_from_bytes(listed) else { return Ok(None) };
    let Some(state) = keys.1.open(&root)? else { return Ok(None) };
    // Whether the blocks are complete is known only when all of them decrypt, so none is used before.
    let mut blocks = Vec::with_capacity(listed.len());
    let mut at = at.saturating_add(head_size(length) as u64);
    let mut scratch = crate::cache::Block::zeros();
    let mut piece = Vec::new();
    for some in listed.chunks(PIECE / BLOCK) {
        piece.resize(some.len() * BLOCK, 0);
        if !fill(disk, files, at, &mut piece)? {
            return Ok(None);
        }
        at = at.saturating_add(piece.len() as u64);
        for (block, bytes) in some.iter().zip(piece.chunks_exact(BLOCK)) {
            let [a, b, c, d, e, f, g] = block.index;
            let index = u64::from_le_bytes([a, b, c, d, e, f, g, 0]);
            if index.saturating_mul(reach(block.level)) > blocks_of(SIZE_MAX) {
                return Ok(None);
            }
            let key = object::key(volume, &block.id)?;
            let opens = InOutBuf::new(bytes, scratch.as_mut_slice())
                .is_ok_and(|buffer| open(&key, (block.level, index), &block.entry, buffer));
            if !opens {
                return Ok(None);
            }
            blocks.push((block.id, position(block.level, index), bytes.to_vec()));
        }
    }
    Ok(Some(Transaction { previous, state, blocks, end: at }))
}

/// Fills `into` from the journal. Returns whether the journal has that many bytes.
fn fill(disk: &mut dyn Disk, files: &mut Files, at: u64, into: &mut [u8]) -> Result<bool> {
    let mut at = at;
    for piece in into.chunks_mut(PIECE) {
        if files.read(disk, &JOURNAL, at, piece)? != piece.len() {
            return Ok(false);
        }
        at = at.saturating_add(PIECE as u64);
    }
    Ok(true)
}
