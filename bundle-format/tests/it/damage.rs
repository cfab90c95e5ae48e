//! Every truncation and every flipped bit of a bundle.

use crate::support::{accepted, signed};
use proptest::prelude::*;
use wasmstone_bundle::{Bundle, ReadError};

#[test]
fn a_bundle_cut_short_at_any_byte_is_refused() {
    let bytes = signed().to_bytes();
    assert!(accepted(&bytes));
    for length in 0..bytes.len() {
        match Bundle::read(&bytes[..length]) {
            Err(ReadError::Truncated { .. }) => {}
            Err(ReadError::NotABundle) if length == 0 => {}
            other => panic!("{length} bytes: {other:?}"),
        }
    }
}

#[test]
fn a_bundle_with_any_bit_flipped_is_refused() {
    let mut bytes = signed().to_bytes();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            bytes[index] ^= 1 << bit;
            assert!(!accepted(&bytes), "bit {bit} of byte {index}");
            bytes[index] ^= 1 << bit;
        }
    }
    assert!(accepted(&bytes));
}

#[test]
fn a_bundle_with_a_byte_more_or_less_is_refused() {
    let bytes = signed().to_bytes();
    for index in 0..=bytes.len() {
        for byte in [0, 0xff] {
            let longer = [&bytes[..index], &[byte], &bytes[index..]].concat();
            assert!(!accepted(&longer), "{byte} inserted at {index}");
        }
    }
    for index in 0..bytes.len() {
        assert!(!accepted(&[&bytes[..index], &bytes[index + 1..]].concat()), "byte {index} removed");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000), after in 0..10_000_usize) {
        prop_assert!(Bundle::read(&bytes[..]).is_err());
        // The same behind the start of a real bundle.
        let bundle = signed().to_bytes();
        let start = &bundle[..after.min(bundle.len())];
        prop_assert!(start.len() == bundle.len() && bytes.is_empty() || !accepted(&[start, &bytes].concat()));
    }
}
