//! A host that uses the floating-point registers itself. Neither Eyrie nor the security monitor keeps the registers
//! apart, so each side finds in them what the other side left.

use crate::context::Registers;

/// Round up, with every exception flag set.
const FCSR: u32 = 3 << 5 | 0x1f;

/// The content that the host puts into the registers, and how often the enclave changed it.
#[derive(Debug, Default)]
pub struct Floats {
    filled: Option<([u64; 32], u32)>,
    round: u64,
    changed: u64,
}

impl Floats {
    /// Fills the registers, each time with other numbers, all finite.
    pub fn fill(&mut self, registers: &mut Registers) {
        self.round += 1;
        for (index, register) in registers.f.iter_mut().enumerate() {
            *register = (1.5 + self.round as f64 * 32.0 + index as f64).to_bits();
        }
        registers.fcsr = FCSR;
        self.filled = Some((registers.f, registers.fcsr));
    }

    /// Compares the registers with their content before the enclave ran.
    pub fn look(&mut self, registers: &Registers) {
        if self.filled.is_some_and(|filled| filled != (registers.f, registers.fcsr)) {
            self.changed += 1;
        }
    }

    /// How often the host found the registers changed by the enclave.
    pub fn changed(&self) -> u64 {
        self.changed
    }
}
