//! The table of operations.

use crate::types;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Calls `$callback!` with the table of all operations, by interface:
///
/// `call id  interface { function id  Operation  method: Request + cap of its payload -> Reply + cap of its payload; … }`
///
/// Caps are in bytes. The host app makes its dispatcher from the table, and the tests make their cases from it.
#[macro_export]
macro_rules! operations {
    ($callback:ident) => {
        $callback! {
            /// Starting and ending: what the enclave learns from the host, its program, and its reports to the host.
            1 launch {
                /// Gets arguments, environment, directories, clock and entropy; once.
                0 Start start: Empty + 0 => StartReply + $crate::PAYLOAD_MAX;
                /// Gets a part of the precompiled program, which the enclave checks against its measured digest.
                1 Program program: ProgramRequest + 0 => Empty + $crate::PAYLOAD_MAX;
                /// Says why the enclave ends, as text for a person.
                2 Explain explain: Empty + 16384 => Empty + 0;
                /// Hands over the report that the host requested.
                3 Report report: Empty + $crate::attestation::REPORT_SIZE => Empty + 0;
                /// Hands over the freshness value of the state that a sealed directory was left in.
                4 Freshness freshness: FreshnessRequest + $crate::FRESHNESS_SIZE => Empty + 0;
                /// Gets more entropy, which the enclave mixes with its own.
                5 Entropy entropy: Empty + 0 => EntropyReply + 0;
            }
            /// `wasi:io` and `wasi:cli`: streams, waiting, closing.
            2 io {
                /// Reads from a stream.
                0 Read read: ReadRequest + 0 => ReadReply + $crate::PAYLOAD_MAX;
                /// Writes to a stream.
                1 Write write: HandleRequest + $crate::PAYLOAD_MAX => WriteReply + 0;
                /// Waits until one of many handles is ready, or until a timeout.
                2 Poll poll: PollRequest + 8 * $crate::POLL_MAX => Empty + $crate::POLL_MAX;
                /// Closes a handle.
                3 Close close: HandleRequest + 0 => Empty + 0;
            }
            /// `wasi:filesystem`.
            3 filesystem {
                /// Opens or creates a file or a directory.
                0 OpenAt open_at: OpenRequest + $crate::PATH_MAX => StatReply + 0;
                /// Reads at an offset.
                1 ReadAt read_at: ReadAtRequest + 0 => ReadReply + $crate::PAYLOAD_MAX;
                /// Writes at an offset.
                2 WriteAt write_at: WriteAtRequest + $crate::PAYLOAD_MAX => WriteReply + 0;
                /// Writes at the end.
                3 Append append: HandleRequest + $crate::PAYLOAD_MAX => WriteReply + 0;
                /// Describes an open file or directory.
                4 Stat stat: HandleRequest + 0 => StatReply + 0;
                /// Describes the file or directory at a path.
                5 StatAt stat_at: PathRequest + $crate::PATH_MAX => StatReply + 0;
                /// Truncates or extends a file.
                6 SetSize set_size: SetSizeRequest + 0 => Empty + 0;
                /// Sets the times of an open file or directory.
                7 SetTimes set_times: SetTimesRequest + 0 => Empty + 0;
                /// Sets the times of the file or directory at a path.
                8 SetTimesAt set_times_at: SetTimesRequest + $crate::PATH_MAX => Empty + 0;
                /// Advises on how a file will be used.
                9 Advise advise: AdviseRequest + 0 => Empty + 0;
                /// Writes a file or directory out to the disk.
                10 Sync sync: SyncRequest + 0 => Empty + 0;
                /// Makes a directory.
                11 CreateDirectoryAt create_directory_at: PathRequest + $crate::PATH_MAX => Empty + 0;
                /// Removes an empty directory.
                12 RemoveDirectoryAt remove_directory_at: PathRequest + $crate::PATH_MAX => Empty + 0;
                /// Removes a file.
                13 UnlinkFileAt unlink_file_at: PathRequest + $crate::PATH_MAX => Empty + 0;
                /// Reads a symbolic link.
                14 ReadlinkAt readlink_at: PathRequest + $crate::PATH_MAX => Empty + $crate::PATH_MAX;
                /// Makes a symbolic link. The old path is its content.
                15 SymlinkAt symlink_at: TwoPathsRequest + 2 * $crate::PATH_MAX => Empty + 0;
                /// Renames a file or directory.
                16 RenameAt rename_at: TwoPathsRequest + 2 * $crate::PATH_MAX => Empty + 0;
                /// Makes a hard link.
                17 LinkAt link_at: TwoPathsRequest + 2 * $crate::PATH_MAX => Empty + 0;
                /// Opens a directory stream.
                18 List list: ListRequest + 0 => Empty + 0;
                /// Reads entries from a directory stream.
                19 Entries entries: HandleRequest + 0 => EntriesReply + 65536;
            }
            /// `wasi:sockets`. Reading from a connection, waiting and closing are in `io`.
            4 network {
                /// Makes a socket.
                0 Socket socket: SocketRequest + 0 => Empty + 0;
                /// Binds a socket. The reply has its local address.
                1 Bind bind: AddressRequest + 0 => AddressReply + 0;
                /// Begins to connect a TCP socket; sets or removes the only peer of a UDP socket.
                2 Connect connect: AddressRequest + 0 => AddressReply + 0;
                /// Gets the result of connecting. The reply has the local address.
                3 Connected connected: HandleRequest + 0 => AddressReply + 0;
                /// Starts listening on a socket, or changes its backlog.
                4 Listen listen: ListenRequest + 0 => Empty + 0;
                /// Accepts a connection. The payload is the data that the peer has already sent.
                5 Accept accept: AcceptRequest + 0 => AcceptReply + $crate::SOCKET_PAYLOAD_MAX;
                /// Sends on a connection. The host takes all of the data, and delivers them when it can.
                6 Send send: HandleRequest + $crate::SOCKET_PAYLOAD_MAX => SendReply + 0;
                /// Ends a connection in one direction, after the data that were sent.
                7 Shutdown shutdown: ShutdownRequest + 0 => Empty + 0;
                /// Reads an option.
                8 GetOption get_option: OptionRequest + 0 => OptionReply + 0;
                /// Sets an option.
                9 SetOption set_option: OptionRequest + 0 => Empty + 0;
                /// Sends datagrams. The payload has an address and a record for each.
                10 SendTo send_to: DatagramsRequest + $crate::PAYLOAD_MAX => DatagramsReply + 0;
                /// Receives the datagrams that have arrived.
                11 ReceiveFrom receive_from: DatagramsRequest + 0 => DatagramsReply + $crate::DATAGRAMS_MAX;
                /// Begins to look up a name.
                12 Lookup lookup: HandleRequest + $crate::NAME_MAX => Empty + 0;
                /// Gets the addresses that a lookup found, with port 0.
                13 Addresses addresses: HandleRequest + 0 => AddressesReply + 32 * $crate::ADDRESSES_MAX;
                /// Says, for the log, that the enclave's policy denied a use of the network.
                14 Denied denied: DeniedRequest + 0 => Empty + 0;
            }
        }
    };
}

