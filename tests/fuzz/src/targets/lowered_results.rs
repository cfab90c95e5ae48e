//! The results of a program before and after its floats are lowered.

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    crate::lowering::compare(data);
}
