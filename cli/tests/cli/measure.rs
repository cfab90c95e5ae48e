//! `wasmstone measure` of raw files.

use crate::support::{NOTHING, Sandbox};

/// As many bytes as asked for, which differ from each other.
fn pattern(length: usize, factor: usize, start: usize) -> Vec<u8> {
    (0..length).map(|index| ((index * factor + start) % 256) as u8).collect()
}

#[test]
fn files_measure_to_what_keystone_measured() {
    let sandbox = Sandbox::new();
    for (sizes, expected) in [
        (
            [36888, 111_920, 1952],
            "420ef2788ea10e91e0c962518c11eb3bd18b3666367e617782f0d2c07a43352ad71657a0e256a5cc2fd2607201fa72bf89e16086acc86602fa32c84eb5ba5efc",
        ),
        (
            [4096, 8192, 4097],
            "570ae17dd499938ed03315bb3eb8f64fe63b6c186ceb56f4d3e6dff81487ed6d4b8aefe6a1ef3c3ab935dad6ea4ec79d91f3548ad1665371f2e0e2f89c806104",
        ),
        (
            [1, 1, 1],
            "cfd2ba9f300c4b8921bdab358e4163c106930c79dfd435908e26d8c8af943b70258081428c3818a7db94c8e0f933ed645272841af64583255fedc904dfc05aeb",
        ),
    ] {
        sandbox.write("l", pattern(sizes[0], 7, 3));
        sandbox.write("r", pattern(sizes[1], 11, 5));
        sandbox.write("e", pattern(sizes[2], 13, 1));
        let arguments = ["measure", "--loader", "l", "--runtime", "r", "--eapp", "e"];
        assert_eq!(sandbox.wasmstone(arguments).succeeds().stdout, format!("{expected}\n"));
        let json = sandbox.wasmstone([&arguments[..], &["--json"]].concat()).succeeds().json();
        assert_eq!(json, serde_json::json!({ "schema": 1, "measurement": expected }));
    }
}

#[test]
fn a_firmware_is_hashed() {
    let sandbox = Sandbox::new();
    sandbox.write("firmware", b"x");
    sandbox.write("padded", [&b"x"[..], &[0; 0x1f_efff]].concat());
    sandbox.write("large", vec![0; 64 << 20]);
    let hash = sandbox.wasmstone(["measure", "--sm", "firmware"]).succeeds().stdout;
    assert_eq!(hash.len(), 129);
    assert_eq!(sandbox.wasmstone(["measure", "--sm", "padded"]).succeeds().stdout, hash);
    let json = sandbox.wasmstone(["measure", "--sm", "padded", "--json"]).succeeds().json();
    assert_eq!(json["sm_hash"], hash.trim_end());
    sandbox.wasmstone(["measure", "--sm", "large"]).fails(109, &["cannot measure large", "raw image"]);
    sandbox.write("empty", "");
    sandbox.wasmstone(["measure", "--sm", "empty"]).fails(109, &["cannot measure empty", "raw image"]);
    sandbox.wasmstone(["measure", "--sm", "nowhere"]).fails(1, &["cannot read nowhere"]);
}

#[test]
fn the_json_of_a_bundle_names_the_target() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--engine", "pulley"]).succeeds();
    let hash = sandbox.wasmstone(["measure", "app.wsb"]).succeeds().stdout;
    let json = sandbox.wasmstone(["measure", "app.wsb", "--json"]).succeeds().json();
    let expected = serde_json::json!({
        "schema": 1,
        "measurements": [{ "target": "pulley64", "measurement": hash.trim_end() }],
    });
    assert_eq!(json, expected);
}

#[test]
fn one_thing_is_measured_at_a_time() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["measure"][..],
        &["measure", "--loader", "l"],
        &["measure", "--loader", "l", "--runtime", "r"],
        &["measure", "--eapp", "e"],
        &["measure", "app.wsb", "--sm", "f"],
    ] {
        sandbox.wasmstone(arguments).fails(2, &[]);
    }
}
