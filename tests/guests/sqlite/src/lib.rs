//! This crate is empty: the package exists for its dependencies, see its manifest.
