//! Reading keys.

use wasmstone_bundle::{PublicKey, SecretKey};

const PUBLIC: &[u8] = include_bytes!("../../../../bundle-format/tests/data/alice.pub.pem");
const SECRET: &[u8] = include_bytes!("../../../../bundle-format/tests/data/alice.pem");

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    if let Ok(key) = PublicKey::from_pem(&String::from_utf8_lossy(&crate::edited(PUBLIC, data))) {
        let again = PublicKey::from_pem(&key.to_pem().expect("a key that was read")).expect("a key that was written");
        assert_eq!(again.to_bytes(), key.to_bytes());
    }
    if let Ok(key) = SecretKey::from_pem(&String::from_utf8_lossy(&crate::edited(SECRET, data))) {
        assert!(key.public().verifies(data, &key.sign(data)));
    }
}
