//! Without the compiler there is no program to run. A simulated enclave is started all the same, takes
//! in what is no program, and has to say so.

use super::Trial;
use wasmstone_bundle::{Sha256Digest, image::compose, stand_in};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_policy::{Entry, Launch, Memories, Memory, Policy, Program, Target, WASM_PAGE};

const NO_PROGRAM: &[u8] = b"no program";

pub fn trial() -> anyhow::Result<Trial> {
    let program = Program {
        target: Target::Pulley64,
        size: NO_PROGRAM.len() as u64,
        sha256: Sha256Digest::of(NO_PROGRAM).0,
        cpu_features: Vec::new(),
        hardware_float: false,
        memories: Memories::Moving,
    };
    let memory = Memory { linear: WASM_PAGE, runtime: Memory::RUNTIME_BASE };
    let (name, policy) = ("doctor".to_owned(), Policy::closed());
    let launch = Launch { memory, name, entry: Entry::Command, instances: 0, program, policy };
    Ok(Trial {
        image: compose(&stand_in::eapp(), &launch, NO_PROGRAM)?,
        program: NO_PROGRAM.to_owned(),
        expected: ExitStatus::Refused,
        found: "started an enclave, which refused what is no program",
    })
}
