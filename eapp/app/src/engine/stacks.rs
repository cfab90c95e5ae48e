//! Stacks for guests that run in turns, from the heap.

use alloc::{alloc::Layout, alloc::alloc_zeroed, alloc::dealloc, boxed::Box};
use core::{ops::Range, ptr::NonNull};
use wasmtime::{Error, OutOfMemory, StackCreator, StackMemory};

/// The alignment that Wasmtime demands for stacks: a page of the machine. Some machines that the simulator runs on
/// have large pages.
const PAGE: usize = if cfg!(target_os = "none") { 4096 } else { 64 << 10 };

/// Makes stacks.
pub struct Stacks;

// SAFETY: `Stack` keeps the contract of its trait. It has no guard page, since an enclave has no page tables to
// change; instead the engine ends a guest that would leave less than `ENGINE_STACK` of it to the functions that it
// calls here.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _zeroed: bool) -> Result<Box<dyn StackMemory>, Error> {
        let size = size.checked_next_multiple_of(PAGE).ok_or(OutOfMemory::new(size))?.max(PAGE);
        let layout = Layout::from_size_align(size, PAGE).map_err(|_| OutOfMemory::new(size))?;
        // SAFETY: the size is at least a page.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(OutOfMemory::new(size))?;
        Ok(Box::new(Stack { base, layout }))
    }
}

struct Stack {
    base: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory belongs to the value, in whichever thread the value is.
unsafe impl Send for Stack {}
// SAFETY: a shared reference only gives the address of the memory.
unsafe impl Sync for Stack {}

// SAFETY: the range is whole pages, allocated for this value alone, until it is dropped.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.base.as_ptr().wrapping_add(self.layout.size())
    }

    fn range(&self) -> Range<usize> {
        let base = self.base.as_ptr().addr();
        base..base + self.layout.size()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.base.as_ptr()..self.base.as_ptr()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and freed once. No guest runs on it any more.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}
