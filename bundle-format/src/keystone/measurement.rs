//! What Keystone's security monitor will measure, computed beforehand.

use sha3::{Digest, Sha3_512};
use wasmstone_attestation::{Measurement, SmHash};

/// Bytes of a page; Keystone measures whole pages.
pub const PAGE: u64 = 4096;

/// Bytes of the memory that holds the security monitor, all of which Keystone's boot ROM hashes.
pub const FIRMWARE_SIZE: u64 = 0x1f_f000;

const ZEROS: [u8; PAGE as usize] = [0; PAGE as usize];

/// The measurement of an enclave made of these three files.
///
/// Keystone hashes the sizes, rounded up to pages, as 64-bit little-endian numbers, and then the files,
/// each padded with zeros to a page. Memory sizes are not measured.
pub fn measure(loader: &[u8], runtime: &[u8], eapp: &[u8]) -> Measurement {
    let files = [loader, runtime, eapp];
    let mut hash = Sha3_512::new();
    for file in files {
        hash.update((file.len() as u64).next_multiple_of(PAGE).to_le_bytes());
    }
    for file in files {
        hash.update(file);
        update_zeros(&mut hash, (file.len() as u64).next_multiple_of(PAGE) - file.len() as u64);
    }
    Measurement(hash.finalize().into())
}

/// The bytes that Keystone hashes for a measurement of files of these sizes.
pub fn measured_bytes(sizes: [u64; 3]) -> u64 {
    sizes.into_iter().map(|size| 8 + size.next_multiple_of(PAGE)).sum()
}

/// The hash of a security monitor from its firmware image, as loaded at 0x8000_0000.
///
/// Keystone's boot ROM hashes the first [`FIRMWARE_SIZE`] bytes of that memory. A kernel inside the image lies behind
/// them.
///
/// # Errors
/// [`FirmwareError`] if this is not such an image.
pub fn sm_hash(firmware: &[u8]) -> Result<SmHash, FirmwareError> {
    let size = firmware.len() as u64;
    match size {
        0 => return Err(FirmwareError::Empty),
        _ if firmware.starts_with(&object::elf::ELFMAG) => return Err(FirmwareError::Elf),
        MAX_FIRMWARE_BYTES.. => return Err(FirmwareError::TooLarge),
        _ => {}
    }
    let hashed = firmware.get(..FIRMWARE_SIZE as usize).unwrap_or(firmware);
    let mut hash = Sha3_512::new();
    hash.update(hashed);
    update_zeros(&mut hash, FIRMWARE_SIZE - hashed.len() as u64);
    Ok(SmHash(hash.finalize().into()))
}

/// An image of this many bytes is too large for firmware, even with a kernel in it.
const MAX_FIRMWARE_BYTES: u64 = 64 << 20;

/// Why bytes are not a firmware image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FirmwareError {
    /// The image has no bytes.
    #[error("the firmware is empty: give the raw image that is loaded at 0x80000000, such as fw_jump.bin")]
    Empty,
    /// The file is what the image is made from.
    #[error(
        "the firmware is an ELF file, but what is hashed is the raw image that is loaded at 0x80000000: \
         give the .bin beside it, such as fw_jump.bin"
    )]
    Elf,
    /// The file is larger than any firmware image.
    #[error(
        "the firmware has {} bytes or more, as disk images have: \
         give the raw image that is loaded at 0x80000000, such as fw_jump.bin",
        MAX_FIRMWARE_BYTES
    )]
    TooLarge,
}

fn update_zeros(hash: &mut Sha3_512, mut count: u64) {
    while count > 0 {
        let piece = count.min(PAGE);
        hash.update(&ZEROS[..piece as usize]);
        count -= piece;
    }
}
