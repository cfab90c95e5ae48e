//! A host that changes the content of the disk.

use crate::bytes::{Bytes, PAGE};
use crate::disk::MemoryDisk;
use crate::power::Random;
use crate::sample::{Sample, Seen};
use crate::session::{KEY, open_with};
use wasmstone_sealed_storage::{Access, Code, Error};

/// Changes a file's bytes.
fn with(disk: &MemoryDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> MemoryDisk {
    let mut disk = disk.clone();
    let mut bytes = disk.content(name).to_vec();
    change(&mut bytes);
    disk.put(name, Bytes::from(bytes));
    disk
}

/// The name of the largest file on the disk, which holds the volume's large file.
fn largest(disk: &MemoryDisk) -> String {
    let size = |name: &String| disk.clone().content(name).size();
    disk.file_names().into_iter().max_by_key(size).expect("a file")
}

#[test]
fn unchanged_it_opens() {
    let sample = Sample::new();
    let last = sample.commits.len() - 1;
    for disk in sample.last() {
        assert!(matches!(sample.look(disk.clone(), None, "unchanged"), Seen::Whole(_)));
    }
    assert_eq!(sample.look(sample.closed.clone(), Some(&sample.pin()), "closed"), Seen::Whole(last));
    for state in &sample.states {
        assert!(matches!(sample.look(state.clone(), None, "after a commit"), Seen::Whole(_)));
    }
}

#[test]
fn every_flipped_block_is_noticed() {
    let sample = Sample::new();
    let mut random = Random(2);
    for (which, disk) in sample.last().into_iter().enumerate() {
        let (mut noticed, mut changes) = (0, 0);
        for name in disk.file_names() {
            let content = disk.clone().content(&name).clone();
            let size = content.size();
            for page in content.pages() {
                let at = (page * PAGE + random.below(PAGE.min(size - page * PAGE))) as usize;
                let mask = 1 << random.below(8);
                let changed = with(disk, &name, |bytes| bytes[at] ^= mask);
                let seen = sample.look(changed, None, &format!("bit {mask:#x} of byte {at} of {name}"));
                changes += 1;
                noticed += u32::from(!matches!(seen, Seen::Whole(_)));
            }
        }
        // Free blocks, and blocks that the journal will overwrite, may hold anything.
        assert!(noticed * 10 > changes * if which == 0 { 9 } else { 5 }, "{noticed} of {changes}, state {which}");
    }
}

#[test]
fn every_flipped_byte_of_root_and_journal_does_no_harm() {
    let sample = Sample::new();
    for disk in sample.last() {
        for name in ["root", "journal"].into_iter().filter(|name| disk.names.contains_key(*name)) {
            let size = disk.clone().content(name).size() as usize;
            for at in (0..size.min(512)).chain((512..size).step_by(509)) {
                let changed = with(disk, name, |bytes| bytes[at] ^= 0x10);
                sample.look(changed, None, &format!("byte {at} of {name}"));
            }
        }
    }
    // Without a journal to fall back on, no byte of the root record can be another.
    let size = sample.closed.clone().content("root").size() as usize;
    for at in 0..size {
        let changed = with(&sample.closed, "root", |bytes| bytes[at] ^= 1);
        let seen = sample.look(changed, None, "the root record");
        assert!(matches!(seen, Seen::Refused(_)), "byte {at}: {seen:?}");
    }
}

#[test]
fn lengths_do_no_harm() {
    let sample = Sample::new();
    for disk in sample.last() {
        for name in disk.file_names() {
            let size = disk.clone().content(&name).size() as usize;
            let shorter = [0, 1, size / 2, size.saturating_sub(1), size.saturating_sub(4096), size & !4095];
            for to in shorter.into_iter().chain([size + 1, size + 4096, size + (1 << 20)]) {
                let changed = with(disk, &name, |bytes| bytes.resize(to, 0));
                let seen = sample.look(changed, None, &format!("{name} of {to} bytes, not {size}"));
                if to == 0 && name == largest(disk) {
                    assert!(!matches!(seen, Seen::Whole(_)), "{name} is empty, which nobody notices");
                }
            }
        }
    }
}

#[test]
fn moved_blocks_do_no_harm() {
    let sample = Sample::new();
    let mut random = Random(3);
    for disk in sample.last() {
        let mut places = Vec::new();
        for name in disk.file_names() {
            let pages = disk.clone().content(&name).size() / PAGE;
            places.extend((0..pages).map(|page| (name.clone(), page * PAGE)));
        }
        let neighbours: Vec<_> = (1..places.len()).map(|at| (at - 1, at)).collect();
        let count = places.len() as u64;
        let others = (0..150).map(|_| (random.below(count) as usize, random.below(count) as usize));
        for (one, other) in neighbours.into_iter().step_by(3).chain(others) {
            let ((one, from), (other, to)) = (&places[one], &places[other]);
            let (mut first, mut second) = ([0; PAGE as usize], [0; PAGE as usize]);
            let mut changed = disk.clone();
            changed.content(one).read(*from, &mut first);
            changed.content(other).read(*to, &mut second);
            changed.content(one).write(*from, &second);
            changed.content(other).write(*to, &first);
            sample.look(changed, None, &format!("{one} {from} and {other} {to} swapped"));
        }
    }
}

#[test]
fn moved_files_do_no_harm() {
    let sample = Sample::new();
    for disk in sample.last() {
        let names = disk.file_names();
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                let mut changed = disk.clone();
                let (first, second) = (changed.content(one).clone(), changed.content(other).clone());
                changed.put(one, second.clone());
                changed.put(other, first);
                sample.look(changed.clone(), None, &format!("{one} and {other} swapped"));
                changed.put(one, second);
                sample.look(changed, None, &format!("{one} is {other}"));
            }
            let mut changed = disk.clone();
            let content = changed.content(one).clone();
            changed.names.remove(one);
            changed.durable.remove(one);
            let seen = sample.look(changed.clone(), None, &format!("{one} is gone"));
            if *one == largest(disk) {
                assert!(!matches!(seen, Seen::Whole(_)), "{one} is gone, which nobody notices");
            }
            changed.put("0123456789abcdef0123456789abcdef", content);
            sample.look(changed, None, &format!("{one} is renamed"));
        }
    }
}

