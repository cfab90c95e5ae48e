//! Rounding to a number without a fraction, in the four directions that WebAssembly has.

use crate::format::{F32, F64, Format, is_nan};

/// `f32.ceil`.
#[inline(always)]
pub fn f32_ceil(a: u32) -> u32 {
    ceil::<F32>(a.into()) as u32
}

/// `f32.floor`.
#[inline(always)]
pub fn f32_floor(a: u32) -> u32 {
    floor::<F32>(a.into()) as u32
}

/// `f32.trunc`.
#[inline(always)]
pub fn f32_trunc(a: u32) -> u32 {
    trunc::<F32>(a.into()) as u32
}

/// `f32.nearest`: to the even number if two are equally near.
#[inline(always)]
pub fn f32_nearest(a: u32) -> u32 {
    nearest::<F32>(a.into()) as u32
}

/// `f64.ceil`.
#[inline(always)]
pub fn f64_ceil(a: u64) -> u64 {
    ceil::<F64>(a)
}

/// `f64.floor`.
#[inline(always)]
pub fn f64_floor(a: u64) -> u64 {
    floor::<F64>(a)
}

/// `f64.trunc`.
#[inline(always)]
pub fn f64_trunc(a: u64) -> u64 {
    trunc::<F64>(a)
}

/// `f64.nearest`: to the even number if two are equally near.
#[inline(always)]
pub fn f64_nearest(a: u64) -> u64 {
    nearest::<F64>(a)
}

/// How many bits of the fraction are worth less than 1, if not all or none of them.
enum Below {
    /// The number is below 1.
    All,
    Some(u64),
    /// The number has no fraction, is infinite, or is a NaN.
    None,
}

#[inline(always)]
fn below_one<F: Format>(a: u64) -> Below {
    let exponent = a >> F::FRACTION & F::SPECIAL;
    let bias = F::BIAS as u64;
    let fraction = u64::from(F::FRACTION);
    if exponent < bias {
        Below::All
    } else if exponent < bias + fraction {
        Below::Some(bias + fraction - exponent)
    } else {
        Below::None
    }
}

/// A number without a fraction stays; a NaN becomes the canonical one.
#[inline(always)]
fn whole<F: Format>(a: u64) -> u64 {
    if is_nan::<F>(a) { F::NAN } else { a }
}

#[inline(always)]
fn trunc<F: Format>(a: u64) -> u64 {
    match below_one::<F>(a) {
        Below::All => a & F::SIGN,
        Below::Some(bits) => a >> bits << bits,
        Below::None => whole::<F>(a),
    }
}

#[inline(always)]
fn floor<F: Format>(a: u64) -> u64 {
    away::<F>(a, a & F::SIGN != 0)
}

#[inline(always)]
fn ceil<F: Format>(a: u64) -> u64 {
    away::<F>(a, a & F::SIGN == 0)
}

/// Rounds towards zero, or away from it.
#[inline(always)]
fn away<F: Format>(a: u64, away: bool) -> u64 {
    match below_one::<F>(a) {
        Below::All if away && a & F::MAGNITUDE != 0 => a & F::SIGN | F::ONE,
        Below::All => a & F::SIGN,
        Below::Some(bits) => (a + if away { (1 << bits) - 1 } else { 0 }) >> bits << bits,
        Below::None => whole::<F>(a),
    }
}

#[inline(always)]
fn nearest<F: Format>(a: u64) -> u64 {
    match below_one::<F>(a) {
        Below::All => {
            let half = F::ONE - (1 << F::FRACTION);
            a & F::SIGN | if a & F::MAGNITUDE > half { F::ONE } else { 0 }
        }
        Below::Some(bits) => {
            let odd = a >> bits & 1;
            (a + (1 << (bits - 1)) - 1 + odd) >> bits << bits
        }
        Below::None => whole::<F>(a),
    }
}
