//! `--engine`, `--targets`, `--cpu-features`: what a bundle holds, and which of its programs is run.

use crate::support::{HELLO, NOTHING, Sandbox};
use serde_json::{Value, json};
use wasmstone_policy::Target;
use wasmstone_test_support::keystone_files::keystone_files;

pub const FLOATS: &str = r#"(module (memory (export "memory") 1)
    (func $area (param f64) (result f64) local.get 0 local.get 0 f64.mul)
    (func (export "_start") f64.const 2 call $area drop))"#;

pub const VECTORS: &str = r#"(module (memory (export "memory") 1)
    (func $dot (param i32) local.get 0 i32x4.splat drop)
    (func (export "_start") i32.const 1 call $dot))"#;

pub fn native() -> &'static str {
    Target::host().expect("the tests run where there is machine code").name()
}

pub fn targets(inspected: &Value) -> Vec<&str> {
    inspected["programs"].as_array().unwrap().iter().map(|program| program["target"].as_str().unwrap()).collect()
}

#[test]
fn the_simulator_gets_machine_code_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", FLOATS);
    for (options, target) in
        [(&[][..], native()), (&["--engine", "native"], native()), (&["--engine", "pulley"], "pulley64")]
    {
        let built = sandbox.wasmstone([&["build", "app.wasm", "--json"], options].concat()).succeeds().json();
        assert_eq!(targets(&built), [target]);
        assert_eq!(built["float_functions"], json!({ "count": 2, "first": ["area", "function 1"] }));
        assert_eq!(built["interpreted_because"], Value::Null);
        sandbox.wasmstone(["run", "app.wsb"]).succeeds();
    }
}

#[test]
fn a_bundle_for_several_targets() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    let all = "aarch64,x86_64,pulley64,riscv64";
    sandbox.wasmstone(["build", "app.wasm", "--targets", all, "--max-memory", "8M"]).succeeds();
    let inspected = sandbox.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(targets(&inspected), ["pulley64", "riscv64", "x86_64", "aarch64"]);

    let verified = sandbox.wasmstone(["verify", "app.wsb", "--json"]).succeeds().json();
    let measured = sandbox.wasmstone(["measure", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(verified["measurements"], measured["measurements"]);
    let lines = sandbox.wasmstone(["measure", "app.wsb"]).succeeds().stdout;
    let mut hashes = Vec::new();
    for (line, program) in lines.lines().zip(inspected["programs"].as_array().unwrap()) {
        let (target, hash) = line.split_once(' ').unwrap();
        assert_eq!((target, hash), (program["target"].as_str().unwrap(), program["measurement"].as_str().unwrap()));
        let alone = sandbox.wasmstone(["measure", "app.wsb", "--target", target]).succeeds().stdout;
        assert_eq!(alone.trim_end(), hash);
        hashes.push(hash);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 4);

    for options in [&[][..], &["--engine", "pulley"], &["--engine", "native"]] {
        let ran = sandbox.wasmstone([&["run", "app.wsb"], options].concat()).succeeds();
        assert_eq!(ran.stdout, "hello\n", "{options:?}");
    }
}

#[test]
fn a_program_that_the_bundle_has_not_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--engine", "pulley"]).succeeds();
    sandbox.wasmstone(["run", "app.wsb", "--engine", "native"]).fails(113, &["pulley64", "--targets", native()]);
    sandbox.wasmstone(["measure", "app.wsb", "--target", "riscv64"]).fails(113, &["not built for", "pulley64"]);
    let other = if native() == "aarch64" { "x86_64" } else { "aarch64" };
    sandbox.wasmstone(["build", "app.wasm", "--targets", other]).succeeds();
    sandbox.wasmstone(["run", "app.wsb"]).fails(113, &[other, "does not run here", "pulley64", native()]);
}

#[test]
fn vectors_are_not_for_riscv() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", VECTORS);
    sandbox.wasmstone(["build", "app.wasm", "--targets", "riscv64"]).fails(108, &["SIMD", "dot", "--engine pulley"]);
    sandbox.wasmstone(["build", "app.wasm", "--targets", "pulley64,x86_64,aarch64"]).succeeds();
    sandbox.wasmstone(["run", "app.wsb", "--engine", "pulley"]).succeeds();
}

