//! What the engine needs of a system: a place for the two pointers that it keeps for each thread. There is one
//! thread.

use core::{ptr::null_mut, sync::atomic::AtomicPtr, sync::atomic::Ordering};

static SLOTS: [AtomicPtr<u8>; 2] = [const { AtomicPtr::new(null_mut()) }; 2];

#[unsafe(no_mangle)]
extern "C" fn wasmtime_tls_get(slot: usize) -> *mut u8 {
    SLOTS.get(slot).map_or(null_mut(), |slot| slot.load(Ordering::Relaxed))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_tls_set(slot: usize, pointer: *mut u8) {
    if let Some(slot) = SLOTS.get(slot) {
        slot.store(pointer, Ordering::Relaxed);
    }
}
