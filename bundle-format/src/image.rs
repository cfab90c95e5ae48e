//! Composition: the enclave app as it is measured.
//!
//! An image is the generic enclave app, an ELF executable that is the same in every bundle, with segments added: the
//! launch, read-only; a native program, whose machine code alone is executable; and the heap, whose size carries the
//! memory cap. So everything that decides what runs is in the file that Keystone measures; a program for the
//! interpreter is represented by its digest. Eyrie's ELF loader is the strictest reader of images; [`Image::parse`]
//! accepts only what Eyrie maps as written.

mod native;
mod writer;

use crate::keystone::{elf, measurement::PAGE};
use object::{LittleEndian, elf::EF_RISCV_FLOAT_ABI};
use std::ops::Range;
use wasmstone_policy::{DecodeError, Launch};
use writer::Writer;

pub use wasmstone_policy::layout::{ADDRESS_LIMIT, HEAP_BASE, LAUNCH_BASE, NATIVE_BASE, STACK};

/// An executable that Eyrie can load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The address of the first instruction.
    pub entry: u64,
    /// The segments, by ascending address.
    pub segments: Vec<Segment>,
}

/// A part of the address space and what it holds at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its address, a multiple of the page size.
    pub vaddr: u64,
    /// Its size in memory in bytes; bytes beyond its content are zero.
    pub memory_size: u64,
    /// The range of its content in the image's bytes; never longer than `memory_size`, and inside the file.
    pub file: Range<usize>,
    /// The accesses that are allowed in it.
    pub permissions: Permissions,
}

/// The accesses that are allowed in a segment. Never both writing and execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
    /// Execution.
    pub execute: bool,
}

impl Permissions {
    /// Reading only.
    pub const READ: Self = Self { read: true, write: false, execute: false };
    /// Reading and writing.
    pub const READ_WRITE: Self = Self { read: true, write: true, execute: false };
    /// Reading and execution.
    pub const READ_EXECUTE: Self = Self { read: true, write: false, execute: true };
}

impl Image {
    /// Reads an enclave app, generic or composed.
    ///
    /// # Errors
    /// [`ImageError`] for anything that Eyrie would refuse, or map differently from what the file says.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        elf::parse(bytes).map(|(_, image)| image)
    }
}

/// Composes the image: the pure function that `build`, `measure`, `verify` and `run` share.
///
/// `program` is the one that the launch names; only a native program becomes a part of the image. Parts of the
/// generic enclave app that no segment maps (symbols, section headers) are left out.
///
/// # Errors
/// [`ComposeError`] if the enclave app is invalid, or launch or program cannot be laid out.
pub fn compose(generic_eapp: &[u8], launch: &Launch, program: &[u8]) -> Result<Vec<u8>, ComposeError> {
    let (header, eapp) = elf::parse(generic_eapp)?;
    if let Some(segment) = eapp.segments.iter().find(|segment| segment.end() > LAUNCH_BASE) {
        return Err(ComposeError::Reserved { vaddr: segment.vaddr });
    }
    let heap = launch.memory.heap().and_then(|size| size.checked_next_multiple_of(PAGE));
    let heap = heap.filter(|size| (1..=ADDRESS_LIMIT - HEAP_BASE).contains(size)).ok_or(ComposeError::Heap)?;

    let mut image = Writer::new(generic_eapp, header, eapp);
    image.append(LAUNCH_BASE, Permissions::READ, &launch.encode()?);
    if launch.program.target.is_native() {
        if program.len() as u64 > HEAP_BASE - NATIVE_BASE {
            return Err(ComposeError::Program("it is too large"));
        }
        let code = native::code(program).map_err(ComposeError::Program)?;
        let (before, rest) = program.split_at(code.start);
        let (code, after) = rest.split_at(code.len());
        let parts = [(before, Permissions::READ), (code, Permissions::READ_EXECUTE), (after, Permissions::READ)];
        let mut vaddr = NATIVE_BASE;
        for (part, permissions) in parts.into_iter().filter(|(part, _)| !part.is_empty()) {
            image.append(vaddr, permissions, part);
            vaddr += part.len() as u64;
        }
    }
    image.reserve(HEAP_BASE, Permissions::READ_WRITE, heap);
    Ok(image.finish())
}

/// Whether an enclave app, generic or composed, was built to compute with floating-point registers.
///
/// # Errors
/// [`ImageError`] if it is not an enclave app.
pub fn uses_hardware_float(eapp: &[u8]) -> Result<bool, ImageError> {
    let (header, _) = elf::parse(eapp)?;
    Ok(header.e_flags.get(LittleEndian) & EF_RISCV_FLOAT_ABI != 0)
}

/// The launch in a composed image.
///
/// # Errors
/// [`ImageError`] if the image cannot be loaded, or holds no launch, or a damaged one.
pub fn launch(image: &[u8]) -> Result<Launch, ImageError> {
    let segments = Image::parse(image)?.segments;
    let segment = segments.into_iter().find(|segment| segment.vaddr == LAUNCH_BASE).ok_or(ImageError::NoLaunch)?;
    Ok(Launch::decode(image.get(segment.file).unwrap_or_default())?)
}

impl Segment {
    /// The address after its last byte. Parsing has ruled out an overflow.
    pub(crate) fn end(&self) -> u64 {
        self.vaddr.saturating_add(self.memory_size)
    }
}

/// Why bytes are not an enclave app.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// It is not an ELF file, or a damaged one.
    #[error("not an ELF file for 64-bit little-endian machines: {0}")]
    NotElf(&'static str),
    /// It is an ELF file for another machine or purpose.
    #[error("{0}: link a static executable for riscv64, without -pie")]
    WrongKind(&'static str),
    /// It has more program headers than any enclave app.
    #[error("{0} program headers: an enclave app has at most {max}", max = elf::MAX_HEADERS)]
    TooManyHeaders(usize),
    /// It has a segment that Eyrie would not map as written.
    #[error("the segment at {vaddr:#x} {problem}")]
    Segment {
        /// The segment's address.
        vaddr: u64,
        /// What is wrong with it, and how to correct it.
        problem: &'static str,
    },
    /// The entry point is outside every executable segment.
    #[error("the entry point {0:#x} is in no executable segment")]
    Entry(u64),
    /// It has no launch segment: it is a generic enclave app, or not a wasmstone one.
    #[error("the image holds no launch segment: it is not composed")]
    NoLaunch,
    /// The launch segment does not hold a launch.
    #[error(transparent)]
    Launch(#[from] DecodeError),
}

/// Why an image cannot be composed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The generic enclave app cannot be loaded.
    #[error("the generic enclave app cannot be loaded")]
    Eapp(#[from] ImageError),
    /// The generic enclave app uses addresses that composition fills.
    #[error(
        "the generic enclave app has a segment at {vaddr:#x} that reaches above {LAUNCH_BASE:#x}, \
         where composition puts the launch: link it lower"
    )]
    Reserved {
        /// The segment's address.
        vaddr: u64,
    },
    /// The native program cannot run where it lies.
    #[error("the program cannot be a part of the image: {0}; build the bundle again")]
    Program(&'static str),
    /// The heap would have no bytes, or more than the address space holds.
    #[error("the heap does not fit in the address space of an enclave: lower the memory cap")]
    Heap,
    /// The launch is too large.
    #[error("the policy is too large to be measured: shorten its arguments, variables and directories")]
    Launch(#[from] DecodeError),
}
