//! Sealed directories: directories of the host in which only this enclave can read and change the guest's files.
//! Granted ones are open for as long as the enclave runs.

mod disk;
mod explain;

pub use disk::HostDisk;
pub use explain::{guests_error, no_key};

use crate::channel::Channel;
use crate::clock::SECOND;
use crate::ending::Ending;
use crate::handles::Handles;
use crate::keys::{self, Use};
use crate::random::Generator;
use crate::start::Start;
use alloc::{format, string::String, vec::Vec};
use disk::HostDisks;
use explain::{describe, uncopied, unopened};
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Violation, handle, launch, types::FreshnessRequest};
use wasmstone_policy::{Access, Policy};
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Code, Error, Freshness, NodeId, Time, Volume};
use zeroize::Zeroizing;

/// A sealed directory.
pub struct SealedDirectory {
    /// The guest's path of the directory.
    pub path: String,
    /// Its place among the granted directories.
    pub index: u32,
    access: Access,
    volume: Volume,
    /// The operator was told that it is damaged.
    is_reported: bool,
    /// When the oldest change that may not be stored was made, in nanoseconds since the enclave's start.
    changed: Option<u64>,
}

/// The most handles that a volume uses at once, and one more.
const HANDLES: usize = 65;

/// How long a change may stay unstored while the guest waits, in nanoseconds.
const IDLE: u64 = 5 * SECOND;

/// How a sealed directory is opened.
pub struct Opening<'a> {
    /// The guest's path of the directory.
    pub path: &'a str,
    /// Its place among the granted directories.
    pub index: u32,
    pub access: Access,
    pub key: &'a [u8; 32],
    /// The required state.
    pub pin: Option<[u8; FRESHNESS_SIZE]>,
    pub now: Time,
}

impl SealedDirectory {
    /// Opens a sealed directory.
    ///
    /// # Errors
    /// A violation, or a refusal that says what to do.
    pub fn open(
        opening: &Opening<'_>,
        channel: &mut Channel,
        handles: &mut Handles,
        random: &mut Generator,
    ) -> Result<Self, Ending> {
        let Opening { path, index, access, key, pin, now } = *opening;
        let mut entropy = Zeroizing::new([0; 32]);
        random.fill(&mut *entropy);
        let mut disk = disk(channel, handles, index, access);
        let allowed = match access {
            Access::ReadOnly => storage::Access::ReadOnly,
            Access::ReadWrite => storage::Access::ReadWrite,
        };
        let opened = Volume::open(&mut disk, key, &entropy, pin.map(Freshness).as_ref(), allowed, now);
        let volume = disk.settle(opened)?.map_err(|error| Ending::refused(unopened(path, error)))?;
        Ok(Self { path: path.into(), index, access, volume, is_reported: false, changed: None })
    }

    /// Stores what has not been stored, and closes the volume.
    ///
    /// # Errors
    /// A violation, or the reason why not everything was stored.
    pub fn close(&mut self, channel: &mut Channel, handles: &mut Handles) -> Result<(), Ending> {
        let mut disk = disk(channel, handles, self.index, self.access);
        let closed = self.volume.close(&mut disk);
        let freshness = disk.settle(closed)?.map_err(|error| {
            let why = describe(error);
            Ending::Unsaved(format!(
                "what was last written to the sealed directory {} could not be stored: {why}",
                self.path
            ))
        })?;
        // The status does not matter: a host that does not take the value does not need it.
        let _ = channel.call::<launch::Freshness>(
            &FreshnessRequest { directory: self.index.into() },
            &[&freshness.0],
            0,
        )?;
        Ok(())
    }

    /// Copies everything to another volume, which is still empty.
    ///
    /// # Errors
    /// A violation, or a refusal that says what failed.
    pub fn copy_to(
        &mut self,
        other: &mut Self,
        channel: &mut Channel,
        handles: &mut Handles,
        now: Time,
    ) -> Result<(), Ending> {
        let mut disks =
            HostDisks::new(disk(channel, handles, self.index, self.access), directory(other.index), other.access);
        let copied = self.volume.copy_to(&mut other.volume, &mut disks, now);
        disks.disk.settle(copied)?.map_err(|error| Ending::refused(uncopied(&self.path, &other.path, error)))
    }

    /// The directory itself, in its volume.
    pub fn root(&self) -> NodeId {
        self.volume.root()
    }

    /// The state in which it was last stored.
    pub fn freshness(&self) -> [u8; FRESHNESS_SIZE] {
        self.volume.freshness().0
    }

