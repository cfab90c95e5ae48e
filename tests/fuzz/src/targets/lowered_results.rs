//! What a program does, and what it does when its floats are lowered.

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    crate::lowering::compare(data);
}
