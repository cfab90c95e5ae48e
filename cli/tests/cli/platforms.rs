//! `wasmstone platform`.

use crate::support::{NOTHING, Sandbox};
use wasmstone_bundle::{Bundle, measurement::sm_hash, platform::DeviceKey, stand_in};
use wasmstone_test_support::keystone_files::keystone_files;

fn with_files() -> Sandbox {
    let sandbox = Sandbox::new();
    let (loader, runtime) = keystone_files();
    sandbox.write("loader.bin", loader);
    sandbox.write("eyrie-rt", runtime);
    sandbox.write("firmware", "firmware");
    sandbox
}

const ADD: [&str; 7] = ["platform", "add", "board", "--loader", "loader.bin", "--runtime", "eyrie-rt"];

#[test]
fn a_platform_is_added_and_shown() {
    let sandbox = with_files();
    sandbox.wasmstone(["key", "new", "device"]).succeeds();
    let pem = sandbox.wasmstone(["key", "show", "device"]).succeeds().stdout;
    sandbox.write("device.pem", pem);
    let facts =
        ["--sm", "firmware", "--device-key", "device.pem", "--cpu-features", "zbb,ZBA,zbb", "--hash-rate", "5.9M"];
    let ran = sandbox.wasmstone(ADD.iter().copied().chain(facts)).succeeds();
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(sandbox.wasmstone(["platform", "list"]).succeeds().stdout, "board\nsim\n");
    assert_eq!(
        sandbox.wasmstone(["platform", "list", "--json"]).succeeds().json(),
        serde_json::json!({ "schema": 1, "platforms": ["board", "sim"] })
    );
    let json = sandbox.wasmstone(["platform", "show", "board", "--json"]).succeeds().json();
    assert_eq!(json["sm_hash"], sm_hash(b"firmware").unwrap().to_string());
    assert_eq!(json["cpu_features"], serde_json::json!(["zba", "zbb"]));
    assert_eq!(json["fp_safe"], false);
    assert_eq!(json["hash_rate"], 6_186_598);
    assert_eq!(json["loader"]["size"], sandbox.read("loader.bin").len());
    let device_key = json["device_keys"][0].as_str().unwrap();
    let shown = sandbox.wasmstone(["platform", "show", "board"]).succeeds().stdout;
    for part in ["neither saved nor protected", "zba zbb", "5.9 MiB/s", device_key] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn what_proves_nothing_is_named() {
    let sandbox = with_files();
    let test_key = DeviceKey::PUBLIC_TEST.to_string();
    let twice = ["--device-key", &test_key, "--device-key", &test_key];
    let ran = sandbox.wasmstone(ADD.iter().copied().chain(twice)).succeeds();
    for warning in ["public test key", "reports under it prove nothing", "security monitor is unknown"] {
        assert!(ran.stderr.contains(warning), "{warning:?} is not in {}", ran.stderr);
    }
    let json = sandbox.wasmstone(["platform", "show", "board", "--json"]).succeeds().json();
    assert_eq!(json["device_keys"], serde_json::json!([test_key]));
    assert!(sandbox.wasmstone(["platform", "show", "board"]).stdout.contains("public test key"));
}

#[test]
fn a_build_tree_gives_the_files() {
    let sandbox = with_files();
    let (loader, runtime) = keystone_files();
    sandbox.write("build/buildroot.build/build/keystone-examples-1/hello/loader.bin", &loader);
    sandbox.write("build/buildroot.build/build/keystone-examples-1/hello/eyrie-rt", &runtime);
    sandbox.write("build/buildroot.build/images/fw_jump.bin", "what boots");
    let ran = sandbox.wasmstone(["platform", "add", "board", "--from", "build"]).succeeds();
    for part in ["hello/loader.bin", "hello/eyrie-rt", "images/fw_jump.bin"] {
        assert!(ran.stderr.contains(part), "{part:?} is not in {}", ran.stderr);
    }
    let hash =
        |name: &str| sandbox.wasmstone(["platform", "show", name, "--json"]).succeeds().json()["sm_hash"].clone();
    assert_eq!(hash("board"), sm_hash(b"what boots").unwrap().to_string());
    // Named files win over files that are found.
    sandbox.wasmstone(["platform", "add", "other", "--from", "build", "--sm", "firmware"]).succeeds();
    assert_eq!(hash("other"), sm_hash(b"firmware").unwrap().to_string());

    sandbox.write("build/another/eyrie-rt", [&runtime[..], b"another"].concat());
    sandbox.write("build/another/loader.bin", &loader);
    let ran = sandbox.wasmstone(["platform", "add", "third", "--from", "build"]);
    ran.fails(109, &["several builds", "--runtime", "--loader", "another/eyrie-rt", "hello/eyrie-rt"]);
    let chosen = ["--loader", "build/another/loader.bin", "--runtime", "build/another/eyrie-rt"];
    sandbox.wasmstone(["platform", "add", "third", "--from", "build"].iter().chain(&chosen)).succeeds();
    sandbox.wasmstone(["platform", "add", "fourth", "--from", "nowhere"]).fails(1, &["cannot read nowhere"]);
    sandbox.write("empty/README", "");
    let ran = sandbox.wasmstone(["platform", "add", "fourth", "--from", "empty"]);
    ran.fails(109, &["no eyrie-rt with a loader.bin beside it in empty", "--loader and --runtime"]);
    sandbox.wasmstone(["platform", "add", "fourth"]).fails(2, &["--loader"]);
    sandbox
        .wasmstone(["platform", "add", "fourth", "--from", "build", "--loader", "loader.bin"])
        .fails(2, &["--runtime"]);
}

#[test]
fn a_bundle_for_keystone_holds_the_enclave_app_without_floating_point() {
    let sandbox = with_files();
    sandbox.wasmstone(ADD).succeeds();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--platform", "board"]).succeeds();
    let bundle = Bundle::open(sandbox.path("app.wsb")).unwrap();
    assert!(*bundle.member("eapp").unwrap().unwrap() == *wasmstone_generic_eapp::SOFT.unwrap());
}

#[test]
fn mistakes_are_refused_and_nothing_is_added() {
    let sandbox = with_files();
    sandbox.write("text", "not a runtime");
    sandbox.write("large", vec![1; 64 << 20]);
    sandbox.write("empty", "");
    sandbox.write("stand-in", stand_in::loader());
    sandbox.write("eapp", wasmstone_generic_eapp::SOFT.unwrap());
    let add = |name: &str, loader: &str, runtime: &str, extra: &[&str]| {
        let arguments = ["platform", "add", name, "--loader", loader, "--runtime", runtime];
        sandbox.wasmstone([&arguments, extra].concat())
    };
    for (name, loader, runtime, words) in [
        ("sim", "loader.bin", "eyrie-rt", &["cannot be redefined", "choose another name"][..]),
        ("a/b", "loader.bin", "eyrie-rt", &["is not a name"]),
        ("board", "empty", "eyrie-rt", &["loader is empty", "give loader.bin"]),
        ("board", "text", "eyrie-rt", &["loader is text", "give loader.bin"]),
        ("board", "large", "eyrie-rt", &["far more than any", "give loader.bin"]),
        ("board", "eyrie-rt", "eyrie-rt", &["Keystone loads a raw binary", "give loader.bin"]),
        ("board", "eyrie-rt", "loader.bin", &["swap them"]),
        ("board", "stand-in", "eyrie-rt", &["the loader is the simulator's stand-in", "platform sim"]),
        ("board", "loader.bin", "text", &["not a static ELF executable for riscv64", "give eyrie-rt"]),
        ("board", "loader.bin", "eapp", &["but Keystone's loader jumps to", "give eyrie-rt"]),
        ("board", "loader.bin", "large", &["far more than any", "give eyrie-rt"]),
    ] {
        add(name, loader, runtime, &[]).fails(109, words);
    }
    add("board", "nowhere", "eyrie-rt", &[]).fails(1, &["cannot read nowhere"]);
    let zeros = "0".repeat(128);
    for (option, value, code, words) in [
        ("--sm", "large", 109, &["cannot hash large", "disk images", "fw_jump.bin"][..]),
        ("--sm", "eyrie-rt", 109, &["cannot hash eyrie-rt", "ELF", "give the .bin"]),
        ("--sm", "empty", 109, &["cannot hash empty", "fw_jump.bin"]),
        ("--sm-hash", "12", 2, &["128 hexadecimal digits"]),
        ("--sm-hash", &zeros, 109, &["never zero", "--sm"]),
        ("--device-key", "12", 109, &["neither a device key nor a file"]),
        ("--device-key", &"02".repeat(32), 109, &["not an Ed25519 public key"]),
        ("--hash-rate", "5.9MB/s", 2, &["is not a rate", "such as 5.9M"]),
        ("--cpu-features", "zba,sse2", 109, &["no CPU feature \"sse2\"", "choose from zba, zbb"]),
    ] {
        add("board", "loader.bin", "eyrie-rt", &[option, value]).fails(code, words);
    }
    add("board", "loader.bin", "eyrie-rt", &["--sm", "firmware", "--sm-hash", &zeros]).fails(2, &["--sm-hash"]);
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
