//! Why a program is not lowered.

use wasmparser::BinaryReaderError;

/// Why a program is not lowered. Each message ends in a remedy; interpreting the program is always possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The program is not valid.
    #[error("it is not valid WebAssembly: {0}; build it again, and check that the file is whole")]
    Invalid(String),
    /// The program needs a proposal whose operators or types have no lowered form.
    #[error("{place} uses {proposal}, which cannot be lowered: build it without")]
    Proposal {
        /// The function that needs it, or the program as a whole.
        place: String,
        /// The proposal.
        proposal: &'static str,
    },
    /// A component's function that others call takes or returns floats.
    #[error(
        "the component's function \"{function}\" takes or returns floats, which callers pass in floating-point \
         registers: let its interface use integers or strings"
    )]
    Lifted {
        /// The name under which the core module exports it.
        function: String,
    },
    /// A component calls a function, of the host or of another component, that takes or returns floats.
    #[error(
        "the component calls \"{function}\", which takes or returns floats in floating-point registers: let the \
         interface use integers or strings"
    )]
    Called {
        /// The function's name, after that of its interface.
        function: String,
    },
    /// A component imports or exports a core module that has floats in its own imports or exports.
    #[error(
        "the component imports or exports \"{name}\", a core module that has floats in its own imports or exports: \
         put that module inside the component"
    )]
    ModuleType {
        /// The name of the import or export.
        name: String,
    },
    /// A component's core module comes from outside.
    #[error("the core module \"{name}\" is not in the component but imported: put it inside the component")]
    ImportedModule {
        /// The name of the import.
        name: String,
    },
    /// A lone core module imports a function or a variable with floats.
    #[error(
        "the core module imports \"{name}\", which has floats, and its host would not know that these became \
         integers: use integers there"
    )]
    Imported {
        /// Both names of the import.
        name: String,
    },
    /// A lone core module exports a function or a variable with floats.
    #[error(
        "the core module exports \"{name}\", which has floats, and its host would not know that these became \
         integers: use integers there"
    )]
    Exported {
        /// The name of the export.
        name: String,
    },
    /// The program exceeds a limit, or would after lowering.
    #[error("{0}; make it smaller")]
    TooLarge(String),
    /// The lowering has a bug, which the checks of its result found.
    #[error("lowering failed: {0}; please report it, with the program if you can")]
    Failed(String),
}

/// A module that cannot be read is not valid.
impl From<BinaryReaderError> for Refused {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(error.to_string())
    }
}
