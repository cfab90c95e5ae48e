//! HTTP/1.1 as bytes (RFC 9110, RFC 9112): heads, framing, bodies. Pure: nothing here depends on sockets, on WASI or
//! on the host.
//!
//! A message that two readers could understand differently is refused, on both sides.

pub mod date;
pub mod decode;
pub mod encode;
pub mod field;
pub mod head;
pub mod length;
pub mod status;
pub mod target;

/// The most bytes of a head, its empty line included.
pub const HEAD_MAX: usize = 64 << 10;

/// The most fields of a head or of trailers.
pub const FIELDS_MAX: usize = 100;

/// The most bytes of the trailers of a chunked body, the empty line included.
pub const TRAILERS_MAX: usize = 16 << 10;
