//! Chooses the engine of a program: machine code if that is safe and possible, else the interpreter.

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
    /// Machine code if that is safe, else Pulley.
    #[default]
    Auto,
    /// Wasmtime's portable bytecode, interpreted.
    Pulley,
    /// Machine code.
    Native,
}

/// What the request says about the engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions<'a> {
    /// The engine.
    pub engine: Engine,
    /// The targets to build for; if empty, the engine decides.
    pub targets: &'a [Target],
    /// How floats are computed.
    pub rule: FloatRule,
}

impl EngineOptions<'_> {
    /// Whether the floats of `operators` would be lowered in one of the programs of the bundle.
    pub fn lowers(&self, operators: &Operators) -> bool {
        let native = match self.engine {
            _ if !self.targets.is_empty() => self.targets.iter().any(|target| target.is_native()),
            engine => engine != Engine::Pulley,
        };
        self.rule.float == Float::Lowered && !operators.float.is_empty() && (native || self.rule.explicit)
    }
}

/// The targets, and how floats are computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The targets, ascending.
    pub targets: Vec<Target>,
    /// How floats are computed; `None` if the program has none.
    pub rule: Option<FloatRule>,
    /// Why there is no machine code, if the request left that open.
    pub interpreted_because: Option<String>,
}

impl Choice {
    /// Whether the enclave computes with floating-point registers. If so, it needs the enclave app that uses them.
    pub fn hardware_float(&self) -> bool {
        self.rule.is_some_and(|rule| rule.float == Float::Hardware)
    }

    /// How the program for a target computes floats; `None` if it has none.
    pub fn float(&self, target: Target) -> Option<Float> {
        let FloatRule { float, explicit } = self.rule?;
        let interprets = float == Float::Lowered && !explicit && !target.is_native();
        Some(if interprets { Float::Interpreted } else { float })
    }
}

/// Chooses the targets of a program with these operators. `refused` says why its floats could not be lowered, if that
/// was tried.
///
/// # Errors
/// [`EngineError`] if the request is impossible.
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

/// Why the program cannot be compiled to machine code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// It computes with vectors.
    #[error(
        "machine code for riscv64 has no vectors (SIMD), but the program computes with them in {functions}: build it \
         without the target feature \"simd128\", or choose --engine pulley"
    )]
    Vectors {
        /// The functions that compute with vectors.
        functions: Functions,
    },
    /// Its floats cannot be lowered to integer code.
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
        /// Whether lowering was asked for explicitly.
        asked: bool,
    },
    /// Floats are to be interpreted, and machine code is not interpreted.
    #[error(
        "machine code cannot interpret floats, but the program computes with them in {functions}: choose --float \
         lowered, or --engine pulley"
    )]
    Interpreted {
        /// The functions that compute with floats.
        functions: Functions,
    },
    /// There is no compiler for the machine of this build.
    #[error(
        "wasmstone has no compiler to machine code for this machine ({0}): choose --engine pulley, or name \
         other targets with --targets"
    )]
    NoTarget(&'static str),
}

impl EngineError {
    /// The reason without the remedy.
    fn reason(&self) -> String {
        match self {
            Self::Vectors { functions } => format!("machine code for riscv64 has no vectors (SIMD): {functions}"),
            Self::NotLowered { reason, .. } => format!("floats cannot be lowered to integer code: {reason}"),
            Self::Interpreted { functions } => format!("--float interpreted was asked for: {functions}"),
            Self::NoTarget(machine) => format!("wasmstone has no compiler to machine code for {machine}"),
        }
    }
}

#[cfg(test)]
mod tests;
