//! A sealed directory, opened and read on a disk whose files an attacker controls.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use wasmstone_sealed_storage::{Access, Disk, Error, Failure, Freshness, Kind, NodeId, Time, Volume};

const KEY: [u8; 32] = [7; 32];
const NOW: Time = Time { seconds: 1, nanoseconds: 0 };

/// Files by name; the numbers of open files are places in `open`.
#[derive(Clone, Default)]
struct Files {
    files: BTreeMap<String, Vec<u8>>,
    open: Vec<String>,
}

/// The disk does not keep more bytes than this.
const SIZE_MAX: usize = 16 << 20;

impl Files {
    fn file(&mut self, number: u32) -> &mut Vec<u8> {
        let name = self.open.get(number as usize).cloned().unwrap_or_default();
        self.files.entry(name).or_default()
    }
}

impl Disk for Files {
    fn list(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        self.files.keys().for_each(|name| each(name));
        Ok(())
    }

    fn open(&mut self, name: &str, create: bool) -> Result<Option<u32>, Failure> {
        if create {
            self.files.entry(name.into()).or_default();
        } else if !self.files.contains_key(name) {
            return Ok(None);
        }
        self.open.push(name.into());
        Ok(Some(self.open.len() as u32 - 1))
    }

    fn close(&mut self, _: u32) {}

    fn size(&mut self, file: u32) -> Result<u64, Failure> {
        Ok(self.file(file).len() as u64)
    }

    fn read_at(&mut self, file: u32, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.file(file).get(offset..)).unwrap_or_default();
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_at(&mut self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let end = usize::try_from(offset).ok().and_then(|offset| offset.checked_add(bytes.len()));
        let end = end.filter(|end| *end <= SIZE_MAX).ok_or(Failure(28))?;
        let content = self.file(file);
        content.resize(content.len().max(end), 0);
        content[end - bytes.len()..end].copy_from_slice(bytes);
        Ok(())
    }

    fn set_size(&mut self, file: u32, size: u64) -> Result<(), Failure> {
        let size = usize::try_from(size).ok().filter(|size| *size <= SIZE_MAX).ok_or(Failure(28))?;
        self.file(file).resize(size, 0);
        Ok(())
    }

