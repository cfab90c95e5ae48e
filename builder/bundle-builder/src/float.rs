//! How a program's floats are computed: lowered to integer code, in floating-point registers, or interpreted.

use crate::operators::{self, Functions};
use crate::wasm_error::WasmError;
use serde::Deserialize;
use wasmstone_bundle::Platform;
use wasmstone_float_lowering::{Boundary, Lowered, Refused, lower_with};

/// How floats are asked to be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Float {
    /// By integer code that takes the place of every float operator, in every target's program.
    Lowered,
    /// By the processor's floating-point unit.
    Hardware,
    /// By the interpreter, which computes with integers.
    Interpreted,
}

impl Float {
    /// Its name in options and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lowered => "lowered",
            Self::Hardware => "hardware",
            Self::Interpreted => "interpreted",
        }
    }
}

/// How floats are computed on a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatRule {
    /// How they are computed in machine code.
    pub float: Float,
    /// Whether that was asked for. If so, lowering is for the program of Pulley as well.
    pub explicit: bool,
}

/// The rule for a platform, given the options `--float` and `--insecure-float`.
///
/// # Errors
/// [`FloatError`] if they contradict each other, or the platform does not protect the registers that were asked for.
pub fn rule(asked: Option<Float>, insecure: bool, platform: &Platform) -> Result<FloatRule, FloatError> {
    let float = match asked {
        Some(float @ (Float::Lowered | Float::Interpreted)) if insecure => {
            return Err(FloatError::Contradiction { float });
        }
        Some(Float::Hardware) if !platform.fp_safe && !insecure => {
            return Err(FloatError::Unprotected { platform: platform.name.clone() });
        }
        Some(float) => float,
        None if platform.fp_safe || insecure => Float::Hardware,
        None => Float::Lowered,
    };
    Ok(FloatRule { float, explicit: asked.is_some() })
}

/// Lowers a program, and checks the result for floats independently of the lowering itself.
///
/// # Errors
/// The inner error, [`Refused`], if the program cannot be lowered; the outer one if floats are left after lowering.
pub fn lower_and_check(program: &[u8]) -> Result<Result<Lowered, Refused>, FloatsLeft> {
    // WASI 0.1 has no floats, and nothing outside calls what else a core module exports.
    let lowered = match lower_with(program, Boundary::AsBits) {
        Ok(lowered) => lowered,
        Err(refused) => return Ok(Err(refused)),
    };
    without_floats(&lowered.wasm)?;
    Ok(Ok(lowered))
}

fn without_floats(wasm: &[u8]) -> Result<(), FloatsLeft> {
    let left = operators::scan(wasm)?.float;
    if left.is_empty() { Ok(()) } else { Err(FloatsLeft::Operators(left)) }
}

/// Why floats cannot be computed as they were asked to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FloatError {
    /// The platform does not protect the registers.
    #[error(
        "the platform \"{platform}\" neither saves nor protects floating-point registers: choose --float lowered; \
         --float hardware together with --insecure-float uses them all the same, and then the host can read and \
         change what the program computes"
    )]
    Unprotected {
        /// The platform.
        platform: String,
    },
    /// Two options that exclude each other.
    #[error(
        "insecure-float computes with floating-point registers, and \"{}\" floats do not: leave one of the two out",
        float.name()
    )]
    Contradiction {
        /// How floats were asked to be computed.
        float: Float,
    },
}

/// A fault of this release: floats are left in a lowered program, or the lowered program cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FloatsLeft {
    /// These functions have some.
    #[error(
        "floats are left in the lowered program, in {0}: choose --float interpreted, and please report it, with the \
         program if you can"
    )]
    Operators(Functions),
    /// It cannot be read.
    #[error(
        "the lowered program is damaged: choose --float interpreted, and please report it, with the program if you can"
    )]
    Damaged(#[from] WasmError),
}

#[cfg(test)]
mod tests {
    use super::{Float, FloatError, FloatRule, FloatsLeft, lower_and_check, rule, without_floats};
    use wasmstone_bundle::Platform;

    fn board(fp_safe: bool) -> Platform {
        Platform { name: "board".to_owned(), fp_safe, ..Platform::sim() }
    }

    #[test]
    fn a_float_that_is_left_is_found() {
        let text = r#"(component (core module (func $area (export "f") (result i32) f64.const 1 i32.trunc_f64_s)))"#;
        let component = wat::parse_str(text).unwrap();
        let error = without_floats(&component).unwrap_err();
        assert!(matches!(&error, FloatsLeft::Operators(left) if left.first == ["area"]), "{error}");
        without_floats(&lower_and_check(&component).unwrap().unwrap().wasm).unwrap();
        assert!(matches!(without_floats(&component[..20]), Err(FloatsLeft::Damaged(_))));
    }

    #[test]
    fn floats_are_lowered_on_platforms_that_do_not_protect_registers() {
        let unasked = |float| Ok(FloatRule { float, explicit: false });
        assert_eq!(rule(None, false, &board(false)), unasked(Float::Lowered));
        assert_eq!(rule(None, true, &board(false)), unasked(Float::Hardware));
        assert_eq!(rule(None, false, &board(true)), unasked(Float::Hardware));
        assert_eq!(rule(None, false, &Platform::sim()), unasked(Float::Hardware));
    }

    #[test]
    fn what_is_asked_for_is_done_where_it_is_safe_or_named_insecure() {
        for fp_safe in [false, true] {
            for float in [Float::Lowered, Float::Interpreted] {
                assert_eq!(rule(Some(float), false, &board(fp_safe)), Ok(FloatRule { float, explicit: true }));
                assert_eq!(rule(Some(float), true, &board(fp_safe)), Err(FloatError::Contradiction { float }));
            }
            let hardware = Ok(FloatRule { float: Float::Hardware, explicit: true });
            assert_eq!(rule(Some(Float::Hardware), true, &board(fp_safe)), hardware);
        }
        let error = rule(Some(Float::Hardware), false, &board(false)).unwrap_err().to_string();
        assert!(error.contains("\"board\"") && error.contains("--insecure-float"), "{error}");
        assert!(rule(Some(Float::Hardware), false, &board(true)).is_ok());
    }
}
