//! The region of linear memories: whatever memories are created, grown, moved and dropped, each memory keeps its
//! content, new bytes are zero, no two overlap, and in the end everything is zero.

use super::{LinearMemories, Region};
use alloc::{boxed::Box, vec, vec::Vec};
use core::ptr::NonNull;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

const PAGE: usize = 65536;
const REGION: usize = 8 * PAGE;

fn region() -> (LinearMemories, NonNull<u8>) {
    let memory: &'static mut [u8] = vec![0u8; REGION].leak();
    let base = NonNull::new(memory.as_mut_ptr()).unwrap();
    // SAFETY: leaked, zero, and used by nothing else; the tests look at it when no memory exists.
    (LinearMemories::new(unsafe { Region::new(base, REGION) }), base)
}

fn create(memories: &LinearMemories, pages: usize) -> Option<Box<dyn LinearMemory>> {
    memories.new_memory(MemoryType::new(0, None), pages * PAGE, None, None, 0).ok()
}

#[allow(clippy::mut_from_ref, reason = "the bytes are behind the memory's pointer, not in it")]
fn bytes(memory: &dyn LinearMemory) -> &mut [u8] {
    // SAFETY: the memory has this many bytes, and each test has one slice of it at a time.
    unsafe { core::slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size()) }
}

fn is_wiped(base: NonNull<u8>) -> bool {
    // SAFETY: the region was leaked in `region`.
    unsafe { core::slice::from_raw_parts(base.as_ptr(), REGION) }.iter().all(|byte| *byte == 0)
}

#[test]
fn one_memory_grows_in_place_to_the_cap() {
    let (memories, base) = region();
    let mut memory = create(&memories, 1).unwrap();
    bytes(&*memory).fill(7);
    for pages in 2..=8 {
        assert_eq!(memory.byte_capacity(), REGION);
        memory.grow_to(pages * PAGE).unwrap();
        assert_eq!(memory.as_ptr(), base.as_ptr());
    }
    assert!(memory.grow_to(9 * PAGE).is_err());
    assert_eq!(memory.byte_size(), REGION);
    assert!(bytes(&*memory)[PAGE..].iter().all(|byte| *byte == 0));
    drop(memory);
    assert!(is_wiped(base));
}

#[test]
fn empty_memories_share_nothing_once_they_grow() {
    let (memories, base) = region();
    let mut one = create(&memories, 0).unwrap();
    let mut other = create(&memories, 0).unwrap();
    let mut third = create(&memories, 1).unwrap();
    bytes(&*third).fill(3);
    third.grow_to(2 * PAGE).unwrap();
    one.grow_to(PAGE).unwrap();
    bytes(&*one).fill(1);
    other.grow_to(PAGE).unwrap();
    bytes(&*other).fill(2);
    assert!(bytes(&*one).iter().all(|byte| *byte == 1));
    assert!(bytes(&*other).iter().all(|byte| *byte == 2));
    assert!(bytes(&*third)[..PAGE].iter().all(|byte| *byte == 3));
    drop((one, other, third));
    assert!(is_wiped(base));
}

#[test]
fn many_random_lives() {
    let (memories, base) = region();
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut alive: Vec<(Box<dyn LinearMemory>, u8)> = Vec::new();
    for round in 0..3000u32 {
        let mark = (round % 255) as u8 + 1;
        match random(3) {
            0 if alive.len() < 5 => {
                if let Some(memory) = create(&memories, random(4)) {
                    assert!(bytes(&*memory).iter().all(|byte| *byte == 0), "a new memory is zero");
                    bytes(&*memory).fill(mark);
                    alive.push((memory, mark));
                }
            }
            1 if !alive.is_empty() => {
                let at = random(alive.len());
                let (memory, mark) = &mut alive[at];
                let (old, new) = (memory.byte_size(), memory.byte_size() + random(3) * PAGE);
                let (place, capacity) = (memory.as_ptr(), memory.byte_capacity());
                let grown = memory.grow_to(new).is_ok();
                assert!(new > capacity || (grown && memory.as_ptr() == place), "it has the room that it says");
                if grown {
                    assert!(bytes(&**memory)[old..].iter().all(|byte| *byte == 0), "what is new is zero");
                    bytes(&**memory).fill(*mark);
                }
            }
            2 if !alive.is_empty() => drop(alive.swap_remove(random(alive.len()))),
            _ => {}
        }
        for (memory, mark) in &alive {
            assert!(bytes(&**memory).iter().all(|byte| byte == mark), "each keeps its content");
        }
    }
    alive.clear();
    assert!(is_wiped(base));
}

#[test]
fn address_space_that_is_not_there_is_refused() {
    let (memories, _) = region();
    assert!(memories.new_memory(MemoryType::new(0, None), 0, None, None, PAGE).is_err());
    assert!(memories.new_memory(MemoryType::new(0, None), 0, None, Some(PAGE), 0).is_err());
}

#[test]
fn pages_are_opened_as_they_are_taken() {
    use core::sync::atomic::{AtomicUsize, Ordering};
    static OPENED: AtomicUsize = AtomicUsize::new(0);
    fn open(_: NonNull<u8>, length: usize) -> bool {
        OPENED.fetch_add(length, Ordering::Relaxed) + length <= 6 * PAGE
    }
    let memory: &'static mut [u8] = vec![0u8; REGION].leak();
    let base = NonNull::new(memory.as_mut_ptr()).unwrap();
    // SAFETY: leaked, zero and accessible as it is; nothing here makes an access that must fault.
    let memories = LinearMemories::new(unsafe { Region::closed(base, REGION, PAGE, open) });
    let create = |reserved| memories.new_memory(MemoryType::new(0, None), 2 * PAGE, None, Some(reserved), PAGE);
    assert!(create(REGION + PAGE).is_err(), "more than there is");
    let mut memory = create(REGION).unwrap();
    assert_eq!(OPENED.load(Ordering::Relaxed), 2 * PAGE);
    assert!(create(REGION).is_err(), "a second one");
    memory.grow_to(5 * PAGE).unwrap();
    assert_eq!((OPENED.load(Ordering::Relaxed), memory.as_ptr()), (5 * PAGE, base.as_ptr()));
    assert!(memory.grow_to(7 * PAGE).is_err(), "what cannot be opened");
    assert_eq!(memory.byte_size(), 5 * PAGE);
}

#[test]
#[cfg(feature = "exceptions")]
fn the_guests_memory_grows_in_place_beside_the_engines_own() {
    let (memories, base) = region();
    let memories = memories.with_exceptions();
    let mut own = create(&memories, 1).unwrap();
    bytes(&*own).fill(7);
    let mut memory = create(&memories, 2).unwrap();
    assert_eq!(memory.as_ptr(), base.as_ptr());
    memory.grow_to(4 * PAGE).unwrap();
    // The engine's own moves, but not into the guest's way.
    own.grow_to(2 * PAGE).unwrap();
    assert!(bytes(&*own)[..PAGE].iter().all(|byte| *byte == 7));
    memory.grow_to(5 * PAGE).unwrap();
    assert_eq!(memory.as_ptr(), base.as_ptr());
    own.grow_to(3 * PAGE).unwrap();
    assert!(memory.grow_to(6 * PAGE).is_err(), "the cap is for both");
    drop((own, memory));
    assert!(is_wiped(base));
}
