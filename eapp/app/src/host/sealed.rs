//! The sealed directories, as the users of the host see them.

use super::Host;
use crate::ending::Ending;
use crate::failure::IoFailure;
use crate::handles::SealedNode;
use crate::volumes::{HostDisk, guests_error};
use wasmstone_edge_protocol::{FRESHNESS_SIZE, Violation, handle, io, types::HandleRequest};
use wasmstone_sealed_storage::{Error, Time, Volume};

impl Host {
    /// The root of the sealed directory at this place among the granted directories; `None` if that directory is not
    /// sealed.
    pub fn sealed_root(&self, index: u32) -> Option<SealedNode> {
        let volume = self.sealed.iter().position(|sealed| sealed.index == index)?;
        Some(SealedNode { volume, id: self.sealed.get(volume)?.root(), reads: true })
    }

    /// The state in which the sealed directory that the guest has as `path` was last stored.
    pub fn freshness(&self, path: &str) -> Option<[u8; FRESHNESS_SIZE]> {
        self.sealed.iter().find(|sealed| sealed.path == path).map(|sealed| sealed.freshness())
    }

    /// A volume, with its disk. Not inlined, since everything that uses a volume calls it.
    #[inline(never)]
    pub fn sealed_parts(&mut self, volume: usize) -> Option<(&mut Volume, HostDisk<'_>)> {
        Some(self.sealed.get_mut(volume)?.parts(&mut self.channel, &mut self.handles))
    }

    /// Notes that something in a volume is being changed, at the time that is returned.
    #[inline(never)]
    pub fn touch(&mut self, volume: usize) -> Time {
        let ticks = self.channel.platform().ticks();
        if let Some(sealed) = self.sealed.get_mut(volume) {
            sealed.note_change(self.clock.elapsed(ticks));
        }
        let (seconds, nanoseconds) = self.clock.wall(ticks);
        Time { seconds, nanoseconds }
    }

    /// Stores changes that were made a while ago, before the enclave waits for other guests. The result is when the
    /// next change has to be stored, in nanoseconds since the enclave's start.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn store_due(&mut self) -> Result<u64, Violation> {
        let now = self.elapsed();
        let mut next = u64::MAX;
        for sealed in &mut self.sealed {
            next = next.min(sealed.store_due(&mut self.channel, &mut self.handles, now)?);
        }
        Ok(next)
    }

    /// Stores and closes all sealed directories, however the guest ended.
    ///
    /// # Errors
    /// A violation, or a text that says what was not stored.
    pub fn close_sealed(&mut self) -> Result<(), Ending> {
        let mut stored = Ok(());
        for sealed in &mut self.sealed {
            match sealed.close(&mut self.channel, &mut self.handles) {
                // A host that broke the contract is not spoken to again.
                Err(violation @ Ending::Violation(_)) => return Err(violation),
                Err(unsaved) => stored = Err(unsaved),
                Ok(()) => {}
            }
        }
        stored
    }

    /// Closes a file or directory that is open in a sealed directory.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub(super) fn release(&mut self, node: SealedNode) -> Result<(), Violation> {
        let Some((volume, mut disk)) = self.sealed_parts(node.volume) else { return Ok(()) };
        // The volume does not hold the node any more, whatever the result.
        let _ = volume.release(&mut disk, node.id);
        disk.settle(())
    }

    /// The guest's error for a failure in a sealed directory. The guest learns no more of damage than of other
    /// failures; the operator is told of damage once.
    #[inline(never)]
    pub fn sealed_failure(&mut self, volume: usize, error: Error) -> IoFailure {
        if let Some(report) = self.sealed.get_mut(volume).and_then(|sealed| sealed.report(error)) {
            let request = HandleRequest { handle: handle::STDERR.into() };
            // The status does not matter: an operator who has closed standard error reads no reports.
            if let Err(violation) = self.channel.call::<io::Write>(&request, &[report.as_bytes()], 0) {
                return violation.into();
            }
        }
        guests_error(error).into()
    }
}
