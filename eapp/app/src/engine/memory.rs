//! The guest's linear memories, laid out in one region whose size is the measured memory cap.
//!
//! Nearly every guest has one memory. It lies at the region's beginning and grows in place up to the
//! cap. A further memory takes the end of the largest gap, so that the ones before it can still grow. If there are
//! exceptions, the engine has a memory for them, which lies behind the guest's.

use alloc::{boxed::Box, format, string::String, string::ToString, sync::Arc, vec::Vec};
use core::{cell::UnsafeCell, ops::Range, ptr::NonNull, sync::atomic::AtomicBool, sync::atomic::Ordering};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType, Result, format_err};

/// Memory that only its holder uses, zeroed.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    size: usize,
    closed: Option<Closed>,
}

/// The additional properties of a region whose pages fault until they are opened.
#[derive(Debug)]
struct Closed {
    behind: usize,
    open: fn(NonNull<u8>, usize) -> bool,
}

impl Region {
    /// # Safety
    /// 1. `base` is valid for reads and writes of `size` bytes for the rest of the process's life.
    /// 2. Nothing else reads or writes them.
    /// 3. They are zero.
    pub unsafe fn new(base: NonNull<u8>, size: usize) -> Self {
        Self { base, size, closed: None }
    }

    /// A region whose pages are opened when a memory takes them, and whose program relies on page faults to find
    /// accesses outside its memory.
    ///
    /// # Safety
    /// 1. As for [`Self::new`], of each range for which `open`, called with its start and length in whole
    ///    pages, has answered true.
    /// 2. Accesses to the rest of the region, and to the `behind` bytes behind it, fault: the program
    ///    traps, or the process ends.
    pub unsafe fn closed(base: NonNull<u8>, size: usize, behind: usize, open: fn(NonNull<u8>, usize) -> bool) -> Self {
        Self { base, size, closed: Some(Closed { behind, open }) }
    }

    /// The number of bytes from the beginning that are memory or fault.
    fn address_space(&self) -> usize {
        self.closed.as_ref().map_or(0, |closed| self.size.saturating_add(closed.behind))
    }
}

/// Hands out linear memories from a region. Each is wiped when it is dropped.
pub struct LinearMemories {
    shared: Arc<Shared>,
}

struct Shared {
    region: Region,
    /// Whether the first memory is the engine's own, for exceptions.
    #[cfg(feature = "exceptions")]
    collected: bool,
    locked: AtomicBool,
    layout: UnsafeCell<Layout>,
}

// SAFETY: `layout` is only reached through `Shared::with_layout`, which lets one thread in at a time;
// the region is owned (contract of `Region::new`) and handed out in parts that do not overlap.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// The parts of the region that are taken, as offsets, in ascending order.
#[derive(Debug, Default)]
struct Layout {
    /// No range is empty, so no two begin at the same place. Bytes outside the ranges are zero.
    taken: Vec<Range<usize>>,
}

impl Layout {
    /// The largest gap in a region of `size` bytes.
    fn largest_gap(&self, size: usize) -> Range<usize> {
        let starts = core::iter::once(0).chain(self.taken.iter().map(|range| range.end));
        let ends = self.taken.iter().map(|range| range.start).chain(core::iter::once(size));
        starts.zip(ends).map(|(start, end)| start..end).max_by_key(|gap| gap.len()).unwrap_or(0..0)
    }

    fn insert(&mut self, range: Range<usize>) {
        let at = self.taken.partition_point(|other| other.start < range.start);
        self.taken.insert(at, range);
    }

    fn remove(&mut self, start: usize) {
        self.taken.retain(|range| range.start != start);
    }

    /// Where a range that begins at `start` has to end in a region of `size` bytes, because another range begins.
    fn limit(&self, start: usize, size: usize) -> usize {
        self.taken.iter().map(|range| range.start).find(|other| *other > start).unwrap_or(size)
    }

    /// Makes the range that begins at `start` `length` bytes long, if there is room.
    fn extend(&mut self, start: usize, length: usize, size: usize) -> bool {
        let limit = self.limit(start, size);
        match (start.checked_add(length), self.taken.iter_mut().find(|range| range.start == start)) {
            (Some(end), Some(range)) if end <= limit => {
                range.end = end;
                true
            }
            _ => false,
        }
    }
}

impl Shared {
    fn with_layout<T>(&self, change: impl FnOnce(&mut Layout) -> T) -> T {
        while self.locked.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: the flag above was clear and is now set by us, so no other reference to the layout exists until it
        // is cleared below: every other caller spins here, and so would `change` itself.
        let result = change(unsafe { &mut *self.layout.get() });
        self.locked.store(false, Ordering::Release);
        result
    }

    #[cfg(feature = "exceptions")]
    const fn collected(&self) -> bool {
        self.collected
    }

    #[cfg(not(feature = "exceptions"))]
    const fn collected(&self) -> bool {
        false
    }

