//! Files that are written whole or not at all.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
use rustix::io::Errno;
use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Writes a file so that a failed or killed write leaves the old content, and nothing else.
///
/// The bytes go to a file without a name in the same directory and to the disk; then the file takes the name. A
/// symbolic link stays, and its target is replaced, or made if it does not exist. A file that is not a regular file, such as a pipe or `/dev/null`,
/// is written to directly. The mode is 0666 less the umask.
///
/// # Errors
/// The errors of the file system; nothing has changed then.
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let target = target(path.as_ref())?;
    match fs::metadata(&target) {
        Ok(existing) if !existing.is_file() => fs::OpenOptions::new().write(true).open(&target)?.write_all(bytes),
        _ => {
            let directory = directory_of(&target);
            let part = match nameless(directory, bytes, 0o666)? {
                // For a moment the file has a temporary name: only a file with a name can replace another.
                Some(file) => part().make_in(directory, |name| give_name(&file, name))?.into_temp_path(),
                None => named(directory, bytes, 0o666)?.into_temp_path(),
            };
            part.persist(&target).map_err(|failed| failed.error)
        }
    }
}

/// The most symbolic links that are followed, as in Linux.
const LINKS_MAX: usize = 40;

/// Where [`write`] puts a file: at the end of the symbolic links at `path`, whether or not something is there.
///
/// # Errors
/// If the links lead in a circle, or cannot be read.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&target) {
            Ok(next) => target = directory_of(&target).join(next),
            // What exists and is not a link is an invalid input.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(target);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Errno::LOOP.into())
}

/// Writes a new file with the mode `mode`, less the umask, and leaves an existing one alone.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if something has that name already; the errors of the file system.
pub fn create(path: impl AsRef<Path>, bytes: &[u8], mode: u32) -> io::Result<()> {
    let path = path.as_ref();
    match nameless(directory_of(path), bytes, mode)? {
        Some(file) => give_name(&file, path),
        None => {
            named(directory_of(path), bytes, mode)?.persist_noclobber(path).map(drop).map_err(|failed| failed.error)
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that no other process sees, and that vanishes with this process; `None` if the system has no such files.
fn nameless(directory: &Path, bytes: &[u8], mode: u32) -> io::Result<Option<File>> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut file = match open(directory, flags, Mode::from_raw_mode(mode)) {
        // The errors of a file system and of a kernel that lack it.
        Err(Errno::OPNOTSUPP | Errno::ISDIR) => return Ok(None),
        opened => File::from(opened?),
    };
    if !by_descriptor(&file).exists() {
        return Ok(None);
    }
    fill(&mut file, bytes)?;
    Ok(Some(file))
}

/// The path to a file without a name, if /proc is mounted.
fn by_descriptor(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn give_name(file: &File, name: &Path) -> io::Result<()> {
    Ok(linkat(CWD, by_descriptor(file), CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// A file with a temporary name, which stays behind if the process is killed.
fn named(directory: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = part().permissions(Permissions::from_mode(mode)).tempfile_in(directory)?;
    fill(file.as_file_mut(), bytes)?;
    Ok(file)
}

fn part() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wasmstone-").suffix(".part");
    builder
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{create, named, nameless, write};
    use std::{fs, io::ErrorKind, os::unix::fs::PermissionsExt, os::unix::fs::symlink};

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
    fn a_link_to_nothing_stays_and_its_target_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("below")).unwrap();
        symlink("below/second", at("first")).unwrap();
        symlink(at("real"), at("below/second")).unwrap();
        write(at("first"), b"new").unwrap();
        assert_eq!(fs::read(at("real")).unwrap(), b"new");
        for link in ["first", "below/second"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        symlink("no/such/directory", at("lost")).unwrap();
        assert_eq!(write(at("lost"), b"x").unwrap_err().kind(), ErrorKind::NotFound);
        assert!(fs::symlink_metadata(at("lost")).unwrap().is_symlink());
    }

    #[test]
    fn links_in_a_circle_are_an_error_and_stay() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (link, target) in [("one", "two"), ("two", "one"), ("self", "self")] {
            symlink(target, at(link)).unwrap();
        }
        for link in ["one", "self"] {
            assert_eq!(write(at(link), b"x").unwrap_err().raw_os_error(), Some(40), "{link}: ELOOP");
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink());
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
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
        let missing = write(directory.path().join("no/such/file"), b"").unwrap_err();
        assert_eq!((missing.kind(), missing.to_string().contains(".part")), (ErrorKind::NotFound, false));
        // A full disk: /dev/full refuses every byte.
        assert_eq!(write("/dev/full", b"x").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    /// The variable that names the output of [`a_writer`].
    const OUTPUT: &str = "WASMSTONE_TEST_OUTPUT";

    #[test]
    fn a_writer_that_is_killed_leaves_the_old_content_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        if nameless(directory.path(), b"", 0o600).unwrap().is_none() {
            println!("skipped: the file system has no files without a name");
            return;
        }
        let path = directory.path().join("app.wsb");
        fs::write(&path, b"what was there before").unwrap();
        // The signal that comes with a limit on the size of files kills the writer in the middle.
        let line = "ulimit -f 2; exec \"$0\" --ignored --exact atomic::tests::a_writer";
        let mut writer = std::process::Command::new("sh");
        writer.args(["-c", line]).arg(std::env::current_exe().unwrap()).env(OUTPUT, &path);
        assert_eq!(writer.output().unwrap().status.code(), None);
        assert_eq!(fs::read(&path).unwrap(), b"what was there before");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    #[ignore = "a_writer_that_is_killed_leaves_the_old_content_and_nothing_else runs it"]
    fn a_writer() {
        if let Some(path) = std::env::var_os(OUTPUT) {
            write(path, &[1; 1 << 20]).unwrap();
        }
    }

    #[test]
    fn create_never_overwrites() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        create(&path, b"one", 0o600).unwrap();
        assert_eq!(create(&path, b"two", 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_seen_until_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let file = nameless(directory.path(), b"whole", 0o600).unwrap();
        if file.is_none() {
            println!("the file system has no files without a name");
            return;
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn without_nameless_files_a_name_is_taken_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        named(directory.path(), b"one", 0o600).unwrap().persist_noclobber(&path).unwrap();
        assert!(named(directory.path(), b"two", 0o600).unwrap().persist_noclobber(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
