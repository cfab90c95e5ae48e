//! A disk on which one operation fails, once.

use crate::compare::compare;
use crate::disk::{Fail, MemoryDisk};
use crate::model::Model;
use crate::operations::{Action, Sizes, action, expected};
use crate::power::Random;
use crate::session::{START, Session, brief, open};
use wasmstone_sealed_storage::{Code, Error};

const SIZES: Sizes = Sizes { offset: 50_000, length: 20_000, sparse: false };
const STEPS: u64 = 180;

/// Opens the disk again: it is as at the last commit, or, if a commit was in progress, as after that commit.
fn reopened(session: Session, action: &Action, what: &str) -> Session {
    let Session { mut disk, volume, mut model, commits, .. } = session;
    drop(volume);
    disk = disk.restarted();
    let opened = open(&mut disk);
    let mut volume = opened.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let last = commits.last().expect("a commit").1.clone();
    // An automatic commit comes before the action; any other commit keeps the state.
    let before = model.committed();
    let _ = expected(&mut model, action);
    for model in [before, last, model.committed()] {
        if compare(&mut volume, &mut disk, &model, &[]).is_clean() {
            return Session::with(disk, volume, Model { now: START, ..model });
        }
    }
    panic!("{what}: neither what was nor what should be");
}

/// Works, and tries failed actions again; returns the number of operations.
fn work(seed: u64, fail: Option<Fail>) -> u64 {
    let mut session = Session::new();
    session.disk.fail = fail;
    let mut random = Random(seed);
    for _ in 0..STEPS {
        let action = action(&session.model, random.number(), SIZES);
        let what = format!("{} with operation {:?} failing", brief(&action), fail.map(|fail| (fail.at, fail.done)));
        match session.try_act(&action) {
            Ok(()) => continue,
            Err((Err(Error::Disk(_)), _)) => {}
            Err(other) => panic!("{what}: {other:?}"),
        }
        match action {
            Action::Reopen => session = reopened(session, &action, &what),
            // It is released nevertheless.
            Action::Release(_) => expected(&mut session.model, &action).expect("something held"),
            _ => {
                // Nothing was done except for a part of a write, which the next attempt does again.
                if !matches!(action, Action::Write(..) | Action::SetSize(..) | Action::Commit) {
                    let outcome = session.outcome();
                    let broken = outcome.failed.iter().all(|failed| *failed == Error::Code(Code::Broken));
                    assert!(outcome.wrong.is_empty() && broken, "{what}: {outcome:#?}");
                }
                match session.try_act(&action) {
                    Ok(()) => {}
                    Err((Err(Error::Code(Code::Broken)), _)) => session = reopened(session, &action, &what),
                    Err(other) => panic!("{what}, again: {other:?}"),
                }
            }
        }
        let outcome = session.outcome();
        assert!(outcome.is_clean(), "{what}: {outcome:#?}");
    }
    let operations = session.disk.operations();
    let (mut disk, model, _) = session.close();
    let volume = open(&mut disk).expect("what was closed");
    Session::with(disk, volume, model).check();
    operations
}

#[test]
fn whatever_fails_can_be_done_again() {
    let operations = work(1, None);
    assert!(operations > 30, "{operations}");
    // Another test covers failures before there is a volume.
    for at in opening() + 1..=operations {
        for done in [false, true] {
            work(1, Some(Fail { at, done }));
        }
    }
}

/// The number of operations that making a volume takes.
fn opening() -> u64 {
    Session::new().disk.operations()
}

#[test]
fn a_volume_that_could_not_be_made_can_be_made_again() {
    for at in 1..=opening() {
        for done in [false, true] {
            let mut disk = MemoryDisk { fail: Some(Fail { at, done }), ..MemoryDisk::default() };
            let opened = open(&mut disk);
            assert_eq!(opened.map(drop), Err(Error::Disk(crate::disk::FAILS)), "operation {at}, {done}");
            assert_eq!(disk.handles(), 0, "a volume that did not open leaves files open");
            let volume = open(&mut disk).expect("a disk that works now");
            Session::with(disk, volume, Model::new(START)).check();
        }
    }
}

#[test]
fn a_volume_that_did_not_open_opens_the_next_time() {
    let workload = crate::crashes::Workload::new(60, 40, SIZES);
    for (number, moment) in workload.moments.iter().enumerate().step_by(5) {
        let disk = workload.left(number, 0);
        let mut counted = disk.clone();
        counted.forget_counts();
        open(&mut counted).expect("what was killed");
        for at in 1..=counted.operations() {
            let mut disk = disk.clone();
            disk.forget_counts();
            disk.fail = Some(Fail { at, done: at % 2 == 0 });
            let what = format!("moment {number}, operation {at} of opening");
            match open(&mut disk) {
                Ok(_) => {}
                Err(Error::Disk(_)) => assert_eq!(disk.handles(), 0, "{what}: files are left open"),
                Err(other) => panic!("{what}: {other:?}"),
            }
            workload.survivor(moment.mark, disk.restarted(), &what);
        }
    }
}

#[test]
fn a_write_that_fails_leaves_no_zeros_behind() {
    // Blocks, nodes and nodes over nodes, none of them in memory.
    for (size, offset) in [(100, 50), (5000, 4090), (8192, 8192), (150 * 4096 + 9, 150 * 4096), (150 * 4096, 1 << 20)] {
        for at in 1.. {
            let mut session = Session::new();
            session.act(&Action::CreateFile(crate::model::ROOT, "file".into()));
            session.act(&Action::SetSize(1, size));
            for place in (0..size).step_by(65_536) {
                let length = (size - place).min(65_536) as usize;
                session.act(&Action::Write(1, place, vec![1; length]));
            }
            session.act(&Action::Reopen);
            session.volume.find(&mut session.disk, session.volume.root(), "file", true).expect("the file");
            session.disk.forget_counts();
            session.disk.fail = Some(Fail { at, done: false });
            let write = Action::Write(1, offset, vec![2; 10_000]);
            match session.try_act(&write) {
                Ok(()) => break,
                Err(said) => assert_eq!(said.0, Err(Error::Disk(crate::disk::FAILS))),
            }
            let file = session.volume.find(&mut session.disk, session.volume.root(), "file", true).expect("the file");
            let is = session.volume.stat(&mut session.disk, file).expect("what it is").size;
            let mut bytes = vec![0; (is - size.min(is)) as usize];
            session.volume.read(&mut session.disk, file, size, &mut bytes).expect("the end of it");
            assert!(bytes.iter().all(|byte| *byte == 2), "{is} bytes of {size} after operation {at} failed");
            session.act(&write);
            session.act(&Action::Reopen);
            session.check();
        }
    }
}
