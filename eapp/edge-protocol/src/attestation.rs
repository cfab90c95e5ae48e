//! The data that enclaves of this project put into a Keystone report: either the guest's own data, of at most
//! [`USER_DATA_MAX`] bytes, or the enclave's public key with a nonce, of [`EXCHANGE_DATA`] bytes. The length says which.

/// Bytes of a Keystone report: enclave hash, length, 1,024 bytes of data, signature, the security monitor's part.
pub const REPORT_SIZE: usize = 1352;

/// The most bytes of its own that a guest can put into a report.
pub const USER_DATA_MAX: usize = 64;

/// The least and the most bytes of a nonce, as in an EAT (RFC 9711, section 4.1).
pub const NONCE: core::ops::RangeInclusive<usize> = 8..=64;

/// The first bytes of the data of a report over the enclave's key.
pub const EXCHANGE_TAG: [u8; 8] = *b"WSKEY\0\0\x01";

/// Bytes of the data of a report over the enclave's key: the tag, the nonce's length, the nonce padded with zeros, the key.
pub const EXCHANGE_DATA: usize = 8 + 1 + 64 + 32;

/// The data of a report over `nonce` and the enclave's X25519 public key; `None` if the length of the nonce is not in
/// [`NONCE`].
pub fn exchange_data(nonce: &[u8], key: &[u8; 32]) -> Option<[u8; EXCHANGE_DATA]> {
    let mut data = [0; EXCHANGE_DATA];
    let (tag, rest) = data.split_at_mut(8);
    let (length, rest) = rest.split_at_mut(1);
    let (padded, end) = rest.split_at_mut(64);
    if !NONCE.contains(&nonce.len()) {
        return None;
    }
    tag.copy_from_slice(&EXCHANGE_TAG);
    // The length was checked: at most 64.
    length.fill(nonce.len() as u8);
    padded.get_mut(..nonce.len())?.copy_from_slice(nonce);
    end.copy_from_slice(key);
    Some(data)
}
