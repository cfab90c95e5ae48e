//! The values that operators are applied to.

/// A type of WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    F32,
    F64,
    I32,
    I64,
}

/// Values of a type, as they are stored: 8 bytes each; a shorter type uses the first ones.
pub type Values = Vec<u64>;

use Type::{F32, F64, I32, I64};

impl Type {
    /// Its name in WebAssembly.
    pub const fn name(self) -> &'static str {
        match self {
            F32 => "f32",
            F64 => "f64",
            I32 => "i32",
            I64 => "i64",
        }
    }
}

/// Numbers that look random.
fn chance(count: usize) -> impl Iterator<Item = u64> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(7), next).map(|state| state ^ state >> 33).skip(1).take(count)
}

/// The ends of every class of floats, their neighbours, integers' ends, ties, NaN of every kind.
pub fn values(of: Type) -> Values {
    const WIDE: [f64; 31] = [
        0.0,
        f64::from_bits(1),
        f64::from_bits(0x000f_ffff_ffff_ffff),
        f64::MIN_POSITIVE,
        f64::from_bits(0x0010_0000_0000_0001),
        1e-310,
        1e-160,
        1e-40,
        0.1,
        0.499_999_999_999_999_94,
        0.5,
        0.75,
        1.0,
        1.0 + f64::EPSILON,
        1.5,
        2.5,
        3.0,
        std::f64::consts::PI,
        16_777_217.0,
        2_147_483_647.0,
        2_147_483_647.5,
        2_147_483_648.0,
        4_294_967_295.5,
        4_503_599_627_370_495.5,
        9_007_199_254_740_991.0,
        9_223_372_036_854_774_784.0,
        9_223_372_036_854_775_808.0,
        18_446_744_073_709_549_568.0,
        3.4e38,
        1e200,
        f64::MAX,
    ];
    const WIDE_BITS: [u64; 5] =
        [f64::INFINITY.to_bits(), 0x7ff8 << 48, 0x7ff0 << 48 | 1, 0x7ff7 << 48, 0x7ff8 << 48 | 99];
    const NARROW: [f32; 27] = [
        0.0,
        f32::from_bits(1),
        f32::from_bits(0x007f_ffff),
        f32::MIN_POSITIVE,
        f32::from_bits(0x0080_0001),
        1e-42,
        1e-20,
        0.1,
        0.499_999_97,
        0.5,
        0.75,
        1.0,
        1.0 + f32::EPSILON,
        1.5,
        2.5,
        3.0,
        std::f32::consts::PI,
        8_388_607.5,
        8_388_609.0,
        16_777_215.0,
        2_147_483_500.0,
        2_147_483_600.0,
        4_294_967_000.0,
        9_223_372_000_000_000_000.0,
        18_446_744_000_000_000_000.0,
        1e20,
        f32::MAX,
    ];
    const NARROW_BITS: [u32; 5] = [f32::INFINITY.to_bits(), 0x7fc0_0000, 0x7f80_0001, 0x7fbf_ffff, 0x7fc0_0063];
    const INTEGERS: [i64; 16] = [
        0,
        1,
        2,
        127,
        16_777_215,
        16_777_217,
        16_777_219,
        0x7fff_ffbf,
        0x7fff_ffff,
        0x8000_0000,
        9_007_199_254_740_993,
        9_007_199_254_740_995,
        0x7fff_ffff_ffff_fdff,
        0x7fff_ffff_ffff_fe00,
        i64::MAX,
        i64::MIN,
    ];
    match of {
        F64 => {
            let bits = WIDE.iter().map(|value| value.to_bits()).chain(WIDE_BITS);
            bits.flat_map(|bits| [bits, bits | 1 << 63]).chain(chance(10)).collect()
        }
        F32 => {
            let bits = NARROW.iter().map(|value| value.to_bits()).chain(NARROW_BITS);
            let bits = bits.flat_map(|bits| [bits, bits | 1 << 31]).map(u64::from);
            bits.chain(chance(10).map(|bits| bits & 0xffff_ffff)).collect()
        }
        I32 => values(I64).into_iter().map(|bits| bits & 0xffff_ffff).collect(),
        I64 => INTEGERS
            .iter()
            .flat_map(|value| [*value, value.wrapping_neg()])
            .map(|value| value as u64)
            .chain(chance(10))
            .collect(),
    }
}

/// Values for which no truncation traps.
pub fn tame(of: Type) -> Values {
    const TAME: [f32; 9] = [0.0, -0.0, -0.9, 1e-40, 0.9, 1.0, 1.5, 8_388_607.5, 2_147_483_500.0];
    TAME.iter().map(|value| if of == F32 { value.to_bits().into() } else { f64::from(*value).to_bits() }).collect()
}
