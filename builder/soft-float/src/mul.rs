//! Multiplication.

use core::hint::cold_path;

use crate::bits::{mul_high, opaque, sign_extended};
use crate::format::{F32, F64, Format, is_nan, unpacked};
use crate::round::rounded;

/// `f32.mul`.
#[inline(always)]
pub fn f32_mul(a: u32, b: u32) -> u32 {
    // As in `f64_mul`, from near 2^-32 to 2^32.
    let (wide, other) = (sign_extended(a), sign_extended(b));
    let x = (wide >> 23).wrapping_sub(95);
    let y = (other >> 23).wrapping_sub(95);
    if (x | y) & 0xc0 != 0 {
        cold_path();
        // Zeros are frequent in some programs; a product of zero and a finite number is zero.
        let (x, y) = (wide << 33, other << 33);
        return if x.min(y) == 0 && x.max(y) < 0xff << 56 { (a ^ b) & 1 << 31 } else { f32_mul_rare(a, b) };
    }
    // The product is exact: twice 24 bits.
    let product = mul_high(wide << 40 | 1 << 63, other << 40 | 1 << 63);
    let above = opaque(product >> 63);
    let product = opaque(product >> (above + 7));
    let top = opaque(x.wrapping_add(y).wrapping_add(above).wrapping_add(62));
    let result = ((((product >> 31) + 1) >> 1) + (top << 23)) as u32;
    if product as u32 == 1 << 31 {
        cold_path();
        return result & !1;
    }
    result
}

/// `f64.mul`.
#[inline(always)]
pub fn f64_mul(a: u64, b: u64) -> u64 {
    // Signs and exponents; exponents are from near 2^-256 to 2^256, so the product is in the range.
    let x = (a >> 52).wrapping_sub(767);
    let y = (b >> 52).wrapping_sub(256);
    if (x | y ^ 0x200) & 0x600 != 0 {
        cold_path();
        // Zeros are frequent in some programs; a product of zero and a finite number is zero.
        let (x, y) = (a << 1, b << 1);
        return if x.min(y) == 0 && x.max(y) < 0x7ff << 53 { (a ^ b) & 1 << 63 } else { f64_mul_rare(a, b) };
    }
    let top = x.wrapping_add(y);
    let (a, b) = (a << 11 | 1 << 63, b << 11 | 1 << 63);
    let product = mul_high(a, b);
    if product >> 63 != 0 {
        let raised = product + 0x400;
        let result = (raised >> 11).wrapping_add(top << 52);
        if raised << 53 == 0 {
            cold_path();
            return to_even(a, b, result);
        }
        result
    } else {
        let raised = product + 0x200;
        let result = (raised >> 10).wrapping_add(top.wrapping_sub(1) << 52);
        if raised << 54 == 0 {
            cold_path();
            return to_even(a, b, result);
        }
        result
    }
}

#[inline(always)]
fn to_even(a: u64, b: u64, result: u64) -> u64 {
    if a.wrapping_mul(b) == 0 { result & !1 } else { result }
}

#[cold]
#[inline(never)]
fn f32_mul_rare(a: u32, b: u32) -> u32 {
    any::<F32>(a.into(), b.into()) as u32
}

#[cold]
#[inline(never)]
fn f64_mul_rare(a: u64, b: u64) -> u64 {
    any::<F64>(a, b)
}

/// The product of any two numbers.
#[inline(always)]
fn any<F: Format>(a: u64, b: u64) -> u64 {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return F::NAN;
    }
    let sign = (a ^ b) & F::SIGN;
    let (a, b) = (a & F::MAGNITUDE, b & F::MAGNITUDE);
    if a == F::INFINITY || b == F::INFINITY {
        return if a == 0 || b == 0 { F::NAN } else { sign | F::INFINITY };
    }
    if a == 0 || b == 0 {
        return sign;
    }
    let (exponent, a) = unpacked::<F>(a);
    let (other, b) = unpacked::<F>(b);
    let exponent = exponent + other - F::BIAS;
    let product = mul_high(a, b) | u64::from(a.wrapping_mul(b) != 0);
    if product >> 63 == 0 {
        rounded::<F>(sign, exponent, product << 1)
    } else {
        rounded::<F>(sign, exponent + 1, product)
    }
}
