//! What the enclave app needs from the machine it runs on.

use wasmstone_edge_protocol::Violation;

/// The machine: Keystone's runtime, the simulator, or a test.
pub trait Platform: Send {
    /// One edge call. `request` is copied out to the host, the host's answer is copied once into `reply`, which the
    /// caller has zeroed before; bytes that the host does not fill stay zero.
    ///
    /// # Errors
    /// A violation if the host's answer does not lie in the shared buffer.
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation>;

    /// A counter that runs at a steady rate and never goes back. The machine does not say how long a tick is; the
    /// host does, at start.
    fn ticks(&mut self) -> u64;

    /// Fills `seed` with bytes that the host does not know, as far as this machine has such bytes.
    fn private_entropy(&mut self, seed: &mut [u8; 64]);

    /// The key for `identifier` that only this image gets, on this machine, in every run. The result is false if the
    /// machine has no keys.
    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        let _ = (identifier, key);
        false
    }

    /// A report of the machine that this image attests `data`, at most 1,024 bytes. The result is false if the
    /// machine makes no reports.
    fn attest(&mut self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        let _ = (data, report);
        false
    }
}

/// The number of bytes that Keystone's runtime fills when it is asked for a report; the report comes first.
pub const REPORT_BUFFER: usize = 2048;
