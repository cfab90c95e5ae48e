//! The memory that host and simulated enclave share: a page with the doorbell, then the edge call buffer. One word
//! says which side's turn it is; a futex on this word is the doorbell.

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

/// The most looks at the word before a side gives the processor away: an edge call is usually answered sooner than
/// the kernel would wake the side.
const SPINS_MAX: u32 = 10_000;

/// The fewest looks at the word.
const SPINS_MIN: u32 = 16;

/// After so many waits, the side tries again whether looking longer is worth it.
const WAITS: u32 = 8;

/// Which side's turn it is.
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
            // The other side wrote another value: this side does not go on with it.
            _ => Self::Ended,
        }
    }
}

/// The content of the first page.
#[repr(C)]
struct Control {
    turn: AtomicU32,
    /// How many sides sleep: a side that is only looking need not be woken, which saves two system calls in most edge
    /// calls. An enclave that writes something else harms only itself.
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

/// How often one side looks at the word before it sleeps. If other threads want the processors as well, looking in
/// vain may keep away the very thread that it waits for. So a wait whose looks were in vain halves the number, and
/// every other wait doubles it.
struct Spins {
    now: AtomicU32,
    waits: AtomicU32,
}

impl Spins {
    fn new() -> Self {
        let parallel = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        // On a single processor, the other side cannot run while this one looks.
        Self { now: AtomicU32::new(if parallel { SPINS_MAX } else { 0 }), waits: AtomicU32::new(0) }
    }

    /// Looks, and returns whether `done` became true.
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

// SAFETY: the control page consists of atomics; the buffer is plain memory, and `SharedBuffer` hands out no
// references to it.
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

    /// Wakes the side that sleeps, after the word was written. All sides see the accesses in one order, and a side
    /// announces that it sleeps before it looks at the word for the last time. So either that side has seen the new
    /// word, or we see its announcement.
    fn wake(&self) {
        if self.control.sleeping.load(Ordering::SeqCst) != 0 {
            self.wake_in_any_case();
        }
    }

    fn wake_in_any_case(&self) {
        // Waking can only fail for an invalid address.
        let _ = futex::wake(&self.control.turn, futex::Flags::empty(), u32::MAX);
    }

    /// Waits as long as `turn` holds.
    fn wait_while(&self, turn: Turn) -> Turn {
        let now = || Turn::from_number(self.control.turn.load(Ordering::SeqCst));
        if self.spins.until(|| now() != turn) {
            return now();
        }
        self.control.sleeping.fetch_add(1, Ordering::SeqCst);
        while now() == turn {
            // Woken, interrupted or changed: looking at the word again decides in each case.
            let _ = futex::wait(&self.control.turn, futex::Flags::empty(), turn as u32, None);
        }
        self.control.sleeping.fetch_sub(1, Ordering::SeqCst);
        now()
    }

    /// Host: waits until the enclave wants something.
    pub fn wait_for_enclave(&self) -> Turn {
        self.wait_while(Turn::Enclave)
    }

    /// Host: marks the edge call as answered.
    pub fn resume(&self) {
        // Only if it is still our turn: the process may have ended meanwhile.
        let (from, to) = (Turn::Host as u32, Turn::Enclave as u32);
        if self.control.turn.compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            self.wake();
        }
    }

    /// Host: marks the process as gone. What the process wrote before stays. Returns whose turn it was.
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

    /// Host: whether the enclave's allocator ran out of memory at least once.
    pub fn is_exhausted(&self) -> bool {
        self.control.exhausted.load(Ordering::Acquire) != 0
    }

    /// Enclave: the place where its allocator notes that it ran out of memory.
    pub fn exhausted(&self) -> &'static AtomicU32 {
        &self.control.exhausted
    }

    /// Enclave: makes the host answer the request in the buffer.
    pub fn call_host(&self) {
        self.ring(Turn::Host);
        self.wait_while(Turn::Host);
    }

    /// Enclave: makes the EXIT call.
    pub fn exit(&self, value: u64) {
        self.control.exit_value.store(value, Ordering::Release);
        self.ring(Turn::Exited);
    }
}

#[cfg(test)]
mod tests;
