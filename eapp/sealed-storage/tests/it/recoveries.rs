//! A crash, and another before every operation with which the volume is opened again.

use crate::crashes::{SIZES, Workload};
use crate::disk::MemoryDisk;
use crate::power::Random;
use crate::session::{START, Session, open};
use wasmstone_sealed_storage::{Access, Volume};

/// Crashes once at some moments, and then at each of those of the recovery; `first`, `second`: 0 is killed.
fn twice(workload: &Workload, first: u64, second: u64, every: usize) {
    for (number, moment) in workload.moments.iter().enumerate().step_by(every) {
        let disk = MemoryDisk { moments: Some(Vec::new()), ..workload.left(number, first) };
        let mut disk = disk;
        let volume = open(&mut disk).unwrap_or_else(|error| panic!("moment {number}: {error:?}"));
        drop(volume);
        for (again, recovery) in disk.moments.take().expect("moments").iter().enumerate() {
            let random = &mut Random(number as u64 * 1000 + again as u64);
            let left = if second == 0 { recovery.killed(random) } else { recovery.cut(random) };
            let what = format!("moment {number}, {again} of the recovery, {first} and {second}");
            workload.survivor(moment.mark, left, &what);
        }
    }
}

#[test]
fn killed_twice() {
    twice(&Workload::new(30, 150, SIZES), 0, 0, 3);
}

#[test]
fn killed_and_then_the_power_goes() {
    for seed in 31..33 {
        twice(&Workload::new(seed, 150, SIZES), 0, 1, 2);
    }
}

#[test]
fn the_power_goes_twice() {
    twice(&Workload::new(33, 150, SIZES), 1, 1, 1);
}

#[test]
fn killed_and_the_power_goes_while_work_goes_on() {
    // The writes of the killed process that were not synced are still only in the host's memory.
    for seed in 40..43 {
        let workload = Workload::new(seed, 100, SIZES);
        for (number, moment) in workload.moments.iter().enumerate().step_by(3) {
            let killed = MemoryDisk { moments: Some(Vec::new()), ..workload.left(number, 0) };
            let session = workload.survivor(moment.mark, killed, "killed");
            let more = Workload::on(session, moment.mark, seed, 8, SIZES);
            for (number, later) in more.moments.iter().enumerate().step_by(2) {
                // As long as it recovers, the durable content is the same as before.
                let of = if later.mark == moment.mark { &workload } else { &more };
                of.survivor(later.mark, more.left(number, 1), &format!("killed, then moment {number}"));
            }
        }
    }
}

#[test]
fn reading_only_changes_nothing() {
    let workload = Workload::new(50, 150, SIZES);
    for (number, moment) in workload.moments.iter().enumerate().step_by(2) {
        for seed in 0..2 {
            let mut disk = MemoryDisk { read_only: true, ..workload.left(number, seed) };
            let opened = Volume::open(&mut disk, &crate::session::KEY, &[1; 32], None, Access::ReadOnly, START);
            let Ok(mut volume) = opened else {
                // Before the first commit there is nothing to read.
                assert!(moment.mark == 0, "moment {number}: {:?}", opened.err());
                continue;
            };
            let states = workload.allowed[moment.mark].clone();
            let mut outcomes = Vec::new();
            for state in states.rev() {
                outcomes.push(crate::compare::compare(&mut volume, &mut disk, &workload.commits[state], &[]));
            }
            assert!(outcomes.iter().any(crate::compare::Outcome::is_clean), "moment {number}: {outcomes:#?}");
            volume.close(&mut disk).expect("nothing to do");
            assert_eq!(disk.handles(), 0);
        }
    }
}

#[test]
fn a_volume_that_is_dropped_is_one_that_was_killed() {
    let mut session = Session::new();
    for seed in 0..40 {
        session.act_at_random(seed, SIZES);
    }
    session.commit();
    let committed = session.model.committed();
    for seed in 0..10 {
        session.act_at_random(seed + 1000, SIZES);
        if session.commits.last().is_some_and(|(freshness, _)| *freshness != session.volume.freshness()) {
            break;
        }
    }
    let last = session.commits.last().expect("a commit").1.clone();
    let mut disk = session.disk.restarted();
    let mut volume = open(&mut disk).expect("what was killed");
    let outcome = crate::compare::compare(&mut volume, &mut disk, &last, &[]);
    assert!(outcome.is_clean(), "{outcome:#?}");
    assert!(last.items.len() <= committed.items.len() + 10);
}
