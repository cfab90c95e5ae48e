//! Reading and verifying a bundle.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wasmstone_bundle::{Bundle, TrustPolicy, verify};

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| wasmstone_fuzz::bundle().to_bytes());

fuzz_target!(|data: &[u8]| {
    let bytes = wasmstone_fuzz::edited(&VALID, data);
    if let Ok(bundle) = Bundle::read(bytes.as_slice()) {
        assert_eq!(bundle.to_bytes(), bytes, "there is one way to write a bundle");
        let trust = TrustPolicy { allow_unsigned: true, allow_unknown_signer: true, ..TrustPolicy::default() };
        let _ = verify(&bundle, &trust);
        assert!(verify(&bundle, &TrustPolicy::default()).is_err(), "nobody is trusted");
    }
});
