//! A program that applies every float operator to many values, and writes the bits of the results.

use crate::values::Type::{self, F32, F64, I32, I64};
use crate::values::{Values, tame, values};
use std::fmt::Write;

/// An operator, or several that are applied one after the other.
struct Operator {
    text: &'static str,
    takes: &'static [Type],
    gives: Type,
    /// Takes and returns bits, whatever they mean: a NaN stays as it is.
    moves_bits: bool,
    /// Traps for most values, so it gets values for which it does not trap.
    traps: bool,
}

const fn operator(text: &'static str, takes: &'static [Type], gives: Type) -> Operator {
    Operator { text, takes, gives, moves_bits: false, traps: false }
}

const fn moving(text: &'static str, takes: &'static [Type], gives: Type) -> Operator {
    Operator { moves_bits: true, ..operator(text, takes, gives) }
}

const fn trapping(text: &'static str, takes: &'static [Type], gives: Type) -> Operator {
    Operator { traps: true, ..operator(text, takes, gives) }
}

const OPERATORS: [Operator; 72] = [
    operator("f32.add", &[F32, F32], F32),
    operator("f32.sub", &[F32, F32], F32),
    operator("f32.mul", &[F32, F32], F32),
    operator("f32.div", &[F32, F32], F32),
    operator("f32.min", &[F32, F32], F32),
    operator("f32.max", &[F32, F32], F32),
    moving("f32.copysign", &[F32, F32], F32),
    operator("f32.eq", &[F32, F32], I32),
    operator("f32.ne", &[F32, F32], I32),
    operator("f32.lt", &[F32, F32], I32),
    operator("f32.le", &[F32, F32], I32),
    operator("f32.gt", &[F32, F32], I32),
    operator("f32.ge", &[F32, F32], I32),
    operator("f64.add", &[F64, F64], F64),
    operator("f64.sub", &[F64, F64], F64),
    operator("f64.mul", &[F64, F64], F64),
    operator("f64.div", &[F64, F64], F64),
    operator("f64.min", &[F64, F64], F64),
    operator("f64.max", &[F64, F64], F64),
    moving("f64.copysign", &[F64, F64], F64),
    operator("f64.eq", &[F64, F64], I32),
    operator("f64.ne", &[F64, F64], I32),
    operator("f64.lt", &[F64, F64], I32),
    operator("f64.le", &[F64, F64], I32),
    operator("f64.gt", &[F64, F64], I32),
    operator("f64.ge", &[F64, F64], I32),
    moving("f32.abs", &[F32], F32),
    moving("f32.neg", &[F32], F32),
    operator("f32.ceil", &[F32], F32),
    operator("f32.floor", &[F32], F32),
    operator("f32.trunc", &[F32], F32),
    operator("f32.nearest", &[F32], F32),
    operator("f32.sqrt", &[F32], F32),
    moving("f64.abs", &[F64], F64),
    moving("f64.neg", &[F64], F64),
    operator("f64.ceil", &[F64], F64),
    operator("f64.floor", &[F64], F64),
    operator("f64.trunc", &[F64], F64),
    operator("f64.nearest", &[F64], F64),
    operator("f64.sqrt", &[F64], F64),
    operator("f32.demote_f64", &[F64], F32),
    operator("f64.promote_f32", &[F32], F64),
    moving("i32.reinterpret_f32", &[F32], I32),
    moving("i64.reinterpret_f64", &[F64], I64),
    moving("f32.reinterpret_i32", &[I32], F32),
    moving("f64.reinterpret_i64", &[I64], F64),
    operator("f32.convert_i32_s", &[I32], F32),
    operator("f32.convert_i32_u", &[I32], F32),
    operator("f32.convert_i64_s", &[I64], F32),
    operator("f32.convert_i64_u", &[I64], F32),
    operator("f64.convert_i32_s", &[I32], F64),
    operator("f64.convert_i32_u", &[I32], F64),
    operator("f64.convert_i64_s", &[I64], F64),
    operator("f64.convert_i64_u", &[I64], F64),
    operator("i32.trunc_sat_f32_s", &[F32], I32),
    operator("i32.trunc_sat_f32_u", &[F32], I32),
    operator("i32.trunc_sat_f64_s", &[F64], I32),
    operator("i32.trunc_sat_f64_u", &[F64], I32),
    operator("i64.trunc_sat_f32_s", &[F32], I64),
    operator("i64.trunc_sat_f32_u", &[F32], I64),
    operator("i64.trunc_sat_f64_s", &[F64], I64),
    operator("i64.trunc_sat_f64_u", &[F64], I64),
    trapping("i32.trunc_f32_s", &[F32], I32),
    trapping("i32.trunc_f32_u", &[F32], I32),
    trapping("i32.trunc_f64_s", &[F64], I32),
    trapping("i32.trunc_f64_u", &[F64], I32),
    trapping("i64.trunc_f32_s", &[F32], I64),
    trapping("i64.trunc_f32_u", &[F32], I64),
    trapping("i64.trunc_f64_s", &[F64], I64),
    trapping("i64.trunc_f64_u", &[F64], I64),
    // The result of one operator is the operand of another: rounded each time, and a NaN is passed on.
    operator("f64.mul (f64.sqrt) (f64.const 3)", &[F64], F64),
    operator("f32.add (f32.sqrt) (f32.const 1)", &[F32], F32),
];

