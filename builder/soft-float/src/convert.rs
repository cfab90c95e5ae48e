//! Conversion of integers to floats.

use crate::bits::{leading_zeros, opaque, sign_extended};
use core::hint::cold_path;

/// `f32.convert_i32_s`.
#[inline(always)]
pub fn f32_convert_i32_s(a: i32) -> u32 {
    let (sign, magnitude) = parts(sign_extended(a.cast_unsigned()));
    to_f32(sign, magnitude)
}

/// `f32.convert_i32_u`.
#[inline(always)]
pub fn f32_convert_i32_u(a: u32) -> u32 {
    to_f32(0, a.into())
}

/// `f32.convert_i64_s`.
#[inline(always)]
pub fn f32_convert_i64_s(a: i64) -> u32 {
    let (sign, magnitude) = parts(a.cast_unsigned());
    to_f32(sign, magnitude)
}

/// `f32.convert_i64_u`.
#[inline(always)]
pub fn f32_convert_i64_u(a: u64) -> u32 {
    to_f32(0, a)
}

/// `f64.convert_i32_s`.
#[inline(always)]
pub fn f64_convert_i32_s(a: i32) -> u64 {
    let (sign, magnitude) = parts(sign_extended(a.cast_unsigned()));
    small_to_f64(sign, magnitude)
}

/// `f64.convert_i32_u`.
#[inline(always)]
pub fn f64_convert_i32_u(a: u32) -> u64 {
    small_to_f64(0, a.into())
}

/// `f64.convert_i64_s`.
#[inline(always)]
pub fn f64_convert_i64_s(a: i64) -> u64 {
    let (sign, magnitude) = parts(a.cast_unsigned());
    to_f64(sign, magnitude)
}

/// `f64.convert_i64_u`.
#[inline(always)]
pub fn f64_convert_i64_u(a: u64) -> u64 {
    to_f64(0, a)
}

/// The sign, as 0 or 1, and the magnitude of a number in two's complement.
#[inline(always)]
fn parts(a: u64) -> (u64, u64) {
    let mask = opaque((a.cast_signed() >> 63).cast_unsigned());
    (opaque(a >> 63), (a ^ mask).wrapping_sub(mask))
}

/// Converts a magnitude below 2^33: always exact.
#[inline(always)]
fn small_to_f64(sign: u64, magnitude: u64) -> u64 {
    if magnitude == 0 {
        cold_path();
        return 0;
    }
    let (zeros, significand) = leading_zeros::<16>(magnitude << 32);
    // The significand's leading one adds the one that is missing from the exponent.
    (sign << 63) + (opaque(1023 + 31 - 1 - zeros) << 52) + (significand >> 11)
}

#[inline(always)]
fn to_f64(sign: u64, magnitude: u64) -> u64 {
    if magnitude == 0 {
        cold_path();
        return 0;
    }
    let (zeros, significand) = leading_zeros::<32>(magnitude);
    let rounded = ((significand >> 10) + 1) >> 1;
    let result = (sign << 63) + (opaque(1023 + 63 - 1 - zeros) << 52) + rounded;
    if opaque(significand << 53) == 1 << 63 {
        cold_path();
        return result & !1;
    }
    result
}

#[inline(always)]
fn to_f32(sign: u64, magnitude: u64) -> u32 {
    if magnitude == 0 {
        cold_path();
        return 0;
    }
    let (zeros, significand) = leading_zeros::<32>(magnitude);
    let rounded = ((significand >> 39) + 1) >> 1;
    let result = ((sign << 31) + (opaque(127 + 63 - 1 - zeros) << 23) + rounded) as u32;
    if opaque(significand << 24) == 1 << 63 {
        cold_path();
        return result & !1;
    }
    result
}
