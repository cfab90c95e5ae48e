//! Files that are written whole or not at all.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Writes a file so that a failed or killed write leaves what was there before.
///
/// The bytes go to a temporary file in the same directory, to the disk, and then take the name. A
/// symbolic link stays, and what it points to is replaced. What is not a regular file, such as a pipe or
/// `/dev/null`, is written to directly. The mode is 0666 less the umask.
///
/// # Errors
/// Those of the file system; nothing has changed then.
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let path = path.as_ref();
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(existing) if !existing.is_file() => fs::OpenOptions::new().write(true).open(&target)?.write_all(bytes),
        _ => filled(&target, bytes, 0o666)?.persist(&target).map(drop).map_err(Into::into),
    }
}

/// Writes a new file with the mode `mode`, less the umask, and leaves an existing one alone.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where there is something of that name; those of the file system.
pub fn create(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> io::Result<()> {
    let path = path.as_ref();
    filled(path, bytes, mode)?.persist_noclobber(path).map(drop).map_err(Into::into)
}

fn filled(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".wasmstone-")
        .suffix(".part")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{create, write};
    use std::{fs, io::ErrorKind, os::unix::fs::symlink};

    #[test]
    fn replaces_whole_files_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.wsb");
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&path, b"old").unwrap();
        symlink(&path, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_device_is_written_to_and_stays() {
        write("/dev/null", b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_failed_write_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert!(write(directory.path(), b"a directory").is_err());
        assert!(write(directory.path().join("no/such/file"), b"").is_err());
        // A full disk: /dev/full refuses every byte.
        assert_eq!(write("/dev/full", b"x").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn create_never_overwrites() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        create(&path, b"one", 0o600).unwrap();
        assert_eq!(create(&path, b"two", 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
