//! Debian packages, on systems where this user may install them without a password.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;
use wasmstone_test_support::shell::{run, succeeds};

/// Installs packages.
///
/// # Errors
/// If this is not Debian, a password is needed, or apt-get fails; the text says how to do it by hand.
pub fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("by hand: sudo apt install {}", packages.join(" "));
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("this system has no apt-get; it needs what Debian calls {}", packages.join(", "));
    }
    let sudo = if succeeds(Command::new("sh").args(["-c", "test $(id -u) = 0"])) {
        false
    } else if succeeds(Command::new("sudo").args(["-n", "true"])) {
        true
    } else {
        bail!("installing packages needs root; {by_hand}");
    };
    let install = || apt_get(sudo, &["install", "--yes", "--no-install-recommends"], packages);
    // The lists are often fresh enough, and updating them takes longer than the rest.
    if install().or_else(|_| apt_get(sudo, &["update"], &[]).and_then(|()| install())).is_err() {
        bail!("apt-get failed; {by_hand}");
    }
    Ok(())
}

fn apt_get(sudo: bool, action: &[&str], packages: &[&str]) -> Result<()> {
    let mut command = Command::new(if sudo { "sudo" } else { "env" });
    if sudo {
        command.arg("-n").arg("env");
    }
    run(command.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(action).args(packages))
}

/// Systems whose source packages are known: their name in os-release(5), the address of the packages, and the keys
/// that sign them.
const SYSTEMS: [(&str, &str, &str); 2] = [
    ("debian", "http://deb.debian.org/debian", "/usr/share/keyrings/debian-archive-keyring.gpg"),
    ("ubuntu", "http://archive.ubuntu.com/ubuntu", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
];

/// Puts the files of a source package of this system's release into a directory. apt-get checks the signature; its
/// own configuration and lists stay as they are, so that no root rights are needed.
///
/// # Errors
/// If this system is not one of [`SYSTEMS`], or apt-get fails.
pub fn fetch_source(package: &str, directory: &Path) -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let Some(sources) = sources(&release) else {
        bail!("the source of {package} is fetched on Debian and Ubuntu only; get it by hand, and name it")
    };
    let list = directory.join("package.sources");
    fs::write(&list, sources).with_context(|| format!("cannot write {}", list.display()))?;
    fs::create_dir_all(directory.join("lists/partial")).context("cannot make a directory")?;
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(directory);
        for (option, value) in [
            ("Dir::Etc::SourceList", list.as_path()),
            ("Dir::Etc::SourceParts", Path::new("/dev/null")),
            ("Dir::State::Lists", &directory.join("lists")),
            ("Dir::Cache", directory),
        ] {
            command.arg("-o").arg(format!("{option}={}", value.display()));
        }
        run(command.args(arguments))
    };
    apt_get(&["update"]).and_then(|()| apt_get(&["source", "--download-only", package]))
}

/// The file that names the address of source packages, for a release.
fn sources(release: &str) -> Option<String> {
    let value = |key: &str| {
        let value = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.map(|value| value.trim_matches('"'))
    };
    let (system, codename) = (value("ID")?, value("VERSION_CODENAME")?);
    let (_, uri, keys) = SYSTEMS.iter().find(|(name, _, _)| *name == system)?;
    Some(format!("Types: deb-src\nURIs: {uri}\nSuites: {codename}\nComponents: main\nSigned-By: {keys}\n"))
}

#[cfg(test)]
mod tests {
    use super::sources;

    #[test]
    fn source_packages_are_those_of_the_release() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert!(sources(debian).unwrap().contains("URIs: http://deb.debian.org/debian\nSuites: bookworm\n"));
        let ubuntu = "ID_LIKE=debian\nID=ubuntu\nVERSION_CODENAME=\"noble\"\nUBUNTU_CODENAME=noble\n";
        assert!(sources(ubuntu).unwrap().contains("/ubuntu\nSuites: noble\n"));
        assert_eq!(sources("ID=fedora\nVERSION_CODENAME=\"\"\n"), None);
        assert_eq!(sources("ID_LIKE=debian\n"), None);
        assert_eq!(sources(""), None);
    }
}
