//! What the enclave app needs from the machine it runs on.

use wasmstone_edge_protocol::Violation;

/// The machine: Keystone's runtime, the simulator, or a test.
pub trait Platform: Send {
    /// One edge call. `request` is copied out to the host, the host's answer is copied once into
    /// `reply`, where the caller has made zero what came before; what the host does not fill stays so.
    ///
    /// # Errors
    /// A violation where the host's answer does not lie in the shared buffer.
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation>;

    /// A counter that runs at a steady rate and never goes back. What a tick is worth, the machine does
    /// not tell, but the host, at start.
    fn ticks(&mut self) -> u64;

    /// Fills `seed` with what the host does not know, as far as this machine has it.
    fn private_entropy(&mut self, seed: &mut [u8; 64]);
}
