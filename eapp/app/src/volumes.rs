//! The sealed directories that were granted, open for as long as the enclave runs.

mod disk;
mod explain;

pub use explain::no_key;

use crate::channel::Channel;
use crate::clock::SECOND;
use crate::ending::Ending;
use crate::files::SealedNode;
use crate::host::{Handles, Host};
use crate::keys::{self, Use};
use crate::random::Generator;
use crate::start::Start;
use crate::volumes::disk::{HostDisk, HostDisks};
use crate::volumes::explain::{describe, guests, uncopied, unopened};
use crate::wasi::FileFailure;
use alloc::{format, string::String, vec::Vec};
use wasmstone_edge_protocol::types::{FreshnessRequest, HandleRequest};
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Violation, handle, io, launch};
use wasmstone_policy::{Access, Policy};
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Code, Error, Freshness, Time, Volume};
use zeroize::Zeroizing;

/// A sealed directory.
pub struct SealedDirectory {
    /// The guest's path of it.
    path: String,
    /// Its place among the granted directories.
    index: u32,
    access: Access,
    volume: Volume,
    /// That it is damaged was said.
    said: bool,
    /// When a change was made that may not be stored, in nanoseconds since the enclave started.
    touched: Option<u64>,
}

/// The most handles that a volume has at once, and one for good measure.
const HANDLES: usize = 65;

/// How long a change stays unstored while the guest waits, in nanoseconds.
const IDLE: u64 = 5 * SECOND;

/// How a sealed directory is opened.
pub struct Opening<'a> {
    /// The guest's path of it.
    pub path: &'a str,
    /// Its place among the granted directories.
    pub index: u32,
    pub access: Access,
    pub key: &'a [u8; 32],
    pub pin: Option<[u8; FRESHNESS_SIZE]>,
    pub now: Time,
}

impl SealedDirectory {
    /// Opens one.
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
        Ok(Self { path: path.into(), index, access, volume, said: false, touched: None })
    }

    /// Stores what has not been stored, and closes the volume.
    ///
    /// # Errors
    /// A violation, or why not everything was stored.
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
        // A host that does not want to know it does not.
        let _ = channel.call::<launch::Freshness>(
            &FreshnessRequest { directory: self.index.into() },
            &[&freshness.0],
            0,
        )?;
        Ok(())
    }

    /// Copies everything to another one, which holds nothing yet.
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
}

fn disk<'a>(channel: &'a mut Channel, handles: &'a mut Handles, index: u32, access: Access) -> HostDisk<'a> {
    HostDisk::new(channel, handles, directory(index), access)
}

/// The handle of the granted directory at this place.
fn directory(index: u32) -> u32 {
    handle::FIRST_DIRECTORY + index
}

/// Opens the sealed ones of the directories that were granted. Each is one by the measured policy: the host has no
/// say in it.
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

/// A sealed directory that was not granted, though one was that its path leads to without it: guests take the granted
/// directory that a path has most in common with.
fn bypassed<'a>(policy: &'a Policy, start: &Start) -> Option<&'a str> {
    let granted = &start.grants.directories;
    let mut missing =
        policy.sealed_directories().filter(|sealed| granted.iter().all(|(path, _)| *path != sealed.guest));
    let bypassed = missing.find(|sealed| granted.iter().any(|(path, _)| leads_to(path, &sealed.guest)));
    bypassed.map(|sealed| sealed.guest.as_str())
}

