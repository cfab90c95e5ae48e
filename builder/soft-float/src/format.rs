//! The two formats, and how a number is taken apart.

use crate::bits::leading_zeros;

/// A floating-point format of IEEE 754, its numbers as bits in the low end of a `u64`.
pub(crate) trait Format {
    /// The number of bits of the fraction: the significand without its leading one.
    const FRACTION: u32;
    /// The largest value of the exponent field, that of infinities and NaNs.
    const SPECIAL: u64;

    /// The bias, which is added to an exponent in its field.
    const BIAS: i64 = (Self::SPECIAL >> 1) as i64;
    /// The sign bit.
    const SIGN: u64 = (Self::SPECIAL + 1) << Self::FRACTION;
    /// All bits but the sign.
    const MAGNITUDE: u64 = Self::SIGN - 1;
    /// Positive infinity.
    const INFINITY: u64 = Self::SPECIAL << Self::FRACTION;
    /// The canonical NaN, positive.
    const NAN: u64 = Self::INFINITY | 1 << (Self::FRACTION - 1);
    /// How far a significand is shifted so that its leading one is the highest bit of 64.
    const UNUSED: u32 = 63 - Self::FRACTION;
    /// The number 1.
    const ONE: u64 = (Self::SPECIAL >> 1) << Self::FRACTION;
}

/// binary32.
pub(crate) struct F32;

impl Format for F32 {
    const FRACTION: u32 = 23;
    const SPECIAL: u64 = 0xff;
}

/// binary64.
pub(crate) struct F64;

impl Format for F64 {
    const FRACTION: u32 = 52;
    const SPECIAL: u64 = 0x7ff;
}

/// Whether a number is a NaN.
#[inline(always)]
pub(crate) fn is_nan<F: Format>(a: u64) -> bool {
    a & F::MAGNITUDE > F::INFINITY
}

/// The exponent as in its field, and the significand with its leading one as the highest bit, of a number that is
/// finite and not zero. The exponent of a subnormal number is below 1.
#[inline(always)]
pub(crate) fn unpacked<F: Format>(a: u64) -> (i64, u64) {
    let exponent = a >> F::FRACTION & F::SPECIAL;
    if exponent != 0 {
        return (exponent as i64, a << F::UNUSED | 1 << 63);
    }
    let (zeros, significand) = leading_zeros::<32>(a & F::MAGNITUDE);
    (1 + i64::from(F::UNUSED) - zeros as i64, significand)
}
