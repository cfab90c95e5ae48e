//! The simulator's reports, and what enclave apps put into reports.
#![cfg(feature = "simulator")]

use proptest::prelude::*;
use wasmstone_attestation::data::{EXCHANGE_MAGIC, EXCHANGE_SIZE, GUEST_MAX, NONCE_MAX, NONCE_MIN};
use wasmstone_attestation::{
    DeviceKey, Expected, Measurement, Pins, Refusal, Report, ReportData, Risks, SmHash, simulator,
};
use wasmstone_edge_protocol::attestation::exchange_data;

const NAMED: Risks = Risks { simulator: true, public_test_key: false };

fn pins() -> Pins {
    Pins {
        measurements: vec![Measurement([1; 64])],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        ..Pins::default()
    }
}

fn report(data: &[u8]) -> Report {
    Report::parse(&simulator::report(&Measurement([1; 64]), data).unwrap()).unwrap()
}

#[test]
fn reports_of_the_simulator_verify_where_the_risk_is_named() {
    let verified = pins().verify(&report(b"data"), Expected::Guest(b"data"), NAMED).unwrap();
    assert_eq!(verified.risks(), NAMED);
    let keystone = Risks { public_test_key: true, simulator: false };
    for risks in [Risks::default(), keystone] {
        assert_eq!(pins().verify(&report(b"data"), Expected::Guest(b"data"), risks), Err(Refusal::SimulatorKey));
    }
}

#[test]
fn they_are_the_same_each_time_and_hold_at_most_what_keystone_s_hold() {
    let measurement = Measurement([1; 64]);
    assert_eq!(simulator::report(&measurement, &[5; 1024]), simulator::report(&measurement, &[5; 1024]));
    assert_eq!(report(&[5; 1024]).data(), [5; 1024]);
    assert_eq!(simulator::report(&measurement, &[5; 1025]), None);
}

#[test]
fn an_exchange_gives_the_key_for_its_nonce_only() {
    for length in 0..=NONCE_MAX + 1 {
        let nonce: Vec<u8> = (1..).take(length).collect();
        let Some(data) = exchange_data(&nonce, &[9; 32]) else {
            assert!(!(NONCE_MIN..=NONCE_MAX).contains(&length));
            continue;
        };
        let report = report(&data);
        let (verified, key) = pins().verify_exchange(&report, &nonce, NAMED).unwrap();
        assert_eq!((key, verified.key()), ([9; 32], Some([9; 32])));

        let mut other = nonce.clone();
        other[length - 1] ^= 1;
        let padded = [&nonce[..], &[0]].concat();
        for wrong in [&other[..], &nonce[1..], &nonce[..length - 1], &padded] {
            let refusal = pins().verify_exchange(&report, wrong, NAMED).unwrap_err();
            let expected = if (NONCE_MIN..=NONCE_MAX).contains(&wrong.len()) { "data" } else { "nonce-length" };
            assert_eq!(refusal.check(), expected, "{length}");
        }
        assert_eq!(pins().verify(&report, Expected::Guest(&data), NAMED).unwrap_err().check(), "data-kind");
        assert_eq!(pins().verify(&report, Expected::GuestBeginning(&nonce), NAMED).unwrap_err().check(), "data-kind");
    }
}

#[test]
fn an_exchange_has_one_form() {
    let data = exchange_data(b"12345678", &[9; 32]).unwrap();
    assert_eq!(data[..8], *b"WSKEY\0\0\x01");
    assert_eq!((data[8], &data[9..17]), (8, &b"12345678"[..]));
    assert!(data[17..73].iter().all(|byte| *byte == 0));
    assert_eq!(data[73..], [9; 32]);
    for index in 0..EXCHANGE_SIZE {
        let mut changed = data;
        changed[index] ^= 0x40;
        match ReportData::parse(&changed) {
            Some(ReportData::Exchange { nonce, key }) => {
                assert!((9..17).contains(&index) || index >= 73, "{index}");
                assert_eq!(exchange_data(nonce, &key), Some(changed));
            }
            Some(other) => panic!("{other:?}"),
            None => assert!(index < 9 || (17..73).contains(&index), "{index}"),
        }
    }
    // Zeros are padding as well as a nonce.
    let mut data = exchange_data(&[0; 8], &[9; 32]).unwrap();
    for length in 0..=u8::MAX {
        data[8] = length;
        assert_eq!(ReportData::parse(&data).is_some(), (8..=64).contains(&length), "{length}");
    }
}

