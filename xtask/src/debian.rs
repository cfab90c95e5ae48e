//! Packages, where the system is Debian and this user may install them without being asked.

use crate::shell::{run, succeeds};
use anyhow::{Result, bail};
use std::process::Command;

/// Installs packages.
///
/// # Errors
/// Where this is not Debian, or needs a password, or fails; the text says how to do it by hand.
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
