//! Conversion of floats to integers, towards zero: a float without an integer traps or becomes the nearest integer.

use crate::bits::{opaque, sign_extended};
use crate::format::{F32, F64, Format, is_nan};
use core::hint::cold_path;

/// Why a float has no integer: WebAssembly traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// "invalid conversion to integer": the float is a NaN.
    InvalidConversion,
    /// "integer overflow": the float is too large, or too small.
    IntegerOverflow,
}

/// `i32.trunc_f32_s`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i32_trunc_f32_s(a: u32) -> Result<i32, Trap> {
    signed::<F32, 32>(sign_extended(a)).map(|value| value as i32).ok_or_else(|| trap::<F32>(a.into()))
}

/// `i32.trunc_f32_u`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i32_trunc_f32_u(a: u32) -> Result<u32, Trap> {
    unsigned::<F32, 32>(sign_extended(a)).map(|value| value as u32).ok_or_else(|| trap::<F32>(a.into()))
}

/// `i32.trunc_f64_s`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i32_trunc_f64_s(a: u64) -> Result<i32, Trap> {
    signed::<F64, 32>(a).map(|value| value as i32).ok_or_else(|| trap::<F64>(a))
}

/// `i32.trunc_f64_u`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i32_trunc_f64_u(a: u64) -> Result<u32, Trap> {
    unsigned::<F64, 32>(a).map(|value| value as u32).ok_or_else(|| trap::<F64>(a))
}

/// `i64.trunc_f32_s`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i64_trunc_f32_s(a: u32) -> Result<i64, Trap> {
    signed::<F32, 64>(sign_extended(a)).ok_or_else(|| trap::<F32>(a.into()))
}

/// `i64.trunc_f32_u`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i64_trunc_f32_u(a: u32) -> Result<u64, Trap> {
    unsigned::<F32, 64>(sign_extended(a)).ok_or_else(|| trap::<F32>(a.into()))
}

/// `i64.trunc_f64_s`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i64_trunc_f64_s(a: u64) -> Result<i64, Trap> {
    signed::<F64, 64>(a).ok_or_else(|| trap::<F64>(a))
}

/// `i64.trunc_f64_u`.
///
/// # Errors
/// A [`Trap`] if the float has no integer.
#[inline(always)]
pub fn i64_trunc_f64_u(a: u64) -> Result<u64, Trap> {
    unsigned::<F64, 64>(a).ok_or_else(|| trap::<F64>(a))
}

/// `i32.trunc_sat_f32_s`.
#[inline(always)]
pub fn i32_trunc_sat_f32_s(a: u32) -> i32 {
    signed::<F32, 32>(sign_extended(a))
        .map_or_else(|| nearest::<F32, _>(a.into(), i32::MIN, i32::MAX), |value| value as i32)
}

/// `i32.trunc_sat_f32_u`.
#[inline(always)]
pub fn i32_trunc_sat_f32_u(a: u32) -> u32 {
    unsigned::<F32, 32>(sign_extended(a)).map_or_else(|| nearest::<F32, _>(a.into(), 0, u32::MAX), |value| value as u32)
}

/// `i32.trunc_sat_f64_s`.
#[inline(always)]
pub fn i32_trunc_sat_f64_s(a: u64) -> i32 {
    signed::<F64, 32>(a).map_or_else(|| nearest::<F64, _>(a, i32::MIN, i32::MAX), |value| value as i32)
}

/// `i32.trunc_sat_f64_u`.
#[inline(always)]
pub fn i32_trunc_sat_f64_u(a: u64) -> u32 {
    unsigned::<F64, 32>(a).map_or_else(|| nearest::<F64, _>(a, 0, u32::MAX), |value| value as u32)
}

/// `i64.trunc_sat_f32_s`.
#[inline(always)]
pub fn i64_trunc_sat_f32_s(a: u32) -> i64 {
    signed::<F32, 64>(sign_extended(a)).unwrap_or_else(|| nearest::<F32, _>(a.into(), i64::MIN, i64::MAX))
}

/// `i64.trunc_sat_f32_u`.
#[inline(always)]
pub fn i64_trunc_sat_f32_u(a: u32) -> u64 {
    unsigned::<F32, 64>(sign_extended(a)).unwrap_or_else(|| nearest::<F32, _>(a.into(), 0, u64::MAX))
}

/// `i64.trunc_sat_f64_s`.
#[inline(always)]
pub fn i64_trunc_sat_f64_s(a: u64) -> i64 {
    signed::<F64, 64>(a).unwrap_or_else(|| nearest::<F64, _>(a, i64::MIN, i64::MAX))
}

/// `i64.trunc_sat_f64_u`.
#[inline(always)]
pub fn i64_trunc_sat_f64_u(a: u64) -> u64 {
    unsigned::<F64, 64>(a).unwrap_or_else(|| nearest::<F64, _>(a, 0, u64::MAX))
}

/// The integer, if there is one; `a` has its sign in all of the upper bits.
#[inline(always)]
fn signed<F: Format, const BITS: u32>(a: u64) -> Option<i64> {
    let negative = (a.cast_signed() >> 63).cast_unsigned();
    // The position of the leading one: in 0..BITS - 1, unless the integer is 0 or the least one.
    let position = (a >> F::FRACTION & F::SPECIAL).wrapping_sub(F::BIAS.cast_unsigned());
    if position < u64::from(BITS) - 1 {
        let magnitude = significand::<F>(a) >> (position ^ 63);
        return Some((magnitude ^ negative).wrapping_sub(negative).cast_signed());
    }
    cold_path();
    if position.cast_signed() < 0 {
        return Some(0);
    }
    let least = 1 << (BITS - 1);
    let is_least = position == u64::from(BITS) - 1 && negative != 0 && significand::<F>(a) >> (64 - BITS) == least;
    is_least.then_some(i64::MIN >> (64 - BITS))
}

/// The integer, if there is one; `a` has its sign in all of the upper bits.
#[inline(always)]
fn unsigned<F: Format, const BITS: u32>(a: u64) -> Option<u64> {
    // The position of the leading one, unless there is a sign above it.
    let position = (a >> F::FRACTION).wrapping_sub(F::BIAS.cast_unsigned());
    if position < u64::from(BITS) {
        return Some(significand::<F>(a) >> (position ^ 63));
    }
    cold_path();
    (a & F::MAGNITUDE < F::ONE).then_some(0)
}

/// The significand with its leading one, if it has one, as the highest bit.
#[inline(always)]
fn significand<F: Format>(a: u64) -> u64 {
    opaque(a << F::UNUSED | 1 << 63)
}

#[inline(always)]
fn trap<F: Format>(a: u64) -> Trap {
    if is_nan::<F>(a) { Trap::InvalidConversion } else { Trap::IntegerOverflow }
}

#[inline(always)]
fn nearest<F: Format, T: Default>(a: u64, least: T, greatest: T) -> T {
    if is_nan::<F>(a) {
        T::default()
    } else if a & F::SIGN != 0 {
        least
    } else {
        greatest
    }
}
