//! Why a program cannot run in an enclave. Each message ends in what to do about it.

use wasmparser::BinaryReaderError;
use wasmstone_eapp::TABLE_MAX;
use wasmstone_float_lowering::Refused;
use wasmstone_policy::Entry;

/// Names of imports. The first ones are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// The most names in a message.
        const SHOWN: usize = 3;
        let visible = |name: &String| name.chars().flat_map(char::escape_debug).take(100).collect::<String>();
        let shown: Vec<_> = self.0.iter().take(SHOWN).map(visible).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// A proposal for WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its name.
    pub name: &'static str,
    /// How to build a program without it.
    pub advice: &'static str,
}

/// The names in one phrase.
fn enumerated(proposals: &[Proposal]) -> String {
    let names: Vec<_> = proposals.iter().map(|proposal| proposal.name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// What to do about all of them.
fn advice(proposals: &[Proposal]) -> String {
    let mut advice: Vec<_> = proposals.iter().map(|proposal| proposal.advice).collect();
    advice.dedup();
    advice.join("; ")
}

/// Why a WebAssembly program cannot run in an enclave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WasmError {
    /// It is not valid WebAssembly, with or without proposals.
    #[error("the WebAssembly file is not valid: {0}; build it again")]
    Malformed(String),
    /// It needs proposals that the engine does not support.
    #[error(
        "the program needs {}, which the enclave's engine does not support: {} (the validator says: {reason})",
        enumerated(proposals),
        advice(proposals)
    )]
    Unsupported {
        /// The proposals, in the order in which the file needs them.
        proposals: Vec<Proposal>,
        /// The validator's message about the first one.
        reason: String,
    },
    /// It imports something that is not part of WASI.
    #[error("the program imports functions or interfaces that are not part of WASI: {names}; {advice}")]
    Imports {
        /// The imports that are not part of WASI.
        names: Names,
        /// What to do about the first one.
        advice: &'static str,
    },
    /// A core module without entry point.
    #[error(
        "the program has no entry point: a core module must export \"_start\", or \"_initialize\" as a reactor, or \
         a function with the empty name; build an executable, not a library"
    )]
    NoStart,
    /// A core module that imports functions of WASI 0.1 and exports no memory.
    #[error(
        "the program exports no memory for the functions that it imports: a core module for WASI 0.1 must export one as \
         \"memory\"; link it as an executable, since linkers then export it"
    )]
    NoMemory,
    /// A table is larger than an enclave allows.
    #[error(
        "the program has a table of {elements} elements, more than the {TABLE_MAX} that a table may have in an enclave: \
         build it with a smaller table"
    )]
    Table {
        /// Elements of the table at start.
        elements: u64,
    },
    /// A component without entry point: it is neither a command nor an HTTP handler.
    #[error(
        "the program has no entry point: a component must export wasi:cli/run of WASI 0.2, \
         or wasi:http/incoming-handler to answer HTTP requests; {}",
        match newer {
            true => "it exports that of WASI 0.3, so build it for WASI 0.2 (wasm32-wasip2)",
            false => "build an executable or an HTTP handler, not a library",
        }
    )]
    NoEntry {
        /// Whether it exports an entry point of WASI 0.3.
        newer: bool,
    },
    /// The entry point that was asked for is not the one that the program has.
    #[error(
        "the program has no entry point \"{}\", which would be its export {} of WASI 0.2: leave the entry point out of \
         the request, since the program has one of another kind",
        entry.name(),
        match entry {
            Entry::Command => "wasi:cli/run",
            Entry::Http => "wasi:http/incoming-handler",
        }
    )]
    OtherEntry {
        /// The entry point that was asked for.
        entry: Entry,
    },
}

impl From<BinaryReaderError> for WasmError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// An error of a walk over the core modules of a component.
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
        assert!(names.to_string().ends_with("env.f2 and 17 more"), "{names}");
    }
}
