//! Which engine a program gets: the interpreter, or machine code where that is safe and possible.

use crate::operators::{Functions, Operators};
use serde::Deserialize;
use wasmstone_bundle::{Platform, platform::SIM};
use wasmstone_policy::Target;

/// The engine that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Machine code where it is safe, else Pulley.
    #[default]
    Auto,
    /// Wasmtime's portable bytecode, interpreted.
    Pulley,
    /// Machine code.
    Native,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The engine.
    pub engine: Engine,
    /// The targets to build for, instead of those that the engine has; empty: the engine decides.
    pub targets: &'a [Target],
    /// Whether floating-point registers are used although the platform does not protect them.
    pub insecure_float: bool,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The targets, ascending.
    pub targets: Vec<Target>,
    /// Whether the enclave computes with floating-point registers: takes the enclave app that has them.
    pub hardware_float: bool,
    /// Why it is not machine code, where the choice was free.
    pub why: Option<String>,
}

/// Chooses for a program with these operators.
///
/// # Errors
/// [`EngineError`] where what is asked for is impossible, or not safe.
pub fn choose(wanted: &Wanted<'_>, platform: &Platform, operators: &Operators) -> Result<Choice, EngineError> {
    let allowed = platform.fp_safe || wanted.insecure_float;
    let obstacle = |target: Target| match target {
        Target::Riscv64 if !operators.vector.is_empty() => {
            Err(EngineError::Vectors { functions: operators.vector.clone() })
        }
        Target::Riscv64 if !operators.float.is_empty() && !allowed => {
            Err(EngineError::Floats { functions: operators.float.clone(), platform: platform.name.clone() })
        }
        _ => Ok(target),
    };
    let native = if platform.name == SIM { Target::host() } else { Some(Target::Riscv64) };
    let native = || native.ok_or(EngineError::NoTarget(std::env::consts::ARCH)).and_then(obstacle);
    let mut why = None;
    let mut targets = match wanted.engine {
        _ if !wanted.targets.is_empty() => {
            wanted.targets.iter().copied().map(obstacle).collect::<Result<Vec<_>, EngineError>>()?
        }
        Engine::Pulley => vec![Target::Pulley64],
        Engine::Native => vec![native()?],
        Engine::Auto => vec![native().unwrap_or_else(|error| {
            why = Some(error.why());
            Target::Pulley64
        })],
    };
    targets.sort_unstable();
    targets.dedup();
    Ok(Choice { targets, hardware_float: allowed && !operators.float.is_empty(), why })
}

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// It would use vectors.
    #[error(
        "machine code for riscv64 has no vectors (SIMD), but the program computes with them in {functions}: build it \
         without the target feature \"simd128\", or choose --engine pulley"
    )]
    Vectors {
        /// The functions that compute with vectors.
        functions: Functions,
    },
    /// It would use registers that are not protected.
    #[error(
        "the platform \"{platform}\" neither saves nor protects floating-point registers, but the program would \
         compute with them in {functions}: choose --engine pulley; --insecure-float uses them all the same, and \
         then the host can read and change what the program computes"
    )]
    Floats {
        /// The functions that compute with floats.
        functions: Functions,
        /// The platform.
        platform: String,
    },
    /// There is no compiler for this machine.
    #[error("there is no machine code for this machine ({0}): choose --engine pulley, or name others with --targets")]
    NoTarget(&'static str),
}

