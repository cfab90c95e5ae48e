//! The last step of an operation: rounding, and putting the parts together.

use crate::bits::shifted_right_sticky;
use crate::format::Format;

/// A number from its sign (in its place), its exponent and its significand. The significand's highest bit is set, and
/// its lowest bit stands for all bits below it. The exponent is as in its field, of any size.
#[inline(always)]
pub(crate) fn rounded<F: Format>(sign: u64, exponent: i64, significand: u64) -> u64 {
    if exponent >= F::SPECIAL as i64 {
        return sign | F::INFINITY;
    }
    let (exponent, significand) = if exponent > 0 {
        // The significand's leading one adds the one that is missing from the exponent.
        ((exponent - 1) as u64, significand)
    } else {
        (0, shifted_right_sticky(significand, exponent.abs_diff(1)))
    };
    let kept = significand >> F::UNUSED;
    let rest = significand << (64 - F::UNUSED);
    let up = rest > 1 << 63 || rest == 1 << 63 && kept & 1 == 1;
    sign | ((exponent << F::FRACTION) + kept + u64::from(up))
}
