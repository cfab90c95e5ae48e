//! Bundles whose policy seals a directory.

use std::fs;
use tempfile::TempDir;
use wasmstone_test_support::{Bundled, build, guest};

/// A project file: `/data` is sealed, and everything else is left to the command line that runs the bundle.
pub const SEALED: &str = "arguments = \"any\"\nnetwork = \"any\"\n[environment]\nallow = \"any\"\n\
    [[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";

/// Builds a test program with this project file.
pub fn sealed(program: &str, target: &str, project: &str, flags: &[&str]) -> Bundled {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("wasmstone.toml");
    fs::write(&path, project).unwrap();
    build(&guest(program, target), &[&["--config", path.to_str().unwrap()], flags].concat())
}
