//! A host that lies about more than the content of its files.

use crate::compare::compare;
use crate::disk::MemoryDisk;
use crate::power::Random;
use crate::sample::Sample;
use crate::session::{KEY, START};
use wasmstone_sealed_storage::{Access, Disk, Error, Failure, Freshness, Volume};

/// An honest disk, except for one answer in this many.
struct Liar {
    disk: MemoryDisk,
    random: Random,
    often: u64,
}

impl Liar {
    fn lies(&mut self) -> bool {
        self.often > 0 && self.random.below(self.often) == 0
    }
}

impl Disk for Liar {
    fn list(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        if self.lies() {
            let long = "f".repeat(100_000);
            for name in ["", "..", "/", "root", "root", "journal", &long, "ffffffffffffffffffffffffffffffff", "\0ä"] {
                each(name);
            }
            (0..1000).for_each(|number| each(&format!("{number:032x}")));
            return Ok(());
        }
        self.disk.list(each)
    }

    fn open(&mut self, name: &str, create: bool) -> Result<Option<u32>, Failure> {
        match (self.lies(), self.random.below(4)) {
            (true, 0) => Ok(None),
            (true, 1) => {
                let names = self.disk.file_names();
                let other = self.random.one(&names).clone();
                self.disk.open(&other, false)
            }
            _ => self.disk.open(name, create),
        }
    }

    fn close(&mut self, file: u32) {
        self.disk.close(file);
    }

    fn size(&mut self, file: u32) -> Result<u64, Failure> {
        if self.lies() {
            return Ok(*self.random.one(&[0, 1, 255, 256, 4096, 1 << 40, u64::MAX - 4095, u64::MAX]));
        }
        self.disk.size(file)
    }

    fn read_at(&mut self, file: u32, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let read = self.disk.read_at(file, offset, into)?;
        if !self.lies() {
            return Ok(read);
        }
        Ok(match self.random.below(6) {
            0 => usize::MAX,
            1 => into.len() + 1,
            2 => read.saturating_sub(1),
            3 => 0,
            4 if read > 0 => {
                let at = self.random.below(read as u64) as usize;
                into[at] ^= 1;
                read
            }
            _ => {
                let bytes = self.random.bytes(into.len());
                into.copy_from_slice(&bytes);
                into.len()
            }
        })
    }

    fn write_at(&mut self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        if self.lies() { Ok(()) } else { self.disk.write_at(file, offset, bytes) }
    }

    fn set_size(&mut self, file: u32, size: u64) -> Result<(), Failure> {
        if self.lies() { Ok(()) } else { self.disk.set_size(file, size) }
    }

    fn sync(&mut self, file: u32) -> Result<(), Failure> {
        self.disk.sync(file)
    }

    fn sync_names(&mut self) -> Result<(), Failure> {
        self.disk.sync_names()
    }

    fn remove(&mut self, name: &str) -> Result<(), Failure> {
        if self.lies() { Ok(()) } else { self.disk.remove(name) }
    }
}

fn open(disk: &mut Liar, pin: Option<&Freshness>) -> Result<Volume, Error> {
    Volume::open(disk, &KEY, &[3; 32], pin, Access::ReadWrite, START)
}

#[test]
fn what_is_read_is_right_or_not_read() {
    let sample = Sample::new();
    let mut opened = 0;
    for seed in 0..400 {
        let disk = sample.last()[(seed % 2) as usize].clone();
        let often = 2 + seed % 40;
        let mut liar = Liar { disk, random: Random(seed), often };
        let Ok(mut volume) = open(&mut liar, None) else { continue };
        opened += 1;
        // The host may say that there was nothing: then there is no volume, as on another disk.
        let empty = crate::model::Model::new(START);
        let models = sample.commits.iter().map(|(_, model)| model).chain([&empty]);
        let outcomes: Vec<_> = models.rev().map(|model| compare(&mut volume, &mut liar, model, &[])).collect();
        assert!(outcomes.iter().any(|outcome| outcome.wrong.is_empty()), "seed {seed}: {outcomes:#?}");
    }
    assert!(opened > 50, "{opened}");
}

