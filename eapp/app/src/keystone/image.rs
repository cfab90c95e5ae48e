//! What composition added to this program: its launch, its heap, its native program.

use super::heap;
use core::{ptr::with_exposed_provenance, slice};
use wasmstone_eapp::{Region, Resident};
use wasmstone_policy::{DecodeError, LAUNCH_HEADER, Launch, layout};

/// The parts.
pub struct Image {
    /// The encoded launch.
    pub launch: &'static [u8],
    /// The region for the guest's memories.
    pub linear: Region,
    /// The native program, if there is one.
    pub resident: Option<Resident>,
}

/// Takes the parts, and sets up the heap. Call it once, before anything allocates.
///
/// # Errors
/// If the image was not composed by this release.
pub fn take() -> Result<Image, DecodeError> {
    // The addresses are those of a 64-bit machine, as this is.
    let launch = with_exposed_provenance::<u8>(layout::LAUNCH_BASE as usize);
    // SAFETY: composition puts the launch there; its segment is at least a page, and read-only.
    let header = unsafe { &*launch.cast::<[u8; LAUNCH_HEADER]>() };
    let size = Launch::encoded_size(header)?;
    // SAFETY: the segment holds the whole launch.
    let launch = unsafe { slice::from_raw_parts(launch, size) };
    let memory = Launch::decode_memory(launch)?;
    // SAFETY: composition makes the heap segment as large as the launch says; first and only call.
    let linear = unsafe { heap::take(&memory) }.ok_or(DecodeError::Damaged)?;

    let program = Launch::decode(launch)?.program;
    let resident = program.target.is_native().then(|| {
        let native = with_exposed_provenance(layout::NATIVE_BASE as usize);
        // SAFETY: composition puts a native program of this size there, in segments that nothing can write to; the
        // executable part is what was measured as such.
        unsafe { Resident::new(slice::from_raw_parts(native, program.size as usize)) }
    });
    Ok(Image { launch, linear, resident })
}
