//! Evidence and attestation results.
#![cfg(all(feature = "eat", feature = "simulator"))]

use coset::CborSerializable;
use coset::cbor::Value;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use wasmstone_attestation::eat::{
    AttestationResult, EVIDENCE_PROFILE, RESULT_PROFILE, TokenError, evidence, parse_evidence, verify_result,
};
use wasmstone_attestation::{DeviceKey, Expected, Measurement, Pins, Report, Risks, SmHash, simulator};
use wasmstone_edge_protocol::attestation::exchange_data;

const MEASUREMENT: Measurement = Measurement([0xe5; 64]);
const NONCE: &[u8] = b"0123456789abcdef";

fn report(data: &[u8]) -> Report {
    Report::parse(&simulator::report(&MEASUREMENT, data).unwrap()).unwrap()
}

fn exchange() -> Report {
    report(&exchange_data(NONCE, &[0xab; 32]).unwrap())
}

fn result() -> AttestationResult {
    let pins = Pins {
        measurements: vec![MEASUREMENT],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        ..Pins::default()
    };
    let risks = Risks { simulator: true, public_test_key: true };
    let verified = pins.verify(&exchange(), Expected::Exchange(NONCE), risks).unwrap();
    AttestationResult::new(&verified, "verifier.test", 1_800_000_000)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn token() -> Vec<u8> {
    result().sign(b"key 1", |message| key().sign(message).to_bytes())
}

fn verify(token: &[u8]) -> Result<AttestationResult, TokenError> {
    verify_result(token, key().verifying_key().as_bytes())
}

/// The value under a label of a map.
fn get<'a>(map: &'a Value, label: &Value) -> Option<&'a Value> {
    map.as_map().unwrap().iter().find(|(key, _)| key == label).map(|(_, value)| value)
}

fn claim(map: &Value, label: i64) -> Option<&Value> {
    get(map, &label.into())
}

fn untagged(value: Value, tags: &[u64]) -> Value {
    tags.iter().fold(value, |value, tag| match value {
        Value::Tag(found, inner) if found == *tag => *inner,
        other => panic!("{other:?}"),
    })
}

/// The evidence's claims, changed and encoded again.
fn changed(edit: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    let mut claims = untagged(Value::from_slice(&evidence(&exchange())).unwrap(), &[601]).into_map().unwrap();
    edit(&mut claims);
    Value::Tag(601, Value::Map(claims).into()).to_vec().unwrap()
}

/// A token that the verifier's key signs, whatever the token says.
fn signed(header: Value, claims: Value) -> Vec<u8> {
    let (header, payload) = (header.to_vec().unwrap(), claims.to_vec().unwrap());
    let text = |text: &str| Value::Text(text.into());
    let message =
        [text("Signature1"), Value::Bytes(header.clone()), Value::Bytes(vec![]), Value::Bytes(payload.clone())];
    let signature = key().sign(&Value::Array(message.into()).to_vec().unwrap()).to_bytes();
    let parts = [Value::Bytes(header), Value::Map(vec![]), Value::Bytes(payload), Value::Bytes(signature.into())];
    Value::Tag(61, Value::Tag(18, Value::Array(parts.into()).into()).into()).to_vec().unwrap()
}

fn payload() -> Value {
    let parts = untagged(Value::from_slice(&token()).unwrap(), &[61, 18]).into_array().unwrap();
    Value::from_slice(parts[2].as_bytes().unwrap()).unwrap()
}

fn header() -> Value {
    Value::Map(vec![(1.into(), (-8).into()), (4.into(), Value::Bytes(b"key 1".into()))])
}

#[test]
fn evidence_says_what_the_report_says() {
    let token = evidence(&exchange());
    let claims = untagged(Value::from_slice(&token).unwrap(), &[601]);
    assert_eq!(claim(&claims, 10), Some(&Value::Bytes(NONCE.into())));
    assert_eq!(claim(&claims, 265), Some(&EVIDENCE_PROFILE.into()));
    let modules = claim(&claims, 266).unwrap();
    for (name, hash) in [("enclave", MEASUREMENT.0), ("security-monitor", SmHash::SIMULATOR.0)] {
        let measurement = Value::Array(vec![42.into(), Value::Bytes(hash.into())]);
        let module = get(modules, &name.into()).unwrap();
        assert_eq!(claim(module, 273), Some(&Value::Array(vec![measurement])));
    }
    assert_eq!(claim(&claims, -70001), Some(&Value::Bytes(exchange().to_bytes().into())));
    assert_eq!(claim(&claims, -70002), Some(&Value::Bytes(DeviceKey::SIMULATOR.0.into())));
    assert_eq!(claim(&claims, -70003), Some(&Value::Bytes(exchange().data().into())));
    assert_eq!(parse_evidence(&token), Ok(exchange()));
}

