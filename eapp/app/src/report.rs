//! Attestation reports of this enclave.

use crate::platform::{Platform, REPORT_BUFFER};
use alloc::{boxed::Box, vec};
use wasmstone_edge_protocol::attestation::REPORT_SIZE;

/// Bytes of an enclave's measurement, which a report begins with.
pub const MEASUREMENT_SIZE: usize = 64;

/// Where the data are in a report, of which there are 1,024 bytes, and the signature follows.
const DATA: core::ops::Range<usize> = 72..1096;

/// A report over `data`; `None` where the machine makes none.
pub fn report(platform: &mut dyn Platform, data: &[u8]) -> Option<Box<[u8]>> {
    let mut buffer: Box<[u8; REPORT_BUFFER]> = vec![0; REPORT_BUFFER].try_into().ok()?;
    if !platform.attest(data, &mut buffer) {
        return None;
    }
    // Behind the data is what the security monitor had on its stack: nobody's business.
    let unused = buffer.get_mut(DATA)?.get_mut(data.len()..)?;
    unused.fill(0);
    buffer.get(..REPORT_SIZE).map(Box::from)
}
