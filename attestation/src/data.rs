//! What wasmstone's enclave app puts into a report's data. Its length tells the kind: a guest cannot imitate the
//! enclave app, since its data never has as many bytes as an exchange.

/// The most bytes of data that a guest puts into a report.
pub const GUEST_MAX: usize = 64;

/// Bytes of an exchange.
pub const EXCHANGE_SIZE: usize = 105;

/// The first bytes of an exchange.
pub const EXCHANGE_MAGIC: [u8; 8] = *b"WSKEY\0\0\x01";

/// The fewest bytes of a nonce. A shorter one could occur a second time.
pub const NONCE_MIN: usize = 8;

/// The most bytes of a nonce.
pub const NONCE_MAX: usize = 64;

/// The data of a report by wasmstone's enclave app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportData<'a> {
    /// What the guest wanted attested (`wasmstone:attestation`), at most [`GUEST_MAX`] bytes.
    Guest(&'a [u8]),
    /// The enclave app's answer to a verifier.
    Exchange {
        /// The verifier's nonce, [`NONCE_MIN`] to [`NONCE_MAX`] bytes.
        nonce: &'a [u8],
        /// The X25519 public key (RFC 7748) of the enclave, which alone has the secret key.
        key: [u8; 32],
    },
}

impl<'a> ReportData<'a> {
    /// Reads a report's data; `None` if wasmstone's enclave app does not write such data.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        if data.len() <= GUEST_MAX {
            return Some(Self::Guest(data));
        }
        let (magic, rest) = data.split_first_chunk::<8>()?;
        let (&length, rest) = rest.split_first()?;
        let (padded, key) = rest.split_first_chunk::<NONCE_MAX>()?;
        let (nonce, padding) = padded.split_at_checked(length.into())?;
        let valid = *magic == EXCHANGE_MAGIC && nonce.len() >= NONCE_MIN && padding.iter().all(|byte| *byte == 0);
        valid.then_some(Self::Exchange { nonce, key: key.try_into().ok()? })
    }
}
