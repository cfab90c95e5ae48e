//! Reading the launch that is inside an image.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wasmstone_policy::Launch;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| wasmstone_fuzz::launch(b"program").encode().expect("a launch"));

fuzz_target!(|data: &[u8]| {
    if let Ok(launch) = Launch::decode(&wasmstone_fuzz::edited(&VALID, data)) {
        let _ = launch.memory.heap();
        let again = launch.encode().expect("what was decoded");
        assert_eq!(Launch::decode(&again), Ok(launch));
    }
});
