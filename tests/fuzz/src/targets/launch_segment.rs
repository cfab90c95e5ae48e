//! Reading the launch that is inside an image.

use std::sync::LazyLock;
use wasmstone_policy::Launch;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| crate::launch(b"program").encode().expect("a launch"));

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    if let Ok(launch) = Launch::decode(&crate::edited(&VALID, data)) {
        let _ = launch.memory.heap();
        let again = launch.encode().expect("what was decoded");
        assert_eq!(Launch::decode(&again), Ok(launch));
    }
}
