use crate::support::{ALICE, ALICE_PUBLIC, BOB, BOB_PUBLIC, key};
use proptest::prelude::*;
use std::{fs, os::unix::fs::PermissionsExt};
use wasmstone_bundle::{
    KeyId, KeyStore, PublicKey, SecretKey, TrustPolicy,
    keys::{KeyError, KeyKind, PemError},
};

/// From `openssl pkeyutl -sign -rawin`.
const OPENSSL_SIGNATURE: &str = "b678228c9d2aaa3eb63df838a598573b7dcc98bd27a5f4bfcd1685c8242bcaee\
                                 d9f6578904c73d4c1c29daf0d62484a1ebe42aa7677b0b61a475ada190ca3a03";

#[test]
fn keys_and_signatures_are_those_of_openssl() {
    let alice = key(ALICE);
    let message = b"signed by OpenSSL\n";
    let signature: [u8; 64] = hex::decode(OPENSSL_SIGNATURE).unwrap().try_into().unwrap();
    assert!(alice.public().verifies(message, &signature));
    assert!(!alice.public().verifies(b"signed by OpenSSL", &signature));
    assert!(!key(BOB).public().verifies(message, &signature));
    assert_eq!(alice.sign(message), signature);

    assert_eq!(*alice.to_pem().unwrap(), ALICE);
    assert_eq!(alice.public().to_pem().unwrap(), ALICE_PUBLIC);
    assert_eq!(PublicKey::from_pem(ALICE_PUBLIC).unwrap(), alice.public());
    // From `openssl pkey -pubin -outform DER | sha256sum`.
    let id = "76c53fa8ac16f5dd767886d5b666c5e1f6341933a87ae5043774ec7222c4f210";
    assert_eq!(alice.public().id().to_string(), id);
    assert_eq!(alice.public().id(), id.parse::<KeyId>().unwrap());
    assert_eq!(alice.public().id().short(), "76c53fa8ac16f5dd");
}

#[test]
fn other_keys_are_refused() {
    assert!(matches!(PublicKey::from_pem(ALICE), Err(PemError::Secret)));
    assert!(PublicKey::from_pem(ALICE).unwrap_err().to_string().contains("SECRET"));
    assert!(matches!(SecretKey::from_pem(ALICE_PUBLIC), Err(PemError::Private(_))));
    assert!(matches!(PublicKey::from_pem(""), Err(PemError::Public(_))));
    // An X25519 key differs in its algorithm alone.
    let x25519 = ALICE_PUBLIC.replace("MCowBQYDK2Vw", "MCowBQYDK2Vu");
    assert!(matches!(PublicKey::from_pem(&x25519), Err(PemError::Public(_))));
    assert!(PublicKey::from_bytes(&[2; 32]).is_none());
    // The neutral element would verify a constant signature for every message.
    let weak = PublicKey::from_bytes(&std::array::from_fn(|i| u8::from(i == 0))).unwrap();
    let constant: [u8; 64] = std::array::from_fn(|i| u8::from(i == 0));
    assert!(!weak.verifies(b"any", &constant));
}

/// The same file as OpenSSL, editors and mail programs leave it.
fn variants(pem: &str) -> Vec<String> {
    let text = "ED25519 Private-Key:\npriv:\n    15:2b:00\npub:\n    3d:40:17\n";
    let (body, end) = pem.trim_end().rsplit_once('\n').unwrap();
    let (begin, body) = body.split_once('\n').unwrap();
    let (half, rest) = body.split_at(body.len() / 2);
    vec![
        format!("{pem}\n"),
        format!("{pem}   \n\t\n"),
        format!("\n\n{pem}"),
        format!("{text}{pem}"),
        format!("{pem}{text}"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "  \n"),
        pem.replace('\n', "\n\n"),
        pem.trim_end().to_owned(),
        format!("{begin}\n{half}\n{rest}\n{end}\n"),
        format!("  {begin}\n  {body}\n  {end}\n"),
    ]
}

