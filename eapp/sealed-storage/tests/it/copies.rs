//! A volume that is copied to another one, with another key.

use crate::compare::compare;
use crate::disk::{FAILS, Fail, MemoryDisk};
use crate::model::Model;
use crate::sample::Sample;
use crate::session::{START, Session, open, open_with};
use wasmstone_sealed_storage::{Access, Code, Disk, Disks, Error, Time};

const OTHER: [u8; 32] = [9; 32];

struct Both {
    from: MemoryDisk,
    to: MemoryDisk,
}

impl Disks for Both {
    fn source(&mut self) -> &mut dyn Disk {
        &mut self.from
    }

    fn target(&mut self) -> &mut dyn Disk {
        &mut self.to
    }
}

/// Copies to an empty disk, and checks the copy; returns how many operations the target took.
fn copy(from: &MemoryDisk, model: &Model, fail: Option<Fail>) -> Result<u64, Error> {
    let mut disks = Both { from: from.clone(), to: MemoryDisk::default() };
    let mut source = open_with(&mut disks.from, &crate::session::KEY, None, Access::ReadOnly)?;
    let mut target = open_with(&mut disks.to, &OTHER, None, Access::ReadWrite)?;
    disks.to.forget_counts();
    disks.to.fail = fail;
    let now = Time { seconds: START.seconds + 100, ..START };
    source.copy_to(&mut target, &mut disks, now)?;
    let freshness = target.close(&mut disks.to)?;
    let operations = disks.to.operations();
    let mut target = open_with(&mut disks.to, &OTHER, Some(&freshness), Access::ReadWrite)?;
    let mut copied = model.clone();
    // In the copy, the time of the last change is that of copying.
    copied.items.values_mut().for_each(|item| item.changed = now);
    let outcome = compare(&mut target, &mut disks.to, &copied, &[]);
    assert!(outcome.is_clean(), "{outcome:#?}");
    Ok(operations)
}

#[test]
fn everything_is_copied() {
    let sample = Sample::new();
    let model = &sample.commits.last().expect("a commit").1;
    let operations = copy(&sample.closed, model, None).expect("a copy");
    for at in 1..=operations {
        match copy(&sample.closed, model, Some(Fail { at, done: at % 2 == 0 })) {
            Ok(_) | Err(Error::Disk(FAILS)) => {}
            Err(other) => panic!("operation {at}: {other:?}"),
        }
    }
    let mut sessions = Session::new();
    for seed in 0..150 {
        sessions.act_at_random(seed, crate::crashes::SIZES);
    }
    let (disk, model, _) = sessions.close();
    copy(&disk, &model, None).expect("a copy");
}

#[test]
fn a_copy_replaces_nothing() {
    let mut disks = Both { from: MemoryDisk::default(), to: MemoryDisk::default() };
    let mut source = open(&mut disks.from).expect("an empty disk");
    let mut target = open_with(&mut disks.to, &OTHER, None, Access::ReadWrite).expect("an empty disk");
    target.create_file(&mut disks.to, target.root(), "there", START).expect("a file");
    let copied = source.copy_to(&mut target, &mut disks, START);
    assert_eq!(copied, Err(Error::Code(Code::Exists)));
}
