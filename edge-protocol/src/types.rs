//! The fixed-size structs of the operations. Fields that the host fills are [`Untrusted`].

use crate::Untrusted;
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
            #[repr(C)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }
        )*
    };
}

wire! {
    /// No fixed fields.
    Empty {}

    /// What the enclave needs to know once.
    StartReply {
        /// The host's wall clock, seconds since 1970-01-01.
        wall_seconds: Untrusted<U64>,
        /// Its nanoseconds, below 10⁹.
        wall_nanoseconds: Untrusted<U32>,
        /// Bit 0, 1, 2: standard input, output, error is a terminal.
        terminals: Untrusted<U32>,
        /// Entropy from the host, mixed with what the enclave has itself.
        entropy: [u8; 32],
        /// How many arguments the payload holds, without argument zero.
        arguments: Untrusted<U32>,
        /// How many environment variables it holds after them, two records each.
        environment: Untrusted<U32>,
        /// How many directories it holds after them.
        directories: Untrusted<U32>,
        /// Always zero.
        reserved: Untrusted<U32>,
        /// Bit n: directory n may be written to.
        writable: Untrusted<U64>,
    }

    /// A part of the program.
    ProgramRequest {
        /// Offset in bytes.
        offset: U64,
        /// Length in bytes; the reply holds exactly this many.
        length: U32,
    }

    /// A handle and nothing else.
    HandleRequest {
        /// The handle.
        handle: U32,
    }

    /// Reading from a stream.
    ReadRequest {
        /// The handle.
        handle: U32,
        /// The most bytes wanted.
        length: U32,
        /// 1: wait until there is at least one byte or the end.
        wait: U32,
    }

    /// What was read is the payload.
    ReadReply {
        /// 1: the end was reached behind the payload.
        end: Untrusted<U32>,
    }

    /// How much was written.
    WriteReply {
        /// Bytes, from the payload's beginning.
        written: Untrusted<U32>,
    }

    /// Waiting. The payload is a list of [`PollEntry`]; the reply's payload one byte for each, 0 or 1.
    PollRequest {
        /// Nanoseconds to wait at most; 2⁶⁴−1 is for ever.
        timeout: U64,
        /// Number of entries.
        count: U32,
    }

    /// One thing to wait for.
    PollEntry {
        /// The handle.
        handle: U32,
        /// 0: readable, 1: writable.
        interest: U32,
    }

    /// Opening. The payload is the path.
    OpenRequest {
        /// The directory it is relative to.
        directory: U32,
        /// The number for the new handle.
        handle: U32,
        /// `wasi:filesystem` path-flags.
        path_flags: U32,
        /// `wasi:filesystem` open-flags.
        open_flags: U32,
        /// `wasi:filesystem` descriptor-flags.
        flags: U32,
    }

    /// Reading from a file at an offset.
    ReadAtRequest {
        /// The handle.
        handle: U32,
        /// The most bytes wanted.
        length: U32,
        /// Offset in bytes.
        offset: U64,
    }

    /// Writing to a file at an offset. The payload is the data.
    WriteAtRequest {
        /// The handle.
        handle: U32,
        /// Always zero.
        reserved: U32,
        /// Offset in bytes.
        offset: U64,
    }

    /// A path, the payload, relative to a directory.
    PathRequest {
        /// The directory.
        handle: U32,
        /// `wasi:filesystem` path-flags.
        path_flags: U32,
    }

    /// What is known of a file.
    StatReply {
        /// `wasi:filesystem` descriptor-type.
        kind: Untrusted<U32>,
        /// Bit 0, 1, 2: access, modification, status change time is known.
        known_times: Untrusted<U32>,
        /// Number of hard links.
        links: Untrusted<U64>,
        /// Size in bytes.
        size: Untrusted<U64>,
        /// Time of the last access.
        accessed: Time,
        /// Time of the last modification.
        modified: Time,
        /// Time of the last change of status.
        changed: Time,
        /// Identifies the file on the host, lower half.
        hash_lower: Untrusted<U64>,
        /// Upper half.
        hash_upper: Untrusted<U64>,
    }

    /// A point in time that the host claims.
    Time {
        /// Seconds since 1970-01-01.
        seconds: Untrusted<U64>,
        /// Below 10⁹.
        nanoseconds: Untrusted<U32>,
    }

    /// A new time stamp.
    NewTime {
        /// 0: no change, 1: now, 2: the fields below.
        kind: U32,
        /// Below 10⁹.
        nanoseconds: U32,
        /// Seconds since 1970-01-01.
        seconds: U64,
    }

    /// A new size.
    SetSizeRequest {
        /// The handle.
        handle: U32,
        /// Always zero.
        reserved: U32,
        /// Size in bytes.
        size: U64,
    }

    /// New time stamps; with a path as payload where the operation takes one.
    SetTimesRequest {
        /// The handle.
        handle: U32,
        /// `wasi:filesystem` path-flags.
        path_flags: U32,
        /// Time of the last access.
        accessed: NewTime,
        /// Time of the last modification.
        modified: NewTime,
    }

    /// Advice on how a file will be used.
    AdviseRequest {
        /// The handle.
        handle: U32,
        /// `wasi:filesystem` advice.
        advice: U32,
        /// Offset in bytes.
        offset: U64,
        /// Length in bytes.
        length: U64,
    }

    /// Writing out to the disk.
    SyncRequest {
        /// The handle.
        handle: U32,
        /// 1: data only.
        data_only: U32,
    }

    /// Two paths, one behind the other in the payload.
    TwoPathsRequest {
        /// The directory of the old path.
        old_directory: U32,
        /// The directory of the new path.
        new_directory: U32,
        /// `wasi:filesystem` path-flags of the old path.
        path_flags: U32,
        /// Length of the old path in bytes; the new one follows.
        old_length: U32,
    }

    /// Listing a directory.
    ListRequest {
        /// The directory.
        directory: U32,
        /// The number for the new handle, a directory stream.
        handle: U32,
    }

    /// Directory entries: for each, a record of which the first byte is its descriptor-type and the
    /// rest its name.
    EntriesReply {
        /// How many the payload holds.
        count: Untrusted<U32>,
        /// 1: there are no more.
        end: Untrusted<U32>,
    }
}
