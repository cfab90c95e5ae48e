//! Compares a volume with its model.

use crate::bytes::{Bytes, PAGE};
use crate::model::{Content, Model, Number, ROOT};
use std::collections::{BTreeMap, BTreeSet};
use wasmstone_sealed_storage::{DirectoryEntry, Disk, Error, Kind, NodeId, Result, Volume};

/// Files up to this are read as a whole.
const WHOLE: u64 = 1 << 20;

/// The result of a comparison.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Where the content of the volume is wrong.
    pub wrong: Vec<String>,
    /// Where the volume reports that it cannot tell.
    pub failed: Vec<Error>,
    /// How many files, directories and links were as they should be.
    pub right: usize,
}

impl Outcome {
    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty() && self.failed.is_empty()
    }
}

/// All entries of a directory.
pub fn list(volume: &mut Volume, disk: &mut dyn Disk, directory: NodeId) -> Result<Vec<DirectoryEntry>> {
    let (mut all, mut cursor) = (Vec::new(), 0);
    while let Some((next, entry)) = volume.entry(disk, directory, cursor)? {
        assert!(next > cursor, "a cursor that goes back");
        cursor = next;
        all.push(entry);
    }
    Ok(all)
}

/// Compares a file's content.
fn content(volume: &mut Volume, disk: &mut dyn Disk, node: NodeId, expected: &Bytes) -> Result<Option<String>> {
    let size = expected.size();
    let mut ranges = Vec::new();
    if size <= WHOLE {
        ranges.push((0, size as usize + 100));
    } else {
        let around = expected.pages().chain([size / PAGE]).flat_map(|page| [page.saturating_sub(1), page, page + 1]);
        ranges.extend(around.collect::<BTreeSet<u64>>().iter().map(|page| (page * PAGE, PAGE as usize)));
    }
    for (offset, length) in ranges {
        let (mut is, mut should) = (vec![0xaa; length], vec![0xaa; length]);
        let (read, there) = (volume.read(disk, node, offset, &mut is)?, expected.read(offset, &mut should));
        if read != there || is != should {
            let at = is.iter().zip(&should).position(|(is, should)| is != should);
            return Ok(Some(format!("{read} bytes, not {there}, at {offset} of {size}; the first wrong one: {at:?}")));
        }
    }
    Ok(None)
}

struct Comparing<'a> {
    volume: &'a mut Volume,
    disk: &'a mut dyn Disk,
    model: &'a Model,
    identities: BTreeMap<Number, (u64, u64)>,
    outcome: Outcome,
}

impl Comparing<'_> {
    fn item(&mut self, number: Number, node: NodeId, path: &str) -> Result<Vec<String>> {
        let item = &self.model.items[&number];
        let mut wrong = Vec::new();
        let stat = self.volume.stat(self.disk, node)?;
        let times = (stat.accessed, stat.modified, stat.changed);
        if number != ROOT && times != (item.accessed, item.modified, item.changed) {
            wrong.push(format!("times {times:?}, not {:?}", (item.accessed, item.modified, item.changed)));
        }
        if stat.links != item.links {
            wrong.push(format!("{} links, not {}", stat.links, item.links));
        }
        if *self.identities.entry(number).or_insert(stat.identity) != stat.identity {
            wrong.push("another file".into());
        }
        match &item.content {
            Content::File(bytes) => {
                if (stat.kind, stat.size) != (Kind::File, bytes.size()) {
                    wrong.push(format!("{:?} of {} bytes, not a file of {}", stat.kind, stat.size, bytes.size()));
                }
                wrong.extend(content(self.volume, self.disk, node, bytes)?);
            }
            Content::Symlink(target) => {
                let read = self.volume.read_link(self.disk, node)?;
                if (stat.kind, stat.size) != (Kind::Symlink, target.len() as u64) || read != *target {
                    wrong.push(format!("{stat:?} to {read}, not to {target}"));
                }
            }
            Content::Directory { entries, .. } => {
                if stat.kind != Kind::Directory {
                    wrong.push(format!("{:?}, not a directory", stat.kind));
                }
                let listed = list(self.volume, self.disk, node)?;
                let names: BTreeSet<&String> = listed.iter().map(|entry| &entry.name).collect();
                if names.len() != listed.len() || !names.iter().copied().eq(entries.keys()) {
                    wrong.push(format!("entries {names:?}, not {:?}", entries.keys()));
                }
                for entry in listed {
                    let Some(number) = entries.get(&entry.name) else { continue };
                    let path = format!("{path}/{}", entry.name);
                    match self.volume.lookup(self.disk, node, &entry.name) {
                        Ok(found) if found != entry.node => wrong.push(format!("{path} is two things")),
                        Err(failed) => self.outcome.failed.push(failed),
                        Ok(_) => {}
                    }
                    self.visit(*number, entry.node, &path);
                }
            }
        }
        Ok(wrong)
    }

    fn visit(&mut self, number: Number, node: NodeId, path: &str) {
        match self.item(number, node, path) {
            Ok(wrong) if wrong.is_empty() => self.outcome.right += 1,
            Ok(wrong) => self.outcome.wrong.extend(wrong.iter().map(|what| format!("{path}: {what}"))),
            Err(failed) => self.outcome.failed.push(failed),
        }
    }
}

/// Checks everything that has a name, and `held`.
pub fn compare(volume: &mut Volume, disk: &mut dyn Disk, model: &Model, held: &[(Number, NodeId)]) -> Outcome {
    let root = volume.root();
    let mut comparing = Comparing { volume, disk, model, identities: BTreeMap::new(), outcome: Outcome::default() };
    comparing.visit(ROOT, root, "");
    for (number, node) in held {
        comparing.visit(*number, *node, "what is held");
    }
    let identities: BTreeSet<&(u64, u64)> = comparing.identities.values().collect();
    if identities.len() != comparing.identities.len() {
        comparing.outcome.wrong.push("two files are one".into());
    }
    comparing.outcome
}
