//! Reading and verifying a bundle.

use std::sync::LazyLock;
use wasmstone_bundle::{Bundle, TrustPolicy, verify};

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| crate::bundle().to_bytes());

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let bytes = crate::edited(&VALID, data);
    if let Ok(bundle) = Bundle::read(bytes.as_slice()) {
        assert_eq!(bundle.to_bytes(), bytes, "there is one way to write a bundle");
        let trust = TrustPolicy { allow_unsigned: true, allow_unknown_signer: true, ..TrustPolicy::default() };
        let _ = verify(&bundle, &trust);
        assert!(verify(&bundle, &TrustPolicy::default()).is_err(), "nobody is trusted");
    }
}