/// Whether `inner` is `outer` or in it, for C libraries, to which it makes no difference how a path begins.
fn leads_to(outer: &str, inner: &str) -> bool {
    let [outer, inner] = [outer, inner].map(|path| path.trim_start_matches(['.', '/']).trim_end_matches('/'));
    let rest = inner.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Closes all of them, however the guest ended.
///
/// # Errors
/// A violation, or what was not stored.
pub fn close_all(host: &mut Host) -> Result<(), Ending> {
    let mut stored = Ok(());
    for sealed in &mut host.sealed {
        match sealed.close(&mut host.channel, &mut host.handles) {
            Err(violation @ Ending::Violation(_)) => return Err(violation),
            Err(unsaved) => stored = Err(unsaved),
            Ok(()) => {}
        }
    }
    stored
}

/// A point in time.
pub fn time((seconds, nanoseconds): (u64, u32)) -> Time {
    Time { seconds, nanoseconds }
}

impl Host {
    /// The root of the sealed directory at this place among the granted ones, where that is one.
    pub fn sealed_root(&self, index: u32) -> Option<SealedNode> {
        let volume = self.sealed.iter().position(|sealed| sealed.index == index)?;
        Some(SealedNode { volume, id: self.sealed.get(volume)?.volume.root(), reads: true })
    }

    /// The state that the sealed directory which the guest knows as `path` was last stored in.
    pub fn freshness(&self, path: &str) -> Option<[u8; FRESHNESS_SIZE]> {
        self.sealed.iter().find(|sealed| sealed.path == path).map(|sealed| sealed.volume.freshness().0)
    }

    /// A volume, with its disk. It is there once in the code, since everything comes here.
    #[inline(never)]
    pub fn sealed_parts(&mut self, volume: usize) -> Option<(&mut Volume, HostDisk<'_>)> {
        let sealed = self.sealed.get_mut(volume)?;
        let disk = disk(&mut self.channel, &mut self.handles, sealed.index, sealed.access);
        Some((&mut sealed.volume, disk))
    }

    /// Something in it is being changed, at the time that is returned.
    #[inline(never)]
    pub fn touch(&mut self, volume: usize) -> Time {
        let ticks = self.channel.platform().ticks();
        if let Some(sealed) = self.sealed.get_mut(volume) {
            sealed.touched.get_or_insert(self.clock.elapsed(ticks));
        }
        time(self.clock.wall(ticks))
    }

    /// Stores what was changed a while ago, before the enclave waits for others. The result is when the next of it
    /// is due.
    ///
    /// # Errors
    /// Where the host breaks the contract.
    pub fn store_due(&mut self) -> Result<u64, Violation> {
        let now = self.elapsed();
        let mut next = u64::MAX;
        for sealed in &mut self.sealed {
            let due = |touched: u64| touched.saturating_add(IDLE);
            if sealed.touched.is_some_and(|touched| due(touched) <= now) {
                sealed.touched = Some(now);
                let mut disk = disk(&mut self.channel, &mut self.handles, sealed.index, sealed.access);
                // A failure is not the guest's now. It is tried again, and told where it stays.
                let committed = sealed.volume.commit(&mut disk);
                let _ = disk.settle(committed)?;
            }
            if !sealed.volume.is_dirty() {
                sealed.touched = None;
            }
            next = next.min(sealed.touched.map_or(u64::MAX, due));
        }
        Ok(next)
    }

    /// Lets go of what is open in a sealed directory.
    ///
    /// # Errors
    /// Where the host breaks the contract.
    pub fn release(&mut self, node: SealedNode) -> Result<(), Violation> {
        let Some((volume, mut disk)) = self.sealed_parts(node.volume) else { return Ok(()) };
        // It is let go of however that went.
        let _ = volume.release(&mut disk, node.id);
        disk.settle(())
    }

    /// What a failure in a sealed directory is to the guest. Of damage it learns no more than of any other; whoever
    /// runs it is told, once.
    #[inline(never)]
    pub fn sealed_failure(&mut self, volume: usize, error: Error) -> FileFailure {
        if let Error::Damaged(_) | Error::Code(Code::Broken) = error
            && let Some(sealed) = self.sealed.get_mut(volume)
            && !core::mem::replace(&mut sealed.said, true)
        {
            let words = format!("wasmstone: the sealed directory {}: {}\n", sealed.path, describe(error));
            let request = HandleRequest { handle: handle::STDERR.into() };
            // Who has closed standard error wants to know nothing.
            if let Err(violation) = self.channel.call::<io::Write>(&request, &[words.as_bytes()], 0) {
                return violation.into();
            }
        }
        guests(error).into()
    }
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