/// One operation of the table.
pub trait Operation {
    /// The id of the interface, which is Keystone's call id.
    const CALL: u8;
    /// The id of the function within the interface.
    const FUNCTION: u8;
    /// `interface.method`, for people to read.
    const NAME: &'static str;
    /// The struct of the request.
    type Request: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned;
    /// The struct of the reply if the operation succeeds.
    type Reply: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + Copy + Default;
    /// The largest payload of the request in bytes.
    const REQUEST_PAYLOAD_MAX: usize;
    /// The largest payload of the reply in bytes.
    const REPLY_PAYLOAD_MAX: usize;
}

/// A row of the table, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationInfo {
    /// The id of the interface, which is Keystone's call id.
    pub call: u8,
    /// The id of the function within the interface.
    pub function: u8,
    /// `interface.method`.
    pub name: &'static str,
    /// What the operation does.
    pub doc: &'static str,
    /// Bytes of the request's struct.
    pub request: usize,
    /// The largest payload of the request in bytes.
    pub request_payload_max: usize,
    /// Bytes of the reply's struct.
    pub reply: usize,
    /// The largest payload of the reply in bytes.
    pub reply_payload_max: usize,
}

impl OperationInfo {
    const fn of<O: Operation>(doc: &'static str) -> Self {
        Self {
            call: O::CALL,
            function: O::FUNCTION,
            name: O::NAME,
            doc,
            request: size_of::<O::Request>(),
            request_payload_max: O::REQUEST_PAYLOAD_MAX,
            reply: size_of::<O::Reply>(),
            reply_payload_max: O::REPLY_PAYLOAD_MAX,
        }
    }

    /// The row with these ids, if there is one.
    pub fn find(call: u8, function: u8) -> Option<&'static Self> {
        OPERATIONS.iter().find(|row| row.call == call && row.function == function)
    }
}

macro_rules! define {
    ($(
        #[doc = $interface_doc:literal]
        $call:literal $interface:ident {
            $(
                #[doc = $doc:literal]
                $function:literal $name:ident $method:ident: $request:ident + $request_max:expr => $reply:ident + $reply_max:expr;
            )*
        }
    )*) => {
        $(
            #[doc = $interface_doc]
            pub mod $interface {
                use super::{Operation, types};
                $(
                    #[doc = $doc]
                    #[derive(Clone, Copy, Debug)]
                    pub struct $name;

                    impl Operation for $name {
                        const CALL: u8 = $call;
                        const FUNCTION: u8 = $function;
                        const NAME: &'static str = concat!(stringify!($interface), ".", stringify!($method));
                        type Request = types::$request;
                        type Reply = types::$reply;
                        const REQUEST_PAYLOAD_MAX: usize = $request_max;
                        const REPLY_PAYLOAD_MAX: usize = $reply_max;
                    }
                )*
            }
        )*

        /// Every row of the table, in its order.
        pub const OPERATIONS: &[OperationInfo] = &[
            $($(OperationInfo::of::<$interface::$name>($doc.trim_ascii_start()),)*)*
        ];
    };
}

operations!(define);
