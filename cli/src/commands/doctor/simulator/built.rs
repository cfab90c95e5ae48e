//! With the compiler: a program that is built here.

use super::Trial;
use anyhow::Context;
use wasmstone_builder::{MemorySize, Request};
use wasmstone_bundle::{Platform, verify::contents};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_policy::Policy;

/// `(module (memory (export "memory") 1) (func (export "_start")))`
const PROGRAM: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x05\x03\x01\0\x01\
    \x07\x13\x02\x06memory\x02\0\x06_start\0\0\
    \x0a\x04\x01\x02\0\x0b";

pub fn trial() -> anyhow::Result<Trial> {
    let platform = Platform::sim();
    let request = Request {
        max_memory: MemorySize::from_bytes(4 << 20)?,
        policy: Policy::closed(),
        ..Request::new(PROGRAM, "doctor", &platform)
    };
    let built = wasmstone_builder::build(&request, |_| {})?;
    let program = contents(&built.bundle)?.programs.into_iter().next().context("nothing was built")?;
    let (image, program) = (program.image, program.program);
    Ok(Trial { image, program, expected: ExitStatus::Guest(0), found: "built and ran a program" })
}
