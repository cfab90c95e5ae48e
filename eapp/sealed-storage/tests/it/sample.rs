//! A volume with every kind of content, in several states.

use crate::disk::MemoryDisk;
use crate::model::{Model, Number, ROOT};
use crate::operations::Action;
use crate::power::Random;
use crate::session::{Session, open_with};
use wasmstone_sealed_storage::{Access, Error, Freshness};

pub struct Sample {
    /// The disk after each commit, with the volume still open.
    pub states: Vec<MemoryDisk>,
    /// The disk after the volume was closed.
    pub closed: MemoryDisk,
    /// Every commit; the last is that of the closed volume.
    pub commits: Vec<(Freshness, Model)>,
}

/// The result of reading a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It did not open.
    Refused(Error),
    /// Some of it could not be read; the rest is right.
    Failed,
    /// It is as it was after this commit.
    Whole(usize),
}

/// The number of the node with this path.
fn number(session: &Session, path: &str) -> Number {
    let find = |number: &&Number| session.model.path(**number).as_deref() == Some(path);
    *session.model.items.keys().find(find).expect("something of this path")
}

impl Sample {
    pub fn new() -> Self {
        let mut random = Random(1);
        let mut session = Session::new();
        let mut states = Vec::new();
        session.act(&Action::CreateDirectory(ROOT, "directory".into()));
        let directory = number(&session, "directory");
        session.act(&Action::CreateDirectory(directory, "inner".into()));
        let inner = number(&session, "directory/inner");
        for (place, name, size) in
            [(ROOT, "empty", 0), (ROOT, "small", 100), (directory, "block", 4096), (inner, "large", 125 * 4096 + 7)]
        {
            session.act(&Action::CreateFile(place, name.into()));
            let path = session.model.path(place).expect("a directory");
            let path = if path.is_empty() { name.into() } else { format!("{path}/{name}") };
            let file = number(&session, &path);
            for offset in (0..size).step_by(65_536) {
                let length = (size - offset).min(65_536);
                session.act(&Action::Write(file, offset as u64, random.bytes(length)));
            }
        }
        session.act(&Action::CreateSymlink(inner, "link".into(), "../block".into()));
        session.act(&Action::CreateFile(ROOT, "sparse".into()));
        let sparse = number(&session, "sparse");
        session.act(&Action::Write(sparse, 1 << 20, random.bytes(5000)));
        session.commit();
        states.push(session.disk.clone().restarted());

        // Each commit overwrites, and each changes names.
        let (small, block) = (number(&session, "small"), number(&session, "directory/block"));
        let large = number(&session, "directory/inner/large");
        for round in 0..4 {
            // The journal's blocks get to their places.
            if round % 2 == 1 {
                session.act(&Action::Reopen);
            }
            session.act(&Action::Write(small, 10, random.bytes(50)));
            session.act(&Action::Write(block, 0, random.bytes(4096)));
            for _ in 0..5 {
                session.act(&Action::Write(large, random.below(124) * 4096, random.bytes(4096)));
            }
            match round {
                0 => session.act(&Action::Link(small, inner, "also small".into())),
                1 => session.act(&Action::Rename(ROOT, "empty".into(), directory, "still empty".into())),
                2 => session.act(&Action::SetSize(large, 110 * 4096)),
                _ => session.act(&Action::Unlink(ROOT, "small".into())),
            }
            session.commit();
            states.push(session.disk.clone().restarted());
        }
        let (closed, model, mut commits) = session.close();
        commits.last_mut().expect("a commit").1 = model;
        Self { states, closed, commits }
    }

    /// The last state's pin.
    pub fn pin(&self) -> Freshness {
        self.commits.last().expect("a commit").0
    }

    /// The states from which a host can take files: the closed volume, and the one that was killed after its last
    /// commit.
    pub fn last(&self) -> [&MemoryDisk; 2] {
        [&self.closed, self.states.last().expect("a state")]
    }

    /// Opens and reads everything: nothing may be wrong. With a pin only the last state may be there.
    pub fn look(&self, mut disk: MemoryDisk, pin: Option<&Freshness>, what: &str) -> Seen {
        let mut volume = match open_with(&mut disk, &crate::session::KEY, pin, Access::ReadWrite) {
            Ok(volume) => volume,
            Err(error) => return Seen::Refused(error),
        };
        let opened = volume.freshness();
        let known = self.commits.iter().rposition(|(freshness, _)| *freshness == opened);
        let candidates = match known {
            Some(known) => known..known + 1,
            // Opening may have committed: the content is known all the same.
            None => 0..self.commits.len(),
        };
        let mut wrong = Vec::new();
        for candidate in candidates.rev() {
            let outcome = crate::compare::compare(&mut volume, &mut disk, &self.commits[candidate].1, &[]);
            if outcome.wrong.is_empty() {
                let last = candidate + 1 == self.commits.len();
                assert!(pin.is_none() || last || self.commits[candidate].0 == self.pin(), "{what}: an old state");
                return if outcome.failed.is_empty() { Seen::Whole(candidate) } else { Seen::Failed };
            }
            wrong.push(outcome);
        }
        panic!("{what}: wrong data: {wrong:#?}");
    }
}
