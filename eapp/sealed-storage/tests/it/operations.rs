//! All operations on volumes, for a volume and for its model.

use crate::disk::MemoryDisk;
use crate::model::{Content, Model, Number, ROOT};
use crate::power::Random;
use std::collections::BTreeMap;
use wasmstone_sealed_storage::{Code, NodeId, Result, Time, Volume};

#[derive(Clone, Debug)]
pub enum Action {
    CreateFile(Number, String),
    CreateDirectory(Number, String),
    CreateSymlink(Number, String, String),
    Link(Number, Number, String),
    Unlink(Number, String),
    RemoveDirectory(Number, String),
    Rename(Number, String, Number, String),
    Write(Number, u64, Vec<u8>),
    SetSize(Number, u64),
    SetTimes(Number, Option<Time>, Option<Time>),
    Hold(Number),
    Release(Number),
    Commit,
    Reopen,
    Wait(u64),
}

const NAMES: [&str; 9] = ["a", "b", "c", "database", "database-journal", "ä ö", "x", "..hidden", "y"];

/// The greatest size of files.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub offset: u64,
    pub length: u64,
    /// Files that lie across levels of the tree, with holes.
    pub sparse: bool,
}

/// An action that makes sense in this state; the same for the same seed.
pub fn action(model: &Model, seed: u64, sizes: Sizes) -> Action {
    let mut random = Random(seed);
    let all = |is: fn(&Content) -> bool| -> Vec<Number> {
        model.items.iter().filter(|(_, item)| is(&item.content)).map(|(number, _)| *number).collect()
    };
    let directory = *random.one(&all(|content| matches!(content, Content::Directory { .. })));
    let files = all(|content| matches!(content, Content::File(_)));
    let any: Vec<Number> = model.items.keys().copied().collect();
    let file = if files.is_empty() { ROOT } else { *random.one(&files) };
    let other = *random.one(&any);
    let name = match random.below(30) {
        0 => "n".repeat(255),
        1 => "n".repeat(256),
        2 => (*random.one(&["", ".", "..", "a/b", "a\0b"])).into(),
        _ => String::from(*random.one(&NAMES)),
    };
    let there: Vec<&String> = model.entries(directory).map(|entries| entries.keys().collect()).unwrap_or_default();
    let known = if there.is_empty() || random.below(10) == 0 { name.clone() } else { (*random.one(&there)).clone() };
    let offset = match random.below(8) {
        _ if random.below(400) == 0 => u64::MAX - random.below(1 << 10),
        0 if sizes.sparse => *random.one(&[102, 103, 102 * 102, 102 * 102 + 1, 1 << 21, 1 << 31, 1 << 49]) * 4096 - 10,
        0..=3 => random.below(sizes.offset) & !4095,
        _ => random.below(sizes.offset),
    };
    match random.below(100) {
        0..14 => Action::CreateFile(directory, name),
        14..19 => Action::CreateDirectory(directory, name),
        19..22 => Action::CreateSymlink(directory, name, String::from(*random.one(&["a", "../b", "c/", "x/../y"]))),
        22..26 => Action::Link(if random.below(8) == 0 { other } else { file }, directory, name),
        26..34 => Action::Unlink(directory, known),
        34..37 => Action::RemoveDirectory(directory, known),
        37..45 => {
            let to = *random.one(&all(|content| matches!(content, Content::Directory { .. })));
            Action::Rename(directory, known, to, name)
        }
        45..72 => {
            let length = if random.below(3) == 0 { 4096 } else { random.below(sizes.length) };
            Action::Write(if random.below(50) == 0 { other } else { file }, offset, random.bytes(length as usize))
        }
        72..79 => Action::SetSize(file, if random.below(4) == 0 { 0 } else { offset }),
        79..81 => {
            let mut time = || (random.below(2) == 0).then(|| Time { seconds: random.number(), nanoseconds: 7 });
            Action::SetTimes(other, time(), time())
        }
        81..84 => Action::Hold(other),
        84..87 => {
            let held: Vec<Number> =
                model.items.iter().filter(|(_, item)| item.holds > 0).map(|(number, _)| *number).collect();
            if held.is_empty() { Action::Commit } else { Action::Release(*random.one(&held)) }
        }
        87..95 => Action::Commit,
        95..97 => Action::Reopen,
        _ => Action::Wait(random.below(4)),
    }
}

