//! For each function, the processor's computation of the same operator, with WebAssembly's results.

use super::{Function, Mismatch, Operands, Outcome, operands};
use crate::Trap;

/// The result of a function, or of the processor.
trait Computed {
    fn outcome(self) -> Outcome;
}

/// An operand of a function.
trait Operand {
    const IS_INTEGER: bool;

    type Passed;

    /// The operand as it is passed to the function.
    fn passed(bits: u64) -> Self::Passed;

    /// The operand as the processor takes it.
    fn value(bits: u64) -> Self;
}

impl Computed for f32 {
    fn outcome(self) -> Outcome {
        Ok(if self.is_nan() { 0x7fc0_0000 } else { self.to_bits().into() })
    }
}

impl Computed for f64 {
    fn outcome(self) -> Outcome {
        Ok(if self.is_nan() { 0x7ff8 << 48 } else { self.to_bits() })
    }
}

impl Operand for f32 {
    const IS_INTEGER: bool = false;

    type Passed = u32;

    fn passed(bits: u64) -> u32 {
        bits as u32
    }

    fn value(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
}

impl Operand for f64 {
    const IS_INTEGER: bool = false;

    type Passed = u64;

    fn passed(bits: u64) -> u64 {
        bits
    }

    fn value(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(
            impl Computed for $type {
                fn outcome(self) -> Outcome {
                    Ok(self as u64)
                }
            }

            impl Operand for $type {
                const IS_INTEGER: bool = true;

                type Passed = Self;

                fn passed(bits: u64) -> Self {
                    bits as Self
                }

                fn value(bits: u64) -> Self {
                    bits as Self
                }
            }
        )*
    };
}

integers!(i32 u32 i64 u64);

impl Computed for bool {
    fn outcome(self) -> Outcome {
        Ok(self.into())
    }
}

impl<T: Computed> Computed for core::result::Result<T, Trap> {
    fn outcome(self) -> Outcome {
        self.and_then(T::outcome)
    }
}

const fn operands(bytes: usize, others: usize, integer: bool) -> Operands {
    match (bytes, others) {
        (4, 0) => Operands::One32,
        (8, 0) if integer => Operands::Integer64,
        (8, 0) => Operands::One64,
        (4, _) => Operands::Two32,
        _ => Operands::Two64,
    }
}

/// Functions, each with the processor's computation.
macro_rules! functions {
    ($($name:ident($a:ident: $type:ty $(, $b:ident: $other:ty)?) => $processors:expr;)*) => {
        /// Every function of this crate.
        pub const FUNCTIONS: &[Function] = &[$({
            const OPERANDS: Operands =
                operands(size_of::<$type>(), <[usize]>::len(&[$(size_of::<$other>())?]), <$type>::IS_INTEGER);

            #[inline(always)]
            fn once(first: u64, second: u64) -> Option<Mismatch> {
                let ours = crate::$name(<$type>::passed(first) $(, <$other>::passed(second))?).outcome();
                let $a = <$type>::value(first);
                $(let $b = <$other>::value(second);)?
                let processors = $processors.outcome();
                (ours != processors)
                    .then(|| Mismatch { name: stringify!($name), operands: (first, second), ours, processors })
            }

            fn range(first: u64, end: u64) -> Option<Mismatch> {
                (first..end).find_map(|number| {
                    let (a, b) = match OPERANDS {
                        Operands::One32 => (number, 0),
                        Operands::One64 => (operands::pair_64(number).0, 0),
                        Operands::Integer64 => (operands::integer_64(number), 0),
                        Operands::Two32 => operands::pair_32(number),
                        Operands::Two64 => operands::pair_64(number),
                    };
                    once(a, b)
                })
            }

            Function { name: stringify!($name), operands: OPERANDS, range, once }
        }),*];
    };
}

macro_rules! smaller {
    ($a:ident $b:ident) => {
        if $a.is_nan() || $b.is_nan() {
            $a + $b
        } else if $a < $b || $a == $b && $a.is_sign_negative() {
            $a
        } else {
            $b
        }
    };
}

/// A conversion, for operands between the two numbers.
macro_rules! truncated {
    ($a:ident $type:ty, $below:expr, $above:expr) => {
        if $a.is_nan() {
            Err(Trap::InvalidConversion)
        } else if $a > $below && $a < $above {
            Ok($a as $type)
        } else {
            Err(Trap::IntegerOverflow)
        }
    };
}

functions! {
    f32_add(a: f32, b: f32) => (a + b);
    f32_sub(a: f32, b: f32) => (a - b);
    f32_mul(a: f32, b: f32) => (a * b);
    f32_div(a: f32, b: f32) => (a / b);
    f32_min(a: f32, b: f32) => smaller!(a b);
    f32_max(a: f32, b: f32) => { let (a, b) = (-a, -b); -smaller!(a b) };
    f32_eq(a: f32, b: f32) => (a == b);
    f32_ne(a: f32, b: f32) => (a != b);
    f32_lt(a: f32, b: f32) => (a < b);
    f32_gt(a: f32, b: f32) => (a > b);
    f32_le(a: f32, b: f32) => (a <= b);
    f32_ge(a: f32, b: f32) => (a >= b);
    f32_sqrt(a: f32) => a.sqrt();
    f32_ceil(a: f32) => a.ceil();
    f32_floor(a: f32) => a.floor();
    f32_trunc(a: f32) => a.trunc();
    f32_nearest(a: f32) => a.round_ties_even();
    f32_convert_i32_s(a: i32) => (a as f32);
    f32_convert_i32_u(a: u32) => (a as f32);
    f32_convert_i64_s(a: i64) => (a as f32);
    f32_convert_i64_u(a: u64) => (a as f32);
    f64_add(a: f64, b: f64) => (a + b);
    f64_sub(a: f64, b: f64) => (a - b);
    f64_mul(a: f64, b: f64) => (a * b);
    f64_div(a: f64, b: f64) => (a / b);
    f64_min(a: f64, b: f64) => smaller!(a b);
    f64_max(a: f64, b: f64) => { let (a, b) = (-a, -b); -smaller!(a b) };
    f64_eq(a: f64, b: f64) => (a == b);
    f64_ne(a: f64, b: f64) => (a != b);
    f64_lt(a: f64, b: f64) => (a < b);
    f64_gt(a: f64, b: f64) => (a > b);
    f64_le(a: f64, b: f64) => (a <= b);
    f64_ge(a: f64, b: f64) => (a >= b);
    f64_sqrt(a: f64) => a.sqrt();
    f64_ceil(a: f64) => a.ceil();
    f64_floor(a: f64) => a.floor();
    f64_trunc(a: f64) => a.trunc();
    f64_nearest(a: f64) => a.round_ties_even();
    f64_convert_i32_s(a: i32) => (a as f64);
    f64_convert_i32_u(a: u32) => (a as f64);
    f64_convert_i64_s(a: i64) => (a as f64);
    f64_convert_i64_u(a: u64) => (a as f64);
    f32_demote_f64(a: f64) => (a as f32);
    f64_promote_f32(a: f32) => f64::from(a);
    i32_trunc_f32_s(a: f32) => truncated!(a i32, -2_147_483_904.0, 2_147_483_648.0);
    i32_trunc_sat_f32_s(a: f32) => (a as i32);
    i32_trunc_f32_u(a: f32) => truncated!(a u32, -1.0, 4_294_967_296.0);
    i32_trunc_sat_f32_u(a: f32) => (a as u32);
    i64_trunc_f32_s(a: f32) => truncated!(a i64, -9_223_373_136_366_403_584.0, 9_223_372_036_854_775_808.0);
    i64_trunc_sat_f32_s(a: f32) => (a as i64);
    i64_trunc_f32_u(a: f32) => truncated!(a u64, -1.0, 18_446_744_073_709_551_616.0);
    i64_trunc_sat_f32_u(a: f32) => (a as u64);
    i32_trunc_f64_s(a: f64) => truncated!(a i32, -2_147_483_649.0, 2_147_483_648.0);
    i32_trunc_sat_f64_s(a: f64) => (a as i32);
    i32_trunc_f64_u(a: f64) => truncated!(a u32, -1.0, 4_294_967_296.0);
    i32_trunc_sat_f64_u(a: f64) => (a as u32);
    i64_trunc_f64_s(a: f64) => truncated!(a i64, -9_223_372_036_854_777_856.0, 9_223_372_036_854_775_808.0);
    i64_trunc_sat_f64_s(a: f64) => (a as i64);
    i64_trunc_f64_u(a: f64) => truncated!(a u64, -1.0, 18_446_744_073_709_551_616.0);
    i64_trunc_sat_f64_u(a: f64) => (a as u64);
}
