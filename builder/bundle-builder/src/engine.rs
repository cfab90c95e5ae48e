//! Which engine a program gets: the interpreter, or machine code where that is safe and possible.

use crate::float::{Float, FloatRule};
use crate::operators::{Functions, Operators};
use serde::Deserialize;
use wasmstone_bundle::{Platform, platform::SIM};
use wasmstone_float_lowering::Refused;
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
pub struct EngineOptions<'a> {
    /// The engine.
    pub engine: Engine,
    /// The targets to build for, instead of those that the engine has; empty: the engine decides.
    pub targets: &'a [Target],
    /// What becomes of floats.
    pub rule: FloatRule,
}

impl EngineOptions<'_> {
    /// Whether some program of the bundle would have the floats of `operators` lowered.
    pub fn lowers(&self, operators: &Operators) -> bool {
        let native = match self.engine {
            _ if !self.targets.is_empty() => self.targets.iter().any(|target| target.is_native()),
            engine => engine != Engine::Pulley,
        };
        self.rule.float == Float::Lowered && !operators.float.is_empty() && (native || self.rule.explicit)
    }
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The targets, ascending.
    pub targets: Vec<Target>,
    /// What becomes of floats; `None` where there are none.
    pub rule: Option<FloatRule>,
    /// Why it is not machine code, where the choice was free.
    pub interpreted_because: Option<String>,
}

impl Choice {
    /// Whether the enclave computes with floating-point registers: takes the enclave app that has them.
    pub fn hardware_float(&self) -> bool {
        self.rule.is_some_and(|rule| rule.float == Float::Hardware)
    }

    /// How the program for a target computes floats; `None` where there are none.
    pub fn float(&self, target: Target) -> Option<Float> {
        let FloatRule { float, explicit } = self.rule?;
        let interprets = float == Float::Lowered && !explicit && !target.is_native();
        Some(if interprets { Float::Interpreted } else { float })
    }
}

/// Chooses for a program with these operators, whose floats could not be lowered where there is a refusal.
///
/// # Errors
/// [`EngineError`] where what is asked for is impossible.
pub fn choose(
    options: &EngineOptions<'_>,
    platform: &Platform,
    operators: &Operators,
    refused: Option<&Refused>,
) -> Result<Choice, EngineError> {
    let EngineOptions { engine, targets, rule } = *options;
    let not_lowered = refused.map(|reason| EngineError::NotLowered { reason: reason.clone(), asked: rule.explicit });
    if let (Some(error), true) = (&not_lowered, rule.explicit) {
        return Err(error.clone());
    }
    let interpreted = (rule.float == Float::Interpreted && !operators.float.is_empty())
        .then(|| EngineError::Interpreted { functions: operators.float.clone() });
    let obstacle = |target: Target| match (target, interpreted.as_ref().or(not_lowered.as_ref())) {
        (Target::Riscv64, _) if !operators.vector.is_empty() => {
            Err(EngineError::Vectors { functions: operators.vector.clone() })
        }
        (target, Some(error)) if target.is_native() => Err(error.clone()),
        _ => Ok(target),
    };
    let native = if platform.name == SIM { Target::host() } else { Some(Target::Riscv64) };
    let native = || native.ok_or(EngineError::NoTarget(std::env::consts::ARCH)).and_then(obstacle);
    let mut interpreted_because = None;
    let mut targets = match engine {
        _ if !targets.is_empty() => targets.iter().copied().map(obstacle).collect::<Result<Vec<_>, EngineError>>()?,
        Engine::Pulley => vec![Target::Pulley64],
        Engine::Native => vec![native()?],
        Engine::Auto => vec![native().unwrap_or_else(|error| {
            interpreted_because = Some(error.reason());
            Target::Pulley64
        })],
    };
    targets.sort_unstable();
    targets.dedup();
    Ok(Choice { targets, rule: (!operators.float.is_empty()).then_some(rule), interpreted_because })
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
    /// Its floats would be computed by something else than integers.
    #[error(
        "the program's floats cannot be lowered to integer code: {reason}; {}",
        if *asked { "leave --float lowered out, or choose --engine pulley --float interpreted" } else {
            "choose --engine pulley; --insecure-float computes with floating-point registers all the same, and then \
             the host can read and change what the program computes"
        }
    )]
    NotLowered {
        /// Why.
        reason: Refused,
        /// Whether that was asked for.
        asked: bool,
    },
    /// Machine code interprets nothing.
    #[error(
        "machine code cannot interpret floats, but the program computes with them in {functions}: choose --float \
         lowered, or --engine pulley"
    )]
    Interpreted {
        /// The functions that compute with floats.
        functions: Functions,
    },
    /// There is no compiler for this machine.
    #[error("there is no machine code for this machine ({0}): choose --engine pulley, or name others with --targets")]
    NoTarget(&'static str),
}

impl EngineError {
    /// The reason alone.
    fn reason(&self) -> String {
        match self {
            Self::Vectors { functions } => format!("machine code for riscv64 has no vectors (SIMD): {functions}"),
            Self::NotLowered { reason, .. } => format!("floats cannot be lowered to integer code: {reason}"),
            Self::Interpreted { functions } => format!("--float interpreted was asked for: {functions}"),
            Self::NoTarget(machine) => format!("there is no machine code for {machine}"),
        }
    }
}

#[cfg(test)]
mod tests;
