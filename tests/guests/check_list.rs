//! Build script of the guests: stops the build unless every program here has a case in `tests/guest-list`, from which
//! the tests are made, and every case has a program.

use std::collections::BTreeSet;
use std::{env, fs, path::Path};
use wasmstone_guest_list::{CASES, Targets};

fn main() {
    let package = env::var("CARGO_PKG_NAME").expect("cargo sets it");
    let directory = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src/bin");
    println!("cargo::rerun-if-changed=src/bin");
    println!("cargo::rerun-if-changed=../check_list.rs");

    let targets = if package == "guests-std" { Targets::Both } else { Targets::Wasip2 };
    let listed: BTreeSet<String> =
        CASES.iter().filter(|case| case.targets == targets).map(|case| case.program.to_owned()).collect();
    let present: BTreeSet<String> = fs::read_dir(&directory)
        .expect("src/bin is readable")
        .filter_map(|entry| Path::new(&entry.ok()?.file_name()).file_stem()?.to_str().map(str::to_owned))
        .collect();
    for program in present.difference(&listed) {
        println!(
            "cargo::error=the program `{program}` of {package} has no case: add one to tests/guest-list/src/lib.rs"
        );
    }
    for program in listed.difference(&present) {
        println!("cargo::error=tests/guest-list has a case for `{program}`, which {package} does not have");
    }
}
