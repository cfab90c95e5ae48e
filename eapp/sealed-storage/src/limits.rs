//! Limits of a volume.

/// The most bytes of a file's name.
pub const NAME_MAX: usize = 255;
/// The most bytes of a path, and of the target of a symbolic link.
pub const PATH_MAX: usize = 4096;
/// The most bytes of a file.
pub const SIZE_MAX: u64 = 1 << 62;
/// The most bytes of heap that a volume uses, as long as no directory has more than some ten thousand entries.
pub const MEMORY: usize = 8 << 20;
