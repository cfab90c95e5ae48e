//! `pins.toml`.
#![cfg(feature = "toml")]

use proptest::prelude::*;
use wasmstone_attestation::{DeviceKey, Measurement, Pins, PinsFileError, SignerId, SmHash};

fn pins() -> Pins {
    Pins {
        name: Some("hello \"world\"\n".into()),
        measurements: vec![Measurement([0x1a; 64]), Measurement([0x2b; 64])],
        sm_hashes: vec![SmHash([0x3c; 64])],
        device_keys: vec![DeviceKey::SIMULATOR],
        signers: vec![SignerId([0x4d; 32])],
    }
}

#[test]
fn what_is_written_is_read() {
    for pins in [pins(), Pins::default()] {
        let text = pins.to_toml();
        assert_eq!(Pins::from_toml(&text).as_ref(), Ok(&pins), "{text}");
        assert_eq!(Pins::from_toml(&text).unwrap().to_toml(), text);
    }
}

#[test]
fn it_says_what_each_list_is() {
    let text = Pins { name: Some("hello".into()), ..pins() }.to_toml();
    let expected = format!(
        r#"# What "wasmstone attest verify" accepts. A list that is empty accepts nothing.
schema = 1
name = "hello"

# The programs: the measurement of loader, runtime and image, for each target.
measurements = [
    "{}",
    "{}",
]

# The security monitors, as the boot ROM hashes them.
sm-hashes = [
    "{}",
]

# The devices: their Ed25519 public keys.
device-keys = [
    "886504a0e2d11e3b9b7a58b8f3462e6402ef393a07e4ff47b8f6c5ad20c55d1c",
]

# Who signed the bundle: the ids of their keys. For people; no report shows it.
signers = [
    "{}",
]
"#,
        "1a".repeat(64),
        "2b".repeat(64),
        "3c".repeat(64),
        "4d".repeat(32)
    );
    assert_eq!(text, expected);
}

#[test]
fn a_list_that_is_left_out_is_empty() {
    assert_eq!(Pins::from_toml("schema = 1"), Ok(Pins::default()));
}

#[test]
fn what_is_not_understood_is_refused() {
    for (text, reason) in [
        ("", "missing field `schema`"),
        ("schema = 1\nmeasurement = []", "unknown field `measurement`"),
        ("schema = 1\nsm_hashes = []", "unknown field `sm_hashes`"),
        ("schema = 1\nmeasurements = [\"1a\"]", "expected 128 hexadecimal digits"),
        ("schema = 1\ndevice-keys = [\"zz\"]", "expected 64 hexadecimal digits"),
        ("schema = 1\nsigners = [1]", "expected a string"),
        ("schema = 1\nmeasurements = \"any\"", "expected a sequence"),
        ("schema = 1\nsigners = []\nsigners = []", "duplicate key"),
        ("schema = 1\n[risks]\nsimulator = true", "unknown field `risks`"),
        ("schema = 2\nanything = 1", "schema 2"),
        ("schema = \"1\"", "expected u32"),
        ("not toml", "cannot be read"),
    ] {
        let error = Pins::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let long = format!("schema = 1\n#{}", "x".repeat(1 << 20));
    assert_eq!(Pins::from_toml(&long), Err(PinsFileError::Size(long.len())));
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,200}", key in "[a-z-]{1,12}", value in "[\\[\\]\"0-9a-f,]{0,80}") {
        let _ = Pins::from_toml(&text);
        let _ = Pins::from_toml(&format!("schema = 1\n{key} = {value}"));
    }

    #[test]
    fn all_names_are_read_back(name: String) {
        let pins = Pins { name: Some(name), ..Pins::default() };
        prop_assert_eq!(Pins::from_toml(&pins.to_toml()), Ok(pins));
    }
}
