//! Comparisons: a NaN is not equal to anything, nor less or greater; zeros are equal whatever their signs.
//!
//! The bits are compared as signed numbers: positive floats are in their order, negative floats in the opposite
//! order.

use crate::bits::{opaque, sign_extended};
use crate::format::{F32, F64, Format};

/// `f32.eq`.
#[inline(always)]
pub fn f32_eq(a: u32, b: u32) -> bool {
    eq::<F32>(sign_extended(a).cast_signed(), sign_extended(b).cast_signed())
}

/// `f32.ne`.
#[inline(always)]
pub fn f32_ne(a: u32, b: u32) -> bool {
    !f32_eq(a, b)
}

/// `f32.lt`.
#[inline(always)]
pub fn f32_lt(a: u32, b: u32) -> bool {
    lt::<F32>(sign_extended(a).cast_signed(), sign_extended(b).cast_signed())
}

/// `f32.le`.
#[inline(always)]
pub fn f32_le(a: u32, b: u32) -> bool {
    le::<F32>(sign_extended(a).cast_signed(), sign_extended(b).cast_signed())
}

/// `f32.gt`.
#[inline(always)]
pub fn f32_gt(a: u32, b: u32) -> bool {
    f32_lt(b, a)
}

/// `f32.ge`.
#[inline(always)]
pub fn f32_ge(a: u32, b: u32) -> bool {
    f32_le(b, a)
}

/// `f64.eq`.
#[inline(always)]
pub fn f64_eq(a: u64, b: u64) -> bool {
    eq::<F64>(a.cast_signed(), b.cast_signed())
}

/// `f64.ne`.
#[inline(always)]
pub fn f64_ne(a: u64, b: u64) -> bool {
    !f64_eq(a, b)
}

/// `f64.lt`.
#[inline(always)]
pub fn f64_lt(a: u64, b: u64) -> bool {
    lt::<F64>(a.cast_signed(), b.cast_signed())
}

/// `f64.le`.
#[inline(always)]
pub fn f64_le(a: u64, b: u64) -> bool {
    le::<F64>(a.cast_signed(), b.cast_signed())
}

/// `f64.gt`.
#[inline(always)]
pub fn f64_gt(a: u64, b: u64) -> bool {
    f64_lt(b, a)
}

/// `f64.ge`.
#[inline(always)]
pub fn f64_ge(a: u64, b: u64) -> bool {
    f64_le(b, a)
}

/// The bits of infinity; the bits of a NaN are greater.
pub(crate) const fn infinity<F: Format>() -> i64 {
    F::INFINITY.cast_signed()
}

/// The bits of negative infinity, with the sign in all of the upper bits; the bits of a negative NaN are greater.
pub(crate) const fn negative_infinity<F: Format>() -> i64 {
    (F::INFINITY | !F::MAGNITUDE).cast_signed()
}

/// The magnitude in the upper bits.
#[inline(always)]
fn magnitude<F: Format>(a: i64) -> u64 {
    opaque((a << (F::SIGN.leading_zeros() + 1)).cast_unsigned())
}

#[inline(always)]
fn eq<F: Format>(a: i64, b: i64) -> bool {
    if a == b { magnitude::<F>(a) <= F::INFINITY << (F::SIGN.leading_zeros() + 1) } else { magnitude::<F>(a | b) == 0 }
}

#[inline(always)]
fn lt<F: Format>(a: i64, b: i64) -> bool {
    if a | b >= 0 {
        a < b && b <= infinity::<F>()
    } else if a & b < 0 {
        a > b && a <= negative_infinity::<F>()
    } else if a < 0 {
        magnitude::<F>(a | b) != 0 && a <= negative_infinity::<F>() && b <= infinity::<F>()
    } else {
        false
    }
}

#[inline(always)]
fn le<F: Format>(a: i64, b: i64) -> bool {
    if a | b >= 0 {
        a <= b && b <= infinity::<F>()
    } else if a & b < 0 {
        a >= b && a <= negative_infinity::<F>()
    } else if a < 0 {
        a <= negative_infinity::<F>() && b <= infinity::<F>()
    } else {
        magnitude::<F>(a | b) == 0
    }
}