#[test]
fn a_guest_s_data_is_the_nonce_where_it_could_be_one() {
    for (length, is_nonce) in [(0, false), (7, false), (8, true), (64, true), (65, false), (1024, false)] {
        let report = report(&vec![7; length]);
        let token = evidence(&report);
        let claims = untagged(Value::from_slice(&token).unwrap(), &[601]);
        assert_eq!(claim(&claims, 10).is_some(), is_nonce, "{length}");
        assert_eq!(parse_evidence(&token), Ok(report));
    }
}

#[test]
fn evidence_that_contradicts_its_report_is_refused() {
    assert_eq!(parse_evidence(&changed(|_| ())), Ok(exchange()));
    // Unknown claims are not read.
    assert_eq!(parse_evidence(&changed(|claims| claims.push((256.into(), Value::Bytes(vec![1; 17]))))), Ok(exchange()));
    assert_eq!(parse_evidence(&changed(|claims| claims.reverse())), Ok(exchange()));
    for label in [10, 265, 266, -70001, -70002, -70003] {
        let refused = Err(TokenError::Claim(label));
        let at = |claims: &[(Value, Value)]| claims.iter().position(|(key, _)| *key == label.into()).unwrap();
        assert_eq!(parse_evidence(&changed(|claims| drop(claims.remove(at(claims))))), refused);
        assert_eq!(parse_evidence(&changed(|claims| claims.push(claims[at(claims)].clone()))), refused);
        for other in
            [Value::Null, Value::Bytes(vec![0; 16]), Value::Text("x".into()), Value::Array(vec![]), Value::Map(vec![])]
        {
            let place = |claims: &mut Vec<(Value, Value)>| {
                let at = at(claims);
                claims[at].1 = other;
            };
            assert_eq!(parse_evidence(&changed(place)), refused);
        }
    }
    // A nonce that is not in the report.
    let silent = untagged(Value::from_slice(&evidence(&report(b"short"))).unwrap(), &[601]).into_map().unwrap();
    let claims = [silent, vec![(10.into(), Value::Bytes(NONCE.into()))]].concat();
    let token = Value::Tag(601, Value::Map(claims).into()).to_vec().unwrap();
    assert_eq!(parse_evidence(&token), Err(TokenError::Claim(10)));
}

#[test]
fn a_result_says_what_was_verified_and_at_what_risk() {
    let (token, payload) = (token(), payload());
    let read = verify(&token).unwrap();
    assert_eq!(read, result());
    assert_eq!((read.issuer.as_str(), read.issued_at), ("verifier.test", 1_800_000_000));
    // The risk that was accepted and occurred, and not the one that was only named.
    assert_eq!(read.risks, Risks { simulator: true, public_test_key: false });
    assert_eq!(read.report, exchange());

    let labels: Vec<i64> =
        payload.as_map().unwrap().iter().map(|(label, _)| label.as_integer().unwrap().try_into().unwrap()).collect();
    assert_eq!(labels, [1, 6, 10, 265, 266, -70001, -70002, -70003, -70004]);
    assert_eq!(claim(&payload, 1), Some(&"verifier.test".into()));
    assert_eq!(claim(&payload, 6), Some(&1_800_000_000.into()));
    assert_eq!(claim(&payload, 10), Some(&Value::Bytes(NONCE.into())));
    assert_eq!(claim(&payload, 265), Some(&RESULT_PROFILE.into()));
    assert_eq!(claim(&payload, -70004), Some(&Value::Array(vec!["simulator".into()])));
    // The bytes are the same each time, and are those that another implementation of COSE signs.
    assert_eq!(token, signed(header(), payload));
}

#[test]
fn others_that_implement_cose_verify_it() {
    let bytes = untagged(Value::from_slice(&token()).unwrap(), &[61]).to_vec().unwrap();
    let sign1 = <coset::CoseSign1 as coset::TaggedCborSerializable>::from_tagged_slice(&bytes).unwrap();
    assert_eq!(sign1.protected.header.key_id, b"key 1");
    let verified = sign1.verify_signature(b"", |signature, message| {
        key().verifying_key().verify_strict(message, &ed25519_dalek::Signature::from_slice(signature).unwrap())
    });
    assert!(verified.is_ok());
    let claims = coset::cwt::ClaimsSet::from_slice(&sign1.payload.unwrap()).unwrap();
    assert_eq!(claims.issuer.as_deref(), Some("verifier.test"));
}

#[test]
fn a_result_that_changed_is_refused() {
    let token = token();
    for index in 0..token.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut bytes = token.clone();
            bytes[index] ^= flip;
            assert!(verify(&bytes).is_err(), "byte {index} ^ {flip:#x}");
        }
    }
    for length in 0..token.len() {
        assert!(verify(&token[..length]).is_err(), "{length}");
    }
    assert!(verify(&[&token[..], &[0]].concat()).is_err());
    let other = SigningKey::from_bytes(&[4; 32]);
    assert_eq!(verify_result(&token, other.verifying_key().as_bytes()), Err(TokenError::Signature));
    // Bytes that are not keys, and a key of small order.
    for key in [[0xff; 32], [0; 32]] {
        assert_eq!(verify_result(&token, &key), Err(TokenError::Signature));
    }
}

