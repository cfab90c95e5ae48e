//! The smaller and the greater of two: a NaN if one of them is a NaN; a negative zero is below a positive one.

use crate::bits::sign_extended;
use crate::compare::{infinity, negative_infinity};
use crate::format::{F32, F64, Format};
use core::hint::cold_path;

/// `f32.min`.
#[inline(always)]
pub fn f32_min(a: u32, b: u32) -> u32 {
    min::<F32>(sign_extended(a).cast_signed(), sign_extended(b).cast_signed()) as u32
}

/// `f32.max`.
#[inline(always)]
pub fn f32_max(a: u32, b: u32) -> u32 {
    max::<F32>(sign_extended(a).cast_signed(), sign_extended(b).cast_signed()) as u32
}

/// `f64.min`.
#[inline(always)]
pub fn f64_min(a: u64, b: u64) -> u64 {
    min::<F64>(a.cast_signed(), b.cast_signed()) as u64
}

/// `f64.max`.
#[inline(always)]
pub fn f64_max(a: u64, b: u64) -> u64 {
    max::<F64>(a.cast_signed(), b.cast_signed()) as u64
}

#[inline(always)]
fn min<F: Format>(a: i64, b: i64) -> i64 {
    let (less, greater) = (a.min(b), a.max(b));
    if is_nan::<F>(less, greater) {
        cold_path();
        return F::NAN.cast_signed();
    }
    // Of two negative numbers, the one with the greater magnitude.
    if greater < 0 { greater } else { less }
}

#[inline(always)]
fn max<F: Format>(a: i64, b: i64) -> i64 {
    let (less, greater) = (a.min(b), a.max(b));
    if is_nan::<F>(less, greater) {
        cold_path();
        return F::NAN.cast_signed();
    }
    if greater < 0 { less } else { greater }
}

/// Whether one of the two is a NaN. The first must not be the greater one as a signed number.
#[inline(always)]
fn is_nan<F: Format>(less: i64, greater: i64) -> bool {
    let is_nan = |a: i64| if a < 0 { a > negative_infinity::<F>() } else { a > infinity::<F>() };
    // If both have the same sign, only the greater one can be the only NaN.
    is_nan(greater) || less < 0 && is_nan(less)
}
