//! Keystone, the machine underneath: Eyrie's calls, entry and exit, the heap, and the engine's needs of a system.

pub mod ending;
mod engine;
mod entry;
mod eyrie;
mod heap;
pub mod image;
pub mod machine;
