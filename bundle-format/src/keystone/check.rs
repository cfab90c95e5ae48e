//! Checks whether files are what the user says they are: a mistake would otherwise only show when an enclave does not
//! start, or when no report is ever accepted.

use crate::platform::{CPU_FEATURES, DeviceKey, Platform};
use crate::{PublicKey, stand_in};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader, ProgramHeader},
};

/// The most bytes of a loader. Keystone's has 36 KiB.
const MAX_LOADER_BYTES: usize = 1 << 20;

/// The most bytes of a runtime. Eyrie has some 100 KiB, with symbols.
const MAX_RUNTIME_BYTES: usize = 16 << 20;

/// The address that Keystone's loader jumps to.
const RUNTIME_START: u64 = 0xffff_ffff_c000_0000;

/// Why files and facts do not make a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The loader has no bytes.
    #[error("the loader is empty: give loader.bin of the Keystone build")]
    EmptyLoader,
    /// The loader is larger than any loader.
    #[error("the loader has {0} bytes, far more than any: give loader.bin of the Keystone build")]
    LargeLoader(usize),
    /// Loader and runtime are exchanged.
    #[error("the loader is an ELF file and the runtime is not: swap them")]
    Swapped,
    /// The loader is an ELF file.
    #[error("the loader is an ELF file, but Keystone loads a raw binary: give loader.bin of the Keystone build")]
    ElfLoader,
    /// The loader is text.
    #[error("the loader is text, not machine code: give loader.bin of the Keystone build")]
    TextLoader,
    /// The runtime is another kind of file.
    #[error("the runtime is not a static ELF executable for riscv64: give eyrie-rt of the Keystone build")]
    NotRuntime,
    /// The runtime starts at another address.
    #[error(
        "the runtime starts at {0:#x}, but Keystone's loader jumps to {RUNTIME_START:#x}: give eyrie-rt of the \
         Keystone build; if it is that, build it with -fno-pie -no-pie -Wl,--build-id=none, which is the default of \
         Buildroot's compiler"
    )]
    Start(u64),
    /// The runtime is larger than any runtime.
    #[error("the runtime has {0} bytes, far more than any: give eyrie-rt of the Keystone build")]
    LargeRuntime(usize),
    /// A file is one that stands for a Keystone file in the simulator.
    #[error(
        "the {0} is the simulator's stand-in, which starts no enclave: give the file of the Keystone build, \
         or build for the platform sim"
    )]
    StandIn(&'static str),
    /// The hash is the one that machines report that measured nothing at boot.
    #[error(
        "a security monitor's hash is never zero; a machine that reports so did not measure it at boot: \
         give the firmware with --sm"
    )]
    ZeroSmHash,
    /// The device key is not a key that signs.
    #[error("{0} is not an Ed25519 public key: give the device's, 64 hexadecimal digits or a PEM file")]
    NotKey(DeviceKey),
    /// The text is not a CPU feature that programs are compiled for.
    #[error("there is no CPU feature \"{0}\" that programs can use: choose from {known}", known = CPU_FEATURES.join(", "))]
    NotFeature(String),
}

/// Checks that a loader and a runtime are those of a Keystone build.
///
/// # Errors
/// [`Unfit`] says what they are instead, and what to give.
pub fn files(loader: &[u8], runtime: &[u8]) -> Result<(), Unfit> {
    let elf = |bytes: &[u8]| bytes.starts_with(&elf::ELFMAG);
    for (role, bytes) in [("loader", loader), ("runtime", runtime)] {
        if stand_in::is_stand_in(bytes) {
            return Err(Unfit::StandIn(role));
        }
    }
    match loader.len() {
        0 => return Err(Unfit::EmptyLoader),
        _ if elf(loader) && !elf(runtime) => return Err(Unfit::Swapped),
        _ if elf(loader) => return Err(Unfit::ElfLoader),
        size if size > MAX_LOADER_BYTES => return Err(Unfit::LargeLoader(size)),
        _ if std::str::from_utf8(loader).is_ok() => return Err(Unfit::TextLoader),
        _ => {}
    }
    if runtime.len() > MAX_RUNTIME_BYTES {
        return Err(Unfit::LargeRuntime(runtime.len()));
    }
    match entry(runtime) {
        None => Err(Unfit::NotRuntime),
        Some(RUNTIME_START) => Ok(()),
        Some(elsewhere) => Err(Unfit::Start(elsewhere)),
    }
}

/// The address of the first instruction; `None` if the file is not a static executable for riscv64.
fn entry(bytes: &[u8]) -> Option<u64> {
    let header = elf::FileHeader64::<LittleEndian>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    if header.e_machine(endian) != elf::EM_RISCV || header.e_type(endian) != elf::ET_EXEC {
        return None;
    }
    let entry = header.e_entry(endian);
    let holds_entry = |segment: &elf::ProgramHeader64<LittleEndian>| {
        let content = segment.data(endian, bytes).unwrap_or_default();
        segment.p_type(endian) == elf::PT_LOAD
            && segment.p_flags(endian) & elf::PF_X != 0
            && entry.checked_sub(segment.p_vaddr(endian)).is_some_and(|offset| offset < content.len() as u64)
    };
    header.program_headers(endian, bytes).ok()?.iter().any(holds_entry).then_some(entry)
}

/// Checks that all facts about a platform can be true.
pub(crate) fn facts(platform: &Platform) -> Result<(), Unfit> {
    files(&platform.loader, &platform.runtime)?;
    if platform.sm_hash.is_some_and(|hash| hash.0 == [0; 64]) {
        return Err(Unfit::ZeroSmHash);
    }
    if let Some(key) = platform.device_keys.iter().find(|key| PublicKey::from_bytes(&key.0).is_none()) {
        return Err(Unfit::NotKey(*key));
    }
    match platform.cpu_features.iter().find(|feature| !CPU_FEATURES.contains(&feature.as_str())) {
        Some(unknown) => Err(Unfit::NotFeature(unknown.escape_debug().take(80).collect())),
        None => Ok(()),
    }
}
