use super::{IO, errno, flags, new_times};
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::NewTimestamp;
use wasmstone_edge_protocol::Status;

#[test]
fn errors_have_the_numbers_of_wasi_0_1() {
    for (status, number) in [
        (Status::Access, 2),
        (Status::WouldBlock, 6),
        (Status::Already, 7),
        (Status::BadDescriptor, 8),
        (Status::Busy, 10),
        (Status::Deadlock, 16),
        (Status::Quota, 19),
        (Status::Exist, 20),
        (Status::FileTooLarge, 22),
        (Status::IllegalByteSequence, 25),
        (Status::InProgress, 26),
        (Status::Interrupted, 27),
        (Status::Invalid, 28),
        (Status::Io, 29),
        (Status::IsDirectory, 31),
        (Status::Loop, 32),
        (Status::TooManyLinks, 34),
        (Status::MessageSize, 35),
        (Status::NameTooLong, 37),
        (Status::NoDevice, 43),
        (Status::NoEntry, 44),
        (Status::NoLock, 46),
        (Status::InsufficientMemory, 48),
        (Status::InsufficientSpace, 51),
        (Status::NotDirectory, 54),
        (Status::NotEmpty, 55),
        (Status::NotRecoverable, 56),
        (Status::Unsupported, 58),
        (Status::NoTty, 59),
        (Status::NoSuchDevice, 60),
        (Status::Overflow, 61),
        (Status::NotPermitted, 63),
        (Status::Pipe, 64),
        (Status::ReadOnly, 69),
        (Status::InvalidSeek, 70),
        (Status::TextFileBusy, 74),
        (Status::CrossDevice, 75),
        (Status::InvalidState, 57),
        (Status::Ok, IO),
        (Status::ConnectionReset, IO),
        (Status::Malformed, IO),
    ] {
        assert_eq!(errno(status), number, "{status:?}");
    }
}

#[test]
fn flags_that_do_not_exist_are_refused() {
    assert_eq!(flags(5, 7).unwrap(), 5);
    assert_eq!(flags(0, 0).unwrap(), 0);
    for bits in [8, 9, 1 << 40, u64::MAX] {
        assert!(flags(bits, 7).is_err(), "{bits}");
    }
}

#[test]
fn new_times_are_kept_set_or_now() {
    let [accessed, modified] = new_times(1_500_000_007, u64::MAX, 1).unwrap();
    let expected = Datetime { seconds: 1, nanoseconds: 500_000_007 };
    assert!(matches!(accessed, NewTimestamp::Timestamp(Datetime { seconds, nanoseconds })
        if (seconds, nanoseconds) == (expected.seconds, expected.nanoseconds)));
    assert!(matches!(modified, NewTimestamp::NoChange));
    let [accessed, modified] = new_times(1, u64::MAX, 2 | 4).unwrap();
    assert!(matches!(accessed, NewTimestamp::Now));
    assert!(matches!(modified, NewTimestamp::Timestamp(Datetime { seconds: 18_446_744_073, .. })));
    for flags in [3, 12, 15, 16] {
        assert!(new_times(0, 0, flags).is_err(), "{flags}");
    }
}
