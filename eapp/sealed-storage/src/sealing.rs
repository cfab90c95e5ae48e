//! Encrypting dirty blocks, for a commit or to write them to their places before it.

use crate::cache::Address;
use crate::disk::Disk;
use crate::error::Result;
use crate::geometry::{BLOCK, FAN, position};
use crate::keys::{Entry, Id, JOURNAL};
use crate::object::Object;
use crate::store::{AHEAD, NOT_IN_MEMORY, Store};
use alloc::vec::Vec;

/// An encrypted block that is not on the disk yet.
pub struct Sealed {
    pub id: Id,
    pub level: u8,
    pub index: u64,
    pub entry: Entry,
    pub bytes: Vec<u8>,
}

impl Store {
    /// Writes dirty blocks to their places before the commit, where no earlier commit has a block: data, and with
    /// `nodes` also nodes without dirty blocks below them.
    pub fn write_new(&mut self, disk: &mut dyn Disk, object: &mut Object, nodes: bool) -> Result<()> {
        // A crash could bring back blocks that the journal held at opening, over those written here.
        if self.log.found {
            return Ok(());
        }
        let (id, number) = (object.id(), object.number);
        for level in 0..=if nodes { object.height() } else { 0 } {
            let mut addresses = self.cache(Address { number, level, index: 0 }).dirty_of(number, level);
            let below = match level.checked_sub(1) {
                Some(below) => self.cache(Address { number, level: below, index: 0 }).dirty_of(number, below),
                None => Vec::new(),
            };
            addresses.retain(|address| {
                position(level, address.index) >= object.settled
                    && below.binary_search_by_key(&address.index, |child| child.index / FAN).is_err()
            });
            let mut rest = addresses.as_slice();
            while let Some(first) = rest.first() {
                // Blocks that lie side by side are written with one call to the host.
                let start = position(level, first.index);
                let lies_at = |place: usize| rest.get(place).map(|next| position(level, next.index));
                let count =
                    (0..AHEAD as usize).take_while(|place| lies_at(*place) == Some(start + *place as u64)).count();
                let (run, further) = rest.split_at(count.max(1));
                let mut bytes = Vec::with_capacity(run.len() * BLOCK);
                for address in run {
                    bytes.extend_from_slice(&self.seal(object, *address)?.bytes);
                }
                self.forget_ahead();
                // The journal must not be empty, or the next opening would not look for blocks to remove.
                if !self.log.marked {
                    self.files.write(disk, &JOURNAL, 0, &[0; 8])?;
                    self.log.marked = true;
                }
                object.stored = true;
                self.files.write(disk, &id, start.saturating_mul(BLOCK as u64), &bytes)?;
                for address in run {
                    self.cache(*address).set_dirty(*address, false);
                }
                rest = further;
            }
        }
        Ok(())
    }

    /// Encrypts a block, and puts its entry into the node above.
    fn seal(&mut self, object: &mut Object, address: Address) -> Result<Sealed> {
        let Address { level, index, .. } = address;
        let mut bytes = alloc::vec![0; BLOCK];
        let data = if level == 0 && address.number != 0 { &mut self.data } else { &mut self.nodes };
        let plain = data.get(address).ok_or(NOT_IN_MEMORY)?;
        let entry = self.nonces.seal(object.key(), &object.id(), (level, index), &**plain, &mut bytes)?;
        self.set_entry(object, address, &entry);
        Ok(Sealed { id: object.id(), level, index, entry, bytes })
    }

    /// Encrypts all dirty blocks of an object, from data to the top, so that each node has the entries of its
    /// blocks first. They stay dirty.
    pub fn seal_dirty(&mut self, object: &mut Object, sealed: &mut Vec<Sealed>) -> Result<()> {
        for level in 0..=object.height() {
            for address in self.cache(Address { number: object.number, level, index: 0 }).dirty_of(object.number, level)
            {
                sealed.push(self.seal(object, address)?);
            }
        }
        Ok(())
    }
}
