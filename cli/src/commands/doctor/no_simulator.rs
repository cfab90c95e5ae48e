//! What a program without the simulator says of it.

use super::Check;
use crate::backend::WITH_SIMULATOR;

pub fn check() -> Check {
    Check::absent("simulator", "not in this wasmstone", format!("to simulate enclaves, {WITH_SIMULATOR}"))
}
