//! Sums of binary32 whose greater operand is neither very large nor very small.
//!
//! With 64 bits the sums are exact before they are rounded. One path computes all of them, without jumps that depend
//! on signs and sizes: in most programs these cannot be predicted.

use crate::bits::{leading_zeros, opaque, sign_extended};
use core::hint::cold_path;

/// For each of the highest four bits of a number, how many zeros it begins with, two bits each.
const ZEROS: u64 = 0x55af;

/// The sum, if this is such a case.
#[inline(always)]
pub(super) fn sum(a: u32, b: u32) -> Option<u32> {
    let (a, b) = (sign_extended(a), sign_extended(b));
    // The operand with the greater magnitude comes first.
    let differing = a ^ b;
    let swapped = differing & opaque(u64::from(a << 33 < b << 33).wrapping_neg());
    let (a, b) = (a ^ swapped, b ^ swapped);
    let exponent = a >> 23;
    if exponent.wrapping_sub(64) & 128 != 0 {
        cold_path();
        return if (a | b) << 33 == 0 { Some((a & b) as u32) } else { None };
    }
    // An operand that is further away does not matter, if only because it becomes zero: it is shifted by 61 or more.
    let distance = exponent.wrapping_sub(b >> 23);
    let distance = distance | (distance >> 6 & 3).wrapping_neg();
    let greater = opaque(a << 40 | 1 << 63) >> 1;
    let smaller = opaque(b << 40 | 1 << 63) >> 1 >> (distance & 63);
    let negative = opaque((differing.cast_signed() >> 63).cast_unsigned());
    let sum = greater.wrapping_add(smaller ^ negative).wrapping_sub(negative);
    let highest = sum >> 59 & 0x1e;
    if highest == 0 {
        cold_path();
        return None;
    }
    let zeros = ZEROS >> highest & 3;
    let sum = opaque(sum << zeros >> 8);
    let rounded = (sum + (opaque(sum >> 32) & 1) + 0x7fff_ffff) >> 32;
    Some(((opaque(exponent.wrapping_sub(zeros)) << 23) + rounded) as u32)
}

/// The sum of two with opposite signs and nearly the same magnitude. Most bits cancel, so it is always exact.
#[inline(always)]
pub(super) fn cancelled(a: u32, b: u32) -> Option<u32> {
    let (a, b) = (sign_extended(a), sign_extended(b));
    let (a, b) = if a << 33 < b << 33 { (b, a) } else { (a, b) };
    let exponent = a >> 23;
    let distance = exponent.wrapping_sub(b >> 23) & 0xff;
    if (a ^ b) >> 63 == 0 || exponent.wrapping_sub(64) & 128 != 0 || distance > 1 {
        return None;
    }
    let rest = (opaque(a << 40 | 1 << 63) >> 1) - (opaque(b << 40 | 1 << 63) >> 1 >> distance);
    if rest == 0 {
        return Some(0);
    }
    let (zeros, rest) = leading_zeros::<32>(rest);
    Some(((opaque(exponent.wrapping_sub(zeros)) << 23) + (rest >> 40)) as u32)
}
