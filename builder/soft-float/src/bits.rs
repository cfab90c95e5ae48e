//! Operations on bits for which RISC-V has no instruction, and one for which WebAssembly has no operator.

use core::hint::cold_path;

/// The upper half of a product.
#[cfg(not(target_family = "wasm"))]
#[inline(always)]
pub(crate) fn mul_high(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

/// The same number, but the compiler does not know its value. Otherwise the compiler would replace two shifts by a
/// mask, and sums by choices, which take more instructions on RISC-V.
#[cfg(not(target_family = "wasm"))]
#[inline(always)]
pub(crate) fn opaque(a: u64) -> u64 {
    a
}

#[cfg(target_family = "wasm")]
pub(crate) use crate::exports::{mul_high, opaque};

/// The number with its sign in all of the upper bits, which takes fewer instructions than clearing them.
#[inline(always)]
pub(crate) fn sign_extended(a: u32) -> u64 {
    opaque(i64::from(a.cast_signed()).cast_unsigned())
}

/// The number of zeros above the highest one, if it is less than twice `FIRST`, and the number shifted left by it.
/// The search goes by halves, the first of `FIRST` bits.
///
/// On a processor that lacks an instruction for it, the operator becomes a loop over the bits.
#[inline(always)]
pub(crate) fn leading_zeros<const FIRST: u32>(mut a: u64) -> (u64, u64) {
    let mut zeros = 0;
    for step in [32, 16, 8, 4, 2, 1] {
        if step <= FIRST && opaque(a >> (64 - step)) == 0 {
            // A jump, not two choices.
            cold_path();
            zeros += u64::from(step);
            a <<= step;
        }
    }
    (zeros, a)
}

/// The number shifted to the right, with the lowest bit set if a one was shifted out.
#[inline(always)]
pub(crate) fn shifted_right_sticky(a: u64, by: u64) -> u64 {
    if by > 63 { u64::from(a != 0) } else { a >> by | u64::from(a >> by << by != a) }
}
