//! What is wrong with a program, in words that end in what to do.

use wasmparser::BinaryReaderError;
use wasmstone_eapp::TABLE_MAX;
use wasmstone_float_lowering::Refused;
use wasmstone_policy::Entry;

/// Names of imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// More than a person reads in an error.
        const SHOWN: usize = 8;
        let visible = |name: &String| name.chars().flat_map(char::escape_debug).take(200).collect::<String>();
        let shown: Vec<_> = self.0.iter().take(SHOWN).map(visible).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Why a WebAssembly program cannot run in an enclave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WasmError {
    /// Not valid, whatever is supported.
    #[error("the WebAssembly file is not valid: {0}; build it again")]
    Malformed(String),
    /// It needs a proposal that the engine has not.
    #[error("the program needs {proposal}, which the enclave has not: {advice} (the validator says: {reason})")]
    Unsupported {
        /// The proposal.
        proposal: &'static str,
        /// How to do without.
        advice: &'static str,
        /// The validator's words.
        reason: String,
    },
    /// It imports what WASI has not.
    #[error("the program imports what WASI has not: {names}; {advice}")]
    Imports {
        /// What it imports beyond WASI.
        names: Names,
        /// What to do about the first one.
        advice: &'static str,
    },
    /// A core module without entry point.
    #[error(
        "the program has no entry point: a core module must export \"_start\"; \
         build an executable, not a library or reactor"
    )]
    NoStart,
    /// A core module that exports no memory.
    #[error(
        "the program has no memory: a core module for WASI 0.1 must export one as \"memory\"; \
         link it as an executable, which does so"
    )]
    NoMemory,
    /// A table that no enclave lets it have.
    #[error(
        "the program has a table of {elements} elements, more than the {TABLE_MAX} that a table may have in an enclave: \
         build it with a smaller one"
    )]
    Table {
        /// Elements of the table at start.
        elements: u64,
    },
    /// A component that neither runs nor serves.
    #[error(
        "the program has no entry point: a component must export wasi:cli/run of WASI 0.2, \
         or wasi:http/incoming-handler to answer HTTP requests; {}",
        match newer {
            true => "it has that of WASI 0.3, so build it for WASI 0.2 (wasm32-wasip2)",
            false => "build an executable or an HTTP handler, not a library",
        }
    )]
    NoEntry {
        /// Whether it exports one of WASI 0.3.
        newer: bool,
    },
    /// Another entry was asked for than it has.
    #[error(
        "the program has no entry \"{}\": it would have to export {} of WASI 0.2; leave the entry out, \
         since it has one of another kind",
        entry.name(),
        match entry {
            Entry::Command => "wasi:cli/run",
            Entry::Http => "wasi:http/incoming-handler",
        }
    )]
    OtherEntry {
        /// What was asked for.
        entry: Entry,
    },
    /// No component can be made of the core module.
    #[error("no component can be made of this core module: {0}; rebuild it with current tools")]
    Adapt(String),
}

impl From<BinaryReaderError> for WasmError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// What stopped a walk over a component's core modules.
impl From<Refused> for WasmError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(reason) => Self::Malformed(reason),
            other => Self::Malformed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn many_names_are_cut() {
        let names = Names((0..20).map(|n| format!("env.f{n}")).collect());
        assert!(names.to_string().ends_with("env.f7 and 12 more"), "{names}");
    }
}
