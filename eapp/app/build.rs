//! Lays out the WIT files from which the WASI bindings are generated. They come from the crate `wasip2`, pinned in
//! Cargo.lock, so that this repository holds no copy.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[allow(dead_code)]
#[path = "src/interfaces.rs"]
mod interfaces;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=enclave.ld");
    println!("cargo::rerun-if-changed=src/interfaces.rs");
    if env::var("CARGO_CFG_TARGET_OS")? == "none" {
        link_for_eyrie(&env::var("CARGO_MANIFEST_DIR")?);
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let wit = out.join("wit");
    let deps = wit.join("deps");
    if deps.exists() {
        fs::remove_dir_all(&deps)?;
    }
    fs::create_dir_all(&deps)?;
    let root = wasip2_root()?;
    for package in interfaces::SERVED.iter().filter_map(|(name, ..)| name.strip_prefix("wasi:")) {
        let source = root.join("wit/deps").join(package).with_extension("wit");
        fs::copy(&source, deps.join(package).with_extension("wit"))
            .map_err(|error| format!("{}: {error}", source.display()))?;
    }
    // The project's own interfaces: each file is a package.
    for own in fs::read_dir("../wit")? {
        let own = own?.path();
        let name = own.file_name().ok_or("a WIT file has no name")?;
        fs::copy(&own, deps.join(name)).map_err(|error| format!("{}: {error}", own.display()))?;
    }
    println!("cargo::rerun-if-changed=../wit");
    fs::write(wit.join("guest.wit"), world())?;
    // The macro takes only a literal path, so the line that names it is generated.
    let macro_call = fs::read_to_string("src/bindings.in")?.replace("@WIT@", &wit.display().to_string());
    fs::write(out.join("bindings.rs"), macro_call)?;
    println!("cargo::rerun-if-changed=src/bindings.in");
    Ok(())
}

/// The WIT world from which the bindings are made.
fn world() -> String {
    let mut world = "package wasmstone:enclave;\n\nworld guest {\n".to_owned();
    for (package, version, interfaces) in interfaces::SERVED {
        for interface in interfaces.split(' ') {
            world += &format!("  import {package}/{interface}@{version};\n");
        }
    }
    world + "}\n"
}

/// Makes the linker produce the executable that Eyrie loads.
fn link_for_eyrie(manifest: &str) {
    let script = format!("-T{manifest}/enclave.ld");
    for argument in [script.as_str(), "-zmax-page-size=4096", "--strip-all", "--build-id=none", "--fatal-warnings"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// The directory into which Cargo unpacked the crate `wasip2`.
fn wasip2_root() -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version=1", "--filter-platform"])
        .arg(env::var("HOST")?)
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| {
            package["name"] == "wasip2" && package["version"].as_str().is_some_and(|v| v.starts_with("2.0."))
        })
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("cargo metadata does not list wasip2")?;
    Ok(Path::new(manifest).parent().ok_or("wasip2 has no folder")?.to_owned())
}
