//! The files of a platform, found in a Keystone build tree.
//!
//! Loader and runtime are a pair, built together. Each of Keystone's examples builds a pair of its own. No two pairs
//! have the same bytes, since loader and runtime hold the path of their sources; their behaviour differs only if
//! `.options_log` beside them names additional system calls.

use crate::Sha256Digest;
use crate::platform::read_bounded;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const LOADER: &str = "loader.bin";
const RUNTIME: &str = "eyrie-rt";
/// The file that lists the runtime's options; it is empty if there are none.
const OPTIONS: &str = ".options_log";
/// Begins the name of the directory in which Buildroot builds the examples.
const EXAMPLES: &str = "keystone-examples-";

/// The firmware that Keystone's own scripts boot, and the firmware with a kernel in it that some boards boot.
const FIRMWARE: [&str; 2] = ["fw_jump.bin", "fw_payload.bin"];
/// The directory in which Buildroot puts what is to be booted; elsewhere lie intermediate results.
const BOOTED: &str = "images";

/// The greatest depth of a search: deeper than the examples in Buildroot's directory.
const MAX_DEPTH: usize = 16;

/// The most files of a tree: a build of Buildroot with all its packages has some hundred thousand.
const MAX_ENTRIES: usize = 4_000_000;

/// The files of a build tree that could belong to a platform.
#[derive(Clone, Debug)]
pub struct BuildTree {
    directory: PathBuf,
    runtimes: Vec<PathBuf>,
    firmware: [Vec<PathBuf>; 2],
}

/// A loader and a runtime that were built together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Keystone's loader.
    pub loader: PathBuf,
    /// The runtime.
    pub runtime: PathBuf,
}

/// What the pairs of one build have in common. Of two such pairs, either will do.
#[derive(PartialEq, Eq)]
enum Build {
    /// Keystone's examples, all built in this directory.
    Examples(PathBuf),
    /// Copies of a loader and a runtime with these digests.
    Copies(Sha256Digest, Sha256Digest),
}