/// Does the action in the model.
pub fn expected(model: &mut Model, action: &Action) -> std::result::Result<(), Code> {
    match action {
        Action::CreateFile(directory, name) => model.create(*directory, name, Content::File(<_>::default())),
        Action::CreateDirectory(directory, name) => {
            model.create(*directory, name, Content::Directory { entries: BTreeMap::new(), parent: ROOT })
        }
        Action::CreateSymlink(directory, name, to) => model.create(*directory, name, Content::Symlink(to.clone())),
        Action::Link(number, directory, name) => model.link(*number, *directory, name),
        Action::Unlink(directory, name) => model.remove(*directory, name, false),
        Action::RemoveDirectory(directory, name) => model.remove(*directory, name, true),
        Action::Rename(from, from_name, to, to_name) => model.rename(*from, from_name, *to, to_name),
        Action::Write(number, offset, bytes) => model.write(*number, *offset, bytes),
        Action::SetSize(number, size) => model.set_size(*number, *size),
        Action::SetTimes(number, accessed, modified) => model.set_times(*number, *accessed, *modified),
        Action::Hold(number) => model.hold(*number),
        Action::Release(number) => model.release(*number),
        Action::Wait(seconds) => {
            model.now.seconds += seconds;
            model.now.nanoseconds += 1;
            Ok(())
        }
        Action::Commit | Action::Reopen => Ok(()),
    }
}

/// Does the action in the volume; all but [`Action::Reopen`]. The model is as it was before the action.
pub fn done(
    volume: &mut Volume,
    disk: &mut MemoryDisk,
    (model, held): (&Model, &mut Vec<(Number, NodeId)>),
    action: &Action,
) -> Result<()> {
    let now = model.now;
    let held_now = held.clone();
    let node = |volume: &mut Volume, disk: &mut MemoryDisk, number: Number| match model.path(number) {
        Some(path) if path.is_empty() => Ok(volume.root()),
        Some(path) => volume.find(disk, volume.root(), &path, false),
        None => Ok(held_now.iter().find(|(there, _)| *there == number).expect("a name, or held").1),
    };
    match action {
        Action::CreateFile(directory, name) => {
            let directory = node(volume, disk, *directory)?;
            volume.create_file(disk, directory, name, now).map(drop)
        }
        Action::CreateDirectory(directory, name) => {
            let directory = node(volume, disk, *directory)?;
            volume.create_directory(disk, directory, name, now).map(drop)
        }
        Action::CreateSymlink(directory, name, to) => {
            let directory = node(volume, disk, *directory)?;
            volume.create_symlink(disk, directory, name, to, now).map(drop)
        }
        Action::Link(number, directory, name) => {
            let (number, directory) = (node(volume, disk, *number)?, node(volume, disk, *directory)?);
            volume.link(disk, number, directory, name, now)
        }
        Action::Unlink(directory, name) => {
            let directory = node(volume, disk, *directory)?;
            volume.unlink(disk, directory, name, now)
        }
        Action::RemoveDirectory(directory, name) => {
            let directory = node(volume, disk, *directory)?;
            volume.remove_directory(disk, directory, name, now)
        }
        Action::Rename(from, from_name, to, to_name) => {
            let (from, to) = (node(volume, disk, *from)?, node(volume, disk, *to)?);
            volume.rename(disk, (from, from_name), (to, to_name), now)
        }
        Action::Write(number, offset, bytes) => {
            let number = node(volume, disk, *number)?;
            volume.write(disk, number, *offset, bytes, now)
        }
        Action::SetSize(number, size) => {
            let number = node(volume, disk, *number)?;
            volume.set_size(disk, number, *size, now)
        }
        Action::SetTimes(number, accessed, modified) => {
            let number = node(volume, disk, *number)?;
            volume.set_times(disk, number, *accessed, *modified, now)
        }
        Action::Hold(number) => {
            let there = node(volume, disk, *number)?;
            volume.hold(disk, there)?;
            held.push((*number, there));
            Ok(())
        }
        Action::Release(number) => {
            let place = held.iter().position(|(there, _)| there == number).expect("something held");
            let there = held.remove(place).1;
            volume.release(disk, there)
        }
        Action::Commit => volume.commit(disk).map(drop),
        Action::Wait(_) | Action::Reopen => Ok(()),
    }
}
