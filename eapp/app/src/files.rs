//! Files, in the host's file system or in sealed directories.

mod descriptor;
mod hosted;
mod listing;
mod reading;
mod sealed;
mod system;
mod writing;

pub use descriptor::Descriptor;
pub use listing::EntryStream;
pub use reading::FileInput;
pub use system::How;
#[cfg(test)]
pub use system::OpenFile;
pub use writing::FileOutput;
