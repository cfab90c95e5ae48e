//! The process's allocator: the system's, until the process becomes an enclave. Afterwards all memory comes from the
//! image's heap segment, as in a real enclave, without system calls.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use talc::{TalcLock, source::Manual};

static ARENA: TalcLock<spinning_top::RawSpinlock, Manual> = TalcLock::new(Manual);
static ARENA_START: AtomicUsize = AtomicUsize::new(0);
static ARENA_END: AtomicUsize = AtomicUsize::new(0);
static EXHAUSTED: OnceLock<&'static AtomicU32> = OnceLock::new();

/// The global allocator of a program that calls [`super::enclave_main`].
pub struct Allocator;

fn arena() -> Range<usize> {
    ARENA_START.load(Ordering::Relaxed)..ARENA_END.load(Ordering::Relaxed)
}

/// From now on takes all memory from the `size` bytes at `base`; notes in `exhausted` when they do not suffice.
///
/// # Safety
/// 1. `base` is valid for reads and writes of `size` bytes for the rest of the process's life.
/// 2. Nothing else uses them.
/// 3. The process has one thread.
pub unsafe fn become_arena(base: NonNull<u8>, size: usize, exhausted: &'static AtomicU32) -> bool {
    let _ = EXHAUSTED.set(exhausted);
    // SAFETY: points 1 and 2 of the contract.
    if unsafe { ARENA.lock().claim(base.as_ptr(), size) }.is_none() {
        return false;
    }
    ARENA_START.store(base.as_ptr().addr(), Ordering::Relaxed);
    ARENA_END.store(base.as_ptr().addr() + size, Ordering::Relaxed);
    true
}

/// Notes a failure. The program may well handle it: that memory ran out is a hint, for when the process crashes.
fn noted(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null()
        && let Some(exhausted) = EXHAUSTED.get()
    {
        exhausted.store(1, Ordering::Release);
    }
    pointer
}

// SAFETY: every pointer goes back to the allocator that it came from, which its address tells: the arena is never
// handed to the system's allocator, nor memory of the system's allocator to the arena.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if arena().is_empty() {
            // SAFETY: the caller's contract is the same.
            unsafe { System.alloc(layout) }
        } else {
            // SAFETY: the caller's contract is the same.
            noted(unsafe { ARENA.alloc(layout) })
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let arena = arena();
        if arena.contains(&pointer.addr()) {
            // SAFETY: it came from the arena with this layout.
            unsafe { ARENA.dealloc(pointer, layout) };
        } else if arena.is_empty() {
            // SAFETY: it came from the system's allocator with this layout.
            unsafe { System.dealloc(pointer, layout) };
        }
        // Memory from before the process became an enclave is left alone: giving it back could need a system call.
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let arena = arena();
        if arena.contains(&pointer.addr()) {
            // SAFETY: it came from the arena with this layout; the rest is the caller's contract.
            noted(unsafe { ARENA.realloc(pointer, layout, new_size) })
        } else if arena.is_empty() {
            // SAFETY: it came from the system's allocator; the rest is the caller's contract.
            unsafe { System.realloc(pointer, layout, new_size) }
        } else {
            // SAFETY: `new_size` is not zero and does not overflow, by the caller's contract.
            let new = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
            if !new.is_null() {
                // SAFETY: both are valid for the shorter length, and are different memory.
                unsafe { std::ptr::copy_nonoverlapping(pointer, new, layout.size().min(new_size)) };
            }
            new
        }
    }
}
