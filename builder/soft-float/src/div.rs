//! Division.

use core::hint::cold_path;

use crate::bits::{mul_high, opaque, sign_extended};
use crate::format::{F32, F64, Format, is_nan, unpacked};
use crate::round::rounded;

/// `f32.div`.
#[inline(always)]
pub fn f32_div(a: u32, b: u32) -> u32 {
    let (x, y) = (sign_extended(a), sign_extended(b));
    // Signs and exponents; exponents are from near 2^-32 to 2^32.
    let (up, down) = ((x >> 23).wrapping_sub(95), (y >> 23).wrapping_sub(95));
    if (up | down) & 0xc0 != 0 {
        return f32_div_rare(a, b);
    }
    let dividend = opaque(x << 40 | 1 << 63) >> 14;
    // The compiler must see that the divisor is not zero.
    let divisor = opaque(y << 40) >> 40 | 1 << 23;
    // 2^26 times the quotient. There is never a tie: a number in the middle between two would have one bit too many.
    let quotient = dividend / divisor;
    let above = opaque(quotient >> 26);
    let rounded = ((quotient << (above ^ 1)) + 4) >> 3;
    let top = opaque(up.wrapping_sub(down).wrapping_add(above).wrapping_add(125));
    (top << 23).wrapping_add(rounded) as u32
}

/// `f64.div`.
#[inline(always)]
pub fn f64_div(a: u64, b: u64) -> u64 {
    // Signs and exponents; exponents are from near 2^-256 to 2^256.
    let (x, y) = ((a >> 52).wrapping_sub(767), (b >> 52).wrapping_sub(767));
    if (x | y) & 0x600 != 0 {
        return f64_div_rare(a, b);
    }
    let (dividend, divisor) = (opaque(a << 11 | 1 << 63), opaque(b << 11 | 1 << 63));
    // 2^96 / divisor, too small by less than 2^-30 of it.
    let reciprocal = u64::MAX / ((divisor >> 32) + 1);
    // 2^31 * dividend / divisor, too small by less than 4, and the remainder of the dividend.
    let upper = mul_high(dividend, reciprocal << 31) >> 32;
    let rest = (dividend << 20).wrapping_sub(upper.wrapping_mul(divisor >> 11));
    // 2^61 times the quotient, too small by less than 4, which is corrected before rounding. There is never a tie: a
    // number in the middle between two would have one bit too many.
    let quotient = (upper << 30) + mul_high(rest << 9, reciprocal);
    let above = opaque(quotient >> 61);
    let raised = (quotient << (above ^ 1)) + 0x108;
    if raised & 0x1f8 == 0 {
        cold_path();
        return f64_div_rare(a, b);
    }
    let top = opaque(x.wrapping_sub(y).wrapping_add(above).wrapping_add(1021));
    (top << 52).wrapping_add(raised >> 9)
}

#[cold]
#[inline(never)]
fn f32_div_rare(a: u32, b: u32) -> u32 {
    any::<F32>(a.into(), b.into()) as u32
}

#[cold]
#[inline(never)]
fn f64_div_rare(a: u64, b: u64) -> u64 {
    any::<F64>(a, b)
}

/// The quotient of any two numbers.
#[inline(always)]
fn any<F: Format>(a: u64, b: u64) -> u64 {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return F::NAN;
    }
    let sign = (a ^ b) & F::SIGN;
    let (a, b) = (a & F::MAGNITUDE, b & F::MAGNITUDE);
    if a == b && (a == 0 || a == F::INFINITY) {
        return F::NAN;
    }
    if a == F::INFINITY || b == 0 {
        return sign | F::INFINITY;
    }
    if a == 0 || b == F::INFINITY {
        return sign;
    }
    let (exponent, a) = unpacked::<F>(a);
    let (other, b) = unpacked::<F>(b);
    let exponent = exponent - other + F::BIAS;
    let (quotient, rest) = divided(a >> 11, b >> 11 | 1 << 52);
    let quotient = quotient << 8 | u64::from(rest != 0);
    if quotient >> 63 == 0 {
        rounded::<F>(sign, exponent - 1, quotient << 1)
    } else {
        rounded::<F>(sign, exponent, quotient)
    }
}

/// Divides two numbers of 53 bits, eleven bits at a time: the quotient times 2^55, and the remainder. The compiler
/// must see that the second is not zero.
#[inline(always)]
fn divided(a: u64, b: u64) -> (u64, u64) {
    let mut quotient = a / b;
    let mut rest = a % b;
    for _ in 0..5 {
        rest <<= 11;
        quotient = (quotient << 11) | (rest / b);
        rest %= b;
    }
    (quotient, rest)
}
