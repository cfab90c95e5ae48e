//! Square roots.

use core::hint::cold_path;

use crate::bits::{opaque, sign_extended};
use crate::format::{F32, F64, Format, is_nan, unpacked};
use crate::round::rounded;

/// `f32.sqrt`.
#[inline(always)]
pub fn f32_sqrt(a: u32) -> u32 {
    if (a >> 23).wrapping_sub(1) >= 254 {
        return f32_sqrt_rare(a);
    }
    let x = sign_extended(a);
    let exponent = x >> 23;
    let significand = even(exponent, x << 40);
    let root = root_32(significand);
    // One less if it was too large; then the missing part does not matter, since there is never a tie.
    let root = root - opaque(significand.wrapping_sub(root * root) >> 63);
    (((root + 0x80) >> 8) + (opaque((exponent + 125) >> 1) << 23)) as u32
}

/// `f64.sqrt`.
#[inline(always)]
pub fn f64_sqrt(a: u64) -> u64 {
    // The number is positive and normal.
    if (a >> 52).wrapping_sub(1) >= 2046 {
        return f64_sqrt_rare(a);
    }
    let exponent = a >> 52;
    let significand = even(exponent, a << 11);
    let root = root_32(significand);
    let rest = significand.wrapping_sub(root.wrapping_mul(root));
    // 2^63 times the root, less than 1 off, which is corrected before rounding. There is never a tie.
    let raised = (root << 32) + (rest << 31) / root + 0x402;
    if raised & 0x7fc == 0 || rest >> 63 != 0 {
        cold_path();
        return f64_sqrt_rare(a);
    }
    (raised >> 11) + (opaque((exponent + 1021) >> 1) << 52)
}

/// The significand, given its fraction in the upper bits, as 2^62 times a number in [1, 4): twice the significand if
/// the exponent is odd.
#[inline(always)]
fn even(exponent: u64, fraction: u64) -> u64 {
    (fraction | 1 << 63) >> (exponent & 1)
}

/// The square root of 2^62 times a number in [1, 4): too small by less than 1, or too large by less than 1/64.
/// Newton's method, which starts from a line that is less than 1/16 from the root.
#[inline(always)]
fn root_32(a: u64) -> u64 {
    let root = (a >> 33) + (a >> 34) + (5 << 28);
    let root = (root + a / root) >> 1;
    let root = (root + a / root) >> 1;
    (root + a / root) >> 1
}

#[cold]
#[inline(never)]
fn f32_sqrt_rare(a: u32) -> u32 {
    any::<F32>(a.into()) as u32
}

#[cold]
#[inline(never)]
fn f64_sqrt_rare(a: u64) -> u64 {
    any::<F64>(a)
}

/// The square root of any number.
#[inline(always)]
fn any<F: Format>(a: u64) -> u64 {
    if a & F::MAGNITUDE == 0 || a == F::INFINITY {
        return a;
    }
    if is_nan::<F>(a) || a & F::SIGN != 0 {
        return F::NAN;
    }
    let (exponent, a) = unpacked::<F>(a);
    let exponent = exponent - F::BIAS;
    let (root, exact) = root(a >> (2 - (exponent & 1)));
    rounded::<F>(0, (exponent >> 1) + F::BIAS, root << 2 | u64::from(!exact))
}

/// The square root of a number in [1, 4) whose 1 is 2^61, to 55 bits after the point, and whether it is exact: one
/// bit at a time.
#[inline(always)]
fn root(a: u64) -> (u64, bool) {
    let (mut rest, mut root) = (a, 0);
    let mut bit = 1 << 61;
    while bit > 1 << 5 {
        // The growth of the square, divided by the bit; `rest` is divided with it.
        let growth = 2 * root + bit;
        if growth <= rest {
            rest -= growth;
            root += bit;
        }
        rest <<= 1;
        bit >>= 1;
    }
    (root, rest == 0)
}
