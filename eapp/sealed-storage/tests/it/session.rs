//! A volume at work, next to its model.

use crate::compare::{Outcome, compare};
use crate::disk::MemoryDisk;
use crate::model::{Model, Number};
use crate::operations::{Action, Sizes, action, done, expected};
use wasmstone_sealed_storage::{Access, Code, Error, Freshness, NodeId, Result, Time, Volume};

pub const KEY: [u8; 32] = [7; 32];
pub const START: Time = Time { seconds: 1_000_000, nanoseconds: 5 };

/// Opens the volume on a disk, with random numbers that were not used before.
pub fn open(disk: &mut MemoryDisk) -> Result<Volume> {
    open_with(disk, &KEY, None, Access::ReadWrite)
}

/// The same with a pinned state.
pub fn open_pinned(disk: &mut MemoryDisk, pin: &Freshness) -> Result<Volume> {
    open_with(disk, &KEY, Some(pin), Access::ReadWrite)
}

/// The same with all parameters.
pub fn open_with(disk: &mut MemoryDisk, key: &[u8; 32], pin: Option<&Freshness>, access: Access) -> Result<Volume> {
    disk.openings = disk.openings.wrapping_add(1);
    let entropy = [disk.openings; 32];
    Volume::open(disk, key, &entropy, pin, access, START)
}

pub struct Session {
    pub disk: MemoryDisk,
    pub volume: Volume,
    pub model: Model,
    pub held: Vec<(Number, NodeId)>,
    /// Every commit: the state's freshness, and its content.
    pub commits: Vec<(Freshness, Model)>,
    /// The actions.
    pub history: Vec<String>,
}

impl Session {
    /// A session on an empty disk.
    pub fn new() -> Self {
        Self::on(MemoryDisk::default())
    }

    /// A session on a disk without a volume.
    pub fn on(mut disk: MemoryDisk) -> Self {
        let volume = open(&mut disk).expect("an empty disk");
        Self::with(disk, volume, Model::new(START))
    }

    /// A session on an opened volume.
    pub fn with(disk: MemoryDisk, volume: Volume, model: Model) -> Self {
        let commits = vec![(volume.freshness(), model.committed())];
        Self { disk, volume, model, held: Vec::new(), commits, history: Vec::new() }
    }

    /// Does an action, and returns the volume's result if it differs from the model's.
    pub fn try_act(&mut self, action: &Action) -> Result<(), (Result<()>, Result<()>)> {
        let before = self.volume.freshness();
        self.history.push(brief(action));
        let said = if matches!(action, Action::Reopen) {
            self.reopen()
        } else {
            done(&mut self.volume, &mut self.disk, (&self.model, &mut self.held), action)
        };
        if let Err(Error::Disk(_) | Error::Damaged(_) | Error::Code(Code::Broken)) = said {
            return Err((said, Ok(())));
        }
        let committed = self.model.committed();
        let should = expected(&mut self.model, action).map_err(Error::Code);
        let after = self.volume.freshness();
        if after != before && !matches!(action, Action::Commit | Action::Reopen) {
            // Actions that waited were committed first.
            self.commits.push((after, committed));
        } else if after != before {
            self.commits.push((after, self.model.committed()));
        }
        if said == should { Ok(()) } else { Err((said, should)) }
    }

    pub fn act(&mut self, action: &Action) {
        let outcome = self.try_act(action);
        if let Err((said, should)) = outcome {
            panic!("{}: {said:?}, not {should:?}", brief(action));
        }
    }

    /// Does an action that makes sense now; returns the action.
    pub fn act_at_random(&mut self, seed: u64, sizes: Sizes) -> Action {
        let action = action(&self.model, seed, sizes);
        self.act(&action);
        action
    }

    pub fn commit(&mut self) -> Freshness {
        self.act(&Action::Commit);
        self.volume.freshness()
    }

    fn reopen(&mut self) -> Result<()> {
        let freshness = self.volume.close(&mut self.disk)?;
        assert_eq!(self.disk.handles(), 0, "a closed volume has files open");
        self.volume = open_pinned(&mut self.disk, &freshness)?;
        self.held.clear();
        self.model = self.model.committed();
        Ok(())
    }

    /// Closes the volume.
    pub fn close(mut self) -> (MemoryDisk, Model, Vec<(Freshness, Model)>) {
        self.act(&Action::Reopen);
        self.volume.close(&mut self.disk).expect("a volume without changes closes");
        (self.disk.restarted(), self.model, self.commits)
    }

    pub fn outcome(&mut self) -> Outcome {
        compare(&mut self.volume, &mut self.disk, &self.model, &self.held)
    }

    /// Checks that everything is as it should be.
    pub fn check(&mut self) {
        let outcome = self.outcome();
        assert!(outcome.is_clean(), "{outcome:#?} after {:#?}", self.history);
    }
}

/// The text of an action, without the written bytes.
pub fn brief(action: &Action) -> String {
    match action {
        Action::Write(number, offset, bytes) => format!("Write({number}, {offset}, {} bytes)", bytes.len()),
        other => format!("{other:?}"),
    }
}