impl EngineError {
    /// The reason alone.
    fn why(&self) -> String {
        match self {
            Self::Vectors { functions } => format!("machine code for riscv64 has no vectors (SIMD): {functions}"),
            Self::Floats { functions, platform } => {
                format!("floating point is not protected on \"{platform}\": {functions}")
            }
            Self::NoTarget(machine) => format!("there is no machine code for {machine}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Engine, EngineError, Wanted, choose};
    use crate::operators::{Operators, scan};
    use wasmstone_bundle::Platform;
    use wasmstone_policy::Target;

    fn program(text: &str) -> Operators {
        scan(&wat::parse_str(text).unwrap()).unwrap()
    }

    fn plain() -> Operators {
        program("(module (func))")
    }

    fn float() -> Operators {
        program("(module (func $area (param f64)))")
    }

    fn vector() -> Operators {
        program("(module (func $dot (param v128)))")
    }

    fn board(fp_safe: bool) -> Platform {
        Platform { name: "board".to_owned(), fp_safe, ..Platform::sim() }
    }

    fn chosen(engine: Engine, platform: &Platform, program: &Operators) -> Result<Choice, EngineError> {
        choose(&Wanted { engine, targets: &[], insecure_float: false }, platform, program)
    }

    #[test]
    fn on_keystone_integers_are_native_and_floats_are_not() {
        let choice = chosen(Engine::Auto, &board(false), &plain()).unwrap();
        assert_eq!(choice, Choice { targets: vec![Target::Riscv64], hardware_float: false, why: None });
        let choice = chosen(Engine::Auto, &board(false), &float()).unwrap();
        assert_eq!((choice.targets, choice.hardware_float), (vec![Target::Pulley64], false));
        assert_eq!(choice.why.unwrap(), "floating point is not protected on \"board\": area");
        let choice = chosen(Engine::Auto, &board(true), &float()).unwrap();
        assert_eq!(choice, Choice { targets: vec![Target::Riscv64], hardware_float: true, why: None });
    }

    #[test]
    fn floats_can_be_insisted_on() {
        for engine in [Engine::Native, Engine::Auto, Engine::Pulley] {
            let wanted = Wanted { engine, targets: &[], insecure_float: true };
            let choice = choose(&wanted, &board(false), &float()).unwrap();
            let target = if engine == Engine::Pulley { Target::Pulley64 } else { Target::Riscv64 };
            assert_eq!(choice, Choice { targets: vec![target], hardware_float: true, why: None });
            assert!(!choose(&wanted, &board(false), &plain()).unwrap().hardware_float);
        }
        let error = chosen(Engine::Native, &board(false), &float()).unwrap_err().to_string();
        assert!(error.contains("with them in area:") && error.contains("--insecure-float"), "{error}");
    }

    #[test]
    fn vectors_are_for_pulley_on_riscv() {
        for platform in [board(true), board(false)] {
            let choice = chosen(Engine::Auto, &platform, &vector()).unwrap();
            assert_eq!(choice.targets, [Target::Pulley64]);
            assert!(choice.why.unwrap().contains("dot"));
            let error = chosen(Engine::Native, &platform, &vector()).unwrap_err();
            assert!(matches!(&error, EngineError::Vectors { functions } if functions.first == ["dot"]), "{error}");
        }
    }

    #[test]
    fn the_simulator_gets_what_this_machine_has() {
        let native = Target::host().expect("the tests run where there is machine code");
        for program in [plain(), float()] {
            assert_eq!(chosen(Engine::Auto, &Platform::sim(), &program).unwrap().targets, [native]);
            assert_eq!(chosen(Engine::Native, &Platform::sim(), &program).unwrap().targets, [native]);
            assert_eq!(chosen(Engine::Pulley, &Platform::sim(), &program).unwrap().targets, [Target::Pulley64]);
        }
    }

    #[test]
    fn targets_are_taken_as_they_are_named() {
        let targets = [Target::Aarch64, Target::Pulley64, Target::Aarch64, Target::Riscv64];
        let wanted = Wanted { engine: Engine::Auto, targets: &targets, insecure_float: false };
        let choice = choose(&wanted, &board(false), &plain()).unwrap();
        assert_eq!(choice.targets, [Target::Pulley64, Target::Riscv64, Target::Aarch64]);
        assert!(choose(&wanted, &board(false), &float()).is_err());
        assert!(choose(&wanted, &Platform::sim(), &float()).is_ok());
    }
}
