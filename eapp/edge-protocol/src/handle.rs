//! Handles. The enclave chooses the number of everything that it opens, so that no handle ever has
//! to be taken from the host; the host refuses a number that is in use.

/// The guest's standard input.
pub const STDIN: u32 = 0;
/// The guest's standard output.
pub const STDOUT: u32 = 1;
/// The guest's standard error.
pub const STDERR: u32 = 2;
/// The host's wish that the guest ends: nothing to read, but from then on ready for reading for ever. The
/// enclave of a server takes it as the time to finish what it has begun.
pub const STOP: u32 = 3;
/// The first granted directory; the others follow in the order of the start reply.
pub const FIRST_DIRECTORY: u32 = 16;
/// The first number that the enclave may choose.
pub const FIRST_OPENED: u32 = 128;
/// The most handles open at once, apart from standard streams and granted directories.
pub const OPEN_MAX: usize = 4096;
