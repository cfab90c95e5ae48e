//! A loader and a runtime that the checks accept as a Keystone build's, made from the simulator's stand-ins.

use wasmstone_bundle::stand_in;

/// The address at which Eyrie starts.
const EYRIE: u64 = 0xffff_ffff_c000_0000;

/// The loader and the runtime. Neither works.
pub fn keystone_files() -> (Vec<u8>, Vec<u8>) {
    let mut runtime = renamed(stand_in::runtime());
    // The entry point, and the virtual address of the only segment.
    for offset in [24, 80] {
        runtime[offset..offset + 8].copy_from_slice(&EYRIE.to_le_bytes());
    }
    (renamed(stand_in::loader()), runtime)
}

/// Removes the mark of a stand-in: the text at its end.
fn renamed(mut bytes: Vec<u8>) -> Vec<u8> {
    let text = bytes.windows(9).position(|part| part == b"wasmstone").unwrap();
    bytes[text..].fill(0);
    bytes
}
