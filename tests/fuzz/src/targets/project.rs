//! Reading a project file.

use std::path::Path;
use wasmstone_builder::Project;

const VALID: &[u8] = br#"name = "app"
wasm = "app.wasm"
max-memory = "64M"
platform = "sim"
output = "app.wsb"
key = "default"
arguments = ["a", "b"]
directories = "any"
network = "denied"
[environment]
set = { MODE = "fast" }
allow = ["TZ"]
[[directory]]
guest = "/data"
access = "read-only"
"#;

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(&crate::edited(VALID, data)).into_owned();
    let _ = Project::parse(Path::new("/somewhere/wasmstone.toml"), &text);
}