    /// Its volume, and the disk that the volume is stored on.
    pub fn parts<'a>(
        &'a mut self,
        channel: &'a mut Channel,
        handles: &'a mut Handles,
    ) -> (&'a mut Volume, HostDisk<'a>) {
        (&mut self.volume, disk(channel, handles, self.index, self.access))
    }

    /// Notes that something is changed at the time `now`, in nanoseconds since the enclave's start.
    pub fn note_change(&mut self, now: u64) {
        self.changed.get_or_insert(now);
    }

    /// Stores changes that were made a while before `now`. The result is when the next change has to be stored. Both
    /// are in nanoseconds since the enclave's start.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn store_due(&mut self, channel: &mut Channel, handles: &mut Handles, now: u64) -> Result<u64, Violation> {
        let due = |changed: u64| changed.saturating_add(IDLE);
        if self.changed.is_some_and(|changed| due(changed) <= now) {
            self.changed = Some(now);
            let (volume, mut disk) = self.parts(channel, handles);
            // The call that the guest makes now did not fail. Storing is tried again, and the guest's next sync or the
            // end of the enclave reports a failure that stays.
            let committed = volume.commit(&mut disk);
            let _ = disk.settle(committed)?;
        }
        if !self.volume.is_dirty() {
            self.changed = None;
        }
        Ok(self.changed.map_or(u64::MAX, due))
    }

    /// The message for the operator about `error`: once, that the directory is damaged.
    pub fn report(&mut self, error: Error) -> Option<String> {
        let is_damage = matches!(error, Error::Damaged(_) | Error::Code(Code::Broken));
        if !is_damage || core::mem::replace(&mut self.is_reported, true) {
            return None;
        }
        Some(format!("wasmstone: the sealed directory {}: {}\n", self.path, describe(error)))
    }
}

fn disk<'a>(channel: &'a mut Channel, handles: &'a mut Handles, index: u32, access: Access) -> HostDisk<'a> {
    HostDisk::new(channel, handles, directory(index), access)
}

/// The handle of the granted directory at this place.
fn directory(index: u32) -> u32 {
    handle::FIRST_DIRECTORY + index
}

/// Opens the granted directories that are sealed. The measured policy, not the host, says which directories are
/// sealed.
///
/// # Errors
/// A violation, or a refusal that says what to do.
pub fn open_all(
    channel: &mut Channel,
    handles: &mut Handles,
    policy: &Policy,
    start: &Start,
    random: &mut Generator,
) -> Result<Vec<SealedDirectory>, Ending> {
    let mut random = random.fork(b"sealed directories");
    let mut all: Vec<SealedDirectory> = Vec::new();
    let now = time(start.wall);
    if let Some(sealed) = bypassed(policy, start) {
        return Err(Ending::refused(format!(
            "without the sealed directory {sealed}, what the program writes there would go to another one that was \
             granted, and not be sealed: grant {sealed} as well"
        )));
    }
    for (index, (path, access)) in (0u32..).zip(&start.grants.directories) {
        if !policy.sealed_directories().any(|sealed| sealed.guest == *path) {
            continue;
        }
        if all.iter().any(|sealed| sealed.path == *path) {
            return Err(Ending::refused(format!("the sealed directory {path} is granted twice: grant it once")));
        }
        let key = keys::named(channel.platform(), Use::Directory, path);
        let key = key.ok_or_else(|| Ending::refused(no_key(path)))?;
        let pin = start.pins.get(index as usize).copied().flatten();
        let opening = Opening { path, index, access: *access, key: &key, pin, now };
        all.push(SealedDirectory::open(&opening, channel, handles, &mut random)?);
    }
    handles.reserved = all.len().saturating_mul(HANDLES).min(handle::OPEN_MAX / 2);
    Ok(all)
}

/// A sealed directory that was not granted, although a granted directory contains its path: guests take the granted
/// directory that has most in common with a path.
fn bypassed<'a>(policy: &'a Policy, start: &Start) -> Option<&'a str> {
    let granted = &start.grants.directories;
    let mut missing =
        policy.sealed_directories().filter(|sealed| granted.iter().all(|(path, _)| *path != sealed.guest));
    let bypassed = missing.find(|sealed| granted.iter().any(|(path, _)| leads_to(path, &sealed.guest)));
    bypassed.map(|sealed| sealed.guest.as_str())
}

/// Whether `inner` is `outer` or in it, as C libraries see it: they ignore `/` and `.` at the beginning of a path.
fn leads_to(outer: &str, inner: &str) -> bool {
    let [outer, inner] = [outer, inner].map(|path| path.trim_start_matches(['.', '/']).trim_end_matches('/'));
    let rest = inner.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A point in time.
pub fn time((seconds, nanoseconds): (u64, u32)) -> Time {
    Time { seconds, nanoseconds }
}

#[cfg(test)]
mod tests {
    use super::leads_to;

    #[test]
    fn paths_lead_to_what_is_in_them() {
        for outer in ["/", ".", "data", "/data", "./data/", "/data/a"] {
            assert!(leads_to(outer, "/data/a"), "{outer}");
        }
        for outer in ["/dat", "/data/a/b", "/data/ab", "other"] {
            assert!(!leads_to(outer, "/data/a"), "{outer}");
        }
    }
}
