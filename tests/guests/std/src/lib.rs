//! What several of these programs share.

/// The size of a computation: the first argument, or the default, which is quick.
pub fn size(default: usize) -> usize {
    std::env::args().nth(1).map_or(default, |argument| argument.parse().expect("a size"))
}
