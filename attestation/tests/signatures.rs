//! Signatures that no signer makes: second forms, keys for which many signatures are valid, the other hash function.
#![cfg(feature = "simulator")]

use curve25519_dalek::Scalar;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign, raw_verify};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha3::{Digest, Sha3_512};
use wasmstone_attestation::{DeviceKey, Expected, Measurement, Pins, Report, Risks, SmHash, simulator};

const MEASUREMENT: Measurement = Measurement([7; 64]);
const NAMED: Risks = Risks { simulator: true, public_test_key: false };

/// The order of the group of the base point, little endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Encodings of all points of small order, canonical and not.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

fn report() -> [u8; Report::SIZE] {
    simulator::report(&MEASUREMENT, b"data").unwrap()
}

fn verdict(bytes: &[u8], device: DeviceKey) -> &'static str {
    let pins = Pins {
        measurements: vec![MEASUREMENT],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![device],
        ..Pins::default()
    };
    let report = Report::parse(bytes).unwrap();
    pins.verify(&report, Expected::Guest(b"data"), NAMED).map_or_else(|refusal| refusal.check(), |_| "ok")
}

fn add_order(s: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in s.iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
}

#[test]
fn an_s_that_is_not_reduced_is_refused() {
    for (signature, outcome) in [(1096, "enclave-signature"), (1256, "sm-signature")] {
        let mut bytes = report();
        assert_eq!(verdict(&bytes, DeviceKey::SIMULATOR), "ok");
        // An implementation that reduces S first takes it for the same signature.
        add_order(&mut bytes[signature + 32..signature + 64]);
        assert_eq!(verdict(&bytes, DeviceKey::SIMULATOR), outcome);
    }
}

#[test]
fn keys_and_r_of_small_order_are_refused() {
    for weak in SMALL_ORDER.map(|text| text.parse::<DeviceKey>().unwrap()) {
        for r in SMALL_ORDER.map(|text| text.parse::<DeviceKey>().unwrap()) {
            // With S = 0 such pairs are valid for one message in eight or all of them, by rules that let them pass.
            let mut bytes = report();
            bytes[1256..1288].copy_from_slice(&r.0);
            bytes[1288..1320].fill(0);
            bytes[1320..].copy_from_slice(&weak.0);
            assert_eq!(verdict(&bytes, weak), "sm-signature");
        }
    }
}

/// A device with its own key, which vouches for `sm_key`, and a report under it with this signature.
fn under(sm_key: &[u8; 32], sign: impl Fn(&[u8]) -> [u8; 64]) -> ([u8; Report::SIZE], DeviceKey) {
    let device = ExpandedSecretKey::from_bytes(&[0x35; 64]);
    let public = VerifyingKey::from(&device);
    let mut bytes = report();
    bytes[1224..1256].copy_from_slice(sm_key);
    let signature = raw_sign::<Sha3_512>(&device, &bytes[1160..1256], &public).to_bytes();
    bytes[1256..1320].copy_from_slice(&signature);
    bytes[1320..].copy_from_slice(public.as_bytes());
    let signature = sign(&bytes[..72 + 4]);
    bytes[1096..1160].copy_from_slice(&signature);
    (bytes, DeviceKey(public.to_bytes()))
}

#[test]
fn a_device_that_vouches_for_a_key_of_small_order_does_not_make_it_one() {
    for weak in SMALL_ORDER.map(|text| text.parse::<DeviceKey>().unwrap().0) {
        for r in SMALL_ORDER.map(|text| text.parse::<DeviceKey>().unwrap().0) {
            let (bytes, device) = under(&weak, |_| [r, [0; 32]].concat().try_into().unwrap());
            assert_eq!(verdict(&bytes, device), "enclave-signature");
        }
    }
}

#[test]
fn neither_a_weak_key_nor_a_weak_r_is_enough() {
    let identity: [u8; 32] = SMALL_ORDER[0].parse::<DeviceKey>().unwrap().0;
    let strong = ExpandedSecretKey::from_bytes(&[0x53; 64]);
    let public = VerifyingKey::from(&strong).to_bytes();

    // R = S B is right for the identity as the key, whatever the message.
    let signature = [public, strong.scalar.to_bytes()].concat().try_into().unwrap();
    let (bytes, device) = under(&identity, |_| signature);
    assert_eq!(verdict(&bytes, device), "enclave-signature");

    // S = k a is right for the identity as R, which tells the secret key to everybody.
    let sign = |message: &[u8]| {
        let k = Sha3_512::digest([&identity[..], &public, message].concat());
        let s = Scalar::from_bytes_mod_order_wide(&k.into()) * strong.scalar;
        [identity, s.to_bytes()].concat().try_into().unwrap()
    };
    let (bytes, device) = under(&public, sign);
    let key = VerifyingKey::from_bytes(&public).unwrap();
    let signature = Signature::from_slice(&bytes[1096..1160]).unwrap();
    assert!(raw_verify::<Sha3_512>(&key, &bytes[..76], &signature).is_ok(), "or this shows nothing");
    assert_eq!(verdict(&bytes, device), "enclave-signature");
}

#[test]
fn a_signature_of_rfc_8032_is_none_of_keystone() {
    let secret = SigningKey::from_bytes(&[9; 32]);
    let (bytes, device) = under(secret.verifying_key().as_bytes(), |message| secret.sign(message).to_bytes());
    assert_eq!(verdict(&bytes, device), "enclave-signature");

    let keystone = ExpandedSecretKey::from_bytes(&Sha3_512::digest([9; 32]).into());
    let public = VerifyingKey::from(&keystone);
    let sign = |message: &[u8]| raw_sign::<Sha3_512>(&keystone, message, &public).to_bytes();
    let (bytes, device) = under(public.as_bytes(), sign);
    assert_eq!(verdict(&bytes, device), "ok");
}
