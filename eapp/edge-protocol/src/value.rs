//! The values that requests and replies are made of, with their numbers.

use crate::Violation;

/// Calls `$callback!` with the table of all types of values:
///
/// `number|bit  Type "what an unknown number is called": number Value "meaning", …;`
///
/// A field holds one number, or a set of bits. Where WASI 0.2 has such a type, it is named, and the names, the order
/// and, where none is given, the meanings are WASI's. The tests make the tables in `docs/edge-protocol.md` from it.
#[macro_export]
macro_rules! values {
    ($callback:ident) => {
        $callback! {
            /// How an operation ended: 1 to 37 are `wasi:filesystem/types.error-code` in its own order, 40 to 50 what
            /// `wasi:sockets/network.error-code` has besides.
            number Status "an unknown status":
                0 Ok "it was done", 1 Access "permission denied", 2 WouldBlock "it would block",
                3 Already "already under way", 4 BadDescriptor "not an open handle", 5 Busy "in use",
                6 Deadlock "would deadlock", 7 Quota "quota exceeded", 8 Exist "exists",
                9 FileTooLarge "file too large", 10 IllegalByteSequence "not valid UTF-8",
                11 InProgress "in progress", 12 Interrupted "interrupted", 13 Invalid "invalid argument",
                14 Io "I/O error", 15 IsDirectory "is a directory", 16 Loop "too many levels of symbolic links",
                17 TooManyLinks "too many links", 18 MessageSize "message too large",
                19 NameTooLong "name too long", 20 NoDevice "no such device", 21 NoEntry "no such file or directory",
                22 NoLock "no locks available", 23 InsufficientMemory "out of memory or of handles",
                24 InsufficientSpace "no space left", 25 NotDirectory "not a directory",
                26 NotEmpty "directory not empty", 27 NotRecoverable "not recoverable",
                28 Unsupported "not supported", 29 NoTty "not a terminal",
                30 NoSuchDevice "no such device or address", 31 Overflow "value too large",
                32 NotPermitted "operation not permitted", 33 Pipe "broken pipe", 34 ReadOnly "read-only file system",
                35 InvalidSeek "invalid seek", 36 TextFileBusy "text file busy", 37 CrossDevice "across file systems",
                40 InvalidState "the socket is in another state",
                41 NotInProgress "nothing is under way that could be finished",
                42 NewSocketLimit "too many sockets", 43 AddressNotBindable "not an address of this machine",
                44 AddressInUse "the address is in use", 45 RemoteUnreachable "the remote address is not reachable",
                46 ConnectionRefused "connection refused", 47 ConnectionReset "connection reset",
                48 ConnectionAborted "connection aborted", 49 TimedOut "timed out",
                50 NameUnresolvable "the name has no address",
                64 Malformed "the request was malformed, or names an operation that does not exist";
            /// What an enclave is started for. The host asks; the measured policy decides whether it may be done.
            number TaskKind "an unknown task":
                0 Run "run the guest",
                1 Report "make a report over the nonce in the task's record, and over the enclave's public key",
                2 Export "copy a sealed directory to the transfer directory, under the transfer key in the record",
                3 Import "copy the transfer directory to a sealed directory, under the transfer key in the record";
            /// The standard streams of `wasi:cli`.
            bit StandardStream "an unknown standard stream": 0 Input, 1 Output, 2 Error;
            /// What a poll waits for: until a read, or a write, does not block (`wasi:io/poll`).
            number Interest "an unknown interest": 0 Reading, 1 Writing;
            /// How a path is resolved: `wasi:filesystem/types.path-flags`.
            bit PathFlag "an unknown path-flag": 0 SymlinkFollow;
            /// How a file or directory is opened: `wasi:filesystem/types.open-flags`.
            bit OpenFlag "an unknown open-flag": 0 Create, 1 Directory, 2 Exclusive, 3 Truncate;
            /// What an open file or directory is used for: `wasi:filesystem/types.descriptor-flags`.
            bit DescriptorFlag "an unknown descriptor-flag": 0 Read, 1 Write, 2 FileIntegritySync,
                3 DataIntegritySync, 4 RequestedWriteSync, 5 MutateDirectory;
            /// What a file is: `wasi:filesystem/types.descriptor-type`.
            number FileType "an unknown type of file": 0 Unknown, 1 BlockDevice, 2 CharacterDevice, 3 Directory,
                4 Fifo, 5 SymbolicLink, 6 RegularFile, 7 Socket;
            /// The timestamps of `wasi:filesystem/types.descriptor-stat`.
            bit FileTime "an unknown time stamp": 0 Access, 1 Modification, 2 StatusChange;
            /// What becomes of a time stamp: `wasi:filesystem/types.new-timestamp`.
            number TimeChange "an unknown change of a time stamp": 0 NoChange, 1 Now, 2 Timestamp;
            /// How a file will be used: `wasi:filesystem/types.advice`.
            number Advice "an unknown advice": 0 Normal, 1 Sequential, 2 Random, 3 WillNeed, 4 DontNeed, 5 NoReuse;
            /// The protocol of a socket: `wasi:sockets/tcp`, `wasi:sockets/udp`.
            number Protocol "an unknown protocol": 0 Tcp, 1 Udp;
            /// The family of an address: `wasi:sockets/network.ip-address-family`, numbered by the IP version. Where an
            /// address may be missing, its family is then 0, and so are all its other fields.
            number AddressFamily "an address of an unknown family": 4 Ipv4, 6 Ipv6;
            /// The direction in which a connection ends: `wasi:sockets/tcp.shutdown-type`, where *both* is two calls.
            number Direction "an unknown direction": 0 Receiving, 1 Sending;
            /// The options of sockets, after the methods of `wasi:sockets/tcp.tcp-socket` and
            /// `wasi:sockets/udp.udp-socket`. Keep-alive is 0 or 1, its times are in nanoseconds, sizes in bytes.
            number SocketOption "an unknown socket option": 0 KeepAlive, 1 KeepAliveIdleTime, 2 KeepAliveInterval,
                3 KeepAliveCount, 4 HopLimit, 5 ReceiveBufferSize, 6 SendBufferSize;
            /// The use of the network that the measured policy denied: binding or listening, connecting or sending,
            /// looking up a name.
            number DeniedUse "an unknown use of the network": 0 Bind, 1 Connect, 2 Lookup;
        }
    };
}

macro_rules! define {
    ($(
        $(#[doc = $doc:literal])+
        $unit:ident $name:ident $unknown:literal: $($number:literal $value:ident $($meaning:literal)?),+;
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {
                $($(#[doc = $meaning])? $value = $number,)+
            }

            impl From<$name> for u32 {
                fn from(value: $name) -> Self {
                    value as Self
                }
            }

            impl TryFrom<u32> for $name {
                type Error = Violation;

                fn try_from(number: u32) -> Result<Self, Violation> {
                    match number {
                        $($number => Ok(Self::$value),)+
                        _ => Err(Violation($unknown)),
                    }
                }
            }
        )+
    };
}

values!(define);
