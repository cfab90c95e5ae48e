//! The driver's interface: numbers and structs of `keystone_user.h` and `sm_err.h`.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a page.
pub const PAGE: u64 = 4096;

/// The requests to `/dev/keystone_enclave`: ioctl(2) requests of type 0xa4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Request {
    /// Sets memory aside. In: `min_pages`. Out: `eid`, `epm_paddr`, `epm_size`.
    Create = 0x8050_a400,
    /// Ends an enclave and frees its memory. In: `eid`.
    Destroy = 0x4050_a401,
    /// Enters a fresh enclave.
    Run = 0x8018_a404,
    /// Enters an enclave that has stopped.
    Resume = 0x8018_a405,
    /// Hands the memory to the security monitor, which measures it. In: `eid`, `runtime_paddr`,
    /// `user_paddr`, `free_paddr`, `free_requested`.
    Finalize = 0x8050_a406,
    /// Makes the shared buffer. In: `eid`, `utm_size`. Out: `utm_paddr`.
    UtmInit = 0x8050_a407,
}

/// The argument of all requests but RUN and RESUME. Fields are physical addresses, or sizes in bytes unless their
/// text says otherwise; the driver copies the struct in and out as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Create {
    /// The driver's number for the enclave.
    pub eid: u64,
    /// Pages of private memory (EPM), at least.
    pub min_pages: u64,
    /// Size of the shared buffer (UTM).
    pub utm_size: u64,
    /// The address of the runtime.
    pub runtime_paddr: u64,
    /// The address of the enclave app.
    pub user_paddr: u64,
    /// The address where the unused memory begins.
    pub free_paddr: u64,
    /// Not used by the driver or the security monitor.
    pub free_requested: u64,
    /// The address of the private memory, which begins with the loader.
    pub epm_paddr: u64,
    /// The size of the private memory.
    pub epm_size: u64,
    /// The address of the shared buffer.
    pub utm_paddr: u64,
}

/// The argument of RUN and RESUME.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Run {
    /// The driver's number for the enclave.
    pub eid: u64,
    /// Why the enclave was left: one of the numbers below.
    pub error: u64,
    /// The value of the EXIT call.
    pub value: u64,
}

// The sizes are a part of the request numbers.
const _: () = assert!(size_of::<Create>() == 0x50 && size_of::<Run>() == 0x18);

/// The enclave made the EXIT call.
pub const EXITED: u64 = 0;
/// The enclave was interrupted, and has to be resumed.
pub const INTERRUPTED: u64 = 100_002;
/// An edge call waits in the shared buffer.
pub const EDGE_CALL: u64 = 100_011;
