//! Operands for which results are likely to differ.

use std::vec::Vec;

/// The fields of a format's numbers.
struct Shape {
    fraction: u32,
    special: u64,
}

const F32: Shape = Shape { fraction: 23, special: 0xff };
const F64: Shape = Shape { fraction: 52, special: 0x7ff };

/// binary32 and 32-bit integers.
pub(super) fn edges_32() -> Vec<u64> {
    let mut edges = F32.edges();
    edges.retain(|edge| *edge <= u64::from(u32::MAX));
    edges
}

/// binary64 and 64-bit integers.
pub(super) fn edges_64() -> Vec<u64> {
    F64.edges()
}

impl Shape {
    /// Every combination of an exponent and a fraction near which something changes, and integers.
    fn edges(&self) -> Vec<u64> {
        let bias = self.special / 2;
        let (all, fraction) = ((1 << self.fraction) - 1, u64::from(self.fraction));
        let quarter = 1 << (self.fraction - 2);
        let mut exponents =
            std::vec![0, 1, 2, fraction, fraction + 1, self.special - 2, self.special - 1, self.special];
        // The middle of the range, where integers end, and where the other format's numbers end.
        for middle in [0, fraction - 1, fraction, 31, 32, 63, 64] {
            exponents.extend([bias + middle - 1, bias + middle, bias + middle + 1]);
        }
        exponents.extend([bias + 127, bias / 2, bias / 2 + 1, bias + bias / 2, bias + bias / 2 + 1]);
        exponents.extend([fraction + 1, fraction, 32, 126, 127, 149, 150].map(|below| bias.wrapping_sub(below)));
        let mut edges: Vec<u64> = (0..64).map(|bit| 1 << bit).collect();
        for exponent in exponents.into_iter().filter(|exponent| *exponent <= self.special) {
            for fraction in [0, 1, 2, quarter, 2 * quarter - 1, 2 * quarter, 2 * quarter + 1, 3 * quarter, all - 1, all]
            {
                let magnitude = exponent << self.fraction | fraction;
                edges.extend([magnitude, magnitude | (self.special + 1) << self.fraction]);
            }
        }
        edges
    }

    /// Two operands from the randomness in three numbers.
    #[inline(always)]
    fn pair(&self, a: u64, b: u64, how: u64) -> (u64, u64) {
        let all = self.special << self.fraction | ((1 << self.fraction) - 1);
        let sign = all + 1;
        let exponent = |x: u64| x >> self.fraction & self.special;
        let with_exponent =
            |x: u64, exponent: u64| x & !(self.special << self.fraction) | (exponent & self.special) << self.fraction;
        let (mut a, mut b) = (a & (all | sign), b & (all | sign));
        let near = how >> 32 & 7;
        // The exponents.
        match how & 7 {
            // The operands are near each other.
            0 | 1 => b = with_exponent(b, exponent(a).wrapping_add(how >> 16 & 3).wrapping_sub(1)),
            2 => b = with_exponent(b, exponent(a).wrapping_add(how >> 16 & 127).wrapping_sub(64)),
            // A product, or a quotient, near the ends of the range.
            3 => {
                let end = if how >> 8 & 1 == 0 { self.special / 2 } else { self.special / 2 * 3 };
                let sum = end.wrapping_add(near).wrapping_sub(3).wrapping_sub(how >> 16 & how >> 24 & 63);
                b = with_exponent(b, sum.wrapping_sub(exponent(a)));
            }
            4 => {
                let end = if how >> 8 & 1 == 0 { self.special / 2 } else { self.special / 2 + 1 };
                let difference = end.wrapping_add(near).wrapping_sub(3).wrapping_add(how >> 16 & how >> 24 & 63);
                b = with_exponent(b, exponent(a).wrapping_sub(difference));
            }
            // Operands near 1, which are the most frequent ones.
            5 => {
                a = with_exponent(a, self.special / 2 + (how >> 16 & 63) - 32);
                b = with_exponent(b, self.special / 2 + (how >> 22 & 63) - 32);
            }
            // Operands at an end: zeros, subnormals, infinities, NaNs.
            6 => {
                a = with_exponent(a, (how >> 16 & 3).wrapping_sub(2));
                if how >> 8 & 1 == 0 {
                    b = with_exponent(b, (how >> 18 & 3).wrapping_sub(2));
                }
            }
            _ => {}
        }
        // The fractions.
        let low = (1_u64 << (how >> 40 & 63).min(u64::from(self.fraction))) - 1;
        match how >> 3 & 7 {
            // Fractions that end in zeros, in ones.
            0 => (a, b) = (a & !low, b & !low),
            1 => (a, b) = (a | low, b & !low),
            // Fractions that begin with zeros, with ones.
            2 => a &= !((1 << self.fraction) - 1) | low,
            3 => a |= ((1 << self.fraction) - 1) & !low,
            // Fractions that are the same, or nearly.
            4 => {
                b = b & !((1 << self.fraction) - 1)
                    | (a.wrapping_add(near).wrapping_sub(3) & ((1 << self.fraction) - 1))
            }
            _ => {}
        }
        if how >> 6 & 1 == 1 { (b, a) } else { (a, b) }
    }
}

/// The operands with this number: two of binary32.
#[inline(always)]
pub(super) fn pair_32(number: u64) -> (u64, u64) {
    let [a, b, how] = three(number);
    F32.pair(a, b, how)
}

/// The operands with this number: two of binary64.
#[inline(always)]
pub(super) fn pair_64(number: u64) -> (u64, u64) {
    let [a, b, how] = three(number);
    F64.pair(a, b, how)
}

/// The integer with this number: every size has the same probability.
#[inline(always)]
pub(super) fn integer_64(number: u64) -> u64 {
    let [a, b, how] = three(number);
    let a = a >> (how >> 32 & 63);
    let low = (1_u64 << (how >> 8 & 63)) - 1;
    let a = match how & 7 {
        // Integers with few bits; ending in zeros, in ones; near a value that is rounded the other way.
        0 => a & b & b.rotate_left(17),
        1 => a & !low,
        2 => a | low,
        3 => ((a | low) ^ low >> 1).wrapping_add(how >> 24 & 3).wrapping_sub(1),
        _ => a,
    };
    if how >> 7 & 1 == 1 { a.wrapping_neg() } else { a }
}

/// Numbers without a pattern, except that the lowest bits of the last one, which choose between jumps, are the same
/// for 128 numbers, so that a processor can predict the jumps.
#[inline(always)]
fn three(number: u64) -> [u64; 3] {
    let [a, b, how] = [0, 1, 2].map(|n| mixed(number.wrapping_mul(3).wrapping_add(n)));
    [a, b, how & !127 | number >> 7 & 127]
}

/// Numbers without a pattern from numbers with one: SplitMix64 (Steele, Lea, Flood 2014).
#[inline(always)]
fn mixed(number: u64) -> u64 {
    let a = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let a = (a ^ a >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let a = (a ^ a >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    a ^ a >> 31
}