#[test]
fn evidence_is_no_result_and_the_other_way_round() {
    assert!(matches!(verify(&evidence(&exchange())), Err(TokenError::Form(_))));
    assert!(matches!(parse_evidence(&token()), Err(TokenError::Form(_))));
    let claims = untagged(Value::from_slice(&evidence(&exchange())).unwrap(), &[601]);
    assert_eq!(verify(&signed(header(), claims)), Err(TokenError::Claim(265)));
    let disguised = Value::Tag(601, payload().into()).to_vec().unwrap();
    assert_eq!(parse_evidence(&disguised), Err(TokenError::Claim(265)));
}

#[test]
fn what_the_verifier_signs_has_to_be_right_as_well() {
    for (label, value) in [
        (1, Value::Null),
        (6, Value::Float(1.8e9)),
        (6, Value::from(u64::MAX)),
        (10, Value::Bytes(b"another nonce".into())),
        (266, Value::Map(vec![])),
        (-70001, Value::Bytes(vec![0; 1352])),
        (-70001, Value::Bytes(vec![0; 1351])),
        (-70002, Value::Bytes(DeviceKey::PUBLIC_TEST.0.into())),
        (-70003, Value::Bytes(b"data".into())),
        (-70004, Value::Null),
        (-70004, Value::Array(vec!["unheard-of".into()])),
        (-70004, Value::Array(vec!["simulator".into(), "simulator".into()])),
    ] {
        let mut claims = payload().into_map().unwrap();
        claims.iter_mut().find(|(key, _)| *key == label.into()).unwrap().1 = value.clone();
        assert!(
            matches!(verify(&signed(header(), Value::Map(claims))), Err(TokenError::Claim(_))),
            "{label} {value:?}"
        );
    }
}

#[test]
fn headers_that_are_not_understood_are_refused() {
    let kid = || (Value::from(4), Value::Bytes(b"key 1".into()));
    assert!(verify(&signed(header(), payload())).is_ok());
    for fields in [
        vec![],
        vec![(1.into(), (-8).into())],
        vec![kid(), (1.into(), (-8).into())],
        vec![(1.into(), (-7).into()), kid()],
        vec![(1.into(), (-8).into()), kid(), (2.into(), Value::Array(vec![99.into()]))],
        vec![(1.into(), (-8).into()), (4.into(), "key 1".into())],
    ] {
        assert!(matches!(verify(&signed(Value::Map(fields), payload())), Err(TokenError::Form(_))));
    }
}

#[test]
fn deep_long_and_hollow_tokens_are_refused() {
    for nesting in [0x81, 0xa1, 0xc1, 0x9f, 0xbf, 0x5f] {
        for length in [100, 16 << 10, 1 << 20] {
            let bytes = vec![nesting; length];
            assert!(parse_evidence(&bytes).is_err() && verify(&bytes).is_err());
        }
    }
    // Sizes without the bytes that they announce.
    for kind in [0x5b, 0x7b, 0x9b, 0xbb] {
        let bytes = [&[0xd9, 0x02, 0x59, kind][..], &[0xff; 8]].concat();
        assert!(parse_evidence(&bytes).is_err());
    }
    // Headers within headers: countersignatures of countersignatures.
    let header = (0..900).fold(vec![0xa0], |inner: Vec<u8>, _| {
        let countersignature = Value::Array(vec![Value::Bytes(inner), Value::Map(vec![]), Value::Bytes(vec![])]);
        Value::Map(vec![(7.into(), countersignature)]).to_vec().unwrap()
    });
    assert!(header.len() < 16 << 10);
    let parts = [Value::Bytes(header), Value::Map(vec![]), Value::Bytes(vec![]), Value::Bytes(vec![0; 64])];
    let token = Value::Tag(61, Value::Tag(18, Value::Array(parts.into()).into()).into()).to_vec().unwrap();
    assert!(matches!(verify(&token), Err(TokenError::Form(_))));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..1700, change: Vec<u8>) {
        prop_assert!(parse_evidence(&bytes).is_err());
        prop_assert!(verify(&bytes).is_err());
        for token in [token(), evidence(&exchange())] {
            let mut changed = token.clone();
            let at = at.min(changed.len());
            changed.splice(at..(at + change.len()).min(token.len()), change.clone());
            if let Ok(report) = parse_evidence(&changed) {
                prop_assert_eq!(parse_evidence(&evidence(&report)), Ok(report));
            }
            if let Ok(result) = verify(&changed) {
                prop_assert_eq!(result, self::result());
            }
        }
    }

    #[test]
    fn every_report_is_carried(data in prop::collection::vec(any::<u8>(), 0..=1024), fill: u8) {
        let mut bytes = [fill; Report::SIZE];
        bytes[64..72].copy_from_slice(&(data.len() as u64).to_le_bytes());
        bytes[72..72 + data.len()].copy_from_slice(&data);
        let report = Report::parse(&bytes).unwrap();
        prop_assert_eq!(parse_evidence(&evidence(&report)), Ok(report));
    }
}
