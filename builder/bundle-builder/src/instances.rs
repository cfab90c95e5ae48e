//! How many instances of a program answer requests at once.

use crate::memory::MemorySize;
use wasmstone_policy::{Entry, INSTANCES_MAX};

/// The default number of instances, if the memory cap has room for them.
pub const DEFAULT: u32 = 16;

/// How many instances of a program run at once: the number that was asked for, or up to [`DEFAULT`]. Each begins with
/// `minimum` bytes of memory, and `cap` has room for at least one.
///
/// # Errors
/// [`InstancesError`].
pub fn choose(entry: Entry, asked: Option<u32>, minimum: u64, cap: MemorySize) -> Result<u32, InstancesError> {
    let instances = match (entry, asked) {
        (Entry::Command, None) => return Ok(0),
        (Entry::Command, Some(_)) => return Err(InstancesError::Command),
        (Entry::Http, None) => {
            let room = cap.bytes().checked_div(minimum).unwrap_or(u64::MAX);
            return Ok(u32::try_from(room).unwrap_or(DEFAULT).clamp(1, DEFAULT));
        }
        (Entry::Http, Some(asked)) => asked,
    };
    if !(1..=INSTANCES_MAX).contains(&instances) {
        return Err(InstancesError::Number { instances });
    }
    let needed = minimum.saturating_mul(instances.into());
    if needed > cap.bytes() {
        return Err(InstancesError::Memory { instances, each: minimum, cap });
    }
    Ok(instances)
}

/// Why a program cannot have the number of instances that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstancesError {
    /// The program is not an HTTP handler.
    #[error("the program is a command, which runs once: leave the number of instances out")]
    Command,
    /// Zero, or too many.
    #[error("{instances} instances cannot run at once: write a number from 1 to {INSTANCES_MAX}")]
    Number {
        /// What was asked for.
        instances: u32,
    },
    /// Their memories do not fit under the cap.
    #[error(
        "{instances} instances do not fit into the memory cap of {cap}, since each needs {}K at start: \
         ask for fewer with --instances, or raise the cap with --max-memory", each.div_ceil(1024)
    )]
    Memory {
        /// What was asked for.
        instances: u32,
        /// Bytes that one needs at start.
        each: u64,
        /// The cap.
        cap: MemorySize,
    },
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, Entry, INSTANCES_MAX, InstancesError, MemorySize, choose};

    const MIB: u64 = 1 << 20;

    #[test]
    fn as_many_as_asked_for_or_as_there_is_room_for() {
        let cap = MemorySize::from_bytes(64 * MIB).unwrap();
        let http = |asked, minimum| choose(Entry::Http, asked, minimum, cap);
        for (minimum, instances) in [(0, DEFAULT), (MIB, DEFAULT), (4 * MIB, 16), (5 * MIB, 12), (64 * MIB, 1)] {
            assert_eq!(http(None, minimum), Ok(instances), "{minimum}");
        }
        assert_eq!(http(Some(64), MIB), Ok(64));
        assert_eq!(http(Some(65), MIB), Err(InstancesError::Memory { instances: 65, each: MIB, cap }));
        assert_eq!(http(Some(INSTANCES_MAX), 0), Ok(INSTANCES_MAX));
        for instances in [0, INSTANCES_MAX + 1] {
            assert_eq!(http(Some(instances), 0), Err(InstancesError::Number { instances }));
        }
    }

    #[test]
    fn a_command_has_none() {
        let cap = MemorySize::default();
        assert_eq!(choose(Entry::Command, None, MIB, cap), Ok(0));
        assert_eq!(choose(Entry::Command, Some(1), MIB, cap), Err(InstancesError::Command));
    }
}
