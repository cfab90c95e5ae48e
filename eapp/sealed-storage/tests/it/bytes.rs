//! Contents of files; only pages that were written take room.

use std::collections::BTreeMap;
use std::sync::Arc;

pub const PAGE: u64 = 4096;

type Page = [u8; PAGE as usize];

/// Zeros, except for the written pages. Clones share the pages that they have in common.
#[derive(Clone, Default)]
pub struct Bytes {
    pages: BTreeMap<u64, Arc<Page>>,
    size: u64,
}

/// The pages that a range touches: number, first byte, bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + length as u64;
    let pages = if length == 0 { 0..0 } else { offset / PAGE..end.div_ceil(PAGE) };
    pages.map(move |page| {
        let (from, to) = (offset.max(page * PAGE), end.min((page + 1) * PAGE));
        (page, (from - page * PAGE) as usize, (to - from) as usize)
    })
}

impl Bytes {
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The numbers of the pages that were written to.
    pub fn pages(&self) -> impl Iterator<Item = u64> {
        self.pages.keys().copied()
    }

    /// How many pages a write would add.
    pub fn added(&self, offset: u64, length: usize) -> u64 {
        parts(offset, length).filter(|(page, ..)| !self.pages.contains_key(page)).count() as u64
    }

    /// Fills `into` from `offset`; how many bytes there are.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> usize {
        let length = self.size.saturating_sub(offset).min(into.len() as u64) as usize;
        let mut done = 0;
        for (page, at, count) in parts(offset, length) {
            let part = &mut into[done..done + count];
            match self.pages.get(&page) {
                Some(bytes) => part.copy_from_slice(&bytes[at..at + count]),
                None => part.fill(0),
            }
            done += count;
        }
        length
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        let mut done = 0;
        for (page, at, count) in parts(offset, bytes.len()) {
            let place = self.pages.entry(page).or_insert_with(|| Arc::new([0; PAGE as usize]));
            Arc::make_mut(place)[at..at + count].copy_from_slice(&bytes[done..done + count]);
            done += count;
        }
        if !bytes.is_empty() {
            self.size = self.size.max(offset + bytes.len() as u64);
        }
    }

    pub fn set_size(&mut self, size: u64) {
        if size < self.size {
            self.pages.retain(|page, _| page * PAGE < size);
            if let Some(last) = self.pages.get_mut(&(size / PAGE)) {
                Arc::make_mut(last)[(size % PAGE) as usize..].fill(0);
            }
        }
        self.size = size;
    }

    /// All bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = vec![0; self.size as usize];
        self.read(0, &mut all);
        all
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        let mut this = Self::default();
        this.write(0, &bytes);
        this
    }
}