#[test]
fn with_a_pin_it_is_the_last_state() {
    let sample = Sample::new();
    let (pin, last) = (sample.pin(), &sample.commits.last().expect("a commit").1);
    for seed in 0..200 {
        let mut liar = Liar { disk: sample.closed.clone(), random: Random(seed), often: 2 + seed % 40 };
        let Ok(mut volume) = open(&mut liar, Some(&pin)) else { continue };
        let outcome = compare(&mut volume, &mut liar, last, &[]);
        assert!(outcome.wrong.is_empty(), "seed {seed}: {outcome:#?}");
    }
}

#[test]
fn a_host_that_begins_to_lie_while_work_goes_on() {
    let sample = Sample::new();
    for seed in 0..150 {
        let mut liar = Liar { disk: sample.closed.clone(), random: Random(seed), often: 0 };
        let mut volume = open(&mut liar, None).expect("an honest disk");
        let mut model = sample.commits.last().expect("a commit").1.clone();
        let root = volume.root();
        liar.often = 2 + seed % 20;
        let mut random = Random(seed);
        // Writes to one file, until something is noticed.
        let Ok(file) = volume.find(&mut liar, root, "directory/inner/large", true) else { continue };
        let number =
            *model.items.keys().find(|at| model.path(**at).as_deref() == Some("directory/inner/large")).unwrap();
        model.now = START;
        for _ in 0..30 {
            let (offset, bytes) = (random.below(400_000), random.bytes(3000));
            if volume.write(&mut liar, file, offset, &bytes, START).is_err() {
                break;
            }
            model.write(number, offset, &bytes).expect("a write");
            if volume.commit(&mut liar).is_err() {
                break;
            }
            let outcome = compare(&mut volume, &mut liar, &model, &[]);
            assert!(outcome.wrong.is_empty(), "seed {seed}: {outcome:#?}");
        }
        // Whatever state the honest disk is in now, nothing on it is taken for something else.
        let pin = volume.freshness();
        drop(volume);
        let mut liar = Liar { disk: liar.disk.restarted(), random: Random(0), often: 0 };
        if let Ok(mut volume) = open(&mut liar, Some(&pin)) {
            let outcome = compare(&mut volume, &mut liar, &model, &[]);
            let differs = outcome.wrong.iter().all(|wrong| wrong.contains("inner/large"));
            assert!(differs, "seed {seed}: {outcome:#?}");
        }
    }
}

#[test]
fn files_that_change_under_an_open_volume() {
    let sample = Sample::new();
    let model = &sample.commits.last().expect("a commit").1;
    for seed in 0..120 {
        let mut random = Random(seed);
        let mut liar = Liar { disk: sample.closed.clone(), random: Random(seed), often: 0 };
        let mut volume = open(&mut liar, None).expect("an honest disk");
        if seed % 2 == 0 {
            // Some blocks are in memory.
            let _ = volume.find(&mut liar, volume.root(), "directory/inner/large", true);
        }
        let names = liar.disk.file_names();
        for _ in 0..1 + random.below(4) {
            let name = random.one(&names).clone();
            let older = &sample.states[random.below(sample.states.len() as u64) as usize];
            if older.names.contains_key(&name) && random.below(2) == 0 {
                *liar.disk.content(&name) = older.clone().content(&name).clone();
            } else {
                let size = liar.disk.content(&name).size();
                liar.disk.content(&name).set_size(random.below(size + 1));
            }
        }
        let outcome = compare(&mut volume, &mut liar, model, &[]);
        assert!(outcome.wrong.is_empty(), "seed {seed}: {outcome:#?}");
        // A commit on top of it does not make the old state valid.
        let committed =
            volume.create_file(&mut liar, volume.root(), "new", START).and_then(|_| volume.commit(&mut liar));
        if committed.is_ok() {
            let mut liar = Liar { disk: liar.disk.restarted(), random: Random(0), often: 0 };
            if let Ok(mut volume) = open(&mut liar, None) {
                let outcome = compare(&mut volume, &mut liar, model, &[]);
                assert!(outcome.wrong.iter().all(|wrong| wrong.contains(": entries ")), "seed {seed}: {outcome:#?}");
            }
        }
    }
}
