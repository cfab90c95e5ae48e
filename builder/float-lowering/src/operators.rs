//! The replacement of each operator that computes with floats, and the soft-float function that stands for it.

use wasmparser::Operator;

/// The width of a float and of the integer that holds its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// `f32`, `i32`.
    W32,
    /// `f64`, `i64`.
    W64,
}

/// The replacement of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lowering {
    /// Another operator of the given opcode, with the same immediates.
    Opcode(u8),
    /// The bits of an `f32` as an integer constant.
    Constant32(u32),
    /// The bits of an `f64` as an integer constant.
    Constant64(u64),
    /// Nothing: the value is the float's bits already.
    Nothing,
    /// The sign bit cleared.
    Absolute(Width),
    /// The sign bit flipped.
    Negate(Width),
    /// A soft-float function, by its place in [`NAMES`].
    Function(u8),
}

macro_rules! functions {
    ($($operator:ident $name:literal)*) => {
        #[derive(Clone, Copy)]
        enum Function { $($operator),* }

        /// The soft-float functions as they are exported.
        pub(crate) const NAMES: &[&str] = &[$($name),*];

        const fn function(operator: &Operator<'_>) -> Option<Function> {
            Some(match operator {
                $(Operator::$operator => Function::$operator,)*
                _ => return None,
            })
        }
    };
}

functions! {
    F32Eq "f32_eq" F32Ne "f32_ne" F32Lt "f32_lt" F32Gt "f32_gt" F32Le "f32_le" F32Ge "f32_ge"
    F64Eq "f64_eq" F64Ne "f64_ne" F64Lt "f64_lt" F64Gt "f64_gt" F64Le "f64_le" F64Ge "f64_ge"
    F32Ceil "f32_ceil" F32Floor "f32_floor" F32Trunc "f32_trunc" F32Nearest "f32_nearest" F32Sqrt "f32_sqrt"
    F32Add "f32_add" F32Sub "f32_sub" F32Mul "f32_mul" F32Div "f32_div" F32Min "f32_min" F32Max "f32_max"
    F64Ceil "f64_ceil" F64Floor "f64_floor" F64Trunc "f64_trunc" F64Nearest "f64_nearest" F64Sqrt "f64_sqrt"
    F64Add "f64_add" F64Sub "f64_sub" F64Mul "f64_mul" F64Div "f64_div" F64Min "f64_min" F64Max "f64_max"
    I32TruncF32S "i32_trunc_f32_s" I32TruncF32U "i32_trunc_f32_u"
    I32TruncF64S "i32_trunc_f64_s" I32TruncF64U "i32_trunc_f64_u"
    I64TruncF32S "i64_trunc_f32_s" I64TruncF32U "i64_trunc_f32_u"
    I64TruncF64S "i64_trunc_f64_s" I64TruncF64U "i64_trunc_f64_u"
    I32TruncSatF32S "i32_trunc_sat_f32_s" I32TruncSatF32U "i32_trunc_sat_f32_u"
    I32TruncSatF64S "i32_trunc_sat_f64_s" I32TruncSatF64U "i32_trunc_sat_f64_u"
    I64TruncSatF32S "i64_trunc_sat_f32_s" I64TruncSatF32U "i64_trunc_sat_f32_u"
    I64TruncSatF64S "i64_trunc_sat_f64_s" I64TruncSatF64U "i64_trunc_sat_f64_u"
    F32ConvertI32S "f32_convert_i32_s" F32ConvertI32U "f32_convert_i32_u"
    F32ConvertI64S "f32_convert_i64_s" F32ConvertI64U "f32_convert_i64_u"
    F64ConvertI32S "f64_convert_i32_s" F64ConvertI32U "f64_convert_i32_u"
    F64ConvertI64S "f64_convert_i64_s" F64ConvertI64U "f64_convert_i64_u"
    F32DemoteF64 "f32_demote_f64" F64PromoteF32 "f64_promote_f32"
    F32Copysign "f32_copysign" F64Copysign "f64_copysign"
}

/// The opcodes of the integer operators that replace loads and stores.
mod opcode {
    pub(super) const I32_LOAD: u8 = 0x28;
    pub(super) const I64_LOAD: u8 = 0x29;
    pub(super) const I32_STORE: u8 = 0x36;
    pub(super) const I64_STORE: u8 = 0x37;
}

/// The replacement of an operator; `None` if the operator has nothing to do with floats by itself.
#[inline]
pub(crate) fn lowering(operator: &Operator<'_>) -> Option<Lowering> {
    if let Some(function) = function(operator) {
        return Some(Lowering::Function(function as u8));
    }
    Some(match operator {
        Operator::F32Load { .. } => Lowering::Opcode(opcode::I32_LOAD),
        Operator::F64Load { .. } => Lowering::Opcode(opcode::I64_LOAD),
        Operator::F32Store { .. } => Lowering::Opcode(opcode::I32_STORE),
        Operator::F64Store { .. } => Lowering::Opcode(opcode::I64_STORE),
        Operator::F32Const { value } => Lowering::Constant32(value.bits()),
        Operator::F64Const { value } => Lowering::Constant64(value.bits()),
        Operator::I32ReinterpretF32
        | Operator::I64ReinterpretF64
        | Operator::F32ReinterpretI32
        | Operator::F64ReinterpretI64 => Lowering::Nothing,
        Operator::F32Abs => Lowering::Absolute(Width::W32),
        Operator::F64Abs => Lowering::Absolute(Width::W64),
        Operator::F32Neg => Lowering::Negate(Width::W32),
        Operator::F64Neg => Lowering::Negate(Width::W64),
        _ => return None,
    })
}
