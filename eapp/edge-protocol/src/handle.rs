//! The numbers of handles. The enclave chooses the number of everything that it opens, so that it never has to take a
//! handle from the host. The host refuses a number that is in use.

/// The guest's standard input.
pub const STDIN: u32 = 0;
/// The guest's standard output.
pub const STDOUT: u32 = 1;
/// The guest's standard error.
pub const STDERR: u32 = 2;
/// The host's request that the enclave ends. It can only be polled for reading, and once it is ready it stays ready. An
/// enclave that serves HTTP then finishes the requests in flight.
pub const STOP: u32 = 3;
/// The first granted directory. The others follow in the order of the start reply.
pub const FIRST_DIRECTORY: u32 = 16;
/// The first number that the enclave may choose.
pub const FIRST_OPENED: u32 = 128;
/// The most handles that are open at once, without the standard streams and the granted directories.
pub const OPEN_MAX: usize = 4096;
