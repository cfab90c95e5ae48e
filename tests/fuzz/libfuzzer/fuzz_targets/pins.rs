#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasmstone_fuzz::targets::pins::run(data));
