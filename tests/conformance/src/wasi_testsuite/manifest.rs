//! The JSON file beside a test of the suite, in both of its forms: fields, or a list of operations.

use crate::suite::{Case, Dir};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Fields {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    /// The directory that is `/` for the program.
    root: Option<String>,
    /// In older versions: directories that the program sees under the same names.
    dirs: Vec<String>,
    exit_code: i32,
    stdout: Option<String>,
    stderr: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operations {
    operations: Vec<Operation>,
    #[serde(default)]
    proposals: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Operation {
    Run {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        #[serde(default)]
        root: Option<String>,
    },
    Read {
        #[serde(default = "stdout")]
        id: String,
        #[serde(default)]
        payload: String,
    },
    Wait {
        #[serde(default)]
        exit_code: i32,
    },
}

fn stdout() -> String {
    "stdout".to_owned()
}

/// What the JSON file of a test in `folder` says about how to run the test.
///
/// # Errors
/// If the file does not follow the suite's specification, or has operations that programs for WASI 0.1 cannot take
/// part in, such as connections.
pub fn read(text: &str, folder: &Path) -> Result<Case> {
    let value: serde_json::Value = serde_json::from_str(text).context("its manifest is not JSON")?;
    if value.get("operations").is_none() {
        let fields: Fields = serde_json::from_value(value).context("its manifest has other fields")?;
        return fields.into_case(folder);
    }
    let Operations { operations, proposals } =
        serde_json::from_value(value).context("its manifest has other operations")?;
    ensure!(proposals.is_empty(), "it needs {}, which WASI 0.1 does not have", proposals.join(", "));
    let mut fields = Fields::default();
    for (index, operation) in operations.into_iter().enumerate() {
        match operation {
            Operation::Run { args, env, root } if index == 0 => fields = Fields { args, env, root, ..fields },
            Operation::Wait { exit_code } if index > 0 => fields.exit_code = exit_code,
            Operation::Read { id, payload } if index > 0 && id == "stdout" => fields.stdout = Some(payload),
            Operation::Read { id, payload } if index > 0 && id == "stderr" => fields.stderr = Some(payload),
            _ => bail!("operation {index} of its manifest is not in its place"),
        }
    }
    fields.into_case(folder)
}

impl Fields {
    fn into_case(self, folder: &Path) -> Result<Case> {
        let granted = |name: String, guest: &str| {
            let original = folder.join(&name);
            ensure!(original.is_dir(), "its directory {name} is missing");
            Ok(Dir { guest: guest.to_owned(), copy_of: Some(original.canonicalize()?), ..Dir::default() })
        };
        let root = self.root.into_iter().map(|name| granted(name, "/"));
        let dirs = root.chain(self.dirs.into_iter().map(|name| granted(name.clone(), &name)));
        Ok(Case {
            dirs: dirs.collect::<Result<_>>()?,
            args: self.args,
            env: self.env,
            exit: self.exit_code,
            stdout: self.stdout,
            stderr: self.stderr,
            ..Case::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("fs.dir")).unwrap();
        folder
    }

    #[test]
    fn both_forms_say_the_same() {
        let folder = folder();
        for text in [
            r#"{"args": ["a", "b \""], "env": {"x": "y"}, "root": "fs.dir", "exit_code": 7, "stdout": "out", "stderr": "err"}"#,
            r#"{"operations": [{"type": "run", "args": ["a", "b \""], "env": {"x": "y"}, "root": "fs.dir"},
                {"type": "read", "payload": "out"}, {"type": "read", "id": "stderr", "payload": "err"},
                {"type": "wait", "exit_code": 7}]}"#,
        ] {
            let case = read(text, folder.path()).unwrap();
            assert_eq!(case.args, ["a", "b \""]);
            assert_eq!(case.env, BTreeMap::from([("x".to_owned(), "y".to_owned())]));
            assert_eq!((case.exit, case.stdout.as_deref(), case.stderr.as_deref()), (7, Some("out"), Some("err")));
            assert_eq!(case.dirs.len(), 1);
            assert_eq!(case.dirs[0].guest, "/");
            assert!(case.dirs[0].copy_of.as_ref().unwrap().ends_with("fs.dir"));
        }
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        for text in ["{}", r#"{"root": null}"#, r#"{"operations": [{"type": "run"}, {"type": "wait"}]}"#] {
            let case = read(text, folder().path()).unwrap();
            assert!(case.args.is_empty() && case.env.is_empty() && case.dirs.is_empty());
            assert_eq!((case.exit, case.stdout, case.stderr), (0, None, None));
        }
        let case = read(r#"{"dirs": ["fs.dir"]}"#, folder().path()).unwrap();
        assert_eq!(case.dirs[0].guest, "fs.dir");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, word) in [
            ("nothing", "not JSON"),
            (r#"{"exit_core": 3}"#, "exit_core"),
            (r#"{"root": "nowhere"}"#, "nowhere is missing"),
            (r#"{"args": [], "operations": []}"#, "args"),
            (r#"{"proposals": ["sockets"], "operations": []}"#, "sockets"),
            (r#"{"operations": [{"type": "run"}, {"type": "connect"}]}"#, "connect"),
            (r#"{"operations": [{"type": "wait"}]}"#, "operation 0"),
            (r#"{"operations": [{"type": "run"}, {"type": "run"}]}"#, "operation 1"),
        ] {
            let error = format!("{:#}", read(text, folder().path()).unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
