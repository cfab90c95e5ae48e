//! The Keystone device, and the configuration directory.

use super::{Backend, Check};
use crate::exit::Exit;
use crate::home::Home;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use wasmstone_happ::backend::KEYSTONE_DEVICE;

/// Whether there is a Keystone device, and whether it can be opened.
pub fn keystone(wanted: Backend) -> Check {
    const NAME: &str = "keystone device";
    match File::options().read(true).write(true).open(KEYSTONE_DEVICE) {
        Ok(_) => Check::ok(NAME, format!("{KEYSTONE_DEVICE} can be opened; this release does not use it yet")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let found = format!("there is no {KEYSTONE_DEVICE}");
            let remedy = "on a Keystone machine, load the driver: \"modprobe keystone-driver\"";
            match wanted {
                Backend::Keystone => Check::missing(NAME, found, remedy, Exit::NoDevice),
                Backend::Sim => Check::absent(NAME, found, "not needed for the simulator"),
            }
        }
        Err(error) => Check::missing(
            NAME,
            format!("{KEYSTONE_DEVICE} cannot be opened: {error}"),
            format!("let this user read and write it, for example by \"chmod 666 {KEYSTONE_DEVICE}\""),
            Exit::DeviceDenied,
        ),
    }
}

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