#[test]
fn data_is_told_apart_by_its_length() {
    for length in 0..=Report::DATA_MAX {
        let data = vec![b'W'; length];
        let expected = (length <= GUEST_MAX).then_some(ReportData::Guest(&data));
        assert_eq!(ReportData::parse(&data), expected);
    }
}

/// The enclave app writes exchanges by the wire's crate, so that it does not depend on a verifier's.
#[test]
fn the_enclave_app_writes_what_is_read_here() {
    for length in 0..=NONCE_MAX + 1 {
        let nonce: Vec<u8> = (1..).take(length).collect();
        let expected = (NONCE_MIN..=NONCE_MAX).contains(&length).then(|| {
            let mut data = [0; EXCHANGE_SIZE];
            data[..8].copy_from_slice(&EXCHANGE_MAGIC);
            data[8] = length as u8;
            data[9..9 + length].copy_from_slice(&nonce);
            data[73..].fill(9);
            data
        });
        let written = exchange_data(&nonce, &[9; 32]);
        assert_eq!(written, expected);
        let read = written.as_ref().and_then(|data| ReportData::parse(data));
        assert_eq!(read, expected.map(|_| ReportData::Exchange { nonce: &nonce, key: [9; 32] }));
    }
}

/// A second kind of evidence goes through the same checks as Keystone's reports.
#[test]
fn a_simulated_enclave_is_evidence_without_a_report() {
    let data = exchange_data(b"12345678", &[9; 32]).unwrap();
    let enclave = simulator::Enclave { measurement: Measurement([1; 64]), data: &data };
    let exchange = Expected::Exchange(b"12345678");
    let verified = pins().verify(&enclave, exchange, NAMED).unwrap();
    assert_eq!((verified.report(), verified.risks(), verified.key()), (&enclave, NAMED, Some([9; 32])));

    let refusal = |pins: &Pins, expected, accepted| pins.verify(&enclave, expected, accepted).unwrap_err();
    assert_eq!(refusal(&pins(), exchange, Risks::default()), Refusal::SimulatorKey);
    assert_eq!(refusal(&pins(), Expected::Exchange(b"other nonce"), NAMED), Refusal::Data);
    let other = Pins { measurements: vec![Measurement([2; 64])], ..pins() };
    assert_eq!(refusal(&other, exchange, NAMED), Refusal::Measurement(Measurement([1; 64])));
    assert_eq!(refusal(&Pins::default(), exchange, NAMED), Refusal::NoDeviceKeys);
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), Report::SIZE), length in 0_u64..1200) {
        let mut bytes = bytes;
        bytes[64..72].copy_from_slice(&length.to_le_bytes());
        if let Ok(report) = Report::parse(&bytes) {
            prop_assert_eq!(Report::parse(&report.to_bytes()).unwrap(), report.clone());
            prop_assert!(pins().verify(&report, Expected::Guest(b""), NAMED).is_err());
        }
    }

    #[test]
    fn what_is_attested_is_what_is_read(data in prop::collection::vec(any::<u8>(), 0..=1024)) {
        let report = report(&data);
        prop_assert_eq!(report.data(), &data);
    }

    #[test]
    fn exchanges_are_read_back(nonce in prop::collection::vec(any::<u8>(), 8..=64), key: [u8; 32]) {
        let data = exchange_data(&nonce, &key).unwrap();
        prop_assert_eq!(ReportData::parse(&data), Some(ReportData::Exchange { nonce: &nonce, key }));
    }
}
