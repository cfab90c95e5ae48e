//! `wasmstone platform`.

use crate::support::{NOTHING, Sandbox};
use wasmstone_bundle::{SmHash, measurement::sm_hash, stand_in};

fn with_files() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("loader.bin", stand_in::loader());
    sandbox.write("eyrie-rt", stand_in::runtime());
    sandbox.write("firmware", "firmware");
    sandbox
}

const ADD: [&str; 7] = ["platform", "add", "board", "--loader", "loader.bin", "--runtime", "eyrie-rt"];

#[test]
fn a_platform_is_added_and_shown() {
    let sandbox = with_files();
    let device_key = "ab".repeat(32);
    sandbox.wasmstone(ADD.iter().copied().chain(["--sm", "firmware", "--device-key", &device_key])).succeeds();
    assert_eq!(sandbox.wasmstone(["platform", "list"]).succeeds().stdout, "board\nsim\n");
    assert_eq!(
        sandbox.wasmstone(["platform", "list", "--json"]).succeeds().json(),
        serde_json::json!({ "schema": 1, "platforms": ["board", "sim"] })
    );
    let json = sandbox.wasmstone(["platform", "show", "board", "--json"]).succeeds().json();
    let SmHash(expected) = sm_hash(b"firmware").unwrap();
    assert_eq!(json["sm_hash"], SmHash(expected).to_string());
    assert_eq!(json["device_keys"], serde_json::json!([device_key]));
    assert_eq!(json["fp_safe"], false);
    assert_eq!(json["loader"]["size"], stand_in::loader().len());
    let shown = sandbox.wasmstone(["platform", "show", "board"]).succeeds().stdout;
    assert!(shown.contains("neither saved nor protected") && shown.contains(&device_key), "{shown}");
}

#[test]
fn this_release_builds_for_the_simulator_alone() {
    let sandbox = with_files();
    sandbox.wasmstone(ADD).succeeds();
    sandbox.wasm("app.wasm", NOTHING);
    let ran = sandbox.wasmstone(["build", "app.wasm", "--platform", "board"]);
    ran.fails(109, &["no RISC-V enclave app yet", "--platform sim"]);
    assert!(!sandbox.path("app.wsb").exists());
}

#[test]
fn mistakes_are_refused_and_nothing_is_added() {
    let sandbox = with_files();
    sandbox.write("text", "not a runtime");
    sandbox.write("large", vec![1; 0x20_0000]);
    sandbox.write("empty", "");
    let add = |name: &str, loader: &str, runtime: &str, extra: &[&str]| {
        let arguments = ["platform", "add", name, "--loader", loader, "--runtime", runtime];
        sandbox.wasmstone([&arguments, extra].concat())
    };
    add("sim", "loader.bin", "eyrie-rt", &[]).fails(109, &["cannot be redefined"]);
    add("a/b", "loader.bin", "eyrie-rt", &[]).fails(109, &["is not a name"]);
    add("board", "empty", "eyrie-rt", &[]).fails(109, &["loader is empty"]);
    add("board", "loader.bin", "text", &[]).fails(109, &["not an ELF file for riscv64"]);
    add("board", "nowhere", "eyrie-rt", &[]).fails(1, &["cannot read nowhere"]);
    add("board", "loader.bin", "eyrie-rt", &["--sm", "large"]).fails(109, &["cannot hash large"]);
    add("board", "loader.bin", "eyrie-rt", &["--sm-hash", "12"]).fails(2, &["128 hexadecimal digits"]);
    add("board", "loader.bin", "eyrie-rt", &["--device-key", "12"]).fails(109, &["neither a device key nor a file"]);
    assert_eq!(sandbox.wasmstone(["platform", "list"]).succeeds().stdout, "sim\n");
    sandbox.wasmstone(["platform", "show", "board"]).fails(109, &["no platform \"board\""]);
}

#[test]
fn a_platform_is_replaced_only_when_told() {
    let sandbox = with_files();
    sandbox.wasmstone(ADD).succeeds();
    sandbox.wasmstone(ADD).fails(109, &["already", "--replace"]);
    sandbox.wasmstone(ADD.iter().copied().chain(["--replace", "--fp-safe"])).succeeds();
    assert_eq!(sandbox.wasmstone(["platform", "show", "board", "--json"]).json()["fp_safe"], true);
}
