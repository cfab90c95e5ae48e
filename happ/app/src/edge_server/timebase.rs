//! The rate of the enclave's time counter. The enclave cannot measure it, so that the host tells it.

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// Ticks of the time counter in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timebase(pub u32);

impl Timebase {
    /// A tick is a nanosecond, as in the simulator.
    pub const NANOSECONDS: Self = Self(1_000_000_000);

    /// The rate of this RISC-V machine, from its device tree.
    ///
    /// # Errors
    /// If there is no device tree, or no valid rate in it.
    pub fn of_machine() -> Result<Self> {
        Self::of_device_tree(Path::new("/proc/device-tree"))
    }

    fn of_device_tree(root: &Path) -> Result<Self> {
        let path = root.join("cpus/timebase-frequency");
        let bytes =
            fs::read(&path).map_err(|error| Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        // One or two cells, big-endian.
        let high_is_zero = bytes.iter().rev().skip(4).all(|byte| *byte == 0);
        match bytes.last_chunk().map(|low| u32::from_be_bytes(*low)) {
            Some(rate) if rate != 0 && high_is_zero => Ok(Self(rate)),
            _ => Err(Error::other(format!("{} holds no frequency", path.display()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timebase;
    use std::fs;

    #[test]
    fn a_device_tree_tells_the_rate() {
        let root = tempfile::tempdir().unwrap();
        let read = || Timebase::of_device_tree(root.path());
        assert!(read().is_err());
        fs::create_dir(root.path().join("cpus")).unwrap();
        let write = |bytes: &[u8]| fs::write(root.path().join("cpus/timebase-frequency"), bytes).unwrap();
        write(&10_000_000u32.to_be_bytes());
        assert_eq!(read().unwrap(), Timebase(10_000_000));
        write(&1_000_000u64.to_be_bytes());
        assert_eq!(read().unwrap(), Timebase(1_000_000));
        for wrong in [&b""[..], &[0; 4], &[1; 3], &[1; 8]] {
            write(wrong);
            assert!(read().is_err(), "{wrong:?}");
        }
    }
}
