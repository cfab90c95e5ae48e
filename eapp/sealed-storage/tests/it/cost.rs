//! The cost of operations on the disk, counted.

use crate::disk::{Kind, MemoryDisk};
use crate::power::Random;
use crate::session::{START, open};
use wasmstone_sealed_storage::{NodeId, Time, Volume};

const MIB: u64 = 1 << 20;

/// A volume with one file of this many bytes, written from its beginning to its end and committed.
fn written(size: u64) -> (MemoryDisk, Volume, NodeId) {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let file = volume.create_file(&mut disk, volume.root(), "file", START).expect("a file");
    let piece: Vec<u8> = Random(1).bytes(64 << 10);
    for offset in (0..size).step_by(piece.len()) {
        volume.write(&mut disk, file, offset, &piece, START).expect("a write");
    }
    volume.commit(&mut disk).expect("a commit");
    disk.forget_counts();
    (disk, volume, file)
}

/// The volume, closed and opened again, with nothing counted yet.
fn again(disk: MemoryDisk, mut volume: Volume) -> (MemoryDisk, Volume) {
    let mut disk = disk;
    volume.close(&mut disk).expect("a volume that closes");
    let volume = open(&mut disk).expect("what was closed");
    disk.forget_counts();
    (disk, volume)
}

#[test]
fn room() {
    let (mut disk, mut volume, _) = written(64 * MIB);
    volume.close(&mut disk).expect("a volume that closes");
    let overhead = disk.bytes_held() as f64 / (64 * MIB) as f64;
    assert!(overhead < 1.02, "{overhead}");
}

#[test]
fn writing_in_order() {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let file = volume.create_file(&mut disk, volume.root(), "file", START).expect("a file");
    let piece = vec![1; 64 << 10];
    disk.forget_counts();
    for offset in (0..16 * MIB).step_by(piece.len()) {
        volume.write(&mut disk, file, offset, &piece, START).expect("a write");
    }
    volume.commit(&mut disk).expect("a commit");
    let factor = disk.bytes_written as f64 / (16 * MIB) as f64;
    assert!(factor < 1.1, "{factor} bytes written for each");
    assert!(disk.operations() < 200, "{:?}", disk.counts);
    assert!(disk.count(Kind::Sync) < 40, "{:?}", disk.counts);
}

#[test]
fn reading_in_order() {
    let (disk, volume, _) = written(8 * MIB);
    let (mut disk, mut volume) = again(disk, volume);
    let file = volume.find(&mut disk, volume.root(), "file", true).expect("the file");
    disk.forget_counts();
    let mut buffer = vec![0; 64 << 10];
    for offset in (0..8 * MIB).step_by(buffer.len()) {
        assert_eq!(volume.read(&mut disk, file, offset, &mut buffer), Ok(buffer.len()));
    }
    // 32 reads of 256 KiB would suffice; reads of nodes are added.
    assert!(disk.count(Kind::Read) < 90, "{:?}", disk.counts);
    assert!(disk.bytes_read < 10 * MIB, "{} bytes", disk.bytes_read);

    // The same in small pieces.
    let (mut disk, mut volume) = again(disk, volume);
    let file = volume.find(&mut disk, volume.root(), "file", true).expect("the file");
    disk.forget_counts();
    for offset in (0..8 * MIB).step_by(4096) {
        assert_eq!(volume.read(&mut disk, file, offset, &mut buffer[..4096]), Ok(4096));
    }
    assert!(disk.count(Kind::Read) < 90, "{:?}", disk.counts);
    assert!(disk.bytes_read < 10 * MIB, "{} bytes", disk.bytes_read);
}

#[test]
fn reading_at_random() {
    let (disk, volume, _) = written(64 * MIB);
    let (mut disk, mut volume) = again(disk, volume);
    let file = volume.find(&mut disk, volume.root(), "file", true).expect("the file");
    let (mut random, mut block) = (Random(2), [0; 4096]);
    let mut read = |volume: &mut Volume, disk: &mut MemoryDisk, count: u64| {
        disk.forget_counts();
        for _ in 0..count {
            let offset = random.below(64 * MIB / 4096) * 4096;
            assert_eq!(volume.read(disk, file, offset, &mut block), Ok(4096));
        }
    };
    // 162 nodes have to be found first.
    read(&mut volume, &mut disk, 1500);
    read(&mut volume, &mut disk, 1000);
    assert!(disk.count(Kind::Read) <= 1005, "{:?}", disk.counts);
    assert!(disk.operations() <= 1005, "{:?}", disk.counts);
    assert!(disk.bytes_read <= 1005 * 4096, "{} bytes", disk.bytes_read);
}

#[test]
fn a_commit_after_one_block() {
    let (mut disk, mut volume, file) = written(16 * MIB);
    let now = Time { seconds: START.seconds + 1, ..START };
    let mut costs = Vec::new();
    for round in 0..20 {
        volume.write(&mut disk, file, round * 200 * 4096, &[3; 4096], now).expect("a write");
        disk.forget_counts();
        volume.commit(&mut disk).expect("a commit");
        costs.push((disk.operations(), disk.bytes_written, disk.counts.clone()));
    }
    // Block, node, top, inode, and the head of the transaction; usually one write and one sync.
    costs.sort_by_key(|(operations, ..)| *operations);
    let (operations, bytes, counts) = &costs[costs.len() / 2];
    assert!(*operations <= 3, "{counts:?}");
    assert!(*bytes <= 10 * 4096, "{bytes} bytes");
    assert_eq!(counts.get(&Kind::Sync), Some(&1), "{counts:?}");
}

#[test]
fn a_commit_of_nothing() {
    let (mut disk, mut volume, _) = written(MIB);
    for _ in 0..3 {
        disk.forget_counts();
        let before = volume.freshness();
        assert!(!volume.is_dirty());
        volume.commit(&mut disk).expect("a commit");
        assert_eq!((disk.operations(), volume.freshness()), (0, before), "{:?}", disk.counts);
    }
}

#[test]
fn many_files() {
    const COUNT: u64 = 10_000;
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let root = volume.root();
    disk.forget_counts();
    for number in 0..COUNT {
        volume.create_file(&mut disk, root, &format!("file number {number}"), START).expect("a file");
    }
    volume.commit(&mut disk).expect("a commit");
    // An empty file is an inode and a name, not a file of the host.
    assert!(disk.file_names().len() < 10, "{} files", disk.file_names().len());
    let (operations, bytes) = (disk.operations() as f64, disk.bytes_written as f64);
    assert!(operations / (COUNT as f64) < 0.5, "{:?}", disk.counts);
    assert!(bytes / (COUNT as f64) < 2048.0, "{bytes} bytes");

    let (mut disk, mut volume) = again(disk, volume);
    for number in (0..COUNT).rev().step_by(7) {
        volume.lookup(&mut disk, root, &format!("file number {number}")).expect("a file");
    }
    assert_eq!(crate::compare::list(&mut volume, &mut disk, root).expect("entries").len() as u64, COUNT);
    disk.forget_counts();
    for number in 0..COUNT {
        volume.unlink(&mut disk, root, &format!("file number {number}"), START).expect("a file");
    }
    volume.commit(&mut disk).expect("a commit");
    assert!((disk.operations() as f64) / (COUNT as f64) < 0.5, "{:?}", disk.counts);
    let (disk, _) = again(disk, volume);
    assert!(disk.bytes_held() < 3 * MIB, "{} bytes for nothing", disk.bytes_held());
}
