//! Sealed directories: the guest's files in directories of the host's, encrypted and authenticated in here.

mod convert;
mod disk;
mod files;
mod places;
mod volumes;
mod words;

pub use files::Sealed;
pub use volumes::{Opening, SealedDirectory, close_all, open_all, time};
pub use words::no_key;