impl BuildTree {
    /// Looks through a directory. Symbolic links are not followed.
    ///
    /// # Errors
    /// [`TreeError::Read`] if this is not a directory that can be read, [`TreeError::TooLarge`].
    pub fn find(directory: &Path) -> Result<Self, TreeError> {
        let mut tree =
            Self { directory: directory.to_owned(), runtimes: Vec::new(), firmware: [Vec::new(), Vec::new()] };
        let failed = |error| TreeError::Read { path: directory.to_owned(), error };
        let mut unread = vec![(fs::read_dir(directory).map_err(failed)?, 1)];
        let mut entries = 0;
        while let Some((directory, depth)) = unread.last_mut() {
            let depth = *depth;
            let Some(entry) = directory.next() else {
                unread.pop();
                continue;
            };
            // Entries that cannot be read are passed over, such as a directory of another user.
            let Ok(entry) = entry else { continue };
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(TreeError::TooLarge { path: tree.directory });
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => {
                    unread.extend(fs::read_dir(entry.path()).ok().map(|directory| (directory, depth + 1)));
                }
                Ok(kind) if kind.is_file() => tree.take(entry.path()),
                _ => {}
            }
        }
        // The path with the fewest components, and among these the first by name.
        for found in tree.firmware.iter_mut().chain([&mut tree.runtimes]) {
            found.sort_by_cached_key(|path| (path.components().count(), path.clone()));
        }
        Ok(tree)
    }

    fn take(&mut self, path: PathBuf) {
        let [jump, payload] = &mut self.firmware;
        match path.file_name().and_then(|name| name.to_str()) {
            Some(RUNTIME) if path.with_file_name(LOADER).is_file() => self.runtimes.push(path),
            Some(name) if name == FIRMWARE[0] => jump.push(path),
            Some(name) if name == FIRMWARE[1] => payload.push(path),
            _ => {}
        }
    }

    /// A loader and a runtime without additional system calls.
    ///
    /// # Errors
    /// [`TreeError`] if there is no such pair, or several that come from different builds.
    pub fn pair(&self) -> Result<Pair, TreeError> {
        let mut builds = Vec::new();
        let mut others = String::new();
        for runtime in &self.runtimes {
            let options = fs::read_to_string(runtime.with_file_name(OPTIONS)).unwrap_or_default();
            if !options.trim().is_empty() {
                others.push_str(&format!("\n{}: {}", runtime.display(), options.trim()));
                continue;
            }
            let pair = Pair { loader: runtime.with_file_name(LOADER), runtime: runtime.clone() };
            let build = build_of(&pair)?;
            if !builds.iter().any(|(known, _)| *known == build) {
                builds.push((build, pair));
            }
        }
        if builds.len() > 1 {
            let paths = builds.iter().map(|(_, pair)| format!("\n{}", pair.runtime.display())).collect();
            return Err(TreeError::Several { what: "several builds of eyrie-rt and loader.bin", how: PAIR, paths });
        }
        match builds.pop() {
            Some((_, pair)) => Ok(pair),
            None if others.is_empty() => Err(TreeError::Missing { path: self.directory.clone() }),
            None => {
                let what = "only builds of eyrie-rt with additional system calls";
                Err(TreeError::Several { what, how: PAIR, paths: others })
            }
        }
    }

    /// The firmware that holds the security monitor, if there is one.
    ///
    /// # Errors
    /// [`TreeError`] if there are several that differ.
    pub fn firmware(&self) -> Result<Option<&Path>, TreeError> {
        for found in &self.firmware {
            let booted = found.iter().any(|path| is_booted(path));
            let mut different: Vec<(Sha256Digest, &Path)> = Vec::new();
            for path in found.iter().filter(|path| !booted || is_booted(path)) {
                let digest = digest(path)?;
                if !different.iter().any(|(known, _)| *known == digest) {
                    different.push((digest, path));
                }
            }
            match different.as_slice() {
                [] => {}
                [(_, path)] => return Ok(Some(path)),
                several => {
                    let paths = several.iter().map(|(_, path)| format!("\n{}", path.display())).collect();
                    return Err(TreeError::Several { what: "several different firmware images", how: "--sm", paths });
                }
            }
        }
        Ok(None)
    }
}

/// The options that name a pair.
const PAIR: &str = "--runtime, and the loader.bin beside it with --loader";

fn build_of(pair: &Pair) -> Result<Build, TreeError> {
    let is_examples =
        |path: &&Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(EXAMPLES.as_bytes()));
    match pair.runtime.ancestors().find(is_examples) {
        Some(examples) => Ok(Build::Examples(examples.to_owned())),
        None => Ok(Build::Copies(digest(&pair.loader)?, digest(&pair.runtime)?)),
    }
}

fn digest(path: &Path) -> Result<Sha256Digest, TreeError> {
    let content = read_bounded(path).map_err(|error| TreeError::Read { path: path.to_owned(), error })?;
    Ok(Sha256Digest::of(&content))
}

fn is_booted(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == BOOTED)
}

/// Why a directory does not give the files of a platform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// Something cannot be read.
    #[error("cannot read {path}: give the directory of a Keystone build that this user can read", path = path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The directory holds more files than a build.
    #[error("{path} holds too many files: give the directory of the Keystone build itself, such as build-generic64", path = path.display())]
    TooLarge {
        /// The directory.
        path: PathBuf,
    },
    /// The directory has not been built, or is another kind of directory.
    #[error(
        "there is no eyrie-rt with a loader.bin beside it in {path}: give the directory of a finished Keystone build, \
         or both files with --loader and --runtime", path = path.display()
    )]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// There are several choices, and a person has to choose.
    #[error("there are {what}: choose one with {how}{paths}")]
    Several {
        /// The kind of file to choose.
        what: &'static str,
        /// The options that name one of the choices.
        how: &'static str,
        /// A line for each choice.
        paths: String,
    },
}
