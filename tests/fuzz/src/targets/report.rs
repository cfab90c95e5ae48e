//! Reading and verifying an attestation report.

use std::sync::LazyLock;
use wasmstone_attestation::{DeviceKey, Expected, Measurement, Pins, Report, ReportData, Risks, SmHash, simulator};
use wasmstone_edge_protocol::attestation::exchange_data;

const MEASUREMENT: Measurement = Measurement([7; 64]);
const NONCE: &[u8] = b"a nonce";

static VALID: LazyLock<Vec<u8>> =
    LazyLock::new(|| simulator::report(&MEASUREMENT, b"a nonce and a little more").expect("a report").to_vec());

static PINS: LazyLock<Pins> = LazyLock::new(|| Pins {
    measurements: vec![MEASUREMENT],
    sm_hashes: vec![SmHash::SIMULATOR],
    device_keys: vec![DeviceKey::SIMULATOR],
    ..Pins::default()
});

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let bytes = crate::edited(&VALID, data);
    if let Some(ReportData::Exchange { nonce, key }) = ReportData::parse(&bytes) {
        assert_eq!(exchange_data(nonce, &key).as_ref().map(<[u8; 105]>::as_slice), Some(bytes.as_slice()));
    }
    let Ok(report) = Report::parse(&bytes) else { return };
    assert_eq!(Report::parse(&report.to_bytes()).as_ref(), Ok(&report));
    let risks = Risks { simulator: true, public_test_key: true };
    for expected in [Expected::Guest(NONCE), Expected::GuestBeginning(b"a nonce and"), Expected::Exchange(b"a nonce!")]
    {
        if PINS.verify(&report, expected, risks).is_ok() {
            assert_eq!(Ok(&report), Report::parse(&VALID).as_ref(), "a report that nobody signed");
        }
        assert!(PINS.verify(&report, expected, Risks::default()).is_err(), "a report that anybody can have made");
    }
}
