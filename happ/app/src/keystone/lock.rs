//! A lock, so that only one process at a time looks at the kernel's free memory and takes from it.

use super::KeystoneError;
use super::driver::Driver;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long another process may hold the lock: a CREATE clears a GiB at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time between two attempts to take the lock.
const INTERVAL: Duration = Duration::from_millis(20);

/// The lock, held until it is dropped or the process ends. It is on the device's file itself, so that there is one
/// lock for all users. Programs other than this one do not know it.
pub struct Lock(Driver);

impl Lock {
    /// Waits for the lock.
    ///
    /// # Errors
    /// [`KeystoneError::Locked`] if another process does not release it.
    pub fn take(device: &Path) -> Result<Self, KeystoneError> {
        Self::take_within(device, PATIENCE)
    }

    fn take_within(device: &Path, patience: Duration) -> Result<Self, KeystoneError> {
        let driver = Driver::open(device).map_err(KeystoneError::host("open the device"))?;
        let start = Instant::now();
        while !driver.try_lock().map_err(KeystoneError::host("lock the device"))? {
            if start.elapsed() >= patience {
                return Err(KeystoneError::Locked(patience));
            }
            sleep(INTERVAL);
        }
        Ok(Self(driver))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = Lock::take(file.path()).unwrap();
        let second = Lock::take_within(file.path(), Duration::ZERO);
        assert!(matches!(second, Err(KeystoneError::Locked(_))));
        drop(first);
        Lock::take_within(file.path(), Duration::ZERO).unwrap();
    }
}
