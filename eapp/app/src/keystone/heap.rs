//! The heap segment: the guest's linear memories come first, and everything else behind them.

use core::alloc::{GlobalAlloc, Layout};
use core::ops::Range;
use core::ptr::{NonNull, with_exposed_provenance_mut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use spinning_top::RawSpinlock;
use talc::{TalcLock, source::Manual};
use wasmstone_eapp::Region;
use wasmstone_policy::{Memory, layout};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(TalcLock::new(Manual));
static RUNTIME_START: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);
static EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// Takes the heap segment: returns the first part of it for the guest's memories, and keeps the second for the
/// allocator. `None` if it cannot be divided like this.
///
/// # Safety
/// 1. The image has a heap segment that is divided like `memory`; it was not used yet.
/// 2. This is called once.
pub unsafe fn take(memory: &Memory) -> Option<Region> {
    let base = usize::try_from(layout::HEAP_BASE).ok()?;
    let runtime_start = base.checked_add(usize::try_from(memory.linear).ok()?)?;
    let end = runtime_start.checked_add(usize::try_from(memory.runtime).ok()?)?;
    RUNTIME_START.store(runtime_start, Ordering::Relaxed);
    END.store(end, Ordering::Relaxed);
    // SAFETY: the second part of the segment, which nothing else knows (the caller's contract).
    unsafe { ALLOCATOR.0.lock().claim(with_exposed_provenance_mut(runtime_start), end - runtime_start)? };
    let linear = NonNull::new(with_exposed_provenance_mut(base))?;
    // SAFETY: the first part of the segment: mapped for good, zeroed by Eyrie, and handed out once.
    Some(unsafe { Region::new(linear, runtime_start - base) })
}

/// The addresses of the part that is not for the guest's memories; empty before there is a heap.
pub fn runtime() -> Range<usize> {
    RUNTIME_START.load(Ordering::Relaxed)..END.load(Ordering::Relaxed)
}

/// The addresses of the heap; empty before there is one.
pub fn whole() -> Range<usize> {
    let end = END.load(Ordering::Relaxed);
    // The address is one of a 64-bit machine, as this is.
    if end == 0 { 0..0 } else { layout::HEAP_BASE as usize..end }
}

/// Whether an allocation has failed. The program may have handled it; if the enclave app dies, it is the likely
/// reason.
pub fn is_exhausted() -> bool {
    EXHAUSTED.load(Ordering::Relaxed)
}

struct Allocator(TalcLock<RawSpinlock, Manual>);

impl Allocator {
    fn noted(pointer: *mut u8) -> *mut u8 {
        if pointer.is_null() {
            EXHAUSTED.store(true, Ordering::Relaxed);
        }
        pointer
    }
}

// SAFETY: another allocator's results, unchanged.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the same.
        Self::noted(unsafe { self.0.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the same.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is the same.
        Self::noted(unsafe { self.0.realloc(pointer, layout, new_size) })
    }
}
