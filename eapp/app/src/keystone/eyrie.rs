//! Eyrie's calls, all through the one `ecall` instruction of this program.

use core::arch::naked_asm;
use wasmstone_eapp::REPORT_BUFFER;

/// Makes an edge call: copies the request out, and the answer in.
const OCALL: usize = 1001;

/// Makes an attestation report.
const ATTEST: usize = 1003;

/// The most bytes that the monitor takes for a report. Eyrie copies more than its buffer holds.
const ATTEST_DATA_MAX: usize = 1024;

/// Derives a key from the enclave's measurement and an identifier.
const SEALING_KEY: usize = 1004;

/// Ends the enclave.
pub const EXIT: usize = 1101;

/// Bytes of a sealing key.
pub const SEALING_KEY_SIZE: usize = 128;

/// Bytes of a sealing key and the monitor's signature on it.
pub const SIGNED_SEALING_KEY_SIZE: usize = SEALING_KEY_SIZE + 64;

/// Enters Eyrie. The convention is that of a function whose eighth argument is the call's number.
///
/// # Safety
/// The arguments are those of the call `number`: Eyrie reads and writes where they point.
#[unsafe(naked)]
pub unsafe extern "C" fn call(
    a0: usize,
    a1: usize,
    a2: usize,
    a3: usize,
    a4: usize,
    a5: usize,
    a6: usize,
    number: usize,
) -> usize {
    naked_asm!("ecall", "ret")
}

/// One edge call with the id `id`. The host's answer is put at the beginning of `reply`; Eyrie does not tell its
/// length. The result is false if the host answered nothing, or from outside the shared buffer.
pub fn ocall(id: u8, request: &[u8], reply: &mut [u8]) -> bool {
    let (from, to) = (request.as_ptr().expose_provenance(), reply.as_mut_ptr().expose_provenance());
    // SAFETY: Eyrie reads `request.len()` bytes at `from` and writes at most `reply.len()` bytes at `to`.
    unsafe { call(id.into(), from, request.len(), to, reply.len(), 0, 0, OCALL) == 0 }
}

/// A report of the security monitor over `data`, at most 1,024 bytes. The result is false if the monitor makes no
/// report.
pub fn attest(report: &mut [u8; REPORT_BUFFER], data: &[u8]) -> bool {
    let (to, from) = (report.as_mut_ptr().expose_provenance(), data.as_ptr().expose_provenance());
    if data.len() > ATTEST_DATA_MAX {
        return false;
    }
    // SAFETY: Eyrie reads `data.len()` bytes at `from`, which fit into its own buffer, and writes 2,048 bytes at
    // `to`, which has this size. Neither has to be aligned.
    unsafe { call(to, from, data.len(), 0, 0, 0, 0, ATTEST) == 0 }
}

/// The sealing key for `identifier`, the same in every run of this image on this machine. The result is false if the
/// security monitor has no key.
pub fn sealing_key(key: &mut [u8; SIGNED_SEALING_KEY_SIZE], identifier: &[u8]) -> bool {
    let (to, from) = (key.as_mut_ptr().expose_provenance(), identifier.as_ptr().expose_provenance());
    // SAFETY: Eyrie reads `identifier.len()` bytes at `from` and writes `key.len()` bytes at `to`.
    unsafe { call(to, key.len(), from, identifier.len(), 0, 0, 0, SEALING_KEY) == 0 }
}
