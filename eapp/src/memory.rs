//! The guest's linear memories, laid out in one region whose size is the measured memory cap.
//!
//! Nearly every guest has one memory. It lies at the region's beginning and grows in place up to the
//! cap. A further memory takes the end of the largest gap, so that the ones before it can still grow.

use alloc::{boxed::Box, format, string::String, string::ToString, sync::Arc, vec::Vec};
use core::cell::UnsafeCell;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType, Result, format_err};

/// Memory that belongs to nobody else, zeroed.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    size: usize,
}

impl Region {
    /// # Safety
    /// 1. `base` is valid for reads and writes of `size` bytes for the rest of the process's life.
    /// 2. Nobody else reads or writes them.
    /// 3. They are zero.
    pub unsafe fn new(base: NonNull<u8>, size: usize) -> Self {
        Self { base, size }
    }
}

/// Hands out linear memories from a region.
pub struct LinearMemories {
    shared: Arc<Shared>,
}

struct Shared {
    region: Region,
    locked: AtomicBool,
    layout: UnsafeCell<Layout>,
}

// SAFETY: `layout` is only reached through `Shared::with_layout`, which lets one thread in at a time;
// the region is owned (contract of `Region::new`) and handed out in parts that do not overlap.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Which parts of the region are taken, as offsets, in ascending order.
#[derive(Debug, Default)]
struct Layout {
    taken: Vec<Range<usize>>,
    /// From here on nothing was ever handed out, so it is still zero.
    untouched: usize,
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

    /// Makes the range that begins at `start` longer, where nothing is in the way.
    fn extend(&mut self, start: usize, length: usize, size: usize) -> bool {
        let Some(at) = self.taken.iter().position(|range| range.start == start) else { return false };
        let limit = self.taken.get(at + 1).map_or(size, |next| next.start);
        match (start.checked_add(length), self.taken.get_mut(at)) {
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
        // SAFETY: the flag above was clear and is now set by us, so no other reference to the layout
        // exists until it is cleared below; `change` cannot reach `self` to come here again.
        let result = change(unsafe { &mut *self.layout.get() });
        self.locked.store(false, Ordering::Release);
        result
    }

    /// A pointer into the region. `offset` is at most its size.
    fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.region.size);
        self.region.base.as_ptr().wrapping_add(offset)
    }

    /// Zeroes what was handed out before of `range`, and remembers that it has been handed out now.
    fn clean(&self, layout: &mut Layout, range: Range<usize>) {
        let dirty = range.end.min(layout.untouched).saturating_sub(range.start);
        // SAFETY: `range` lies within the region and has just been entered as taken by the caller or
        // is an extension of its own memory, so nobody else has it; `dirty` is at most its length.
        unsafe { self.at(range.start).write_bytes(0, dirty) };
        layout.untouched = layout.untouched.max(range.end);
    }

    fn allocate(&self, length: usize) -> Option<usize> {
        let size = self.region.size;
        self.with_layout(|layout| {
            let gap = layout.largest_gap(size);
            let first = layout.taken.is_empty();
            let start = if first { Some(gap.start) } else { gap.end.checked_sub(length) };
            // Page alignment of later memories, for the engine's sake.
            let start = start.map(|start| start & !0xfff).filter(|start| *start >= gap.start)?;
            let end = start.checked_add(length).filter(|end| *end <= gap.end)?;
            layout.insert(start..end);
            self.clean(layout, start..end);
            Some(start)
        })
    }

    /// Grows a memory in place, or moves it to the largest gap. Returns where it now begins.
    fn grow(&self, start: usize, old: usize, new: usize) -> Option<usize> {
        let size = self.region.size;
        let in_place = self.with_layout(|layout| {
            let extended = layout.extend(start, new, size);
            if extended {
                self.clean(layout, start + old..start + new);
            }
            extended
        });
        if in_place {
            return Some(start);
        }
        let moved = self.with_layout(|layout| {
            let gap = layout.largest_gap(size);
            let to = gap.start.checked_next_multiple_of(0x1000)?;
            let end = to.checked_add(new).filter(|end| *end <= gap.end)?;
            layout.insert(to..end);
            self.clean(layout, to..end);
            Some(to)
        })?;
        // SAFETY: both ranges are entered as taken by this memory, so they lie in the region, do not
        // overlap and belong to nobody else; `old` is at most `new`.
        unsafe { core::ptr::copy_nonoverlapping(self.at(start), self.at(moved), old) };
        self.with_layout(|layout| layout.remove(start));
        Some(moved)
    }
}

impl LinearMemories {
    /// Memories in `region`.
    pub fn new(region: Region) -> Self {
        let layout = UnsafeCell::new(Layout::default());
        Self { shared: Arc::new(Shared { region, locked: AtomicBool::new(false), layout }) }
    }

    /// Another handle, for wiping at the end.
    pub fn wiper(&self) -> Wiper {
        Wiper(self.shared.clone())
    }
}

/// Wipes the region.
pub struct Wiper(Arc<Shared>);

impl Wiper {
    /// Zeroes everything that was ever handed out. To be called when no guest exists any more.
    pub fn wipe(self) {
        self.0.with_layout(|layout| {
            if layout.taken.is_empty() {
                self.0.clean(layout, 0..layout.untouched);
            }
        });
    }
}

// SAFETY: `new_memory` returns zeroed memory of at least `minimum` bytes that nobody else has; the
// configuration asks for no reservation and no guard (`engine::config`), so none is left out.
unsafe impl MemoryCreator for LinearMemories {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        _reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if guard != 0 {
            return Err("guard regions are not supported".to_string());
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
        self.shared.with_layout(|layout| layout.remove(self.start));
    }
}

// SAFETY: `as_ptr` points to `byte_size` bytes that this memory alone has been given, until it is
// dropped or grown.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.size
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
