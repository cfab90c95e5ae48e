//! The program: a native one lies in the image and was measured there; one for the interpreter is
//! streamed in from the host, and checked against its measured digest before a byte is used.

use crate::channel::Channel;
use crate::ending::Ending;
use alloc::alloc::{Layout, alloc_zeroed};
use core::ptr::NonNull;
use sha2::{Digest, Sha256};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Violation, launch, types::ProgramRequest};
use wasmstone_policy::Program;
use wasmtime::{Engine, component::Component};

/// What the engine wants its programs aligned to.
const ALIGNMENT: usize = 4096;

/// The pages of the image that hold its native program.
#[derive(Clone, Copy, Debug)]
pub struct Resident(&'static [u8]);

impl Resident {
    /// # Safety
    /// 1. `pages` are the image's native segments, as composed and measured, one after the other.
    /// 2. They are not written to any more, and the code in them may be executed where it lies.
    pub unsafe fn new(pages: &'static [u8]) -> Self {
        Self(pages)
    }
}

/// A precompiled program, in memory that is never given back: an enclave runs one.
pub struct Precompiled(&'static [u8]);

impl Precompiled {
    /// Finds the program in the image, or fetches it.
    ///
    /// # Errors
    /// As of [`Self::fetch`], or if the image does not hold it.
    pub fn new(channel: &mut Channel, program: &Program, resident: Option<Resident>) -> Result<Self, Ending> {
        let size = usize::try_from(program.size).ok().filter(|size| *size > 0);
        let size = size.ok_or(Ending::refused("the program is empty or too large for this machine"))?;
        if program.target.is_native() {
            let bytes = resident.and_then(|resident| resident.0.get(..size));
            return bytes.map(Self).ok_or(Ending::refused("the image does not hold the native program"));
        }
        Self::fetch(channel, program, size)
    }

    /// Fetches the program and checks it.
    ///
    /// # Errors
    /// Out of memory; a violation if the host gives other bytes than the measured ones.
    fn fetch(channel: &mut Channel, program: &Program, size: usize) -> Result<Self, Ending> {
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
        channel.trim();
        if digest.finalize()[..] != program.sha256 {
            return Err(Violation("the program is not the measured one").into());
        }
        Ok(Self(bytes))
    }

    /// Makes the program ready to run.
    ///
    /// # Errors
    /// If it was made for another engine, or memory runs out.
    pub fn load(self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes are those that the build side's compiler wrote. `new` and `fetch` are the only
        // places that make a `Precompiled`: the one takes what was measured (contract of `Resident::new`),
        // the other compared their digest with the measured one. They live for ever, and behind a shared
        // reference nobody writes to them.
        unsafe { Component::deserialize_raw(engine, NonNull::from(self.0)) }
    }
}
