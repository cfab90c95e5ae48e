//! A disk that fills up.

use crate::disk::{FULL, MemoryDisk};
use crate::model::ROOT;
use crate::operations::{Action, Sizes, action};
use crate::power::Random;
use crate::session::{Session, brief, open};
use wasmstone_sealed_storage::{Code, Error};

const FULL_NOW: Error = Error::Disk(FULL);

/// The number of pages that are used.
fn used(disk: &MemoryDisk) -> u64 {
    disk.bytes_held().div_ceil(4096)
}

/// Writes and commits until there is no room; returns the size of the file then.
fn fill(session: &mut Session, piece: usize) -> u64 {
    let mut offset = 0;
    loop {
        let write = Action::Write(1, offset, vec![2; piece]);
        match session.try_act(&write).and_then(|()| session.try_act(&Action::Commit)) {
            Ok(()) => offset += piece as u64,
            Err(said) => {
                assert_eq!(said.0, Err(FULL_NOW));
                return offset;
            }
        }
    }
}

#[test]
fn what_is_removed_makes_room() {
    // Removing writes as well: on a full disk, it needs some pages that something else has freed.
    const ENOUGH: u64 = 20;
    for (room, piece) in [(40, 8192), (64, 8192), (100, 8192), (700, 8192), (3000, 1 << 16)] {
        let mut session = Session::on(MemoryDisk { room: Some(room), ..MemoryDisk::default() });
        session.act(&Action::CreateFile(ROOT, "large".into()));
        session.act(&Action::CreateFile(ROOT, "small".into()));
        session.act(&Action::Write(2, 0, vec![1; 5000]));
        session.commit();
        let offset = fill(&mut session, piece);
        assert!(used(&session.disk) + 20 >= room, "room for {room}, {} used", used(&session.disk));
        session.act(&Action::Unlink(ROOT, "large".into()));
        let removed = session.try_act(&Action::Commit);
        if removed.is_err() {
            assert_eq!(removed, Err((Err(FULL_NOW), Ok(()))));
            session.check();
        }
        session.disk.room = Some(room + ENOUGH);
        session.commit();
        session.check();
        session.act(&Action::CreateFile(ROOT, "next".into()));
        session.act(&Action::Write(3, 0, vec![3; (offset as usize).min(20_000)]));
        session.commit();
        session.act(&Action::Reopen);
        session.check();
    }
}

#[test]
fn what_is_there_can_be_overwritten() {
    let mut session = Session::new();
    session.act(&Action::CreateFile(ROOT, "file".into()));
    session.act(&Action::Write(1, 0, vec![1; 60 * 4096]));
    session.act(&Action::Reopen);
    // Some room for the journal is all that it takes, however often.
    session.disk.room = Some(used(&session.disk) + 12);
    for round in 0..100 {
        session.act(&Action::Write(1, round % 60 * 4096, vec![round as u8; 4096]));
        session.commit();
    }
    session.act(&Action::Reopen);
    session.check();
}

#[test]
fn work_goes_on_where_it_can() {
    let sizes = Sizes { offset: 100_000, length: 30_000, sparse: false };
    for seed in 0..12 {
        let room = 30 + seed * 2;
        let mut session = Session::on(MemoryDisk { room: Some(room), ..MemoryDisk::default() });
        let mut random = Random(seed);
        let (mut full, mut steps) = (0, 0);
        while steps < 150 {
            steps += 1;
            let action = action(&session.model, random.number(), sizes);
            if matches!(action, Action::Reopen | Action::Hold(_)) {
                continue;
            }
            match session.try_act(&action) {
                Ok(()) => continue,
                Err((Err(FULL_NOW), _)) => full += 1,
                Err(other) => panic!("{} with room for {room}: {other:?}", brief(&action)),
            }
            // The operation was not done; a write may have been done in part, which only writing it again can tell.
            session.disk.room = None;
            session.act(&action);
            session.check();
            session.commit();
            session.disk.room = Some(used(&session.disk).max(room));
        }
        assert!(full > 0, "a disk with room for {room} was never full");
        session.disk.room = None;
        let (mut disk, model, _) = session.close();
        let volume = open(&mut disk).expect("what was closed");
        Session::with(disk, volume, model).check();
    }
}

#[test]
fn a_full_disk_is_opened_and_read() {
    let mut session = Session::new();
    session.act(&Action::CreateFile(ROOT, "file".into()));
    session.act(&Action::Write(1, 0, vec![7; 50_000]));
    session.commit();
    let model = session.model.clone();
    let disk = session.disk.clone().restarted();
    let room = disk.files.values().map(|file| file.bytes.pages().count() as u64).sum::<u64>();
    let mut disk = MemoryDisk { room: Some(room), ..disk };
    match open(&mut disk) {
        Ok(volume) => Session::with(disk, volume, model).check(),
        Err(error) => panic!("a volume on a full disk: {error:?}, {}", error == Error::Code(Code::Broken)),
    }
}
