//! The program: streamed in from the host, checked against its measured digest before a byte is used.

use crate::channel::Channel;
use crate::ending::Ending;
use alloc::alloc::{Layout, alloc_zeroed};
use core::ptr::NonNull;
use sha2::{Digest, Sha256};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Violation, launch, types::ProgramRequest};
use wasmstone_policy::Program;
use wasmtime::Engine;
use wasmtime::component::Component;

/// What the engine wants its programs aligned to.
const ALIGNMENT: usize = 4096;

/// A precompiled program, in memory of its own that is never given back: an enclave runs one.
pub struct Streamed(&'static [u8]);

impl Streamed {
    /// Fetches the program and checks it.
    ///
    /// # Errors
    /// Out of memory; a violation where the host gives other bytes than the measured ones.
    pub fn fetch(channel: &mut Channel, program: &Program) -> Result<Self, Ending> {
        let size = usize::try_from(program.size).ok().filter(|size| *size > 0);
        let size = size.ok_or(Ending::refused("the program is empty or too large for this machine"))?;
        let layout = Layout::from_size_align(size, ALIGNMENT).map_err(|_| Ending::OutOfMemory)?;
        // SAFETY: the layout's size is not zero, checked above.
        let bytes = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(Ending::OutOfMemory)?;
        // SAFETY: allocated just now with this size, zeroed, known to nobody else, and never freed.
        let bytes: &'static mut [u8] = unsafe { core::slice::from_raw_parts_mut(bytes.as_ptr(), size) };

        let mut digest = Sha256::new();
        let mut offset = 0;
        for part in bytes.chunks_mut(PAYLOAD_MAX) {
            let length = part.len();
            // A part is at most PAYLOAD_MAX long, which fits in 32 bits.
            let request = ProgramRequest { offset: offset.into(), length: (length as u32).into() };
            let answer = channel.call::<launch::Program>(&request, &[], length)?;
            let (_, payload) = answer.map_err(|_| Violation("the host does not give the program"))?;
            if payload.len() != length {
                return Err(Violation("a part of the program has a wrong length").into());
            }
            part.copy_from_slice(payload);
            digest.update(&*part);
            offset += length as u64;
        }
        if digest.finalize()[..] != program.sha256 {
            return Err(Violation("the program is not the measured one").into());
        }
        Ok(Self(bytes))
    }

    /// Makes the program ready to run.
    ///
    /// # Errors
    /// Where it was made for another engine, or memory runs out.
    pub fn load(self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes are those that the build side's compiler wrote: `fetch`, the only place
        // that makes a `Streamed`, compared their digest with the measured one. They live for ever,
        // and behind a shared reference nobody writes to them.
        unsafe { Component::deserialize_raw(engine, NonNull::from(self.0)) }
    }
}
