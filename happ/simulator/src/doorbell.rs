//! The memory that host and simulated enclave share: a page with the doorbell, then the edge call
//! buffer. Whose turn it is stands in one word; a futex on it is the doorbell.

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::thread::futex;
use std::io::Error;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use wasmstone_edge_protocol::BUFFER_SIZE;
use wasmstone_happ::edge_call::SharedBuffer;

const PAGE: usize = 4096;

/// Looks at the word at most this often before the processor is given away: an edge call is usually
/// answered sooner than the kernel would wake us.
const SPINS_MAX: u32 = 10_000;

/// Looks at it at least this often.
const SPINS_MIN: u32 = 16;

/// After so many waits it is tried anew whether looking longer is worth it.
const WAITS: u32 = 8;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Turn {
    /// The enclave runs.
    Enclave = 0,
    /// An edge call waits to be answered.
    Host = 1,
    /// The enclave has made the EXIT call.
    Exited = 2,
    /// The enclave's process is gone.
    Ended = 3,
}

impl Turn {
    fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Enclave,
            1 => Self::Host,
            2 => Self::Exited,
            // Whatever else the other side wrote: we do not go on with it.
            _ => Self::Ended,
        }
    }
}

/// What the first page holds.
#[repr(C)]
struct Control {
    turn: AtomicU32,
    /// How many sides sleep: a side that is only looking need not be woken, which is two system calls less for
    /// most edge calls. Should the enclave write something else, it harms nobody but itself.
    sleeping: AtomicU32,
    exhausted: AtomicU32,
    exit_value: AtomicU64,
}

/// A mapping of the shared memory, which stays for the rest of the process's life.
pub struct Shared {
    control: &'static Control,
    buffer: SharedBuffer,
    spins: Spins,
}

/// How often one side looks at the word. Where somebody else wants the processors as well, looking in vain
/// may keep away the very one that it waits for. So every wait in which it was in vain halves it, and every
/// other one doubles it.
struct Spins {
    now: AtomicU32,
    waits: AtomicU32,
}

impl Spins {
    fn new() -> Self {
        let parallel = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        // Where there is but one processor, there is nothing to be seen.
        Self { now: AtomicU32::new(if parallel { SPINS_MAX } else { 0 }), waits: AtomicU32::new(0) }
    }

    /// Looks, and says whether `done` was seen.
    fn until(&self, done: impl Fn() -> bool) -> bool {
        let mut spins = self.now.load(Ordering::Relaxed);
        if spins > 0 && self.waits.fetch_add(1, Ordering::Relaxed).is_multiple_of(WAITS) {
            spins = SPINS_MAX;
        }
        for _ in 0..spins {
            if done() {
                self.now.store(spins.saturating_mul(2).min(SPINS_MAX), Ordering::Relaxed);
                return true;
            }
            std::hint::spin_loop();
        }
        if spins > 0 {
            self.now.store((spins / 2).max(SPINS_MIN), Ordering::Relaxed);
        }
        false
    }
}

// SAFETY: the control page consists of atomics; the buffer is plain memory of which `SharedBuffer`
// hands out no references.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Makes shared memory of the right size, zeroed.
///
/// # Errors
/// The errors of memfd_create(2) and ftruncate(2).
pub fn create() -> Result<OwnedFd, Errno> {
    let memory = memfd_create("wasmstone-edge", MemfdFlags::CLOEXEC)?;
    ftruncate(&memory, (PAGE + BUFFER_SIZE) as u64)?;
    Ok(memory)
}

