use crate::support::unsigned;
use proptest::prelude::*;
use wasmstone_bundle::{
    Manifest, Measurement, Sha256Digest, SmHash,
    manifest::{Encoding, ManifestError, MemberEntry, PlatformEntry, ProgramEntry},
};
use wasmstone_policy::Target;

fn member(path: &str, size: u64, stored: u64) -> MemberEntry {
    let encoding = if stored == size { Encoding::Raw } else { Encoding::Gzip };
    MemberEntry { path: path.into(), size, stored, encoding, sha256: Sha256Digest([0xab; 32]) }
}

fn sample() -> Manifest {
    Manifest {
        format: 1,
        name: "it's \"hello\" \\ ü".into(),
        created_by: "wasmstone 0.1.0".into(),
        platform: PlatformEntry { name: "board-2".into(), sm_hash: Some(SmHash([0x11; 64])), fp_safe: false },
        programs: vec![ProgramEntry { target: Target::Pulley64, measurement: Measurement([0x22; 64]) }],
        members: vec![
            member("platform/loader", 36888, 36888),
            member("platform/runtime", 111_920, 50_000),
            member("eapp", 3_000_000, 1_000_000),
            member("pulley64/launch", 120, 120),
            member("pulley64/program", 1 << 30, 1 << 20),
        ],
    }
}

/// The signed form. A change of this text makes every existing bundle unreadable.
#[test]
fn the_form_never_changes() {
    let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
    assert_eq!(text, include_str!("../data/manifest.toml"));
    assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), sample());
}

#[test]
fn a_newer_format_is_said_first() {
    let newer = "format = 3\nlayers = [{ hash = 1 }]\n";
    let message = Manifest::parse(newer.as_bytes()).unwrap_err().to_string();
    assert_eq!(message, "bundle format 3 is newer than this release reads (1): update wasmstone");
    assert!(matches!(Manifest::parse(b"format = 0\n"), Err(ManifestError::Damaged(_))));
    assert!(matches!(Manifest::parse(b"name = \"x\"\n"), Err(ManifestError::Damaged(_))));
}

#[test]
fn there_is_one_form() {
    let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
    for other in [
        format!("{text}\n"),
        format!("# A comment\n{text}"),
        text.replace("format = 1", "format = 0x1"),
        text.replace("format = 1", "format  = 1"),
        text.replace('\n', "\r\n"),
        text.replace("abab", "ABAB"),
        text.replace("stored = 36888", "stored = 36_888"),
    ] {
        assert_ne!(other, text);
        assert_eq!(Manifest::parse(other.as_bytes()), Err(ManifestError::NotCanonical), "{other}");
    }
}

#[test]
fn unknown_and_missing_fields_are_damage() {
    let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
    for other in [
        text.replace("[platform]", "[platform]\nextra = 1"),
        text.replace("created-by", "created-at"),
        text.replace("fp-safe = false\n", ""),
        text.replace("pulley64\"", "pulley32\""),
        text.replace("gzip", "zstd"),
        text.replace("stored = 36888", "stored = -1"),
        text.replace("stored = 36888", "stored = 1"),
        text.replace("format = 1", "format = 1\nformat = 1"),
    ] {
        assert_ne!(other, text);
        assert!(matches!(Manifest::parse(other.as_bytes()), Err(ManifestError::Damaged(_))), "{other}");
    }
    assert!(matches!(Manifest::parse(&[0xff]), Err(ManifestError::Damaged(_))));
    assert_eq!(Manifest::parse(&vec![b'#'; (256 << 10) + 1]), Err(ManifestError::TooLarge((256 << 10) + 1)));
}

/// An error is printed on a terminal, even if an attacker wrote the manifest.
#[test]
fn errors_hold_no_control_characters() {
    let error = Manifest::parse(b"format = 1\n\"\\u001b[31mred\\u001b[0m\" = 1\n").unwrap_err().to_string();
    assert!(error.contains("[31mred") && !error.contains('\x1b'), "{error:?}");
    let mut manifest = sample();
    manifest.members[2].path = "\x1b[31mred".into();
    assert!(!manifest.to_bytes().unwrap_err().to_string().contains('\x1b'));
}

#[test]
fn members_are_the_ones_that_programs_ask_for() {
    let refused = |change: fn(&mut Manifest)| {
        let mut manifest = sample();
        change(&mut manifest);
        manifest.to_bytes().unwrap_err()
    };
    for (change, found, expected) in [
        ((|m| m.members.swap(0, 1)) as fn(&mut Manifest), "\"platform/runtime\"", "\"platform/loader\""),
        (|m| drop(m.members.pop()), "nothing", "\"pulley64/program\""),
        (|m| m.members.push(member("../x", 1, 1)), "\"../x\"", "nothing"),
        (|m| m.members.push(m.members[4].clone()), "\"pulley64/program\"", "nothing"),
    ] {
        let members = ManifestError::Members { found: found.into(), expected: expected.into() };
        assert_eq!(refused(change), members);
    }
    assert!(matches!(refused(|m| m.programs.clear()), ManifestError::Damaged(_)));
    assert!(matches!(refused(|m| m.programs.push(m.programs[0].clone())), ManifestError::Damaged(_)));
    assert!(matches!(refused(|m| m.platform.name = "..".into()), ManifestError::Damaged(_)));
    assert!(matches!(refused(|m| m.name.clear()), ManifestError::Name(_)));
    assert!(matches!(refused(|m| m.name = "a\nb".into()), ManifestError::Name(_)));
    assert!(matches!(refused(|m| m.members[4].size += 1), ManifestError::MemberTooLarge { limit: 0x4000_0000, .. }));
    assert!(matches!(
        refused(|m| m.members[3] = member("pulley64/launch", 1 << 21, 1)),
        ManifestError::MemberTooLarge { .. }
    ));
    let program = |m: &mut Manifest| m.members[4] = member("pulley64/program", 1 << 30, 1 << 30);
    assert!(matches!(refused(program), ManifestError::BundleTooLarge(_)));
    assert!(matches!(refused(|m| m.members[2].size = u64::MAX), ManifestError::MemberTooLarge { .. }));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse(&bytes);
        let _ = Manifest::parse(&[b"format = 1\n", &bytes[..]].concat());
    }

    /// A manifest that is read from a damaged bundle has exactly the content of its bytes.
    #[test]
    fn damaged_manifests_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = unsigned().manifest_bytes().to_vec();
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(manifest) = Manifest::parse(&bytes) {
            prop_assert_eq!(manifest.to_bytes().unwrap(), bytes);
        }
    }
}
