//! Keystone, as the enclave app's platform.

use super::{ending::Wipe, ending::exit, eyrie, eyrie::SEALING_KEY_SIZE, eyrie::SIGNED_SEALING_KEY_SIZE};
use core::arch::asm;
use sha2::{Digest, Sha256};
use wasmstone_eapp::{Platform, REPORT_BUFFER};
use wasmstone_edge_protocol::{ExitStatus, Violation};
use zeroize::Zeroize;

/// The name of the sealing key that random numbers are made from. It has no other use.
const IDENTIFIER: &[u8] = b"wasmstone random v1";

/// How often the time is read to mix in what differs between runs.
const SAMPLES: usize = 64;

/// The machine.
#[derive(Default)]
pub struct Keystone {
    latest: u64,
}

impl Platform for Keystone {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        if eyrie::ocall(call, request, reply) { Ok(()) } else { Err(Violation("an edge call failed")) }
    }

    fn ticks(&mut self) -> u64 {
        // Harts may differ by a little, and the enclave may move between them.
        self.latest = self.latest.max(time());
        self.latest
    }

    /// One half is the monitor's secret, the same in every run; the other half makes runs differ. The host can guess
    /// the latter, but not the former. The counters of cycles and instructions would add nothing, and on some systems
    /// reading them ends the enclave.
    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        let (secret, fresh) = seed.split_at_mut(32);
        if !sealing_key(IDENTIFIER, secret) {
            exit(ExitStatus::Internal, Wipe::Everything);
        }
        let mut times = Sha256::new();
        for _ in 0..SAMPLES {
            times.update(time().to_le_bytes());
        }
        fresh.copy_from_slice(&times.finalize());
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        sealing_key(identifier, key)
    }

    fn attest(&mut self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        eyrie::attest(report, data)
    }
}

/// The sealing key for `identifier`. The monitor makes more bytes than are needed.
fn sealing_key(identifier: &[u8], key: &mut [u8]) -> bool {
    let mut whole = [0; SIGNED_SEALING_KEY_SIZE];
    let made = eyrie::sealing_key(&mut whole, identifier);
    if made {
        // The monitor's signature on the key is behind it.
        let (secret, _) = whole.split_at(SEALING_KEY_SIZE);
        key.copy_from_slice(&Sha256::digest(secret));
    }
    whole.zeroize();
    made
}

/// The machine's time, in ticks of unknown length.
fn time() -> u64 {
    let time;
    // SAFETY: reads a counter, and does nothing else.
    unsafe { asm!("rdtime {}", out(reg) time, options(nomem, nostack, preserves_flags)) };
    time
}
