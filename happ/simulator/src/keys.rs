//! What Keystone's security monitor does for an enclave with its keys, done with keys that are public.

use hkdf::Hkdf;
use sha2::Sha256;
use wasmstone_attestation::simulator;
use wasmstone_bundle::Measurement;
use wasmstone_eapp::REPORT_BUFFER;

/// The secret that sealing keys are derived from.
const SECRET: &[u8] = b"wasmstone simulated sealing secret v1";

/// The keys of the enclave with this measurement.
pub struct Keys(pub Measurement);

impl Keys {
    /// The sealing key for `identifier`: the same in every run, and different for other enclaves and identifiers.
    pub fn sealing_key(&self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        Hkdf::<Sha256>::new(Some(&self.0.0), SECRET).expand(identifier, key).is_ok()
    }

    /// A report over `data`, if the data fit into a report.
    pub fn attest(&self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        let made = simulator::report(&wasmstone_attestation::Measurement(self.0.0), data);
        let Some((made, to)) = made.as_ref().zip(report.first_chunk_mut()) else { return false };
        *to = *made;
        true
    }
}

#[cfg(test)]
mod tests;
