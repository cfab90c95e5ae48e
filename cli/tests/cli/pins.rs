//! `wasmstone measure --pins`.

use crate::support::{NOTHING, Sandbox};
use wasmstone_attestation::{DeviceKey, Pins, SmHash};
use wasmstone_test_support::keystone_files::keystone_files;

fn read(sandbox: &Sandbox, name: &str) -> Pins {
    Pins::from_toml(std::str::from_utf8(&sandbox.read(name)).unwrap()).unwrap()
}

/// A platform "board" with these additional options, and `app.wsb` for it.
fn board(options: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let (loader, runtime) = keystone_files();
    for (name, content) in [("loader.bin", loader), ("eyrie-rt", runtime), ("fw_jump.bin", vec![0x13; 5000])] {
        sandbox.write(name, content);
    }
    let add = format!("platform add board --loader loader.bin --runtime eyrie-rt {options}");
    sandbox.wasmstone(add.split_whitespace()).succeeds();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone("build app.wasm --platform board --targets pulley64,riscv64,x86_64 -q".split(' ')).succeeds();
    sandbox
}

#[test]
fn of_the_simulator_everything_is_known() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--targets", "pulley64,x86_64", "--quiet"]).succeeds();
    let ran = sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).succeeds();
    assert_eq!(ran.stdout, sandbox.wasmstone(["measure", "app.wsb"]).stdout);
    let pins = read(&sandbox, "pins.toml");
    assert_eq!(pins.name.as_deref(), Some("app.wasm"));
    let shown = pins.measurements.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ran.stdout.split_whitespace().skip(1).step_by(2).collect::<Vec<_>>(), shown);
    assert_eq!((pins.sm_hashes, pins.device_keys), (vec![SmHash::SIMULATOR], vec![DeviceKey::SIMULATOR]));
    let id = sandbox.wasmstone(["key", "show", "default", "--json"]).json()["key_id"].clone();
    assert_eq!(pins.signers.iter().map(ToString::to_string).collect::<Vec<_>>(), [id.as_str().unwrap()]);
    // The pins show a reviewer what the program may do.
    let text = String::from_utf8(sandbox.read("pins.toml")).unwrap();
    assert!(text.contains("#   network: any that the run command grants\n"), "{text}");

    sandbox.wasmstone(["measure", "app.wsb", "--pins", "one.toml", "--target", "x86_64"]).succeeds();
    assert_eq!(read(&sandbox, "one.toml").measurements, pins.measurements[1..]);
}

#[test]
fn a_file_is_replaced_only_if_that_is_said() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.write("pins.toml", "mine");
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).fails(109, &["exists already", "--replace"]);
    assert_eq!(sandbox.read("pins.toml"), b"mine");
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml", "--replace"]).succeeds();
    read(&sandbox, "pins.toml");
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "no/pins.toml"]).fails(111, &["create the directory no"]);
    sandbox.wasmstone(["measure", "--sm", "app.wasm", "--pins", "pins.toml"]).fails(2, &[]);
    sandbox.wasmstone(["measure", "app.wsb", "--device-key", &"0".repeat(64)]).fails(2, &["--pins"]);
}

#[test]
fn what_is_not_known_of_a_platform_is_said() {
    let (key, other) = ("12".repeat(32), "34".repeat(32));
    let sandbox = board("");
    let measure = |options: &[&str]| sandbox.wasmstone([&["measure", "app.wsb", "--pins", "p.toml"], options].concat());
    measure(&[]).fails(109, &["security monitor", "\"board\"", "--sm-hash", "measure --sm"]);
    let hash = "56".repeat(64);
    measure(&["--sm-hash", &hash]).fails(109, &["no device", "\"board\"", "--device-key"]);
    measure(&["--sm-hash", &hash, "--device-key", "nowhere"]).fails(109, &["nowhere"]);
    assert!(!sandbox.path("p.toml").exists());
    measure(&["--sm-hash", &hash, "--device-key", &key, "--device-key", &other, "--device-key", &key]).succeeds();
    let pins = read(&sandbox, "p.toml");
    assert_eq!(pins.sm_hashes.iter().map(ToString::to_string).collect::<Vec<_>>(), [hash]);
    assert_eq!(pins.device_keys.iter().map(ToString::to_string).collect::<Vec<_>>(), [key, other]);
}

#[test]
fn a_platform_gives_its_monitor_and_devices() {
    let sandbox = board(&format!("--sm fw_jump.bin --device-key {}", DeviceKey::PUBLIC_TEST));
    let ran = sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).succeeds();
    assert!(ran.stderr.contains("public test key") && ran.stderr.contains("--insecure-allow-test-device"), "{ran:?}");
    let pins = read(&sandbox, "pins.toml");
    assert_eq!(pins.device_keys, [DeviceKey::PUBLIC_TEST]);
    let hash = sandbox.wasmstone(["measure", "--sm", "fw_jump.bin"]).stdout;
    assert_eq!(pins.sm_hashes.iter().map(ToString::to_string).collect::<Vec<_>>(), [hash.trim_end()]);
    // No Keystone runs a program for x86_64.
    assert_eq!(pins.measurements.len(), 2);
    let json = sandbox.wasmstone(["measure", "app.wsb", "--json"]).json();
    for (pinned, measured) in pins.measurements.iter().zip(json["measurements"].as_array().unwrap()) {
        assert_eq!(pinned.to_string(), measured["measurement"]);
    }
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "x.toml", "--target", "x86_64"]).fails(113, &["not built for"]);
}

#[test]
fn only_valid_signatures_are_pinned() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let bytes = sandbox.read("app.wsb");
    let signature = bytes.windows(11).position(|window| window == b"signatures/").unwrap();
    // The header is followed by the key and by its signature.
    let mut forged = bytes.clone();
    forged[signature + 512 + 90] ^= 1;
    sandbox.write("forged.wsb", &forged);
    sandbox.wasmstone(["measure", "forged.wsb", "--pins", "pins.toml"]).fails(103, &["not valid"]);
    assert!(!sandbox.path("pins.toml").exists());
}
