//! What is inside a report's data, which is told apart by its length.
//!
//! A guest cannot pass for the enclave app: its data never has as many bytes as an exchange.

/// The most bytes of data that a guest puts into a report.
pub const GUEST_MAX: usize = 64;

/// Bytes of an exchange.
pub const EXCHANGE_SIZE: usize = 105;

/// The first bytes of an exchange.
pub const EXCHANGE_MAGIC: [u8; 8] = *b"WSKEY\0\0\x01";

/// The fewest bytes of a nonce. Fewer could be met a second time.
pub const NONCE_MIN: usize = 8;

/// The most bytes of a nonce.
pub const NONCE_MAX: usize = 64;

/// The data of a report by wasmstone's enclave app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportData<'a> {
    /// What the guest asked for by `wasmstone:attestation`, at most [`GUEST_MAX`] bytes.
    Guest(&'a [u8]),
    /// What the enclave app itself answered a verifier with.
    Exchange {
        /// The verifier's, [`NONCE_MIN`] to [`NONCE_MAX`] bytes.
        nonce: &'a [u8],
        /// The X25519 public key of the enclave: nobody else has the secret key.
        key: [u8; 32],
    },
}

impl<'a> ReportData<'a> {
    /// Reads a report's data; `None` where it has no form that an enclave app of wasmstone writes.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        if data.len() <= GUEST_MAX {
            return Some(Self::Guest(data));
        }
        let (magic, rest) = data.split_first_chunk::<8>()?;
        let (&length, rest) = rest.split_first()?;
        let (padded, key) = rest.split_first_chunk::<NONCE_MAX>()?;
        let (nonce, padding) = padded.split_at_checked(length.into())?;
        let plain = *magic == EXCHANGE_MAGIC && nonce.len() >= NONCE_MIN && padding.iter().all(|byte| *byte == 0);
        plain.then_some(Self::Exchange { nonce, key: key.try_into().ok()? })
    }
}

/// The data of a report over a verifier's nonce and the enclave's X25519 public key; `None` where the nonce has fewer
/// than [`NONCE_MIN`] or more than [`NONCE_MAX`] bytes.
pub fn exchange_data(nonce: &[u8], key: &[u8; 32]) -> Option<[u8; EXCHANGE_SIZE]> {
    if !(NONCE_MIN..=NONCE_MAX).contains(&nonce.len()) {
        return None;
    }
    let length = [u8::try_from(nonce.len()).ok()?];
    let padded = nonce.iter().chain(&[0; NONCE_MAX]).take(NONCE_MAX);
    let bytes = EXCHANGE_MAGIC.iter().chain(&length).chain(padded).chain(key);
    let mut data = [0; EXCHANGE_SIZE];
    data.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Some(data)
}
