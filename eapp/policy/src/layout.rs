//! The address space of a Keystone enclave: composition puts things at these addresses, and the enclave app
//! finds them there. Another TEE has a layout of its own.

use core::ops::Range;

/// Where the launch segment begins. The generic enclave app lies below.
pub const LAUNCH_BASE: u64 = 0x1_0000_0000;

/// Where a native program begins, in images that hold one.
pub const NATIVE_BASE: u64 = 0x2_0000_0000;

/// Where the heap begins. It ends below [`ADDRESS_LIMIT`].
pub const HEAP_BASE: u64 = 0x8_0000_0000;

/// The first address that belongs to Eyrie, Keystone's runtime.
pub const ADDRESS_LIMIT: u64 = 0x20_0000_0000;

/// The addresses of the stack that Eyrie maps.
pub const STACK: Range<u64> = 0x3ffe_0000..0x4000_0000;
