//! Files, with the host or in sealed directories.

mod hosted;
mod sealed;
mod system;

pub use hosted::{RecentStat, listed};
pub use sealed::Sealed;
pub use system::{At, Entries, FileResult, FileSystem, How, OpenFile, Opened, SealedNode};