#[test]
fn foreign_files_do_no_harm() {
    let sample = Sample::new();
    let names = ["x", "..", ".", "", "a/b", "Root", "root ", "journal.old", "lost+found", "ä", "\0"];
    let hex = "00000000000000ff0123456789abcdef";
    let all = names.into_iter().map(String::from).chain([hex.into(), hex.to_uppercase(), "n".repeat(5000)]);
    for disk in sample.last() {
        let mut changed = disk.clone();
        for name in all.clone() {
            changed.put(&name, Bytes::from(vec![1; 5000]));
            assert!(matches!(sample.look(changed.clone(), None, &name), Seen::Whole(_)), "{name}");
        }
    }
}

#[test]
fn garbage_instead_of_root_and_journal_is_refused() {
    let sample = Sample::new();
    let mut random = Random(4);
    for disk in sample.last() {
        let root = disk.clone().content("root").to_vec();
        for round in 0..200 {
            let mut changed = disk.clone();
            for (name, valid) in [("root", &root), ("journal", &root)] {
                let length = *random.one(&[0, 1, 255, 256, 257, 4096, 8192, 12_288]);
                let mut bytes = random.bytes(length);
                if random.below(2) == 0 {
                    let kept = random.below(length.min(valid.len()) as u64 + 1) as usize;
                    bytes[..kept].copy_from_slice(&valid[..kept]);
                }
                if random.below(8) == 0 {
                    changed.names.remove(name);
                    changed.durable.remove(name);
                } else if bytes != *valid {
                    changed.put(name, Bytes::from(bytes));
                }
            }
            let seen = sample.look(changed, None, "garbage");
            assert!(!matches!(seen, Seen::Failed), "round {round}: {seen:?}");
        }
    }
}

#[test]
fn another_key_says_so() {
    let sample = Sample::new();
    for disk in sample.last() {
        let mut key = KEY;
        for bit in 0..256 {
            key[bit / 8] ^= 1 << (bit % 8);
            for access in [Access::ReadOnly, Access::ReadWrite] {
                let mut disk = disk.clone();
                let opened = open_with(&mut disk, &key, None, access).map(drop);
                assert_eq!(opened, Err(Error::Code(Code::WrongKey)));
                assert_eq!(disk.handles(), 0, "a volume that did not open leaves files open");
            }
            key[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
