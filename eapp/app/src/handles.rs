//! The handle numbers that the enclave chooses, and to whom each belongs.

use alloc::vec::Vec;
use wasmstone_edge_protocol::handle;
use wasmstone_sealed_storage::NodeId;

/// The owner of the handles that belong to no guest.
pub const NO_GUEST: u32 = 0;

/// A file or directory in a sealed directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedNode {
    /// The place of its sealed directory in `Host::sealed`.
    pub volume: usize,
    /// Its number there.
    pub id: NodeId,
    /// It was opened for reading.
    pub reads: bool,
}

/// The handles in use.
#[derive(Default)]
pub struct Handles {
    /// The number of handles kept free for the files of sealed directories, so that no guest can keep these from
    /// being stored.
    pub reserved: usize,
    /// By their numbers, from [`handle::FIRST_OPENED`] on.
    all: Vec<Option<Taken>>,
    free: Vec<u32>,
}

/// A number that is in use.
struct Taken {
    owner: u32,
    /// What it stands for in a sealed directory. The host does not know such a number.
    sealed: Option<SealedNode>,
}

impl Handles {
    /// A number that is not in use, for `owner`; `None` if all are in use.
    pub fn take(&mut self, owner: u32) -> Option<u32> {
        let used = self.all.len() - self.free.len();
        if used + self.reserved < handle::OPEN_MAX { self.take_any(owner) } else { None }
    }

    /// As [`Self::take`], the reserved numbers included.
    pub fn take_any(&mut self, owner: u32) -> Option<u32> {
        let handle = match self.free.pop() {
            Some(handle) => handle,
            None if self.all.len() >= handle::OPEN_MAX => return None,
            None => {
                self.all.push(None);
                // At most OPEN_MAX, which fits.
                handle::FIRST_OPENED + self.all.len() as u32 - 1
            }
        };
        *self.place(handle)? = Some(Taken { owner, sealed: None });
        Some(handle)
    }

    fn place(&mut self, handle: u32) -> Option<&mut Option<Taken>> {
        self.all.get_mut(handle.checked_sub(handle::FIRST_OPENED)? as usize)
    }

    /// Makes a number that is in use stand for something in a sealed directory.
    pub fn seal(&mut self, handle: u32, node: SealedNode) {
        if let Some(Some(taken)) = self.place(handle) {
            taken.sealed = Some(node);
        }
    }

    /// What a number stands for in a sealed directory.
    pub fn sealed(&mut self, handle: u32) -> Option<SealedNode> {
        self.place(handle)?.as_ref()?.sealed
    }

    /// Marks a number as not in use.
    pub fn give_back(&mut self, handle: u32) {
        if self.place(handle).is_some_and(|place| place.take().is_some()) {
            self.free.push(handle);
        }
    }

    /// The numbers in use that belong to `owner`.
    pub fn of(&self, owner: u32) -> Vec<u32> {
        let is_owned = |taken: &Option<Taken>| taken.as_ref().is_some_and(|taken| taken.owner == owner);
        let numbered = (handle::FIRST_OPENED..).zip(&self.all);
        numbered.filter(|(_, taken)| is_owned(taken)).map(|(handle, _)| handle).collect()
    }

    /// How many numbers stand for something in sealed directories.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.all.iter().flatten().filter(|taken| taken.sealed.is_some()).count()
    }
}
