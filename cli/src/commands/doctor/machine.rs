//! The configuration directory.

use super::Check;
use crate::exit::Exit;
use crate::home::Home;
use std::path::Path;

/// Whether keys and platforms can be stored, and whether those that are there can be used.
pub fn configuration() -> Vec<Check> {
    const DIRECTORY: &str = "configuration directory";
    const KEYS: &str = "keys";
    const PLATFORMS: &str = "platforms";
    let set = "set WASMSTONE_HOME to a directory that can be written";
    let home = match Home::find() {
        Ok(home) => home,
        Err(error) => return vec![Check::missing(DIRECTORY, error.to_string(), set, Exit::NoHome)],
    };
    // What does not exist yet is made in the nearest directory that does.
    let existing = home.path().ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    let directory = match tempfile::tempfile_in(existing) {
        Ok(_) => Check::ok(DIRECTORY, home.path().display().to_string()),
        Err(error) => Check::missing(
            DIRECTORY,
            format!("{} cannot be written: {error}", home.path().display()),
            set,
            Exit::NoHome,
        ),
    };
    let keys = match home.keys().list() {
        Ok(keys) if keys.is_empty() => Check::absent(KEYS, "none yet", "\"wasmstone build\" makes one at first use"),
        Ok(keys) => Check::ok(KEYS, format!("{} can be used", keys.len())),
        Err(error) => Check::missing(KEYS, error.to_string(), "mend or remove that file", Exit::NoHome),
    };
    let platforms = home.platforms();
    let loaded = platforms.list().and_then(|names| {
        names.iter().try_for_each(|name| platforms.load(name).map(drop))?;
        Ok(names)
    });
    let platforms = match loaded {
        Ok(names) => Check::ok(PLATFORMS, names.join(" ")),
        Err(error) => {
            Check::missing(PLATFORMS, error.to_string(), "add the platform anew with --replace", Exit::NoHome)
        }
    };
    vec![directory, keys, platforms]
}
