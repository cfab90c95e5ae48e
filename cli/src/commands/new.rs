//! `wasmstone new`.

use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use clap::ValueEnum;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Start a project: a program, its build, its wasmstone.toml.
#[derive(clap::Args)]
pub struct New {
    /// Its name, and that of the directory to make.
    name: String,
    /// What it is written in, and for.
    #[arg(long, value_enum, default_value_t = Template::Rust)]
    template: Template,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Template {
    /// A command in Rust.
    Rust,
    /// An HTTP service in Rust.
    RustHttp,
    /// A command in C.
    C,
}

/// A file of a template: its path and its text, in which `{{name}}` stands for the project's name, and
/// `{{crate}}` for what Cargo calls a library of that name.
type File = (&'static str, &'static str);

macro_rules! template {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../templates/", $folder, "/", $path)))),+]
    };
}

const RUST: &[File] = template!("rust": ".gitignore", "Cargo.toml", "README.md", "src/main.rs", "wasmstone.toml");
const RUST_HTTP: &[File] =
    template!("rust-http": ".gitignore", "Cargo.toml", "README.md", "src/lib.rs", "wasmstone.toml");
const C: &[File] = template!("c": ".gitignore", "Makefile", "README.md", "main.c", "wasmstone.toml");

impl New {
    pub fn run(self) -> anyhow::Result<Exit> {
        check_name(&self.name)?;
        let target = Path::new(&self.name);
        if target.symlink_metadata().is_ok() {
            let message = format!("{} exists already: choose another name, or remove it", self.name);
            return Err(Fault::new(Exit::Configuration, message).into());
        }
        let files = match self.template {
            Template::Rust => RUST,
            Template::RustHttp => RUST_HTTP,
            Template::C => C,
        };
        write(target, files)
            .with_context(|| Fault::new(Exit::Output, format!("cannot make the directory {}", self.name)))?;
        console::say(format_args!("made {0}; {0}/README.md says how to go on", self.name));
        Ok(Exit::Success)
    }
}

/// Writes the project aside and renames it, so that it is there whole or not at all.
fn write(target: &Path, files: &[File]) -> std::io::Result<()> {
    let name = target.to_string_lossy();
    let aside = tempfile::Builder::new().prefix(".wasmstone-").tempdir_in(".")?;
    let project = aside.path().join("project");
    for (path, text) in files {
        let path = project.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&project))?;
        fs::write(&path, text.replace("{{name}}", &name).replace("{{crate}}", &name.replace('-', "_")))?;
        if text.starts_with("#!") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
    }
    fs::rename(project, target)
}

/// What is a name to cargo, make and C alike.
fn check_name(name: &str) -> Result<(), Fault> {
    let fits = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        return Ok(());
    }
    let message = format!("\"{name}\" cannot be a project's name: use up to 64 of a-z A-Z 0-9 - _, and a letter first");
    Err(Fault::new(Exit::Configuration, message))
}

#[cfg(test)]
mod tests {
    use super::{C, File, RUST, RUST_HTTP, check_name};
    use std::path::Path;

    /// Paths below `folder`, without what builds leave there.
    fn paths(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{prefix}{name}");
            match entry.file_type().unwrap().is_dir() {
                true if name == "target" => {}
                true => paths(&entry.path(), &format!("{path}/"), found),
                false if name == "Cargo.lock" => {}
                false => found.push(path),
            }
        }
    }

    #[test]
    fn templates_are_embedded_whole() {
        for (folder, files) in [("rust", RUST), ("rust-http", RUST_HTTP), ("c", C)] {
            let mut found = Vec::new();
            paths(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates").join(folder), "", &mut found);
            found.sort();
            let embedded: Vec<_> = files.iter().map(|(path, _): &File| *path).collect();
            assert_eq!(found, embedded, "templates/{folder} and cli/src/commands/new.rs differ");
        }
    }

    #[test]
    fn names_are_checked() {
        for good in ["a", "my-app", "App_2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "2app", "-x", "a b", "../a", "a/b", "ä", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
