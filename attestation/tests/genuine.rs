//! A report that a running security monitor signed.
//!
//! `data/keystone-qemu.report` was made by Keystone at commit 88c49ee in QEMU, under the public test key, for an
//! enclave that asked for the 40 bytes 0x40, 0x41, … The 984 bytes behind them are what was on the monitor's stack.

use wasmstone_attestation::{DeviceKey, Expected, ParseError, Pins, Refusal, Report, ReportData, Risks};

const GENUINE: &[u8; Report::SIZE] = include_bytes!("data/keystone-qemu.report");
const NAMED: Risks = Risks { public_test_key: true, simulator: false };
const DATA: std::ops::Range<usize> = 72..72 + 40;
const UNUSED: std::ops::Range<usize> = DATA.end..72 + Report::DATA_MAX;

fn data() -> Vec<u8> {
    (0x40..0x68).collect()
}

fn genuine() -> Report {
    Report::parse(GENUINE).unwrap()
}

fn pins() -> Pins {
    Pins {
        measurements: vec![genuine().measurement()],
        sm_hashes: vec![genuine().sm_hash()],
        device_keys: vec![DeviceKey::PUBLIC_TEST],
        ..Pins::default()
    }
}

/// The name of the check that fails, or "ok".
fn verdict(report: &[u8], pins: &Pins, expected: Expected<'_>, risks: Risks) -> &'static str {
    let report = Report::parse(report).unwrap();
    pins.verify(&report, expected, risks).map_or_else(|refusal| refusal.check(), |_| "ok")
}

#[test]
fn its_fields_are_what_keystone_wrote() {
    let report = genuine();
    assert!(report.measurement().to_string().starts_with("20974c2e44d176eb"));
    assert!(report.sm_hash().to_string().starts_with("d5b6f6343f75e746"));
    assert_eq!(report.device_key(), DeviceKey::PUBLIC_TEST);
    assert_eq!(report.data(), data());
    assert_eq!(report.contents(), Some(ReportData::Guest(&data())));
}

#[test]
fn it_verifies_only_where_the_risk_is_named() {
    let verified = pins().verify(&genuine(), Expected::Guest(&data()), NAMED).unwrap();
    assert_eq!((verified.report(), verified.risks(), verified.key()), (&genuine(), NAMED, None));

    let simulator = Risks { simulator: true, ..Risks::default() };
    for risks in [Risks::default(), simulator] {
        assert_eq!(pins().verify(&genuine(), Expected::Guest(&data()), risks), Err(Refusal::PublicTestKey));
    }
    // A risk that was not accepted is not reported as accepted.
    let both = Risks { public_test_key: true, simulator: true };
    assert_eq!(pins().verify(&genuine(), Expected::Guest(&data()), both).unwrap().risks(), NAMED);
}

#[test]
fn a_byte_that_changes_is_refused_or_was_never_looked_at() {
    for index in 0..Report::SIZE {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = *GENUINE;
            bytes[index] ^= flip;
            let Ok(report) = Report::parse(&bytes) else {
                assert!((64..72).contains(&index), "only a length is wrong by itself: {index}");
                continue;
            };
            let verdict = pins().verify(&report, Expected::Guest(&data()), NAMED).map(|_| report.clone());
            let expected = match index {
                index if UNUSED.contains(&index) => {
                    assert_eq!(verdict, Ok(genuine()), "byte {index} is nobody's");
                    assert_eq!(report.to_bytes(), genuine().to_bytes());
                    continue;
                }
                ..1160 => Refusal::EnclaveSignature,
                _ => Refusal::SmSignature,
            };
            assert_eq!(verdict, Err(expected), "byte {index} ^ {flip:#x}");
        }
    }
}

#[test]
fn no_other_length_is_a_report() {
    let handed_over = [&GENUINE[..], &[0xaa; Report::RUNTIME_SIZE - Report::SIZE]].concat();
    let longer = [&handed_over[..], &[0; 4096]].concat();
    for length in 0..longer.len() {
        let parsed = Report::parse(&longer[..length]);
        match length {
            Report::SIZE | Report::RUNTIME_SIZE => assert_eq!(parsed, Ok(genuine())),
            _ => assert_eq!(parsed, Err(ParseError::Size(length))),
        }
    }
}

#[test]
fn the_data_s_length_is_bounded() {
    for (length, fits) in [(0, true), (1024, true), (1025, false), (1 << 32, false), (u64::MAX, false)] {
        let mut bytes = *GENUINE;
        bytes[64..72].copy_from_slice(&u64::to_le_bytes(length));
        match Report::parse(&bytes) {
            Ok(report) => assert_eq!((report.data().len() as u64, fits), (length, true)),
            Err(error) => assert_eq!((error, fits), (ParseError::DataLength(length), false)),
        }
    }
}

