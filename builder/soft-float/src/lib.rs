//! WebAssembly's floating point, computed with integers.
//!
//! One function for each operator that is more than a bit operation, on the bits of its operands: exact results of
//! IEEE 754, rounded to nearest with ties to even, subnormal numbers included. Every NaN result is the canonical
//! positive one, whatever the operands were.
//!
//! Natively this is a library. For `wasm32` it is a module that exports the operators under their names, with `_` for
//! `.`, so that they can be put into other programs: it uses no memory, no table and no global. An exported function
//! is the common case of an operator, small enough to be copied into a loop; rare cases are in separate functions.

#![no_std]
#![deny(unsafe_code)]

#[cfg(any(test, feature = "check"))]
extern crate std;

mod add;
mod bits;
#[cfg(any(test, feature = "check"))]
pub mod check;
mod compare;
mod convert;
mod div;
#[cfg(target_family = "wasm")]
mod exports;
mod format;
mod integral;
mod min_max;
mod mul;
mod round;
mod sqrt;
#[cfg(test)]
mod tests;
mod truncate;
mod width;

pub use add::{f32_add, f32_sub, f64_add, f64_sub};
pub use compare::{f32_eq, f32_ge, f32_gt, f32_le, f32_lt, f32_ne, f64_eq, f64_ge, f64_gt, f64_le, f64_lt, f64_ne};
pub use convert::{
    f32_convert_i32_s, f32_convert_i32_u, f32_convert_i64_s, f32_convert_i64_u, f64_convert_i32_s, f64_convert_i32_u,
    f64_convert_i64_s, f64_convert_i64_u,
};
pub use div::{f32_div, f64_div};
pub use integral::{f32_ceil, f32_floor, f32_nearest, f32_trunc, f64_ceil, f64_floor, f64_nearest, f64_trunc};
pub use min_max::{f32_max, f32_min, f64_max, f64_min};
pub use mul::{f32_mul, f64_mul};
pub use sqrt::{f32_sqrt, f64_sqrt};
pub use truncate::{
    Trap, i32_trunc_f32_s, i32_trunc_f32_u, i32_trunc_f64_s, i32_trunc_f64_u, i32_trunc_sat_f32_s, i32_trunc_sat_f32_u,
    i32_trunc_sat_f64_s, i32_trunc_sat_f64_u, i64_trunc_f32_s, i64_trunc_f32_u, i64_trunc_f64_s, i64_trunc_f64_u,
    i64_trunc_sat_f32_s, i64_trunc_sat_f32_u, i64_trunc_sat_f64_s, i64_trunc_sat_f64_u,
};
pub use width::{f32_demote_f64, f64_promote_f32};
