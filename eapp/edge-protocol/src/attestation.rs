//! What enclaves of this project say in the data of a Keystone report. Both kinds are told apart by their length:
//! a guest's own data has at most [`USER_DATA_MAX`] bytes.

/// Bytes of a Keystone report: enclave hash, length, 1,024 bytes of data, signature, the security monitor's part.
pub const REPORT_SIZE: usize = 1352;

/// The most bytes that a guest may have reported.
pub const USER_DATA_MAX: usize = 64;

/// The least and the most bytes of a nonce, those of an EAT (RFC 9711, section 4.1).
pub const NONCE: core::ops::RangeInclusive<usize> = 8..=64;

/// What the data of a report over the enclave's key begins with.
pub const EXCHANGE_TAG: [u8; 8] = *b"WSKEY\0\0\x01";

/// Bytes of such data: the tag, the nonce's length, the nonce padded with zeros, the key.
pub const EXCHANGE_DATA: usize = 8 + 1 + 64 + 32;

/// The data of a report over `nonce` and the enclave's X25519 public key; `None` where the nonce has a length
/// that none has.
pub fn exchange_data(nonce: &[u8], key: &[u8; 32]) -> Option<[u8; EXCHANGE_DATA]> {
    let mut data = [0; EXCHANGE_DATA];
    let (tag, rest) = data.split_at_mut(8);
    let (length, rest) = rest.split_at_mut(1);
    let (padded, end) = rest.split_at_mut(64);
    if !NONCE.contains(&nonce.len()) {
        return None;
    }
    tag.copy_from_slice(&EXCHANGE_TAG);
    // At most 64.
    length.fill(nonce.len() as u8);
    padded.get_mut(..nonce.len())?.copy_from_slice(nonce);
    end.copy_from_slice(key);
    Some(data)
}