    /// A pointer into the region. `offset` is at most its size.
    fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.region.size);
        self.region.base.as_ptr().wrapping_add(offset)
    }

    /// Zeroes a range and gives it back.
    ///
    /// # Safety
    /// The range is taken, and the caller, to whom it belongs, does not use it any more.
    unsafe fn release(&self, start: usize, length: usize) {
        if length > 0 {
            // SAFETY: a taken range lies in the region, and belongs to the caller alone.
            unsafe { self.at(start).write_bytes(0, length) };
            self.with_layout(|layout| layout.remove(start));
        }
    }

    /// Makes a taken range accessible.
    fn open(&self, start: usize, length: usize) -> Option<()> {
        let Some(closed) = &self.region.closed else { return Some(()) };
        (closed.open)(NonNull::new(self.at(start))?, length).then_some(())
    }

    fn allocate(&self, length: usize) -> Option<usize> {
        if length == 0 {
            return Some(0);
        }
        let size = self.region.size;
        let start = self.with_layout(|layout| {
            let gap = layout.largest_gap(size);
            // The engine takes its own memory before those of the instance.
            let first = layout.taken.len() == usize::from(self.collected());
            let start = if first { Some(gap.start) } else { gap.end.checked_sub(length) };
            // The engine wants memories aligned to pages.
            let start = start.map(|start| start & !0xfff).filter(|start| *start >= gap.start)?;
            let end = start.checked_add(length).filter(|end| *end <= gap.end)?;
            layout.insert(start..end);
            Some(start)
        })?;
        self.open(start, length).map(|()| start)
    }

    /// How many bytes a memory can have without being moved.
    fn capacity(&self, start: usize, length: usize) -> usize {
        let size = self.region.size;
        self.with_layout(|layout| match length {
            // Only the place of the first memory is known beforehand.
            0 if !layout.taken.is_empty() => 0,
            _ => layout.limit(start, size).saturating_sub(start),
        })
    }

    /// Grows a memory in place, or moves it to the largest gap. Returns where it now begins.
    fn grow(&self, start: usize, old: usize, new: usize) -> Option<usize> {
        if old == 0 {
            return self.allocate(new);
        }
        let size = self.region.size;
        if self.with_layout(|layout| layout.extend(start, new, size)) {
            return self.open(start.checked_add(old)?, new.checked_sub(old)?).map(|()| start);
        }
        // Another memory is in the way. The old range stays taken until its bytes are copied.
        let moved = self.with_layout(|layout| {
            let gap = layout.largest_gap(size);
            let to = match self.collected() {
                // Most likely it is the engine's own, and must not be in the guest's way.
                true => gap.end.checked_sub(new).map(|to| to & !0xfff).filter(|to| *to >= gap.start)?,
                false => gap.start.checked_next_multiple_of(0x1000)?,
            };
            let end = to.checked_add(new).filter(|end| *end <= gap.end)?;
            layout.insert(to..end);
            Some(to)
        })?;
        self.open(moved, new)?;
        // SAFETY: both ranges are entered as taken by this memory, so they lie in the region, do not overlap and
        // belong to nothing else; `old` is at most `new`.
        unsafe { core::ptr::copy_nonoverlapping(self.at(start), self.at(moved), old) };
        // SAFETY: from now on, the memory is where it moved to.
        unsafe { self.release(start, old) };
        Some(moved)
    }
}

impl LinearMemories {
    /// Memories in `region`.
    pub fn new(region: Region) -> Self {
        let layout = UnsafeCell::new(Layout::default());
        Self {
            shared: Arc::new(Shared {
                region,
                #[cfg(feature = "exceptions")]
                collected: false,
                locked: AtomicBool::new(false),
                layout,
            }),
        }
    }

    /// The same, before the first memory is taken, for a program with exceptions: the engine takes a memory of its own
    /// before those of the guest. It lies at the region's end, so that the guest's can grow in place.
    #[cfg(feature = "exceptions")]
    pub fn with_exceptions(mut self) -> Self {
        // Nothing else has a reference before a memory is taken.
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.collected = true;
        }
        self
    }
}

// SAFETY: `new_memory` returns zeroed memory of at least `minimum` bytes that belongs to nothing else. If address
// space is asked for that is memory or faults, the memory is the only one and lies at the beginning of a region of
// that size (contract of `Region::closed`): nothing else in it is ever opened, since a second memory is refused here,
// and an empty one has no capacity to grow into.
unsafe impl MemoryCreator for LinearMemories {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let wanted = reserved.unwrap_or(0).saturating_add(guard);
        let alone = self.shared.with_layout(|layout| layout.taken.is_empty());
        if wanted > 0 && (!alone || wanted > self.shared.region.address_space()) {
            return Err("there is less address space for a memory than the program relies on".to_string());
        }
        let start = self.shared.allocate(minimum).ok_or_else(|| {
            format!(
                "the program's memories need {minimum} bytes more than the memory cap of {} leaves",
                self.shared.region.size
            )
        })?;
        Ok(Box::new(Memory { shared: self.shared.clone(), start, size: minimum }))
    }
}

struct Memory {
    shared: Arc<Shared>,
    start: usize,
    size: usize,
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the range is this memory's, and nothing can use it any more.
        unsafe { self.shared.release(self.start, self.size) };
    }
}

// SAFETY: `as_ptr` points to `byte_size` bytes that this memory alone has been given, until it is
// dropped or grown.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.shared.capacity(self.start, self.size)
    }

    fn grow_to(&mut self, new_size: usize) -> Result<()> {
        if new_size > self.size {
            self.start = self
                .shared
                .grow(self.start, self.size, new_size)
                .ok_or_else(|| format_err!("the memory cap is reached"))?;
            self.size = new_size;
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.shared.at(self.start)
    }
}

#[cfg(test)]
mod tests;
