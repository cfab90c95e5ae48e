//! What a program does, and what it does when its floats are lowered.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    wasmstone_fuzz::lowering::compare(data);
});
