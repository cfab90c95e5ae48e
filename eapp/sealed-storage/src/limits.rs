//! What a volume holds at most.

/// The most bytes of a file's name.
pub const NAME_MAX: usize = 255;
/// The most bytes of a path, and of what a symbolic link points to.
pub const PATH_MAX: usize = 4096;
/// The most bytes of a file.
pub const SIZE_MAX: u64 = 1 << 62;
/// What a volume takes of the heap at most, in bytes, when no directory is larger than some ten thousand entries.
pub const MEMORY: usize = 8 << 20;
