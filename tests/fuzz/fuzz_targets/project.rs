//! Reading a project file.

#![no_main]

use libfuzzer_sys::fuzz_target;
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

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(&wasmstone_fuzz::edited(VALID, data)).into_owned();
    let _ = Project::parse(Path::new("/somewhere/wasmstone.toml"), &text);
});
