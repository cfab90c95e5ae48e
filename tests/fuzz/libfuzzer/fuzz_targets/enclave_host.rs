#![no_main]

use std::ffi::c_char;

/// An enclave app keeps its program until the process ends, and here many enclave apps run in one process.
// SAFETY: the name and type that the address sanitizer documents, and no other symbol's.
#[unsafe(no_mangle)]
extern "C" fn __asan_default_options() -> *const c_char {
    c"detect_leaks=0".as_ptr()
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasmstone_fuzz::targets::enclave_host::run(data));
