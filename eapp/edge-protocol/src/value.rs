//! The values that requests and replies are made of. Each type is in one table with its numbers; the order and the
//! names follow WASI 0.2 where WASI has such a type.

use crate::coded::values;

values! {
    VALUES;

    /// What an enclave is started for. The host asks for a task; the measured policy decides whether it may be done.
    number TaskKind: u32, "an unknown task" {
        /// Run the guest.
        Run = 0,
        /// Make a report over a nonce, which is the task's record, and over the enclave's public key.
        Report = 1,
        /// Copy a sealed directory to the transfer directory, under the transfer key that the task's record wraps.
        Export = 2,
        /// Copy the transfer directory to a sealed directory, under the transfer key that the task's record wraps.
        Import = 3,
    }

    /// The standard streams (`wasi:cli`) that are terminals.
    bit StandardStream: u32, "an unknown standard stream" {
        /// Standard input.
        Input = 0,
        /// Standard output.
        Output = 1,
        /// Standard error.
        Error = 2,
    }

    /// What a poll waits for (`wasi:io/poll`).
    number Interest: u32, "an unknown interest" {
        /// Until reading does not block.
        Reading = 0,
        /// Until writing does not block.
        Writing = 1,
    }

    /// How a path is resolved: `wasi:filesystem/types.path-flags`.
    bit PathFlag: u32, "an unknown path-flag" {
        /// Follow a symbolic link at the end of the path.
        SymlinkFollow = 0,
    }

    /// How a file or directory is opened: `wasi:filesystem/types.open-flags`.
    bit OpenFlag: u32, "an unknown open-flag" {
        /// Create the file if it does not exist.
        Create = 0,
        /// Fail if it is not a directory.
        Directory = 1,
        /// Fail if it exists.
        Exclusive = 2,
        /// Truncate the file to the size 0.
        Truncate = 3,
    }

    /// What an open file or directory is used for: `wasi:filesystem/types.descriptor-flags`.
    bit DescriptorFlag: u32, "an unknown descriptor-flag" {
        /// Reading.
        Read = 0,
        /// Writing.
        Write = 1,
        /// Writes are synchronous, including metadata.
        FileIntegritySync = 2,
        /// Writes are synchronous, without metadata.
        DataIntegritySync = 3,
        /// Reads wait for writes as well.
        RequestedWriteSync = 4,
        /// Changing what is in the directory.
        MutateDirectory = 5,
    }

    /// What a file is: `wasi:filesystem/types.descriptor-type`.
    number FileType: u8, "an unknown type of file" {
        /// Something else, or not known.
        Unknown = 0,
        /// A block device.
        BlockDevice = 1,
        /// A character device.
        CharacterDevice = 2,
        /// A directory.
        Directory = 3,
        /// A named pipe.
        Fifo = 4,
        /// A symbolic link.
        SymbolicLink = 5,
        /// A regular file.
        RegularFile = 6,
        /// A socket.
        Socket = 7,
    }

    /// The times of a file that are known: the timestamps of `wasi:filesystem/types.descriptor-stat`.
    bit FileTime: u32, "an unknown time stamp" {
        /// The last access.
        Access = 0,
        /// The last modification.
        Modification = 1,
        /// The last change of status.
        StatusChange = 2,
    }

    /// What becomes of a time stamp: `wasi:filesystem/types.new-timestamp`.
    number TimeChange: u32, "an unknown change of a time stamp" {
        /// It stays as it is.
        NoChange = 0,
        /// It is set to the host's clock.
        Now = 1,
        /// It is set to the time in the request.
        Timestamp = 2,
    }

    /// How a file will be used: `wasi:filesystem/types.advice`.
    number Advice: u32, "an unknown advice" {
        /// Nothing is known.
        Normal = 0,
        /// From lower to higher offsets.
        Sequential = 1,
        /// At random offsets.
        Random = 2,
        /// Soon.
        WillNeed = 3,
        /// Not soon.
        DontNeed = 4,
        /// Once.
        NoReuse = 5,
    }

    /// The protocol of a socket (`wasi:sockets/tcp` and `wasi:sockets/udp`).
    number Protocol: u32, "an unknown protocol" {
        /// TCP.
        Tcp = 0,
        /// UDP.
        Udp = 1,
    }

    /// The family of an address: `wasi:sockets/network.ip-address-family`, numbered by IP version. Where an address may
    /// be missing, its family is 0, and so are all its other fields.
    number AddressFamily: u32, "an address of an unknown family" {
        /// IPv4.
        Ipv4 = 4,
        /// IPv6.
        Ipv6 = 6,
    }

    /// The direction in which a connection ends: `wasi:sockets/tcp.shutdown-type`, where *both* is two calls.
    number Direction: u32, "an unknown direction" {
        /// Nothing more is received.
        Receiving = 0,
        /// Nothing more is sent.
        Sending = 1,
    }

    /// The options of sockets, after the methods of `wasi:sockets/tcp.tcp-socket` and `wasi:sockets/udp.udp-socket`.
    number SocketOption: u32, "an unknown socket option" {
        /// 1 if keep-alive is enabled, else 0.
        KeepAlive = 0,
        /// Nanoseconds without traffic until keep-alive begins.
        KeepAliveIdleTime = 1,
        /// Nanoseconds between two keep-alive packets.
        KeepAliveInterval = 2,
        /// Keep-alive packets until the connection is given up.
        KeepAliveCount = 3,
        /// The hop limit, 1 to 255.
        HopLimit = 4,
        /// Bytes of the receive buffer.
        ReceiveBufferSize = 5,
        /// Bytes of the send buffer.
        SendBufferSize = 6,
    }

    /// The use of the network that the measured policy denied.
    number DeniedUse: u32, "an unknown use of the network" {
        /// Binding a socket to an address, or listening there.
        Bind = 0,
        /// Connecting or sending to an address.
        Connect = 1,
        /// Looking up a name.
        Lookup = 2,
    }
}
