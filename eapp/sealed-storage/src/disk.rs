//! The disk that a volume is stored on.

/// Why the disk failed: a code of the disk's own, which reaches the caller unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub u32);

/// A flat directory of files, which is not trusted. Each function is one operation of the host.
///
/// What it returns may be wrong in every respect. Files are numbered by the disk; a number is used until it is
/// closed. Nothing is read or written in pieces of more than 256 KiB.
pub trait Disk {
    /// Names every file in the directory, in any order; `.` and `..` need not be among them.
    ///
    /// # Errors
    /// The disk's own, as of all functions here.
    fn list(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure>;

    /// Opens a file, for writing as well unless the volume was opened for reading only. With `create`, it is made if it
    /// does not exist. `None`: it does not exist.
    ///
    /// # Errors
    /// The disk's own error.
    fn open(&mut self, name: &str, create: bool) -> Result<Option<u32>, Failure>;

    /// Closes a file. Its number may be used again.
    fn close(&mut self, file: u32);

    /// How many bytes the file holds.
    ///
    /// # Errors
    /// The disk's own error.
    fn size(&mut self, file: u32) -> Result<u64, Failure>;

    /// Fills `into` from `offset`. Returns the number of bytes, which is less only at the end of the file.
    ///
    /// # Errors
    /// The disk's own error.
    fn read_at(&mut self, file: u32, offset: u64, into: &mut [u8]) -> Result<usize, Failure>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// The disk's own. Then any part may have been written.
    fn write_at(&mut self, file: u32, offset: u64, bytes: &[u8]) -> Result<(), Failure>;

    /// Cuts the file to `size` bytes.
    ///
    /// # Errors
    /// The disk's own error.
    fn set_size(&mut self, file: u32, size: u64) -> Result<(), Failure>;

    /// Returns after what was written to the file survives a loss of power.
    ///
    /// # Errors
    /// The disk's own. Then it is unknown what survives.
    fn sync(&mut self, file: u32) -> Result<(), Failure>;

    /// The same for the directory: the names of new files survive.
    ///
    /// # Errors
    /// The disk's own. Then it is unknown what survives.
    fn sync_names(&mut self) -> Result<(), Failure>;

    /// Removes a file, which is not open. It is no error if the file does not exist.
    ///
    /// # Errors
    /// The disk's own error.
    fn remove(&mut self, name: &str) -> Result<(), Failure>;
}
