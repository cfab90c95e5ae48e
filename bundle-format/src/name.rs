//! Names of keys and platforms, which become file names.

/// A name that cannot be a file name everywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a name: use 1 to 64 of the characters A-Z a-z 0-9 . _ -, and no dot or dash at the start")]
pub struct InvalidName(pub String);

/// Checks a name of a key or a platform.
///
/// # Errors
/// [`InvalidName`] unless the name has 1 to 64 characters of `A-Z a-z 0-9 . _ -` and starts with neither a dot nor a
/// dash.
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with(['.', '-']) {
        Ok(())
    } else {
        Err(InvalidName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_file_names() {
        for good in ["a", "alice", "board-2.rev_b", &"x".repeat(64)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".hidden", "-rf", "a/b", "a b", "é", "a\0", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