    fn sync(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn sync_names(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), Failure> {
        self.files.remove(name);
        Ok(())
    }
}

fn open(disk: &mut Files, pin: Option<&Freshness>) -> Result<Volume, Error> {
    disk.open.clear();
    let entropy = [disk.files.len() as u8; 32];
    Volume::open(disk, &KEY, &entropy, pin, Access::ReadWrite, NOW)
}

/// The content of every path: a file's bytes, a link's target, a directory's names.
type Content = BTreeMap<String, Vec<u8>>;

/// Reads everything that can be read, and returns whether that was all.
fn read(volume: &mut Volume, disk: &mut Files, directory: NodeId, path: &str, content: &mut Content) -> bool {
    let (mut whole, mut cursor, mut names) = (true, 0, Vec::new());
    loop {
        let entry = match volume.entry(disk, directory, cursor) {
            Ok(Some((next, entry))) => {
                assert!(next > cursor, "a listing without an end");
                cursor = next;
                entry
            }
            Ok(None) => {
                content.insert(format!("{path}/"), names.join("/").into_bytes());
                return whole;
            }
            Err(_) => return false,
        };
        let path = format!("{path}/{}", entry.name);
        names.push(entry.name);
        whole &= match entry.kind {
            Kind::Directory => read(volume, disk, entry.node, &path, content),
            Kind::Symlink => {
                volume.read_link(disk, entry.node).map(|target| content.insert(path, target.into_bytes())).is_ok()
            }
            Kind::File => {
                let size = volume.stat(disk, entry.node).map_or(0, |stat| stat.size);
                let mut bytes = vec![0; (size as usize).min(SIZE_MAX)];
                match volume.read(disk, entry.node, 0, &mut bytes) {
                    Ok(length) if length == bytes.len() => content.insert(path, bytes).is_none(),
                    Ok(_) => panic!("a file is shorter than it is"),
                    Err(_) => false,
                }
            }
        };
    }
}

/// A state of the volume: the host's files, its freshness and its content.
struct State {
    files: Files,
    freshness: Freshness,
    content: Content,
}

/// Several states of one volume, the last of them closed.
static STATES: LazyLock<Vec<State>> = LazyLock::new(|| {
    let mut disk = Files::default();
    let mut states = Vec::new();
    let made: Result<(), Error> = (|| {
        let disk = &mut disk;
        let mut volume = open(disk, None)?;
        let root = volume.root();
        let inner = volume.create_directory(disk, root, "directory", NOW)?;
        volume.create_symlink(disk, inner, "link", "../small", NOW)?;
        let (small, large) =
            (volume.create_file(disk, root, "small", NOW)?, volume.create_file(disk, inner, "large", NOW)?);
        for round in 0..5u8 {
            volume.write(disk, small, 0, &[round; 100], NOW)?;
            volume.write(disk, large, u64::from(round) * 30_000, &[round; 20_000 * 5], NOW)?;
            volume.create_file(disk, inner, &format!("file {round}"), NOW)?;
            if round == 3 {
                volume.set_size(disk, large, 50_000, NOW)?;
            }
            let freshness =
                if round == 4 { volume.close(disk)? } else { volume.commit(disk).map(|_| volume.freshness())? };
            let mut files = disk.clone();
            let mut opened = open(&mut files, Some(&freshness))?;
            let mut content = Content::new();
            let outer = opened.root();
            assert!(read(&mut opened, &mut files, outer, "", &mut content));
            states.push(State { files: Files { open: Vec::new(), ..disk.clone() }, freshness, content });
        }
        Ok(())
    })();
    made.expect("a volume on an honest disk");
    states
});

/// Changes the files as the input says.
fn changed(data: &[u8]) -> Files {
    let (start, edits) = data.split_first().unwrap_or((&255, &[]));
    let mut disk = STATES[usize::from(*start) % STATES.len()].files.clone();
    for edit in edits.chunks_exact(6) {
        let [which, how, high, middle, low, value] = *edit else { continue };
        let names: Vec<String> = disk.files.keys().cloned().collect();
        let Some(name) = names.get(usize::from(which) % names.len().max(1)) else { break };
        let Some(file) = disk.files.get_mut(name) else { continue };
        let at = u32::from_be_bytes([0, high, middle, low]) as usize % (file.len() + 1);
        let other = &names[usize::from(value) % names.len()];
        match how % 9 {
            0 => file.truncate(at),
            1 => file.resize(file.len() + at % 20_000, value),
            2 => drop(disk.files.remove(name)),
            // An older or newer file of the same volume.
            3 => {
                let state = &STATES[usize::from(value) % STATES.len()];
                match state.files.files.get(name) {
                    Some(content) => file.clone_from(content),
                    None => drop(disk.files.remove(name)),
                }
            }
            4 => {
                let content = file.clone();
                disk.files.insert(other.clone(), content);
            }
            // An older or newer block of the same file.
            5 => {
                let (from, to) = (at / 4096 * 4096, at / 4096 * 4096 + 4096);
                let older = STATES[usize::from(value) % STATES.len()].files.files.get(name);
                if let (Some(block), Some(place)) = (older.and_then(|file| file.get(from..to)), file.get_mut(from..to))
                {
                    place.copy_from_slice(block);
                }
            }
            6 => {
                let state = &STATES[usize::from(value) % STATES.len()];
                let missing = state.files.files.iter().filter(|(name, _)| !names.contains(name));
                let missing: Vec<_> = missing.map(|(name, content)| (name.clone(), content.clone())).collect();
                disk.files.extend(missing);
            }
            _ => file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= value),
        }
    }
    disk
}

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let last = STATES.last().expect("states");
    for pin in [None, Some(&last.freshness)] {
        let mut disk = changed(data);
        let Ok(mut volume) = open(&mut disk, pin) else { continue };
        let (mut content, root) = (Content::new(), volume.root());
        let whole = read(&mut volume, &mut disk, root, "", &mut content);
        let known = |state: &&State| {
            content.iter().all(|(path, bytes)| state.content.get(path) == Some(bytes))
                && (!whole || content.len() == state.content.len())
        };
        let found = STATES.iter().rfind(known);
        // A disk without files is a new one.
        let new = content.len() == 1 && content.values().all(Vec::is_empty);
        assert!(found.is_some() || new && pin.is_none(), "data that nobody wrote");
        assert!(pin.is_none() || known(&last), "another state than the one that was pinned");

        // Data that are written next are stored, whatever else is lost.
        let written = volume
            .create_file(&mut disk, root, "new", NOW)
            .and_then(|file| volume.write(&mut disk, file, 0, b"new", NOW))
            .and_then(|()| volume.close(&mut disk));
        let Ok(freshness) = written else { continue };
        let mut bytes = [0; 4];
        let mut volume = open(&mut disk, Some(&freshness)).expect("what was closed");
        let file = volume.lookup(&mut disk, root, "new").expect("a name that was written");
        assert_eq!(volume.read(&mut disk, file, 0, &mut bytes), Ok(3));
        assert_eq!(&bytes, b"new\0");
    }
}
