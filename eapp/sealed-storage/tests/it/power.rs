//! The disk after the writer was killed or the power was lost.

use crate::bytes::Bytes;
use crate::disk::{Change, File, MemoryDisk, Moment};

/// The units that a disk writes completely or not at all.
const SECTOR: usize = 512;

/// Numbers that look random and are the same every time: SplitMix64.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// One element of a list.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.number().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

impl Moment {
    /// The process is killed in the middle of an operation. Everything that it has done is there.
    pub fn killed(&self, random: &mut Random) -> MemoryDisk {
        let mut disk = self.disk.clone();
        if let Some((serial, at, bytes)) = &self.write
            && let Some(file) = disk.files.get_mut(serial)
        {
            let length = random.below(bytes.len() as u64 + 1) as usize;
            // A host that ends in the middle of a write has usually written whole pages.
            let length = if random.below(2) == 0 { length & !4095 } else { length };
            file.bytes.write(*at, &bytes[..length]);
            file.changes.push(Change::Write(*at, bytes[..length].into()));
        }
        disk.restarted()
    }

    /// The power is lost: of everything that was not synced, any part may be left.
    pub fn cut(&self, random: &mut Random) -> MemoryDisk {
        let mut disk = self.disk.clone();
        if let Some((serial, at, bytes)) = &self.write
            && let Some(file) = disk.files.get_mut(serial)
        {
            file.changes.push(Change::Write(*at, bytes.clone()));
        }
        disk.powered_off(random)
    }
}

impl MemoryDisk {
    /// The disk after the loss of power.
    pub fn powered_off(self, random: &mut Random) -> MemoryDisk {
        let mut disk = self.restarted();
        let way = random.below(4);
        for name in disk.durable.keys().chain(disk.names.keys()).cloned().collect::<Vec<_>>() {
            // A name may have its old or its new value.
            if random.below(2) == 0 {
                let before = disk.durable.get(&name).copied();
                match before {
                    Some(serial) => disk.names.insert(name, serial),
                    None => disk.names.remove(&name),
                };
            }
        }
        for file in disk.files.values_mut() {
            let bytes = left(file, if way == 3 { random.below(3) } else { way }, random);
            *file = File { durable: bytes.clone(), bytes, changes: Vec::new() };
        }
        disk.durable = disk.names.clone();
        disk.restarted()
    }
}

/// The rest of a file, if changes are lost as a whole (0), each by itself (1) or sector by sector (2).
fn left(file: &File, way: u64, random: &mut Random) -> Bytes {
    let mut bytes = file.durable.clone();
    let all = random.below(2) == 0;
    for change in &file.changes {
        let kept = if way == 0 { all } else { random.below(2) == 0 };
        match change {
            Change::SetSize(size) if kept => bytes.set_size(*size),
            Change::Write(at, content) if way == 2 => {
                for (place, sector) in content.chunks(SECTOR).enumerate() {
                    if random.below(2) == 0 {
                        bytes.write(at + (place * SECTOR) as u64, sector);
                    }
                }
            }
            Change::Write(at, content) if kept => bytes.write(*at, content),
            // The length may be on the disk before the content.
            Change::Write(at, content) if random.below(4) == 0 => {
                bytes.set_size(bytes.size().max(at + content.len() as u64));
            }
            Change::Write(..) | Change::SetSize(_) => {}
        }
    }
    bytes
}
