//! The program: a native program lies in the image and was measured there; a program for the interpreter is streamed
//! in from the host, and compared with its measured digest before a byte is used.

use crate::channel::Channel;
use crate::ending::Ending;
use alloc::alloc::{Layout, alloc_zeroed};
use core::ptr::NonNull;
use sha2::{Digest, Sha256};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Violation, launch, types::ProgramRequest};
use wasmstone_policy::Program;
use wasmtime::{Engine, Module, Precompiled as Kind, component::Component};

/// The alignment that the engine demands of its programs.
const ALIGNMENT: usize = 4096;

/// The pages of the image that hold its native program.
#[derive(Clone, Copy, Debug)]
pub struct Resident(&'static [u8]);

impl Resident {
    /// # Safety
    /// 1. `pages` are the image's native segments, as composed and measured, one after the other.
    /// 2. They are not written to any more, and the code in them may be executed in place.
    pub unsafe fn new(pages: &'static [u8]) -> Self {
        Self(pages)
    }
}

/// A program that is ready to run. Its bytes say of which kind it is, and so its measured digest does.
pub enum Loaded {
    /// A component, for WASI 0.2.
    Component(Component),
    /// A core module, for WASI 0.1.
    Module(Module),
}

/// A precompiled program, in memory that is never freed: an enclave runs one program.
pub struct Precompiled(&'static [u8]);

impl Precompiled {
    /// Finds the program in the image, or fetches it.
    ///
    /// # Errors
    /// As for [`Self::fetch`], or if the image does not hold the program.
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
    /// If memory runs out; a violation if the bytes from the host are not the measured ones.
    fn fetch(channel: &mut Channel, program: &Program, size: usize) -> Result<Self, Ending> {
        let layout = Layout::from_size_align(size, ALIGNMENT).map_err(|_| Ending::OutOfMemory)?;
        // SAFETY: the layout's size is not zero, checked above.
        let bytes = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(Ending::OutOfMemory)?;
        // SAFETY: allocated just now with this size, zeroed, known to nothing else, and never freed.
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
    /// If the program was made for another engine, or memory runs out.
    pub fn load(self, engine: &Engine) -> wasmtime::Result<Loaded> {
        let memory = NonNull::from(self.0);
        // SAFETY: the bytes are those that the builder's compiler wrote. `new` and `fetch` are the only places that
        // make a `Precompiled`: the one takes what was measured (contract of `Resident::new`), the other compared
        // their digest with the measured one. They live for ever, and nothing writes to them behind a shared
        // reference.
        unsafe {
            Ok(match Engine::detect_precompiled(self.0) {
                Some(Kind::Module) => Loaded::Module(Module::deserialize_raw(engine, memory)?),
                _ => Loaded::Component(Component::deserialize_raw(engine, memory)?),
            })
        }
    }
}
