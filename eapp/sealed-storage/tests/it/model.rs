//! The expected content of a volume: files, directories and links, as POSIX defines them.

use crate::bytes::Bytes;
use std::collections::BTreeMap;
use wasmstone_sealed_storage::{Code, NAME_MAX, SIZE_MAX, Time};

pub type Number = usize;
pub const ROOT: Number = 0;

#[derive(Clone)]
pub enum Content {
    File(Bytes),
    Directory { entries: BTreeMap<String, Number>, parent: Number },
    Symlink(String),
}

#[derive(Clone)]
pub struct Item {
    pub content: Content,
    pub links: u32,
    pub holds: u32,
    pub accessed: Time,
    pub modified: Time,
    pub changed: Time,
}

#[derive(Clone)]
pub struct Model {
    pub items: BTreeMap<Number, Item>,
    pub next: Number,
    pub now: Time,
}

type Result<T = (), E = Code> = std::result::Result<T, E>;

/// Whether something can have this name.
fn check(name: &str, reserved: Code) -> Result {
    match name {
        "" | "." | ".." => Err(reserved),
        _ if name.len() > NAME_MAX => Err(Code::NameTooLong),
        _ if name.contains(['/', '\0']) => Err(Code::Invalid),
        _ => Ok(()),
    }
}

impl Model {
    /// Empty. The times of the root are not known.
    pub fn new(now: Time) -> Self {
        let content = Content::Directory { entries: BTreeMap::new(), parent: ROOT };
        let root = Item { content, links: 1, holds: 0, accessed: now, modified: now, changed: now };
        Self { items: BTreeMap::from([(ROOT, root)]), next: 1, now }
    }

    /// The content that is left when nothing is held.
    pub fn committed(&self) -> Self {
        let mut model = self.clone();
        model.items.retain(|_, item| item.links > 0);
        model.items.values_mut().for_each(|item| item.holds = 0);
        model
    }

    pub fn entries(&self, directory: Number) -> Result<&BTreeMap<String, Number>> {
        match &self.items.get(&directory).ok_or(Code::NotFound)?.content {
            Content::Directory { entries, .. } => Ok(entries),
            _ => Err(Code::NotDirectory),
        }
    }

    fn entries_mut(&mut self, directory: Number) -> &mut BTreeMap<String, Number> {
        let now = self.now;
        let item = self.items.get_mut(&directory).expect("a directory");
        (item.modified, item.changed) = (now, now);
        match &mut item.content {
            Content::Directory { entries, .. } => entries,
            _ => panic!("not a directory"),
        }
    }

    fn is_directory(&self, number: Number) -> bool {
        self.entries(number).is_ok()
    }

    pub fn file(&self, number: Number) -> Result<&Bytes> {
        match &self.items.get(&number).ok_or(Code::NotFound)?.content {
            Content::File(bytes) => Ok(bytes),
            Content::Directory { .. } => Err(Code::IsDirectory),
            Content::Symlink(_) => Err(Code::Invalid),
        }
    }

    fn file_mut(&mut self, number: Number) -> Result<&mut Bytes> {
        self.file(number)?;
        let now = self.now;
        let item = self.items.get_mut(&number).expect("a file");
        (item.modified, item.changed) = (now, now);
        match &mut item.content {
            Content::File(bytes) => Ok(bytes),
            _ => Err(Code::Invalid),
        }
    }

    /// A path to something that has a name; empty for the root.
    pub fn path(&self, number: Number) -> Option<String> {
        if number == ROOT {
            return Some(String::new());
        }
        self.items.iter().find_map(|(directory, item)| {
            let Content::Directory { entries, .. } = &item.content else { return None };
            let name = entries.iter().find(|(_, there)| **there == number)?.0;
            let above = if item.links > 0 { self.path(*directory)? } else { return None };
            Some(if above.is_empty() { name.clone() } else { format!("{above}/{name}") })
        })
    }

    /// Whether something can take a name that it does not have.
    fn free(&self, directory: Number, name: &str) -> Result {
        check(name, Code::Exists)?;
        if self.entries(directory)?.contains_key(name) {
            return Err(Code::Exists);
        }
        if self.items[&directory].links == 0 { Err(Code::NotFound) } else { Ok(()) }
    }

    pub fn create(&mut self, directory: Number, name: &str, content: Content) -> Result {
        self.free(directory, name)?;
        let content = match content {
            Content::Directory { entries, .. } => Content::Directory { entries, parent: directory },
            other => other,
        };
        let (number, now) = (self.next, self.now);
        self.next += 1;
        self.items.insert(number, Item { content, links: 1, holds: 0, accessed: now, modified: now, changed: now });
        self.entries_mut(directory).insert(name.into(), number);
        Ok(())
    }

