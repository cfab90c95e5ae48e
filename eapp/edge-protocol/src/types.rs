//! The fixed-size structs of the operations. Fields that the host fills are [`Untrusted`] or [`Coded`]: they have to be
//! checked.

use crate::value::{
    AddressFamily, Advice, DeniedUse, DescriptorFlag, Direction, FileTime, FileType, Interest, OpenFlag, PathFlag,
    Protocol, SocketOption, StandardStream, TaskKind, TimeChange,
};
use crate::{Coded, Set, Untrusted, Violation};
use core::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
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

    /// Everything that the enclave learns once, at its start.
    StartReply {
        /// The host's wall clock, seconds since 1970-01-01.
        wall_seconds: Untrusted<U64>,
        /// The nanoseconds of the wall clock, below 10⁹.
        wall_nanoseconds: Untrusted<U32>,
        /// The standard streams that are terminals.
        terminals: Coded<Set<StandardStream>>,
        /// Entropy from the host. The enclave mixes it with its own.
        entropy: [u8; 32],
        /// The number of arguments in the payload, without argument zero.
        arguments: Untrusted<U32>,
        /// The number of environment variables in the payload, after the arguments; two records each.
        environment: Untrusted<U32>,
        /// The number of directories in the payload, after the environment; two records each.
        directories: Untrusted<U32>,
        /// Ticks of the machine's time counter in a second; not zero.
        ticks_per_second: Untrusted<U32>,
        /// Bit n is set if directory n may be written to.
        writable: Untrusted<U64>,
        /// Where an HTTP service listens; no address for a command.
        serve: SocketAddress,
        /// What the enclave is started for. Each task but running the guest has a record, the last of the payload.
        task: Coded<TaskKind>,
    }

    /// The state that a sealed directory was left in. The payload is its freshness value.
    FreshnessRequest {
        /// The directory's place in the start reply, from 0.
        directory: U32,
    }

    /// Entropy.
    EntropyReply {
        /// Bytes from the host's generator.
        entropy: [u8; 32],
    }

    /// A part of the program.
    ProgramRequest {
        /// Offset in bytes.
        offset: U64,
        /// Length in bytes. The reply's payload has exactly this length.
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
        /// The most bytes to read.
        length: U32,
        /// 1 to wait until a byte or the end can be read, else 0.
        wait: U32,
    }

    /// The result of reading. The payload is the data.
    ReadReply {
        /// 1 if the end follows the payload, else 0.
        end: Untrusted<U32>,
    }

    /// The result of writing.
    WriteReply {
        /// How many bytes of the payload, from its beginning, were written.
        written: Untrusted<U32>,
    }

    /// Waiting. The payload is a list of [`PollEntry`]. The reply's payload has one byte for each entry: 1 if the entry is
    /// ready, else 0.
    PollRequest {
        /// The most nanoseconds to wait, or [`crate::NO_TIMEOUT`].
        timeout: U64,
        /// The number of entries.
        count: U32,
    }

    /// One thing to wait for.
    PollEntry {
        /// The handle.
        handle: U32,
        /// What the poll waits for.
        interest: Coded<Interest>,
    }

    /// Opening. The payload is the path.
    OpenRequest {
        /// The directory that the path is relative to.
        directory: U32,
        /// The number for the new handle.
        handle: U32,
        /// How the path is resolved.
        path_flags: Coded<Set<PathFlag>>,
        /// How the file or directory is opened.
        open_flags: Coded<Set<OpenFlag>>,
        /// What the new handle is used for.
        flags: Coded<Set<DescriptorFlag>>,
    }

    /// Reading from a file at an offset.
    ReadAtRequest {
        /// The handle.
        handle: U32,
        /// The most bytes to read.
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

    /// A path relative to a directory. The payload is the path.
    PathRequest {
        /// The directory.
        handle: U32,
        /// How the path is resolved.
        path_flags: Coded<Set<PathFlag>>,
    }

    /// The description of a file.
    StatReply {
        /// What the file is.
        kind: Coded<FileType>,
        /// Which of the times below are known.
        known_times: Coded<Set<FileTime>>,
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
        /// The lower half of a number that identifies the file on the host.
        hash_lower: Untrusted<U64>,
        /// The upper half of that number.
        hash_upper: Untrusted<U64>,
    }

    /// A point in time, from the host.
    Time {
        /// Seconds since 1970-01-01.
        seconds: Untrusted<U64>,
        /// Nanoseconds, below 10⁹.
        nanoseconds: Untrusted<U32>,
    }

    /// A new time stamp.
    NewTime {
        /// What becomes of the time stamp.
        kind: Coded<TimeChange>,
        /// Nanoseconds, below 10⁹.
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

    /// New time stamps. The payload is the path, if the operation takes one.
    SetTimesRequest {
        /// The handle.
        handle: U32,
        /// How the path is resolved.
        path_flags: Coded<Set<PathFlag>>,
        /// Time of the last access.
        accessed: NewTime,
        /// Time of the last modification.
        modified: NewTime,
    }

    /// Advice on how a file will be used.
    AdviseRequest {
        /// The handle.
        handle: U32,
        /// How the range will be used.
        advice: Coded<Advice>,
        /// Offset in bytes.
        offset: U64,
        /// Length in bytes.
        length: U64,
    }

    /// Writing out to the disk.
    SyncRequest {
        /// The handle.
        handle: U32,
        /// 1 to write out the data only, 0 to write out the metadata as well.
        data_only: U32,
    }

    /// Two paths. The payload is the old path and then the new one.
    TwoPathsRequest {
        /// The directory of the old path.
        old_directory: U32,
        /// The directory of the new path.
        new_directory: U32,
        /// How the old path is resolved.
        path_flags: Coded<Set<PathFlag>>,
        /// Length of the old path in bytes.
        old_length: U32,
    }

    /// Listing a directory.
    ListRequest {
        /// The directory.
        directory: U32,
        /// The number for the new handle, a directory stream.
        handle: U32,
    }

    /// Directory entries. The payload has a record for each: one byte with the [`FileType`], and then the name.
    EntriesReply {
        /// The number of entries in the payload.
        count: Untrusted<U32>,
        /// 1 if no entries follow, else 0.
        end: Untrusted<U32>,
    }

    /// An IP address and a port.
    SocketAddress {
        /// The family. If it is 0, there is no address, and all other fields are zero.
        family: Coded<AddressFamily>,
        /// The port.
        port: Untrusted<U32>,
        /// IPv6 flow information.
        flow_info: Untrusted<U32>,
        /// IPv6 scope.
        scope_id: Untrusted<U32>,
        /// The address in network byte order, an IPv4 address in the first four bytes.
        address: [u8; 16],
    }

    /// A new socket.
    SocketRequest {
        /// The number for the new handle.
        handle: U32,
        /// The protocol.
        protocol: Coded<Protocol>,
        /// The family of its addresses.
        family: Coded<AddressFamily>,
    }

    /// A socket and an address.
    AddressRequest {
        /// The handle.
        handle: U32,
        /// The address.
        address: SocketAddress,
    }

    /// A local address.
    AddressReply {
        /// The address.
        local: SocketAddress,
    }

    /// Listening.
    ListenRequest {
        /// The handle.
        handle: U32,
        /// How many connections may wait to be accepted.
        backlog: U32,
    }

    /// Accepting.
    AcceptRequest {
        /// The listening socket.
        listener: U32,
        /// The number for the new handle.
        handle: U32,
    }

    /// An accepted connection.
    AcceptReply {
        /// The local address of the connection.
        local: SocketAddress,
        /// The address of the peer.
        remote: SocketAddress,
        /// 1 if another connection waits to be accepted, else 0.
        more: Untrusted<U32>,
    }

    /// The result of sending.
    SendReply {
        /// 1 if the host still holds some of the data, else 0. The host takes no more data until it has delivered all.
        pending: Untrusted<U32>,
    }

    /// Ending a connection in one direction.
    ShutdownRequest {
        /// The handle.
        handle: U32,
        /// The direction that ends.
        direction: Coded<Direction>,
    }

    /// An option of a socket.
    OptionRequest {
        /// The handle.
        handle: U32,
        /// The option.
        option: Coded<SocketOption>,
        /// The new value, in the unit of the option; 0 if the option is read.
        value: U64,
    }

    /// An option's value.
    OptionReply {
        /// The value.
        value: Untrusted<U64>,
    }

    /// Datagrams.
    DatagramsRequest {
        /// The handle.
        handle: U32,
        /// The number of datagrams in the payload, or the most to receive.
        count: U32,
    }

    /// The result of sending or receiving datagrams. The payload has a [`SocketAddress`] and a record for each received
    /// one.
    DatagramsReply {
        /// How many were sent, or are in the payload.
        count: Untrusted<U32>,
    }

    /// The result of a lookup. The payload is a list of [`SocketAddress`].
    AddressesReply {
        /// The number of addresses in the payload.
        count: Untrusted<U32>,
    }

    /// A use of the network that the policy denied.
    DeniedRequest {
        /// The denied use.
        what: Coded<DeniedUse>,
    }
}

impl SocketAddress {
    /// The address, or `None` if all fields are zero.
    ///
    /// # Errors
    /// A violation if it is neither.
    pub fn get_any(&self) -> Result<Option<SocketAddr>, Violation> {
        if *self == Self::default() { Ok(None) } else { self.get().map(Some) }
    }

    /// The address.
    ///
    /// # Errors
    /// A violation if there is no address, its family is unknown, or the port is not a port.
    pub fn get(&self) -> Result<SocketAddr, Violation> {
        let port = self.port.at_most(u16::MAX.into(), "a port above 65535")? as u16;
        Ok(match self.family.get()? {
            AddressFamily::Ipv4 => {
                let [a, b, c, d, ..] = self.address;
                SocketAddrV4::new([a, b, c, d].into(), port).into()
            }
            AddressFamily::Ipv6 => {
                let (flow_info, scope_id) = (self.flow_info.opaque(), self.scope_id.opaque());
                SocketAddrV6::new(self.address.into(), port, flow_info, scope_id).into()
            }
        })
    }
}

impl From<SocketAddr> for SocketAddress {
    fn from(address: SocketAddr) -> Self {
        let mut wire = Self { port: u32::from(address.port()).into(), ..Self::default() };
        match address {
            SocketAddr::V4(v4) => {
                let [a, b, c, d] = v4.ip().octets();
                wire.family = AddressFamily::Ipv4.into();
                wire.address = [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            }
            SocketAddr::V6(v6) => {
                wire.family = AddressFamily::Ipv6.into();
                wire.flow_info = v6.flowinfo().into();
                wire.scope_id = v6.scope_id().into();
                wire.address = v6.ip().octets();
            }
        }
        wire
    }
}
