use crate::support::{ALICE, ALICE_PUBLIC};
use std::{fs, os::unix::fs::PermissionsExt};
use wasmstone_bundle::keys::{KeyError, PemError};
use wasmstone_bundle::sealing::{OwnerSecret, OwnerStore, SealOwner};

/// As OpenSSL writes an X25519 key of 32 bytes of 1.
const OWNER: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB
-----END PRIVATE KEY-----
";
const OWNER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEApOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk=
-----END PUBLIC KEY-----
";

#[test]
fn keys_are_those_of_openssl() {
    let owner = OwnerSecret::from_pem(OWNER).unwrap();
    assert_eq!(*owner.to_pem().unwrap(), OWNER);
    assert_eq!(owner.public().to_pem().unwrap(), OWNER_PUBLIC);
    assert_eq!(SealOwner::from_pem(OWNER_PUBLIC).unwrap(), owner.public());
    // With what `openssl pkey -text` prints before it, and blank lines at the end.
    assert_eq!(SealOwner::from_pem(&format!("X25519 Public-Key:\n{OWNER_PUBLIC}\n \n")).unwrap(), owner.public());
    assert_eq!(OwnerSecret::from_pem(&format!("{OWNER}\n")).unwrap().public(), owner.public());
    let digits = "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209";
    assert_eq!(owner.public().to_string(), digits);
    assert_eq!(format!("{owner:?}"), format!("OwnerSecret({digits})"));
}

#[test]
fn other_keys_are_refused() {
    assert!(matches!(SealOwner::from_pem(OWNER), Err(PemError::Secret)));
    assert!(matches!(SealOwner::from_pem(ALICE_PUBLIC), Err(PemError::SealOwner(_))));
    assert!(matches!(SealOwner::from_pem(""), Err(PemError::SealOwner(_))));
    assert!(matches!(OwnerSecret::from_pem(ALICE), Err(PemError::SealOwnerSecret(_))));
    assert!(matches!(OwnerSecret::from_pem(OWNER_PUBLIC), Err(PemError::SealOwnerSecret(_))));
    // With these keys, everybody would be the owner.
    for low in [SealOwner([0; 32]), SealOwner(std::array::from_fn(|i| u8::from(i == 0)))] {
        assert!(matches!(SealOwner::from_pem(&low.to_pem().unwrap()), Err(PemError::SealOwner(_))), "{low}");
    }
}

#[test]
fn a_store_makes_and_keeps_keys() {
    let directory = tempfile::tempdir().unwrap();
    let store = OwnerStore::at(directory.path());
    let unknown = store.secret("me").unwrap_err();
    assert!(matches!(unknown, KeyError::UnknownOwner { .. }) && unknown.to_string().contains("seal key me"));
    let me = store.generate("me").unwrap();
    assert_eq!(store.secret("me").unwrap().public(), me);
    assert!(matches!(store.generate("me"), Err(KeyError::Taken { .. })));
    assert_eq!(store.secret("me").unwrap().public(), me);
    assert!(matches!(store.generate("../me"), Err(KeyError::Name(_))));

    let file = directory.path().join("seal/me.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(store.secret("me"), Err(KeyError::Exposed { .. })));
}
