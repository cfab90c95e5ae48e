//! Reading a verifier's pins.

use std::sync::LazyLock;
use wasmstone_attestation::{DeviceKey, Measurement, Pins, SignerId, SmHash};

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pins = Pins {
        name: Some("fuzz".into()),
        measurements: vec![Measurement([0xab; 64]); 2],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        signers: vec![SignerId([1; 32])],
    };
    pins.to_toml().into_bytes()
});

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    if let Ok(pins) = Pins::from_toml(&String::from_utf8_lossy(&crate::edited(&VALID, data))) {
        assert_eq!(Pins::from_toml(&pins.to_toml()), Ok(pins));
    }
}
