//! Addition and subtraction.

mod f32;
mod f64;

use crate::bits::{leading_zeros, shifted_right_sticky};
use crate::format::{F32, F64, Format, is_nan, unpacked};
use crate::round::rounded;

/// `f32.add`.
#[inline(always)]
pub fn f32_add(a: u32, b: u32) -> u32 {
    f32::sum(a, b).unwrap_or_else(|| f32_add_rare(a, b))
}

/// `f32.sub`.
#[inline(always)]
pub fn f32_sub(a: u32, b: u32) -> u32 {
    f32_add(a, b ^ 1 << 31)
}

/// `f64.add`.
#[inline(always)]
pub fn f64_add(a: u64, b: u64) -> u64 {
    f64::sum(a, b).unwrap_or_else(|| f64_add_rare(a, b))
}

/// `f64.sub`.
#[inline(always)]
pub fn f64_sub(a: u64, b: u64) -> u64 {
    f64_add(a, b ^ 1 << 63)
}

#[cold]
#[inline(never)]
fn f32_add_rare(a: u32, b: u32) -> u32 {
    f32::cancelled(a, b).unwrap_or_else(|| any::<F32>(a.into(), b.into()) as u32)
}

#[cold]
#[inline(never)]
fn f64_add_rare(a: u64, b: u64) -> u64 {
    f64::cancelled(a, b).unwrap_or_else(|| any::<F64>(a, b))
}

/// The sum of any two numbers.
#[inline(always)]
fn any<F: Format>(a: u64, b: u64) -> u64 {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return F::NAN;
    }
    let (magnitude, other) = (a & F::MAGNITUDE, b & F::MAGNITUDE);
    let (a, b) = if magnitude < other { (b, a) } else { (a, b) };
    let (magnitude, other) = (a & F::MAGNITUDE, b & F::MAGNITUDE);
    let opposite = (a ^ b) & F::SIGN != 0;
    if opposite && magnitude == other {
        return if magnitude == F::INFINITY { F::NAN } else { 0 };
    }
    if magnitude == F::INFINITY || other == 0 {
        return a;
    }
    let sign = a & F::SIGN;
    let (exponent, a) = unpacked::<F>(a);
    let (lower, b) = unpacked::<F>(b);
    let (a, b) = (a >> 1, shifted_right_sticky(b >> 1, (exponent - lower) as u64));
    let sum = if opposite { a - b } else { a + b };
    let (zeros, sum) = leading_zeros::<32>(sum);
    rounded::<F>(sign, exponent + 1 - zeros as i64, sum)
}