#[test]
fn what_was_on_the_stack_is_not_passed_on() {
    assert!(GENUINE[UNUSED].iter().any(|byte| *byte != 0), "or this shows nothing");
    let bytes = genuine().to_bytes();
    assert!(bytes[UNUSED].iter().all(|byte| *byte == 0));
    assert_eq!(bytes[..UNUSED.start], GENUINE[..UNUSED.start]);
    assert_eq!(bytes[UNUSED.end..], GENUINE[UNUSED.end..]);
    assert_eq!(Report::parse(&bytes).unwrap(), genuine());
    assert_eq!(verdict(&bytes, &pins(), Expected::Guest(&data()), NAMED), "ok");
}

#[test]
fn a_security_monitor_that_was_not_measured_is_told_from_a_forged_one() {
    let mut bytes = *GENUINE;
    bytes[1160..1320].fill(0);
    assert_eq!(verdict(&bytes, &pins(), Expected::Guest(&data()), Risks::default()), "sm-not-measured");
    bytes[1320..].fill(0);
    assert_eq!(verdict(&bytes, &pins(), Expected::Guest(&data()), NAMED), "sm-not-measured");
    bytes[1160] = 1;
    assert_eq!(verdict(&bytes, &pins(), Expected::Guest(&data()), NAMED), "sm-signature");
}

#[test]
fn other_pins_other_data_and_empty_lists_are_refused_in_order() {
    let (mut other_measurement, mut other_sm, mut other_device) =
        (genuine().measurement(), genuine().sm_hash(), DeviceKey::PUBLIC_TEST);
    (other_measurement.0[63], other_sm.0[63], other_device.0[31]) = (0, 0, 0);
    let data = data();
    let refusal = |pins: &Pins| pins.verify(&genuine(), Expected::Guest(&data[1..]), NAMED).unwrap_err();

    // Each error is corrected in turn, and the next one is found.
    let mut pins = Pins::default();
    assert_eq!(refusal(&pins), Refusal::NoDeviceKeys);
    pins.device_keys = vec![other_device];
    assert_eq!(refusal(&pins), Refusal::DeviceKey(DeviceKey::PUBLIC_TEST));
    pins.device_keys.push(DeviceKey::PUBLIC_TEST);
    assert_eq!(refusal(&pins), Refusal::NoSmHashes);
    pins.sm_hashes = vec![other_sm];
    assert_eq!(refusal(&pins), Refusal::SmHash(genuine().sm_hash()));
    pins.sm_hashes.push(genuine().sm_hash());
    assert_eq!(refusal(&pins), Refusal::NoMeasurements);
    pins.measurements = vec![other_measurement];
    assert_eq!(refusal(&pins), Refusal::Measurement(genuine().measurement()));
    pins.measurements.insert(0, genuine().measurement());
    assert_eq!(refusal(&pins), Refusal::Data);

    for (expected, outcome) in [
        (Expected::Guest(&data), "ok"),
        (Expected::Guest(&[]), "data"),
        (Expected::Guest(&data[..39]), "data"),
        (Expected::GuestBeginning(&data), "ok"),
        (Expected::GuestBeginning(&data[..8]), "ok"),
        (Expected::GuestBeginning(&data[..7]), "nonce-length"),
        (Expected::GuestBeginning(&[]), "nonce-length"),
        (Expected::GuestBeginning(&data[1..]), "data"),
        (Expected::GuestBeginning(&[&data[..], &[0]].concat()), "data"),
        (Expected::Exchange(&data), "data-kind"),
        (Expected::Exchange(&[]), "nonce-length"),
    ] {
        assert_eq!(verdict(GENUINE, &pins, expected, NAMED), outcome, "{expected:?}");
    }
}

#[test]
fn every_message_ends_in_what_to_do() {
    let (key, hash, measurement) = (genuine().device_key(), genuine().sm_hash(), genuine().measurement());
    for refusal in [
        Refusal::SmNotMeasured,
        Refusal::PublicTestKey,
        Refusal::SimulatorKey,
        Refusal::SmSignature,
        Refusal::EnclaveSignature,
        Refusal::NoDeviceKeys,
        Refusal::DeviceKey(key),
        Refusal::NoSmHashes,
        Refusal::SmHash(hash),
        Refusal::NoMeasurements,
        Refusal::Measurement(measurement),
        Refusal::NonceLength(7),
        Refusal::DataKind("a guest's"),
        Refusal::Data,
    ] {
        let message = refusal.to_string();
        let advice = message.rsplit([':', ';']).next().unwrap();
        assert!(
            ["boot", "use", "run", "ask", "add", "update", "take"].iter().any(|verb| advice.contains(verb)),
            "{message}"
        );
    }
}