impl Shared {
    /// Maps what [`create`] made.
    ///
    /// # Errors
    /// The errors of mmap(2).
    pub fn map(memory: impl AsFd) -> Result<Self, Error> {
        let length = PAGE + BUFFER_SIZE;
        if rustix::fs::fstat(&memory)?.st_size != length as i64 {
            return Err(Error::other("the shared memory has a wrong size"));
        }
        let flags = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses the place, so nothing that exists is replaced; it stays mapped.
        let base = unsafe { mmap(std::ptr::null_mut(), length, flags, MapFlags::SHARED, memory, 0)? };
        let base = NonNull::new(base.cast::<u8>()).ok_or(Errno::NOMEM)?;
        // SAFETY: the page is mapped for ever, aligned, and every bit pattern is valid for atomics.
        let control = unsafe { base.cast::<Control>().as_ref() };
        // SAFETY: the mapping is one page longer than the buffer and stays.
        let buffer = unsafe { SharedBuffer::new(base.add(PAGE), BUFFER_SIZE) };
        Ok(Self { control, buffer, spins: Spins::new() })
    }

    /// The edge call buffer.
    pub fn buffer(&self) -> &SharedBuffer {
        &self.buffer
    }

    fn ring(&self, turn: Turn) {
        self.control.turn.store(turn as u32, Ordering::SeqCst);
        self.wake();
    }

    /// Wakes who sleeps, after the word was written: in the one order that everybody sees, a side says that it
    /// sleeps before it looks at the word for the last time. So either it has seen the new word, or we see it.
    fn wake(&self) {
        if self.control.sleeping.load(Ordering::SeqCst) != 0 {
            self.wake_in_any_case();
        }
    }

    fn wake_in_any_case(&self) {
        // Waking can only fail for an address that is not one.
        let _ = futex::wake(&self.control.turn, futex::Flags::empty(), u32::MAX);
    }

    /// Waits while `turn` holds.
    fn wait_while(&self, turn: Turn) -> Turn {
        let now = || Turn::from_number(self.control.turn.load(Ordering::SeqCst));
        if self.spins.until(|| now() != turn) {
            return now();
        }
        self.control.sleeping.fetch_add(1, Ordering::SeqCst);
        while now() == turn {
            // Woken, interrupted or changed: all is decided by looking again.
            let _ = futex::wait(&self.control.turn, futex::Flags::empty(), turn as u32, None);
        }
        self.control.sleeping.fetch_sub(1, Ordering::SeqCst);
        now()
    }

    /// Host: waits until the enclave wants something.
    pub fn wait_for_enclave(&self) -> Turn {
        self.wait_while(Turn::Enclave)
    }

    /// Host: the edge call is answered.
    pub fn resume(&self) {
        // Only where it is still our turn: the process may have ended meanwhile.
        let (from, to) = (Turn::Host as u32, Turn::Enclave as u32);
        if self.control.turn.compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            self.wake();
        }
    }

    /// Host: the process is gone. What it said before stays said. Returns whose turn it was.
    pub fn ended(&self) -> Turn {
        let exited = Turn::Exited as u32;
        let end = |turn| (turn != exited).then_some(Turn::Ended as u32);
        let before = self.control.turn.fetch_update(Ordering::SeqCst, Ordering::SeqCst, end).unwrap_or(exited);
        // The process may have written anything before its end.
        self.wake_in_any_case();
        Turn::from_number(before)
    }

    /// Host: the value of the EXIT call.
    pub fn exit_value(&self) -> u64 {
        self.control.exit_value.load(Ordering::Acquire)
    }

    /// Host: the enclave's allocator had nothing left at least once.
    pub fn is_exhausted(&self) -> bool {
        self.control.exhausted.load(Ordering::Acquire) != 0
    }

    /// Enclave: where its allocator notes that it has nothing left.
    pub fn exhausted(&self) -> &'static AtomicU32 {
        &self.control.exhausted
    }

    /// Enclave: has the host answer what is in the buffer.
    pub fn call_host(&self) {
        self.ring(Turn::Host);
        self.wait_while(Turn::Host);
    }

    /// Enclave: the EXIT call.
    pub fn exit(&self, value: u64) {
        self.control.exit_value.store(value, Ordering::Release);
        self.ring(Turn::Exited);
    }
}

#[cfg(test)]
mod tests;
