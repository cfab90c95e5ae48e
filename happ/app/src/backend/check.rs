//! Whether a machine has what a backend needs.

use super::ErrorClass;

/// One thing that a backend needs of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What the machine has of it.
    pub found: String,
    /// What the machine lacks; `None` if it has enough.
    pub missing: Option<Missing>,
}

/// What a machine lacks for a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What a person can do about it.
    pub remedy: String,
    /// The class of the error that a launch would end with.
    pub class: ErrorClass,
}

impl Check {
    /// The machine has it.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, found: found.into(), missing: None }
    }

    /// The machine lacks it, or has too little.
    pub fn missing(name: &'static str, found: impl Into<String>, remedy: impl Into<String>, class: ErrorClass) -> Self {
        Self { name, found: found.into(), missing: Some(Missing { remedy: remedy.into(), class }) }
    }
}
