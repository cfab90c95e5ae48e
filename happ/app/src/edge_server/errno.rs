//! Maps the operating system's errors to statuses of the wire.

use rustix::io::Errno;
use std::io::{Error, ErrorKind};
use wasmstone_edge_protocol::Status;

/// The status that tells the guest of `error`.
pub(super) fn status_of(error: &Error) -> Status {
    if let Some(status) = error.raw_os_error().and_then(|number| of_errno(Errno::from_raw_os_error(number))) {
        return status;
    }
    // Errors without a number come from cap-std and from std. `PermissionDenied` is a path that
    // leads out of its directory.
    match error.kind() {
        ErrorKind::NotFound => Status::NoEntry,
        ErrorKind::PermissionDenied => Status::NotPermitted,
        ErrorKind::AlreadyExists => Status::Exist,
        ErrorKind::InvalidInput => Status::Invalid,
        ErrorKind::OutOfMemory => Status::InsufficientMemory,
        _ => Status::Io,
    }
}

/// The status of an error number, where one says the same.
fn of_errno(errno: Errno) -> Option<Status> {
    Some(match errno {
        Errno::ACCESS => Status::Access,
        Errno::AGAIN => Status::WouldBlock,
        Errno::ALREADY => Status::Already,
        Errno::BADF => Status::BadDescriptor,
        Errno::BUSY => Status::Busy,
        Errno::DEADLK => Status::Deadlock,
        Errno::DQUOT => Status::Quota,
        Errno::EXIST => Status::Exist,
        Errno::FBIG => Status::FileTooLarge,
        Errno::ILSEQ => Status::IllegalByteSequence,
        Errno::INPROGRESS => Status::InProgress,
        Errno::INTR => Status::Interrupted,
        Errno::INVAL => Status::Invalid,
        Errno::IO => Status::Io,
        Errno::ISDIR => Status::IsDirectory,
        Errno::LOOP => Status::Loop,
        Errno::MLINK => Status::TooManyLinks,
        Errno::MSGSIZE => Status::MessageSize,
        Errno::NAMETOOLONG => Status::NameTooLong,
        Errno::NODEV => Status::NoDevice,
        Errno::NOENT => Status::NoEntry,
        Errno::NOLCK => Status::NoLock,
        Errno::NOMEM | Errno::MFILE | Errno::NFILE => Status::InsufficientMemory,
        Errno::NOSPC => Status::InsufficientSpace,
        Errno::NOTDIR => Status::NotDirectory,
        Errno::NOTEMPTY => Status::NotEmpty,
        Errno::NOTRECOVERABLE => Status::NotRecoverable,
        Errno::NOTSUP | Errno::NOSYS => Status::Unsupported,
        Errno::NOTTY => Status::NoTty,
        Errno::NXIO => Status::NoSuchDevice,
        Errno::OVERFLOW => Status::Overflow,
        Errno::PERM => Status::NotPermitted,
        Errno::PIPE => Status::Pipe,
        Errno::ROFS => Status::ReadOnly,
        Errno::SPIPE => Status::InvalidSeek,
        Errno::TXTBSY => Status::TextFileBusy,
        Errno::XDEV => Status::CrossDevice,
        Errno::ADDRINUSE => Status::AddressInUse,
        Errno::ADDRNOTAVAIL => Status::AddressNotBindable,
        Errno::HOSTUNREACH | Errno::HOSTDOWN | Errno::NETUNREACH | Errno::NETDOWN | Errno::NONET => {
            Status::RemoteUnreachable
        }
        Errno::CONNREFUSED => Status::ConnectionRefused,
        Errno::CONNRESET => Status::ConnectionReset,
        Errno::CONNABORTED => Status::ConnectionAborted,
        Errno::TIMEDOUT => Status::TimedOut,
        Errno::ISCONN | Errno::NOTCONN | Errno::DESTADDRREQ => Status::InvalidState,
        Errno::NOBUFS => Status::InsufficientMemory,
        Errno::NOPROTOOPT
        | Errno::PFNOSUPPORT
        | Errno::PROTONOSUPPORT
        | Errno::PROTOTYPE
        | Errno::SOCKTNOSUPPORT
        | Errno::AFNOSUPPORT => Status::Unsupported,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux's numbers, which are the same on x86-64, aarch64 and riscv64.
    const NUMBERS: &[(i32, Status)] = &[
        (1, Status::NotPermitted),
        (2, Status::NoEntry),
        (4, Status::Interrupted),
        (5, Status::Io),
        (6, Status::NoSuchDevice),
        (9, Status::BadDescriptor),
        (11, Status::WouldBlock),
        (12, Status::InsufficientMemory),
        (13, Status::Access),
        (16, Status::Busy),
        (17, Status::Exist),
        (18, Status::CrossDevice),
        (19, Status::NoDevice),
        (20, Status::NotDirectory),
        (21, Status::IsDirectory),
        (22, Status::Invalid),
        (23, Status::InsufficientMemory),
        (24, Status::InsufficientMemory),
        (25, Status::NoTty),
        (26, Status::TextFileBusy),
        (27, Status::FileTooLarge),
        (28, Status::InsufficientSpace),
        (29, Status::InvalidSeek),
        (30, Status::ReadOnly),
        (31, Status::TooManyLinks),
        (32, Status::Pipe),
        (35, Status::Deadlock),
        (36, Status::NameTooLong),
        (37, Status::NoLock),
        (38, Status::Unsupported),
        (39, Status::NotEmpty),
        (40, Status::Loop),
        (64, Status::RemoteUnreachable),
        (75, Status::Overflow),
        (84, Status::IllegalByteSequence),
        (89, Status::InvalidState),
        (90, Status::MessageSize),
        (91, Status::Unsupported),
        (92, Status::Unsupported),
        (93, Status::Unsupported),
        (94, Status::Unsupported),
        (95, Status::Unsupported),
        (96, Status::Unsupported),
        (97, Status::Unsupported),
        (98, Status::AddressInUse),
        (99, Status::AddressNotBindable),
        (100, Status::RemoteUnreachable),
        (101, Status::RemoteUnreachable),
        (103, Status::ConnectionAborted),
        (104, Status::ConnectionReset),
        (105, Status::InsufficientMemory),
        (106, Status::InvalidState),
        (107, Status::InvalidState),
        (110, Status::TimedOut),
        (111, Status::ConnectionRefused),
        (112, Status::RemoteUnreachable),
        (113, Status::RemoteUnreachable),
        (114, Status::Already),
        (115, Status::InProgress),
        (122, Status::Quota),
        (131, Status::NotRecoverable),
    ];

    #[test]
    fn every_number_has_its_status_and_all_others_are_io() {
        for number in 1..200 {
            let expected = NUMBERS.iter().find(|row| row.0 == number).map_or(Status::Io, |row| row.1);
            assert_eq!(status_of(&Error::from_raw_os_error(number)), expected, "error number {number}");
        }
    }

    #[test]
    fn every_status_has_a_number() {
        let statuses: Vec<_> = (0..=64).filter_map(|number| Status::try_from(number).ok()).collect();
        assert_eq!(statuses.last(), Some(&Status::Malformed));
        for status in statuses {
            let has_number = NUMBERS.iter().any(|row| row.1 == status);
            let none = matches!(
                status,
                Status::Ok
                    | Status::Malformed
                    | Status::NotInProgress
                    | Status::NewSocketLimit
                    | Status::NameUnresolvable
            );
            assert_eq!(has_number, !none, "{status:?}");
        }
    }

    #[test]
    fn a_path_that_leads_out_is_not_permitted() {
        assert_eq!(status_of(&Error::new(ErrorKind::PermissionDenied, "out")), Status::NotPermitted);
        assert_eq!(status_of(&Error::other("odd")), Status::Io);
    }
}
