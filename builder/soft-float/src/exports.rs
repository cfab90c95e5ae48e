//! The module's exports, one for each function, and its imports. Floats are passed as their bits.
#![allow(unsafe_code, reason = "names for the linker")]

use crate::truncate::Trap;

#[link(wasm_import_module = "soft-float")]
unsafe extern "C" {
    /// The upper half of a product.
    pub(crate) safe fn mul_high(a: u64, b: u64) -> u64;
    /// The same number.
    pub(crate) safe fn opaque(a: u64) -> u64;
    /// Traps as "invalid conversion to integer".
    safe fn invalid_conversion() -> !;
    /// Traps as "integer overflow".
    safe fn integer_overflow() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

fn or_trap<T>(result: Result<T, Trap>) -> T {
    match result {
        Ok(value) => value,
        Err(Trap::InvalidConversion) => invalid_conversion(),
        Err(Trap::IntegerOverflow) => integer_overflow(),
    }
}

macro_rules! exports {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            // SAFETY: no other function of the module has the name of an operator.
            #[unsafe(no_mangle)]
            extern "C" fn $name($($argument: $type),*) -> $result {
                crate::$name($($argument),*)
            }
        )*
    };
}

macro_rules! trapping_exports {
    ($($name:ident($type:ty) -> $result:ty;)*) => {
        $(
            // SAFETY: no other function of the module has the name of an operator.
            #[unsafe(no_mangle)]
            extern "C" fn $name(a: $type) -> $result {
                or_trap(crate::$name(a))
            }
        )*
    };
}

exports! {
    f32_add(a: u32, b: u32) -> u32;
    f32_sub(a: u32, b: u32) -> u32;
    f32_mul(a: u32, b: u32) -> u32;
    f32_div(a: u32, b: u32) -> u32;
    f32_min(a: u32, b: u32) -> u32;
    f32_max(a: u32, b: u32) -> u32;
    f32_sqrt(a: u32) -> u32;
    f32_ceil(a: u32) -> u32;
    f32_floor(a: u32) -> u32;
    f32_trunc(a: u32) -> u32;
    f32_nearest(a: u32) -> u32;
    f32_eq(a: u32, b: u32) -> bool;
    f32_ne(a: u32, b: u32) -> bool;
    f32_lt(a: u32, b: u32) -> bool;
    f32_gt(a: u32, b: u32) -> bool;
    f32_le(a: u32, b: u32) -> bool;
    f32_ge(a: u32, b: u32) -> bool;
    f32_convert_i32_s(a: i32) -> u32;
    i32_trunc_sat_f32_s(a: u32) -> i32;
    f32_convert_i32_u(a: u32) -> u32;
    i32_trunc_sat_f32_u(a: u32) -> u32;
    f32_convert_i64_s(a: i64) -> u32;
    i64_trunc_sat_f32_s(a: u32) -> i64;
    f32_convert_i64_u(a: u64) -> u32;
    i64_trunc_sat_f32_u(a: u32) -> u64;
    f64_add(a: u64, b: u64) -> u64;
    f64_sub(a: u64, b: u64) -> u64;
    f64_mul(a: u64, b: u64) -> u64;
    f64_div(a: u64, b: u64) -> u64;
    f64_min(a: u64, b: u64) -> u64;
    f64_max(a: u64, b: u64) -> u64;
    f64_sqrt(a: u64) -> u64;
    f64_ceil(a: u64) -> u64;
    f64_floor(a: u64) -> u64;
    f64_trunc(a: u64) -> u64;
    f64_nearest(a: u64) -> u64;
    f64_eq(a: u64, b: u64) -> bool;
    f64_ne(a: u64, b: u64) -> bool;
    f64_lt(a: u64, b: u64) -> bool;
    f64_gt(a: u64, b: u64) -> bool;
    f64_le(a: u64, b: u64) -> bool;
    f64_ge(a: u64, b: u64) -> bool;
    f64_convert_i32_s(a: i32) -> u64;
    i32_trunc_sat_f64_s(a: u64) -> i32;
    f64_convert_i32_u(a: u32) -> u64;
    i32_trunc_sat_f64_u(a: u64) -> u32;
    f64_convert_i64_s(a: i64) -> u64;
    i64_trunc_sat_f64_s(a: u64) -> i64;
    f64_convert_i64_u(a: u64) -> u64;
    i64_trunc_sat_f64_u(a: u64) -> u64;
    f32_demote_f64(a: u64) -> u32;
    f64_promote_f32(a: u32) -> u64;
}

trapping_exports! {
    i32_trunc_f32_s(u32) -> i32;
    i32_trunc_f32_u(u32) -> u32;
    i64_trunc_f32_s(u32) -> i64;
    i64_trunc_f32_u(u32) -> u64;
    i32_trunc_f64_s(u64) -> i32;
    i32_trunc_f64_u(u64) -> u32;
    i64_trunc_f64_s(u64) -> i64;
    i64_trunc_f64_u(u64) -> u64;
}
