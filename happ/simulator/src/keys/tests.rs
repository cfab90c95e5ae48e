use super::*;
use wasmstone_attestation::{DeviceKey, Expected, Pins, Report, Risks, SmHash};

fn key(measurement: u8, identifier: &str) -> [u8; 32] {
    let mut key = [0; 32];
    assert!(Keys(Measurement([measurement; 64])).sealing_key(identifier.as_bytes(), &mut key));
    key
}

#[test]
fn a_sealing_key_is_of_one_enclave_and_one_use() {
    assert_eq!(key(1, "one"), key(1, "one"));
    assert_ne!(key(1, "one"), key(1, "other"));
    assert_ne!(key(1, "one"), key(2, "one"));
    // Data that an earlier release sealed stay readable.
    assert_eq!(hex::encode(key(1, "one")), "6015f0d69ea0a18e86977569cc3bba9dbca09a0b40b8558b2dbd9f2bf6136de9");
}

#[test]
fn a_report_is_one_for_who_accepts_the_simulator() {
    let mut buffer = [0xa5; REPORT_BUFFER];
    assert!(Keys(Measurement([7; 64])).attest(b"data", &mut buffer));
    let report = Report::parse(&buffer[..Report::SIZE]).unwrap();
    let pins = Pins {
        measurements: vec![wasmstone_attestation::Measurement([7; 64])],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        ..Pins::default()
    };
    let accepting = Risks { simulator: true, ..Risks::default() };
    pins.verify(&report, Expected::Guest(b"data"), accepting).unwrap();
    pins.verify(&report, Expected::Guest(b"data"), Risks::default()).unwrap_err();
    pins.verify(&report, Expected::Guest(b"dada"), accepting).unwrap_err();
}

#[test]
fn more_data_than_fit_are_not_attested() {
    let mut buffer = [0; REPORT_BUFFER];
    let keys = Keys(Measurement([0; 64]));
    assert!(keys.attest(&[1; 1024], &mut buffer));
    assert!(!keys.attest(&[1; 1025], &mut buffer));
}
