//! The expected output of the test program `attestation`, in any place.

use std::collections::BTreeMap;
use wasmstone_attestation::{DeviceKey, Expected, Measurement, Pins, Report, Risks, SmHash};

/// The output: names and bytes.
pub type Printed = BTreeMap<String, Vec<u8>>;

/// Parses the output.
pub fn printed(stdout: &[u8]) -> Printed {
    let lines = std::str::from_utf8(stdout).unwrap().lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(name, bytes)| (name.to_owned(), hex::decode(bytes).unwrap())).collect()
}

/// The enclave's key in a report over `nonce`, of an enclave with this measurement.
pub fn exchange_key(report: &[u8], measurement: &str, nonce: &[u8]) -> [u8; 32] {
    let report = Report::parse(report).unwrap();
    let risks = Risks { simulator: true, ..Risks::default() };
    let (_, key) = pins(measurement).verify_exchange(&report, nonce, risks).unwrap();
    key
}

fn pins(measurement: &str) -> Pins {
    Pins {
        measurements: vec![measurement.parse().unwrap()],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        ..Pins::default()
    }
}

/// Checks the report over `user_data` that was printed, of an enclave with this measurement, with the keys of the
/// simulator.
pub fn check(printed: &Printed, measurement: &str, user_data: &[u8]) {
    assert_eq!(hex::encode(&printed["measurement"]), measurement);
    let report = Report::parse(&printed["report"]).unwrap();
    let (pins, risks) = (pins(measurement), Risks { simulator: true, ..Risks::default() });
    pins.verify(&report, Expected::Guest(user_data), risks).unwrap();
    pins.verify(&report, Expected::Guest(user_data), Risks::default()).unwrap_err();
    pins.verify(&report, Expected::Guest(b"something else"), risks).unwrap_err();
    let other = Pins { measurements: vec![Measurement([0; 64])], ..pins };
    other.verify(&report, Expected::Guest(user_data), risks).unwrap_err();
}
