//! The fuzz targets, and what they share.
//!
//! `tests/fuzz/libfuzzer` runs them with inputs that libFuzzer makes, and the test of this crate with some hundred
//! inputs that are the same each time.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod lowering;
pub mod targets;

use wasmstone_bundle::{
    Bundle, Platform, Sha256Digest,
    bundle::{Parts, ProgramPart},
    stand_in,
};
use wasmstone_policy::{Entry, Launch, Memories, Memory, Policy, Program, Target};

/// Arbitrary bytes, or, for code behind checks that these do not pass, `valid` with changes.
pub fn edited(valid: &[u8], data: &[u8]) -> Vec<u8> {
    let Some((kind, rest)) = data.split_first() else { return valid.to_vec() };
    if kind % 4 == 0 {
        return rest.to_vec();
    }
    let mut bytes = valid.to_vec();
    for edit in rest.chunks_exact(5) {
        let [how, high, middle, low, value] = *edit else { continue };
        let at = u32::from_be_bytes([0, high, middle, low]) as usize % (bytes.len() + 1);
        match how % 8 {
            0 => bytes.insert(at, value),
            1 => drop(bytes.drain(at..(at + usize::from(value)).min(bytes.len()))),
            2 => bytes.truncate(at.max(value.into())),
            3 => {
                let part = bytes[at..(at + usize::from(value)).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            _ if at < bytes.len() => bytes[at] = value,
            _ => bytes.push(value),
        }
    }
    bytes
}

/// The enclave app's launch for `program`.
pub fn launch(program: &[u8]) -> Launch {
    let size = program.len() as u64;
    Launch {
        name: "fuzz".into(),
        entry: Entry::Command,
        instances: 0,
        program: Program {
            target: Target::Pulley64,
            size,
            sha256: Sha256Digest::of(program).0,
            cpu_features: Vec::new(),
            hardware_float: false,
            memories: Memories::Moving,
        },
        memory: Memory { linear: 1 << 20, runtime: 6 << 20 },
        policy: Policy::open(),
    }
}

/// A small bundle.
pub fn bundle() -> Bundle {
    let program = b"a program, as far as a bundle can tell. ".repeat(10);
    let (platform, eapp, launch) = (Platform::sim(), stand_in::eapp(), launch(&program));
    let programs = vec![ProgramPart { launch: &launch, program: &program }];
    Bundle::build(&Parts { platform: &platform, eapp: &eapp, programs }).expect("parts that fit together")
}
