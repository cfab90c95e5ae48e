//! The wire between a wasmstone enclave and its host: types and numbers, no I/O.
//!
//! The enclave sends requests and the host answers them. A request travels as a Keystone edge call: the call id names
//! the WASI interface; the data begin with a [`frame::RequestHeader`], which holds the one-byte function id; the
//! operation's fixed-size little-endian struct follows, and then a payload. The reply has the same shape. Ids, structs,
//! caps, documentation and tests are made from the table [`operations!`], and the values in the structs from the table
//! [`values!`].
//!
//! Neither side trusts the other. The enclave copies a reply once and then reads it through [`frame::decode_reply`].
//! Every number in it is [`Untrusted`] or [`Coded`] until it has passed a check. An answer that breaks the contract is a
//! [`Violation`], which ends the enclave. The host decodes requests with [`frame::decode_request`] and answers with a
//! [`Status`] what it cannot serve.

#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)]

pub mod attestation;
mod coded;
pub mod exit;
pub mod frame;
pub mod handle;
mod operations;
pub mod record;
pub mod types;
mod untrusted;
pub mod value;

pub use coded::{Coded, Set};
pub use exit::ExitStatus;
pub use operations::{OPERATIONS, Operation, OperationInfo, filesystem, io, launch, network};
pub use untrusted::{Untrusted, Violation};
pub use value::Status;

/// The protocol's version. Both sides come from one release, so that their versions must be equal.
pub const VERSION: u16 = 1;

/// Size of the shared buffer in bytes: a power of two pages, at most Keystone's 4 MiB.
pub const BUFFER_SIZE: usize = 1 << 20;

/// The largest payload in bytes: the buffer without room for Keystone's header, this protocol's header and the struct.
pub const PAYLOAD_MAX: usize = BUFFER_SIZE - 4096;

/// The longest path in bytes, Linux's `PATH_MAX`.
pub const PATH_MAX: usize = 4096;

/// The timeout of a poll that waits until an entry is ready, in nanoseconds.
pub const NO_TIMEOUT: u64 = u64::MAX;

/// The most entries of one poll: reading and writing on every handle.
pub const POLL_MAX: usize = 2 * (handle::OPEN_MAX + 3);

/// The most bytes of one send on a connection, and the most that a reply to accepting a connection holds.
pub const SOCKET_PAYLOAD_MAX: usize = 64 << 10;

/// The most datagrams of one call.
pub const DATAGRAM_COUNT_MAX: usize = 16;

/// The most bytes of one datagram.
pub const DATAGRAM_MAX: usize = 65535;

/// The most bytes of one reply with received datagrams, their addresses and lengths. The host adds datagrams until they
/// have 64 KiB, so that the last one can begin just below.
pub const DATAGRAMS_MAX: usize = 2 * (DATAGRAM_MAX + 1) + 36 * DATAGRAM_COUNT_MAX;

/// The longest name to look up, in bytes.
pub const NAME_MAX: usize = 1024;

/// The most addresses that a lookup returns.
pub const ADDRESSES_MAX: usize = 64;

/// The most arguments, and the most environment variables, of a guest.
pub const RECORDS_MAX: u32 = 1 << 14;

/// Bytes of a freshness value, which identifies a state of a sealed directory.
pub const FRESHNESS_SIZE: usize = 40;

/// The name, in the start reply, of the directory that an export writes to and an import reads from.
pub const TRANSFER_DIRECTORY: &str = "transfer";

/// The most directories that can be granted.
pub const DIRECTORIES_MAX: usize = 64;
