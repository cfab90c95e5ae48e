//! Attestation reports of this enclave.

use crate::platform::{Platform, REPORT_BUFFER};
use alloc::{boxed::Box, vec};
use wasmstone_edge_protocol::attestation::REPORT_SIZE;

/// Bytes of an enclave's measurement, with which a report begins.
pub const MEASUREMENT_SIZE: usize = 64;

/// The place of the data in a report: 1,024 bytes, before the signature.
const DATA: core::ops::Range<usize> = 72..1096;

/// A report over `data`; `None` if the machine makes no reports.
pub fn report(platform: &mut dyn Platform, data: &[u8]) -> Option<Box<[u8]>> {
    let mut buffer: Box<[u8; REPORT_BUFFER]> = vec![0; REPORT_BUFFER].try_into().ok()?;
    if !platform.attest(data, &mut buffer) {
        return None;
    }
    // The security monitor leaves bytes of its stack behind the data. They must not leave the enclave.
    let unused = buffer.get_mut(DATA)?.get_mut(data.len()..)?;
    unused.fill(0);
    buffer.get(..REPORT_SIZE).map(Box::from)
}
