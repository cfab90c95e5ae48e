//! Files, in the host's file system or in sealed directories.

mod hosted;
mod reading;
mod sealed;
mod system;
mod writing;

pub use reading::FileInput;
pub use system::{At, How, OpenFile, Opened};
pub use writing::FileOutput;
