//! `wasmstone new`.

use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use clap::ValueEnum;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Start a project: a program, its build files and its wasmstone.toml.
#[derive(clap::Args)]
pub struct New {
    /// Name of the project and of the directory to create.
    name: String,
    /// Language and kind of the program.
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

/// A file of a template: its path and its text. In the text, `{{name}}` stands for the project's name, and
/// `{{crate}}` for the name that Cargo gives to a library of that name.
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
            .with_context(|| Fault::new(Exit::Output, format!("cannot create the directory {}", self.name)))?;
        console::say(format_args!("created {0}; {0}/README.md describes the next steps", self.name));
        Ok(Exit::Success)
    }
}

/// Writes the project to a temporary directory and renames that, so that a failure leaves nothing behind.
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

/// Checks that Cargo, make and C all accept the name.
fn check_name(name: &str) -> Result<(), Fault> {
    let fits = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        return Ok(());
    }
    let message = format!(
        "\"{name}\" is not a valid project name: use at most 64 characters of a-z A-Z 0-9 - _, starting with a letter"
    );
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
