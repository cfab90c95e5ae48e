//! The checked-in completion scripts are those that the program prints.

use crate::support::Sandbox;
use std::path::Path;

#[test]
fn checked_in_completions_are_current() {
    let sandbox = Sandbox::new();
    for (shell, file) in [("bash", "wasmstone.bash"), ("zsh", "_wasmstone"), ("fish", "wasmstone.fish")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../completions").join(file);
        let printed = sandbox.wasmstone(["completion", shell]).succeeds().stdout;
        if std::env::var_os("WASMSTONE_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &printed).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(printed == checked_in, "completions/{file} is old: run this test with WASMSTONE_BLESS=1");
    }
    sandbox.wasmstone(["completion", "tcsh"]).fails(2, &["bash"]);
}