    pub fn link(&mut self, number: Number, directory: Number, name: &str) -> Result {
        self.free(directory, name)?;
        if self.is_directory(number) {
            return Err(Code::NotPermitted);
        }
        let now = self.now;
        let item = self.items.get_mut(&number).filter(|item| item.links > 0).ok_or(Code::NotFound)?;
        item.links += 1;
        item.changed = now;
        self.entries_mut(directory).insert(name.into(), number);
        Ok(())
    }

    fn unlinked(&mut self, number: Number) {
        let now = self.now;
        let item = self.items.get_mut(&number).expect("something that had a name");
        item.links -= 1;
        item.changed = now;
        if item.links == 0 && item.holds == 0 {
            self.items.remove(&number);
        }
    }

    pub fn remove(&mut self, directory: Number, name: &str, whole: bool) -> Result {
        check(name, if whole { Code::Invalid } else { Code::IsDirectory })?;
        let number = *self.entries(directory)?.get(name).ok_or(Code::NotFound)?;
        match (self.is_directory(number), whole) {
            (true, false) => return Err(Code::IsDirectory),
            (false, true) => return Err(Code::NotDirectory),
            (true, true) if !self.entries(number)?.is_empty() => return Err(Code::NotEmpty),
            _ => {}
        }
        self.entries_mut(directory).remove(name);
        self.unlinked(number);
        Ok(())
    }

    /// Whether a directory is another or lies in it.
    fn lies_in(&self, mut directory: Number, outer: Number) -> bool {
        loop {
            if directory == outer {
                return true;
            }
            match self.items.get(&directory).map(|item| &item.content) {
                Some(Content::Directory { parent, .. }) if directory != ROOT => directory = *parent,
                _ => return false,
            }
        }
    }

    pub fn rename(&mut self, from: Number, from_name: &str, to: Number, to_name: &str) -> Result {
        check(from_name, Code::Invalid)?;
        check(to_name, Code::Invalid)?;
        let moved = *self.entries(from)?.get(from_name).ok_or(Code::NotFound)?;
        let replaced = self.entries(to)?.get(to_name).copied();
        if self.is_directory(moved) && self.lies_in(to, moved) {
            return Err(Code::Invalid);
        }
        match replaced {
            Some(replaced) if replaced == moved => return Ok(()),
            Some(replaced) => match (self.is_directory(moved), self.is_directory(replaced)) {
                (true, true) if !self.entries(replaced)?.is_empty() => return Err(Code::NotEmpty),
                (true, false) => return Err(Code::NotDirectory),
                (false, true) => return Err(Code::IsDirectory),
                _ => {}
            },
            None => self.free(to, to_name)?,
        }
        self.entries_mut(to).insert(to_name.into(), moved);
        self.entries_mut(from).remove(from_name);
        let now = self.now;
        let item = self.items.get_mut(&moved).expect("what was moved");
        item.changed = now;
        if let Content::Directory { parent, .. } = &mut item.content {
            *parent = to;
        }
        if let Some(replaced) = replaced {
            self.unlinked(replaced);
        }
        Ok(())
    }

    pub fn write(&mut self, number: Number, offset: u64, bytes: &[u8]) -> Result {
        self.file(number)?;
        if bytes.is_empty() {
            return Ok(());
        }
        if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > SIZE_MAX) {
            return Err(Code::FileTooLarge);
        }
        self.file_mut(number)?.write(offset, bytes);
        Ok(())
    }

    pub fn set_size(&mut self, number: Number, size: u64) -> Result {
        self.file(number)?;
        if size > SIZE_MAX {
            return Err(Code::FileTooLarge);
        }
        self.file_mut(number)?.set_size(size);
        Ok(())
    }

    pub fn set_times(&mut self, number: Number, accessed: Option<Time>, modified: Option<Time>) -> Result {
        let now = self.now;
        let item = self.items.get_mut(&number).ok_or(Code::NotFound)?;
        item.accessed = accessed.unwrap_or(item.accessed);
        item.modified = modified.unwrap_or(item.modified);
        item.changed = now;
        Ok(())
    }

    pub fn hold(&mut self, number: Number) -> Result {
        self.items.get_mut(&number).ok_or(Code::NotFound)?.holds += 1;
        Ok(())
    }

    pub fn release(&mut self, number: Number) -> Result {
        let item = self.items.get_mut(&number).ok_or(Code::NotFound)?;
        item.holds -= 1;
        if item.links == 0 && item.holds == 0 {
            self.items.remove(&number);
        }
        Ok(())
    }
}
