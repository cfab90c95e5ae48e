//! The definitions of WASI.

use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::processes::InTime;

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The directory into which Cargo unpacked the crate with the WIT files.
pub fn wit() -> PathBuf {
    let host = output("rustc", &["--print", "host-tuple"]);
    let metadata = output(env!("CARGO"), &["metadata", "--format-version=1", "--filter-platform", host.trim()]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let is_it = |package: &&serde_json::Value| {
        package["name"] == "wasip2" && package["version"].as_str().unwrap().starts_with("2.0.")
    };
    let package = metadata["packages"].as_array().unwrap().iter().find(is_it).expect("wasip2 is a dependency");
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("wit")
}
