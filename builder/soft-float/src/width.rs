//! Conversion from one format to the other.

use crate::bits::{opaque, sign_extended};
use crate::format::{F32, F64, Format, is_nan, unpacked};
use crate::round::rounded;
use core::hint::cold_path;

/// `f32.demote_f64`.
#[inline(always)]
pub fn f32_demote_f64(a: u64) -> u32 {
    // The number is normal in the other format too.
    if (a >> 52 & 0x7ff).wrapping_sub(897) >= 254 {
        return f32_demote_rare(a);
    }
    let magnitude = (((opaque(a << 1) >> 29) + 1) >> 1) - (896 << 23);
    let result = (opaque(a >> 63) << 31 | magnitude) as u32;
    if (a as u32) << 3 == 1 << 31 {
        cold_path();
        return result & !1;
    }
    result
}

/// `f64.promote_f32`.
#[inline(always)]
pub fn f64_promote_f32(a: u32) -> u64 {
    let wide = sign_extended(a);
    // The number is not normal.
    if (wide >> 23).wrapping_add(1) & 0xfe == 0 {
        return f64_promote_rare(a);
    }
    ((opaque(wide << 33) >> 4) + (896 << 52)) | (opaque(wide >> 63) << 63)
}

#[cold]
#[inline(never)]
fn f32_demote_rare(a: u64) -> u32 {
    let sign = a >> 32 & F32::SIGN;
    let magnitude = a & F64::MAGNITUDE;
    let result = if is_nan::<F64>(a) {
        F32::NAN
    } else if magnitude == F64::INFINITY {
        sign | F32::INFINITY
    } else if magnitude == 0 {
        sign
    } else {
        let (exponent, a) = unpacked::<F64>(a);
        rounded::<F32>(sign, exponent - F64::BIAS + F32::BIAS, a)
    };
    result as u32
}

#[cold]
#[inline(never)]
fn f64_promote_rare(a: u32) -> u64 {
    let a = u64::from(a);
    let sign = (a & F32::SIGN) << 32;
    let magnitude = a & F32::MAGNITUDE;
    if is_nan::<F32>(a) {
        F64::NAN
    } else if magnitude == F32::INFINITY {
        sign | F64::INFINITY
    } else if magnitude == 0 {
        sign
    } else {
        let (exponent, a) = unpacked::<F32>(a);
        rounded::<F64>(sign, exponent - F32::BIAS + F64::BIAS, a)
    }
}
