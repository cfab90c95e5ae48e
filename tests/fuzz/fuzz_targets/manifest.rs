//! Reading a manifest.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wasmstone_bundle::Manifest;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| wasmstone_fuzz::bundle().manifest_bytes().to_vec());

fuzz_target!(|data: &[u8]| {
    let bytes = wasmstone_fuzz::edited(&VALID, data);
    if let Ok(manifest) = Manifest::parse(&bytes) {
        assert_eq!(manifest.to_bytes().expect("what was read"), bytes, "there is one way to write a manifest");
    }
});