#[test]
fn cpu_features_are_recorded_and_checked() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let build = |features: &str, targets: &str| {
        sandbox.wasmstone(["build", "app.wasm", "--json", "--cpu-features", features, "--targets", targets])
    };
    let built = build("zbb,bmi2,zba", "riscv64,x86_64,pulley64").succeeds().json();
    assert_eq!(built["programs"][0]["cpu_features"], json!([]));
    assert_eq!(built["programs"][1]["cpu_features"], json!(["zba", "zbb"]));
    let base = ["popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"];
    assert_eq!(built["programs"][2]["cpu_features"], json!([&["bmi2"], &base[..]].concat()));

    let plain = build("zba", "riscv64").succeeds().json()["programs"][0]["measurement"].clone();
    let other = build("zbb", "riscv64").succeeds().json()["programs"][0]["measurement"].clone();
    assert_ne!(plain, other, "the features are measured");

    build("frobnicate", "riscv64").fails(109, &["\"frobnicate\"", "riscv64", "zba, zbb"]);
    build("zba", "x86_64").fails(109, &["\"zba\"", "x86_64", "avx2"]);
    build("zba", "pulley64").fails(109, &["pulley64", "--engine native"]);
}

#[test]
fn options_win_over_the_file() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let build = |options: &[&str]| {
        let built = sandbox.wasmstone([&["build", "app.wasm", "--json"], options].concat()).succeeds().json();
        targets(&built).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    sandbox.write("wasmstone.toml", "targets = [\"riscv64\", \"pulley64\"]\ncpu-features = [\"zba\"]\n");
    assert_eq!(build(&[]), ["pulley64", "riscv64"]);
    assert_eq!(build(&["--targets", "riscv64"]), ["riscv64"]);
    sandbox.write("wasmstone.toml", "targets = [\"riscv64\", \"pulley64\"]\n");
    assert_eq!(build(&["--engine", "pulley"]), ["pulley64"]);
    sandbox.write("wasmstone.toml", "engine = \"pulley\"\n");
    assert_eq!(build(&[]), ["pulley64"]);
    assert_eq!(build(&["--engine", "auto"]), [native()]);
}

#[test]
fn engine_and_targets_exclude_each_other() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--engine", "native", "--targets", "pulley64"]).fails(2, &["--engine"]);
    sandbox.wasmstone(["build", "app.wasm", "--targets", "riscv32"]).fails(2, &["riscv64"]);
    sandbox.wasmstone(["build", "app.wasm", "--engine", "jit"]).fails(2, &["native"]);
}

/// Platforms "stock", and "safe", which protects floating-point registers and has Zba.
pub fn with_platforms() -> Sandbox {
    let sandbox = Sandbox::new();
    let (loader, runtime) = keystone_files();
    sandbox.write("loader.bin", loader);
    sandbox.write("eyrie-rt", runtime);
    let add = |name: &'static str| ["platform", "add", name, "--loader", "loader.bin", "--runtime", "eyrie-rt"];
    sandbox.wasmstone(add("stock")).succeeds();
    sandbox.wasmstone(add("safe").into_iter().chain(["--fp-safe", "--cpu-features", "zba"])).succeeds();
    sandbox
}

#[test]
fn keystone_gets_machine_code_where_that_is_safe() {
    let sandbox = with_platforms();
    let build = |options: &[&str]| {
        let ran = sandbox.wasmstone([&["build", "app.wasm", "--json"], options].concat()).succeeds();
        let program = ran.json()["programs"][0].clone();
        let inspected = sandbox.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
        assert_eq!(inspected["eapp"]["hardware_float"], program["hardware_float"], "{options:?}");
        let target = program["target"].as_str().unwrap().to_owned();
        (target, program["hardware_float"] == true, program["cpu_features"].clone(), ran.stderr)
    };
    sandbox.wasm("app.wasm", NOTHING);
    let (target, hardware_float, features, _) = build(&["--platform", "stock"]);
    assert_eq!((target.as_str(), hardware_float, features), ("riscv64", false, json!([])));
    let (target, hardware_float, features, _) = build(&["--platform", "safe"]);
    assert_eq!((target.as_str(), hardware_float, features), ("riscv64", false, json!(["zba"])));
    assert_eq!(build(&["--platform", "safe", "--cpu-features", "zbb"]).2, json!(["zbb"]));

    sandbox.wasm("app.wasm", FLOATS);
    let (target, hardware_float, _, said) = build(&["--platform", "stock"]);
    assert_eq!((target.as_str(), hardware_float), ("riscv64", false));
    assert!(said.contains("lowered to integer code: "), "{said}");
    let (target, hardware_float, _, said) = build(&["--platform", "safe"]);
    assert_eq!((target.as_str(), hardware_float), ("riscv64", true));
    assert!(!said.contains("insecure") && said.contains("computed in floating-point registers"), "{said}");
    for engine in ["native", "pulley"] {
        let (_, hardware_float, _, said) = build(&["--platform", "stock", "--engine", engine, "--insecure-float"]);
        assert!(hardware_float && said.contains("warning: --insecure-float"), "{said}");
    }

    sandbox.wasm("app.wasm", VECTORS);
    let (target, _, _, said) = build(&["--platform", "safe"]);
    assert!(target == "pulley64" && said.contains("dot"), "{said}");
}