/// One result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The operator and its operands.
    pub operator: &'static str,
    pub operands: [u64; 2],
    pub gives: Type,
    /// Whether the operator only moves bits.
    pub moves_bits: bool,
    pub bits: u64,
}

impl Outcome {
    /// Whether it is a NaN.
    pub fn is_nan(&self) -> bool {
        match self.gives {
            F32 => f32::from_bits(self.bits as u32).is_nan(),
            F64 => f64::from_bits(self.bits).is_nan(),
            I32 | I64 => false,
        }
    }

    /// Whether it is the NaN that arises in a program whose floats were lowered: positive and canonical.
    pub fn is_the_one_nan(&self) -> bool {
        self.bits == if self.gives == F32 { 0x7fc0_0000 } else { 0x7ff8_0000_0000_0000 }
    }
}

impl Operator {
    fn values(&self) -> Values {
        if self.traps { tame(self.takes[0]) } else { values(self.takes[0]) }
    }
}

/// The program, for WASI 0.1.
pub fn program() -> String {
    const ADDRESS: usize = 1024;
    const RESULTS: usize = 1 << 16;
    let (mut data, mut functions, mut calls) = (String::new(), String::new(), String::new());
    let mut end = ADDRESS;
    for (index, operator) in OPERATORS.iter().enumerate() {
        let start = end;
        for value in operator.values() {
            value.to_le_bytes().iter().for_each(|byte| write!(data, "\\{byte:02x}").unwrap());
            end += 8;
        }
        let load = |local: &str| format!("({}.load (local.get ${local}))", operator.takes[0].name());
        let (first, rest) = operator.text.split_once(' ').unwrap_or((operator.text, ""));
        // Behind the operator's name: another operator that is applied first, then constants.
        let applied = match rest.split_once(')') {
            Some((inner, constants)) => format!("({first} {inner} {}) {constants})", load("a")),
            None if operator.takes.len() == 2 => format!("({first} {} {})", load("a"), load("b")),
            None => format!("({first} {})", load("a")),
        };
        let bits = match operator.gives {
            F32 => format!("(i64.extend_i32_u (i32.reinterpret_f32 {applied}))"),
            F64 => format!("(i64.reinterpret_f64 {applied})"),
            I32 => format!("(i64.extend_i32_u {applied})"),
            I64 => applied,
        };
        let once =
            format!("(i64.store (global.get $to) {bits}) (global.set $to (i32.add (global.get $to) (i32.const 8)))");
        let next = |local: &str| {
            format!(
                "(br_if ${local} (i32.lt_u (local.tee ${local} (i32.add (local.get ${local}) (i32.const 8))) \
                 (i32.const {end})))"
            )
        };
        let inner = if operator.takes.len() == 2 {
            format!("(local.set $b (i32.const {start})) (loop $b {once} {})", next("b"))
        } else {
            once
        };
        writeln!(
            functions,
            "(func $operator{index} (local $a i32) (local $b i32)
                (local.set $a (i32.const {start})) (loop $a {inner} {}))",
            next("a")
        )
        .unwrap();
        write!(calls, "(call $operator{index})").unwrap();
    }
    assert!(end < RESULTS, "the values take {end} bytes");
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 64)
            (global $to (mut i32) (i32.const {RESULTS}))
            (data (i32.const {ADDRESS}) "{data}")
            {functions}
            (func (export "_start")
                {calls}
                (i32.store (i32.const 8) (i32.const {RESULTS}))
                (loop $more
                    (i32.store (i32.const 12) (i32.sub (global.get $to) (i32.load (i32.const 8))))
                    (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)) (then unreachable))
                    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 16))))
                    (br_if $more (i32.lt_u (i32.load (i32.const 8)) (global.get $to))))))"#
    )
}

/// The program's output.
pub fn outcomes(written: &[u8]) -> Vec<Outcome> {
    let (results, rest) = written.as_chunks::<8>();
    let mut results = results.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let mut outcomes = Vec::new();
    for operator in &OPERATORS {
        let Operator { text, gives, moves_bits, .. } = *operator;
        let values = operator.values();
        let others = if operator.takes.len() == 2 { values.clone() } else { vec![0] };
        for a in &values {
            for b in &others {
                let bits = results.next().expect("the program wrote too little");
                outcomes.push(Outcome { operator: text, operands: [*a, *b], gives, moves_bits, bits });
            }
        }
    }
    assert!(results.next().is_none() && rest.is_empty(), "the program wrote too much");
    outcomes
}
