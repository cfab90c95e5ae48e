//! The engines, by the names that options take.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// What executes a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Native code if that is safe, otherwise Pulley.
    Auto,
    /// Portable bytecode for the Pulley interpreter.
    Pulley,
    /// Native code.
    Native,
}

/// Reads the name of an engine that runs a bundle: the bundle was built already, so nothing is left to decide.
pub fn of_built() -> impl TypedValueParser<Value = EngineName> {
    let engines = [EngineName::Pulley, EngineName::Native];
    PossibleValuesParser::new(engines.iter().filter_map(EngineName::to_possible_value))
        .try_map(|name| EngineName::from_str(&name, false))
}
