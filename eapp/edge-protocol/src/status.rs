//! How an operation ended.

use crate::coded::values;

values! {
    STATUSES;

    /// How an operation ended: 1 to 37 are `wasi:filesystem/types.error-code` in its own order, 40 to 50 what
    /// `wasi:sockets/network.error-code` has besides.
    number Status: u16, "an unknown status" {
        /// It was done.
        Ok = 0,
        /// Permission denied.
        Access = 1,
        /// It would block.
        WouldBlock = 2,
        /// Already under way.
        Already = 3,
        /// Not an open handle.
        BadDescriptor = 4,
        /// In use.
        Busy = 5,
        /// Would deadlock.
        Deadlock = 6,
        /// Quota exceeded.
        Quota = 7,
        /// Exists.
        Exist = 8,
        /// File too large.
        FileTooLarge = 9,
        /// Not valid UTF-8.
        IllegalByteSequence = 10,
        /// In progress.
        InProgress = 11,
        /// Interrupted.
        Interrupted = 12,
        /// Invalid argument.
        Invalid = 13,
        /// I/O error.
        Io = 14,
        /// Is a directory.
        IsDirectory = 15,
        /// Too many levels of symbolic links.
        Loop = 16,
        /// Too many links.
        TooManyLinks = 17,
        /// Message too large.
        MessageSize = 18,
        /// Name too long.
        NameTooLong = 19,
        /// No such device.
        NoDevice = 20,
        /// No such file or directory.
        NoEntry = 21,
        /// No locks available.
        NoLock = 22,
        /// Out of memory or of handles.
        InsufficientMemory = 23,
        /// No space left.
        InsufficientSpace = 24,
        /// Not a directory.
        NotDirectory = 25,
        /// Directory not empty.
        NotEmpty = 26,
        /// Not recoverable.
        NotRecoverable = 27,
        /// Not supported.
        Unsupported = 28,
        /// Not a terminal.
        NoTty = 29,
        /// No such device or address.
        NoSuchDevice = 30,
        /// Value too large.
        Overflow = 31,
        /// Operation not permitted.
        NotPermitted = 32,
        /// Broken pipe.
        Pipe = 33,
        /// Read-only file system.
        ReadOnly = 34,
        /// Invalid seek.
        InvalidSeek = 35,
        /// Text file busy.
        TextFileBusy = 36,
        /// Across file systems.
        CrossDevice = 37,
        /// The socket is in another state.
        InvalidState = 40,
        /// Nothing is under way that could be finished.
        NotInProgress = 41,
        /// Too many sockets.
        NewSocketLimit = 42,
        /// Not an address of this machine.
        AddressNotBindable = 43,
        /// The address is in use.
        AddressInUse = 44,
        /// The remote address is not reachable.
        RemoteUnreachable = 45,
        /// Connection refused.
        ConnectionRefused = 46,
        /// Connection reset.
        ConnectionReset = 47,
        /// Connection aborted.
        ConnectionAborted = 48,
        /// Timed out.
        TimedOut = 49,
        /// The name has no address.
        NameUnresolvable = 50,
        /// The request itself was malformed, or names an operation that does not exist.
        Malformed = 64,
    }
}