#[test]
fn text_and_blanks_around_a_key_do_not_matter() {
    for variant in variants(ALICE_PUBLIC) {
        assert_eq!(PublicKey::from_pem(&variant).ok(), Some(key(ALICE).public()), "{variant:?}");
    }
    for variant in variants(ALICE) {
        let read = SecretKey::from_pem(&variant).map(|key| key.public());
        assert_eq!(read.ok(), Some(key(ALICE).public()), "{variant:?}");
        assert!(matches!(PublicKey::from_pem(&variant), Err(PemError::Secret)), "{variant:?}");
    }
    let cut = ALICE_PUBLIC.replace("-----END", "-----EN");
    let letter = ALICE_PUBLIC.replace("MCow", "MC*w");
    let unnamed = ALICE_PUBLIC.replace("BEGIN PUBLIC", "BEGIN  PUBLIC");
    for broken in [&cut, &letter, &unnamed] {
        assert!(PublicKey::from_pem(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn debug_does_not_tell_the_secret() {
    let shown = format!("{:?}", key(ALICE));
    assert_eq!(shown, format!("SecretKey({})", key(ALICE).public().id()));
}

#[test]
fn a_store_makes_and_keeps_keys() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path().join("wasmstone"));
    assert_eq!(store.list().unwrap(), []);
    assert!(matches!(store.get("me"), Err(KeyError::Unknown { .. })));

    let me = store.generate("me").unwrap();
    assert_eq!(store.secret("me").unwrap().public(), me.public());
    assert_eq!(store.trust("alice", ALICE_PUBLIC).unwrap(), key(ALICE).public().id());
    let listed: Vec<_> = store.list().unwrap().into_iter().map(|key| (key.name, key.kind)).collect();
    assert_eq!(listed, [("me".to_owned(), KeyKind::Own), ("alice".to_owned(), KeyKind::Trusted)]);
    assert_eq!(store.get("alice").unwrap().public, key(ALICE).public());
    assert!(matches!(store.secret("alice"), Err(KeyError::Unknown { .. })));

    for (id, trusted) in [(me.public().id(), true), (key(ALICE).public().id(), true), (key(BOB).public().id(), false)] {
        assert_eq!(store.is_trusted(&id).unwrap(), trusted);
    }
    let mode = |path: &str| fs::metadata(directory.path().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("wasmstone"), 0o700);
    assert_eq!(mode("wasmstone/keys"), 0o700);
    assert_eq!(mode("wasmstone/keys/me.pem"), 0o600);
}

#[test]
fn keys_are_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    let first = store.generate("me").unwrap().public();
    assert!(matches!(store.generate("me"), Err(KeyError::Taken { .. })));
    assert!(matches!(store.trust("me", ALICE_PUBLIC), Err(KeyError::Taken { .. })));
    store.trust("alice", ALICE_PUBLIC).unwrap();
    assert!(matches!(store.trust("alice", BOB_PUBLIC), Err(KeyError::Taken { .. })));
    assert!(matches!(store.generate("alice"), Err(KeyError::Taken { .. })));
    assert_eq!(store.get("me").unwrap().public, first);
    assert_eq!(store.get("alice").unwrap().public, key(ALICE).public());
}

#[test]
fn a_secret_key_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    assert!(matches!(store.trust("alice", ALICE), Err(KeyError::Pem { error: PemError::Secret, .. })));
    assert!(matches!(store.trust("../alice", ALICE_PUBLIC), Err(KeyError::Name(_))));
    assert!(matches!(store.generate(".hidden"), Err(KeyError::Name(_))));
    assert!(matches!(store.secret("a/b"), Err(KeyError::Name(_))));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn an_exposed_secret_key_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    store.generate("me").unwrap();
    let path = directory.path().join("keys/me.pem");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let message = store.secret("me").unwrap_err().to_string();
    assert!(message.contains("chmod 600"), "{message}");
}

#[test]
fn a_damaged_key_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    store.trust("alice", ALICE_PUBLIC).unwrap();
    fs::write(directory.path().join("trusted/alice.pem"), "nonsense").unwrap();
    assert!(store.list().unwrap_err().to_string().contains("trusted/alice.pem"));
    fs::remove_file(directory.path().join("trusted/alice.pem")).unwrap();
    fs::write(directory.path().join("trusted/notes.txt"), "nonsense").unwrap();
    assert_eq!(store.list().unwrap(), [], "other files do not matter");
}

#[test]
fn a_key_that_cannot_be_used_is_not_trusted_and_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    store.trust("alice", ALICE_PUBLIC).unwrap();
    for name in ["junk", "exposed"] {
        store.generate(name).unwrap();
    }
    fs::write(directory.path().join("keys/junk.pem"), [0xff, 0xfe]).unwrap();
    fs::set_permissions(directory.path().join("keys/exposed.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut skipped = Vec::new();
    let policy = store.trust_policy(|error| skipped.push(error)).unwrap();
    assert_eq!(policy.trusted.into_values().collect::<Vec<_>>(), ["alice"]);
    assert!(
        matches!(&skipped[..], [KeyError::Exposed { .. }, KeyError::Pem { path, .. }] if path.ends_with("keys/junk.pem")),
        "{skipped:?}"
    );
}

#[test]
fn the_first_name_of_a_key_stays() {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(directory.path());
    store.trust("b", ALICE_PUBLIC).unwrap();
    store.trust("a", ALICE_PUBLIC).unwrap();
    let trust: TrustPolicy = store.trust_policy(|error| panic!("{error}")).unwrap();
    let signers = wasmstone_bundle::verify::signers(&crate::support::signed(), &trust);
    assert_eq!(signers[0].standing, wasmstone_bundle::verify::Standing::Trusted("a".into()));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}", body in "[A-Za-z0-9+/=\n]{0,200}") {
        let _ = (PublicKey::from_pem(&text), SecretKey::from_pem(&text));
        for label in ["PUBLIC", "PRIVATE"] {
            let pem = format!("-----BEGIN {label} KEY-----\n{body}\n-----END {label} KEY-----\n");
            let _ = (PublicKey::from_pem(&pem), SecretKey::from_pem(&pem));
        }
    }
}
