//! Reading a manifest.

use std::sync::LazyLock;
use wasmstone_bundle::Manifest;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| crate::bundle().manifest_bytes().to_vec());

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let bytes = crate::edited(&VALID, data);
    if let Ok(manifest) = Manifest::parse(&bytes) {
        assert_eq!(manifest.to_bytes().expect("what was read"), bytes, "there is one way to write a manifest");
    }
}
