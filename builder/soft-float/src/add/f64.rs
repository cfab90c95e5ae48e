//! Sums of binary64 whose greater operand is neither very large nor very small.

use crate::bits::{leading_zeros, opaque};
use core::hint::cold_path;

/// The sum, if this is such a case.
#[inline(always)]
pub(super) fn sum(a: u64, b: u64) -> Option<u64> {
    if (a ^ b) >> 63 == 0 { of_magnitudes(a, b) } else { difference_of_magnitudes(a, b ^ 1 << 63) }
}

/// The sum of two with the same sign.
///
/// The greater operand is not taken apart: the smaller one, in units of the greater one's last place, is added to its
/// bits. If that changes the exponent, the place of rounding was another.
#[inline(always)]
fn of_magnitudes(a: u64, b: u64) -> Option<u64> {
    let (a, b) = if a < b { (b, a) } else { (a, b) };
    let exponent = a >> 52;
    if !is_moderate(exponent) {
        cold_path();
        return if (a | b) << 1 == 0 { Some(a) } else { None };
    }
    let distance = exponent - (b >> 52);
    if distance > 63 {
        cold_path();
        return Some(a);
    }
    let addend = significand(b);
    let aligned = addend >> distance;
    let raised = aligned + 0x400;
    let sum = a.wrapping_add(raised >> 11);
    if sum >> 52 == exponent {
        if raised << 53 == 0 {
            cold_path();
            return Some(if aligned << distance == addend { sum & !1 } else { sum });
        }
        return Some(sum);
    }
    // One bit more before the point and one less after it: half the sum.
    let raised = ((significand(a) - aligned) >> 1) + aligned + 0x400;
    let sum = (opaque(exponent) << 52).wrapping_add(raised >> 11);
    if raised << 53 == 0 {
        cold_path();
        return Some(if aligned & 1 == 0 && aligned << distance == addend { sum & !1 } else { sum });
    }
    Some(sum)
}

/// The difference of two with the same sign; it has this sign if the first is the greater.
#[inline(always)]
fn difference_of_magnitudes(a: u64, b: u64) -> Option<u64> {
    let (a, b) = if a < b {
        cold_path();
        (b ^ 1 << 63, a ^ 1 << 63)
    } else {
        (a, b)
    };
    let exponent = a >> 52;
    if !is_moderate(exponent) {
        cold_path();
        return if (a | b) << 1 == 0 { Some(0) } else { None };
    }
    let distance = exponent - (b >> 52);
    if distance > 63 {
        cold_path();
        return Some(a);
    }
    let addend = significand(b);
    let aligned = addend >> distance;
    let raised = aligned + 0x400;
    let difference = a.wrapping_sub(raised >> 11);
    // Below a power of two the steps are finer.
    if difference.wrapping_sub(1) >> 52 == exponent {
        if raised << 53 == 0 {
            cold_path();
            return Some(if aligned << distance == addend { difference + (difference & 1) } else { difference });
        }
        return Some(difference);
    }
    let rest = significand(a) - aligned;
    // Up to three bits cancel, and none of these was lost.
    if distance > 11 || opaque(rest >> 60) == 0 {
        cold_path();
        return None;
    }
    let zeros = u64::from(rest >> 62 == 0) << 1;
    let (exponent, rest) = (exponent - zeros, rest << zeros);
    let zeros = rest >> 63 ^ 1;
    let (exponent, rest) = (exponent - zeros, rest << zeros);
    let kept = (rest >> 11) + (rest >> 10 & 1);
    let difference = (exponent.wrapping_sub(1) << 52).wrapping_add(kept);
    if rest << 53 == 1 << 63 {
        cold_path();
        return Some(difference & !1);
    }
    Some(difference)
}

/// Whether an exponent with its sign above it is in the middle half of the range.
#[inline(always)]
fn is_moderate(exponent: u64) -> bool {
    exponent.wrapping_sub(512) & 1024 == 0
}

/// The significand of a normal number, with its leading one as the highest bit.
#[inline(always)]
fn significand(a: u64) -> u64 {
    a << 11 | 1 << 63
}

/// The sum of two with opposite signs and nearly the same magnitude. Most bits cancel, so it is always exact.
#[inline(always)]
pub(super) fn cancelled(a: u64, b: u64) -> Option<u64> {
    let (a, b) = if a << 1 < b << 1 { (b, a) } else { (a, b) };
    let exponent = a >> 52;
    let distance = exponent.wrapping_sub(b >> 52) & 0x7ff;
    if (a ^ b) >> 63 == 0 || !is_moderate(exponent) || distance > 1 {
        return None;
    }
    let rest = significand(a) - (significand(b) >> distance);
    if rest == 0 {
        return Some(0);
    }
    let (zeros, rest) = leading_zeros::<32>(rest);
    Some((opaque(exponent.wrapping_sub(zeros).wrapping_sub(1)) << 52).wrapping_add(rest >> 11))
}
