//! A host that restores older files.

use crate::disk::MemoryDisk;
use crate::power::Random;
use crate::sample::{Sample, Seen};
use wasmstone_sealed_storage::{Code, Error};

/// Puts one file of an older disk in place, or removes it if the older disk lacks it.
fn replace(disk: &mut MemoryDisk, older: &MemoryDisk, name: &str) {
    if older.names.contains_key(name) {
        disk.put(name, older.clone().content(name).clone());
    } else {
        disk.names.remove(name);
        disk.durable.remove(name);
    }
}

fn names(disks: &[&MemoryDisk]) -> Vec<String> {
    let mut names: Vec<String> = disks.iter().flat_map(|disk| disk.file_names()).collect();
    names.sort();
    names.dedup();
    names
}

/// Without a pin, it is some complete state; with a pin, the last one.
fn look(sample: &Sample, disk: &MemoryDisk, what: &str) -> Seen {
    let pin = sample.pin();
    sample.look(disk.clone(), Some(&pin), what);
    sample.look(disk.clone(), None, what)
}

#[test]
fn one_older_file_does_no_harm() {
    let sample = Sample::new();
    for disk in sample.last() {
        let mut noticed = 0;
        for (number, older) in sample.states.iter().enumerate() {
            for name in names(&[disk, older]) {
                let mut mixed = disk.clone();
                replace(&mut mixed, older, &name);
                let seen = look(&sample, &mixed, &format!("{name} as of state {number}"));
                noticed += u32::from(!matches!(seen, Seen::Whole(_)));
            }
        }
        assert!(noticed > 8, "{noticed}");
    }
}

#[test]
fn two_older_files_do_no_harm() {
    let sample = Sample::new();
    for disk in sample.last() {
        for older in &sample.states {
            let names = names(&[disk, older]);
            for (at, one) in names.iter().enumerate() {
                for other in &names[at + 1..] {
                    let mut mixed = disk.clone();
                    replace(&mut mixed, older, one);
                    replace(&mut mixed, older, other);
                    look(&sample, &mixed, &format!("{one} and {other} are older"));
                }
            }
        }
    }
}

#[test]
fn any_mixture_does_no_harm() {
    let sample = Sample::new();
    let mut random = Random(5);
    let all: Vec<&MemoryDisk> = sample.states.iter().chain([&sample.closed]).collect();
    let names = names(&all);
    for _ in 0..300 {
        let mut mixed = MemoryDisk::default();
        let few = [*random.one(&all), *random.one(&all)];
        let of: &[&MemoryDisk] = if random.below(2) == 0 { &all } else { &few };
        for name in &names {
            let older = *random.one(of);
            replace(&mut mixed, older, name);
        }
        look(&sample, &mixed, "a mixture");
    }
}

#[test]
fn an_older_block_does_no_harm() {
    let sample = Sample::new();
    let mut random = Random(6);
    for disk in sample.last() {
        for older in &sample.states {
            for name in older.file_names().into_iter().filter(|name| disk.names.contains_key(name)) {
                for _ in 0..12 {
                    let (mut mixed, mut block) = (disk.clone(), [0; 4096]);
                    let content = older.clone().content(&name).clone();
                    let at = random.below(content.size().div_ceil(4096).max(1)) * 4096;
                    let length = content.read(at, &mut block);
                    mixed.content(&name).write(at, &block[..length]);
                    look(&sample, &mixed, &format!("byte {at} on of {name} is older"));
                }
            }
        }
    }
}

#[test]
fn the_whole_directory_goes_back_unless_its_state_is_pinned() {
    let sample = Sample::new();
    for (number, older) in sample.states.iter().enumerate() {
        assert!(matches!(sample.look(older.clone(), None, "rolled back"), Seen::Whole(_)));
        if number + 1 < sample.states.len() {
            let seen = sample.look(older.clone(), Some(&sample.pin()), "rolled back");
            assert_eq!(seen, Seen::Refused(Error::Code(Code::Stale)));
        }
    }
    // An empty directory is one without a volume: the oldest state of all.
    let seen = sample.look(MemoryDisk::default(), Some(&sample.pin()), "emptied");
    assert!(matches!(seen, Seen::Refused(Error::Code(Code::Stale | Code::NotSealed))), "{seen:?}");
}

#[test]
fn a_pin_is_exact() {
    let sample = Sample::new();
    for at in 0..40 {
        let mut pin = sample.pin();
        pin.0[at] ^= 1;
        let seen = sample.look(sample.closed.clone(), Some(&pin), "another pin");
        assert_eq!(seen, Seen::Refused(Error::Code(Code::Stale)), "byte {at}");
    }
}
