//! A writer that is killed, and a machine that loses power, before every single operation of the disk.

use crate::compare::compare;
use crate::disk::{MemoryDisk, Moment};
use crate::model::Model;
use crate::operations::{Action, Sizes};
use crate::power::Random;
use crate::session::{START, Session, open};
use std::ops::Range;

pub const SIZES: Sizes = Sizes { offset: 60_000, length: 30_000, sparse: false };
/// Writes that continue for long without a commit, so that the volume has to make room.
const LARGE: Sizes = Sizes { offset: 4 << 20, length: 120_000, sparse: false };

/// The actions, and the states that may remain of them.
pub struct Workload {
    pub moments: Vec<Moment>,
    /// By [`Moment::mark`]: which of the commits may be found.
    pub allowed: Vec<Range<usize>>,
    pub commits: Vec<Model>,
}

impl Workload {
    /// Works on an empty disk for this many steps.
    pub fn new(seed: u64, steps: u64, sizes: Sizes) -> Self {
        let disk = MemoryDisk { moments: Some(Vec::new()), ..MemoryDisk::default() };
        Self::on(Session::on(disk), 0, seed, steps, sizes)
    }

    /// Continues a session.
    pub fn on(mut session: Session, first: usize, seed: u64, steps: u64, sizes: Sizes) -> Self {
        let mut allowed = vec![0..1; first + 1];
        let mut random = Random(seed);
        for _ in 0..steps {
            session.disk.mark = allowed.len();
            let start = session.commits.len() - 1;
            session.act_at_random(random.number(), sizes);
            allowed.push(start..session.commits.len());
        }
        session.disk.mark = allowed.len();
        let start = session.commits.len() - 1;
        session.act(&Action::Commit);
        allowed.push(start..session.commits.len());
        let mut moments = session.disk.moments.take().expect("moments");
        let end = session.commits.len();
        allowed.push(end - 1..end);
        moments.push(Moment { disk: session.disk, write: None, mark: allowed.len() - 1 });
        let commits = session.commits.into_iter().map(|(_, model)| model).collect();
        Self { moments, allowed, commits }
    }

    /// Opens the remaining disk, which has to be in one of the allowed states, and continues with it.
    pub fn survivor(&self, mark: usize, mut disk: MemoryDisk, what: &str) -> Session {
        let mut volume = match open(&mut disk) {
            Ok(volume) => volume,
            Err(error) => panic!("{what}: {error:?}"),
        };
        let mut outcomes = Vec::new();
        for candidate in self.allowed[mark].clone().rev() {
            let model = &self.commits[candidate];
            let outcome = compare(&mut volume, &mut disk, model, &[]);
            if outcome.is_clean() {
                return Session::with(disk, volume, Model { now: START, ..model.clone() });
            }
            outcomes.push(outcome);
        }
        panic!("{what}: none of the states {:?}: {outcomes:#?}", self.allowed[mark]);
    }

    /// The disk at a moment: 0, if the process is killed; others, after a loss of power.
    pub fn left(&self, number: usize, seed: u64) -> MemoryDisk {
        let random = &mut Random(seed.wrapping_mul(1 << 32) + number as u64);
        let moment = &self.moments[number];
        if seed == 0 { moment.killed(random) } else { moment.cut(random) }
    }
}

/// Everything survives at every moment, and the work continues.
fn survives(workload: &Workload, seeds: u64, every: usize) {
    for (number, moment) in workload.moments.iter().enumerate().step_by(every) {
        for seed in 0..seeds {
            let what = format!("moment {number}, step {}, seed {seed}", moment.mark);
            let mut session = workload.survivor(moment.mark, workload.left(number, seed), &what);
            if (number as u64 + seed).is_multiple_of(7) {
                for step in 0..6 {
                    session.act_at_random(number as u64 * 100 + step, SIZES);
                }
                session.act(&Action::Reopen);
                session.check();
            }
        }
    }
}

#[test]
fn small_changes_and_many_commits() {
    for seed in 0..3 {
        survives(&Workload::new(seed, 200, SIZES), 5, 1);
    }
}

#[test]
fn much_is_written_between_commits() {
    for seed in 10..12 {
        survives(&Workload::new(seed, 150, LARGE), 3, 1);
    }
}

#[test]
fn a_process_that_repeats_itself() {
    // A process that is killed and started again with the same random numbers, from an older state, overwrites its
    // own work.
    for seed in 20..22 {
        let workload = Workload::new(seed, 150, SIZES);
        for (number, moment) in workload.moments.iter().enumerate().step_by(3) {
            let mut disk = workload.left(number, 0);
            disk.openings = 0;
            let mut session = workload.survivor(moment.mark, disk, &format!("moment {number}"));
            for step in 0..8 {
                session.act_at_random(seed * 1000 + step, SIZES);
            }
            session.act(&Action::Reopen);
            session.check();
        }
    }
}
