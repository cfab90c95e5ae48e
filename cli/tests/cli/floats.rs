//! `--float`, machine code that does not fit, and Keystone's hashing time: what `build` chooses and prints.

use crate::engines::{FLOATS, VECTORS, native, targets, with_platforms};
use crate::support::NOTHING;
use serde_json::{Value, json};

/// How each program of a bundle computes floats, by its target.
fn floats(built: &Value) -> Vec<(&str, Option<&str>, bool)> {
    let programs = built["programs"].as_array().unwrap().iter();
    programs
        .map(|program| {
            (program["target"].as_str().unwrap(), program["float"].as_str(), program["hardware_float"] == true)
        })
        .collect()
}

#[test]
fn floats_are_computed_as_asked() {
    let sandbox = with_platforms();
    sandbox.wasm("app.wasm", FLOATS);
    let build = |options: &str| {
        let arguments = ["build", "app.wasm", "--json"].into_iter().chain(options.split_ascii_whitespace());
        sandbox.wasmstone(arguments).succeeds().json()
    };
    let native = native();
    for (options, expected) in [
        ("", &[(native, Some("hardware"), true)][..]),
        ("--float hardware", &[(native, Some("hardware"), true)]),
        ("--float lowered", &[(native, Some("lowered"), false)]),
        ("--float lowered --engine pulley", &[("pulley64", Some("lowered"), false)]),
        ("--float interpreted", &[("pulley64", Some("interpreted"), false)]),
        ("--platform stock", &[("riscv64", Some("lowered"), false)]),
        ("--platform stock --engine pulley", &[("pulley64", Some("interpreted"), false)]),
        ("--platform stock --float interpreted", &[("pulley64", Some("interpreted"), false)]),
        ("--platform stock --float hardware --insecure-float", &[("riscv64", Some("hardware"), true)]),
        ("--platform safe --float lowered", &[("riscv64", Some("lowered"), false)]),
        (
            "--platform stock --targets pulley64,riscv64",
            &[("pulley64", Some("interpreted"), false), ("riscv64", Some("lowered"), false)],
        ),
        (
            "--platform stock --targets pulley64,riscv64 --float lowered",
            &[("pulley64", Some("lowered"), false), ("riscv64", Some("lowered"), false)],
        ),
    ] {
        let built = build(options);
        assert_eq!(floats(&built), expected, "{options}");
        let lowered = expected.iter().any(|(_, float, _)| *float == Some("lowered"));
        assert_eq!(built["lowered"]["functions"], if lowered { 2 } else { 0 }, "{options}: {built}");
        assert_eq!(built["lowered"]["operators"] != 0, lowered, "{options}: {built}");
        if options.starts_with("--float") || options.is_empty() {
            sandbox.wasmstone(["run", "app.wsb"]).succeeds();
        }
    }
    let why = build("--float interpreted")["interpreted_because"].clone();
    assert_eq!(why, "--float interpreted was asked for: area, function 1");

    sandbox.wasm("app.wasm", NOTHING);
    for float in ["lowered", "hardware", "interpreted"] {
        assert_eq!(floats(&build(&format!("--float {float}"))), [(native, None, false)], "{float}");
    }
}

#[test]
fn contradictions_about_floats_are_errors() {
    let sandbox = with_platforms();
    sandbox.wasm("app.wasm", FLOATS);
    let build =
        |options: &str| sandbox.wasmstone(["build", "app.wasm"].into_iter().chain(options.split_ascii_whitespace()));
    build("--float soft").fails(2, &["lowered"]);
    build("--float lowered --insecure-float").fails(109, &["insecure-float", "leave one of the two out"]);
    build("--float interpreted --insecure-float").fails(109, &["leave one of the two out"]);
    build("--platform stock --float hardware").fails(109, &["\"stock\"", "--float lowered", "--insecure-float"]);
    build("--float interpreted --engine native").fails(108, &["area", "--float lowered", "--engine pulley"]);
    build("--float interpreted --targets pulley64,riscv64").fails(108, &["area", "--float lowered"]);

    sandbox.write("wasmstone.toml", "float = \"lowered\"\n");
    assert_eq!(floats(&build("--json").succeeds().json())[0].1, Some("lowered"));
    assert_eq!(floats(&build("--json --insecure-float").succeeds().json())[0].1, Some("hardware"), "options win");
    sandbox.write("wasmstone.toml", "insecure-float = true\n");
    assert_eq!(floats(&build("--json --float lowered").succeeds().json())[0].1, Some("lowered"), "options win");
    build("--platform stock --float hardware").succeeds();
    sandbox.write("wasmstone.toml", "float = \"lowered\"\ninsecure-float = true\n");
    build("").fails(109, &["leave one of the two out"]);
    sandbox.write("wasmstone.toml", "float = \"soft\"\n");
    build("").fails(109, &["line 1", "lowered"]);
}

#[test]
fn what_cannot_be_lowered_is_interpreted_or_refused() {
    let sandbox = with_platforms();
    // Floats, and vectors in another function.
    let both = VECTORS.replace(
        "(func (export",
        "(func $area (export \"area\") (result i32) f64.const 1 i32.trunc_f64_s) (func (export",
    );
    sandbox.wasm("app.wasm", &both);
    let build = |options: &str| {
        sandbox.wasmstone(["build", "app.wasm", "--json"].into_iter().chain(options.split_ascii_whitespace()))
    };
    let built = build("--platform stock").succeeds().json();
    assert_eq!(floats(&built), [("pulley64", Some("interpreted"), false)]);
    assert!(built["interpreted_because"].as_str().unwrap().contains("SIMD"), "{built}");
    build("--platform stock --engine native").fails(108, &["SIMD", "--engine pulley"]);
    build("--float lowered").fails(108, &["cannot be lowered", "--float interpreted"]);
    assert_eq!(floats(&build("").succeeds().json()), [(native(), Some("hardware"), true)]);
}

#[test]
fn what_lowered_programs_may_use_is_not_for_guests() {
    let sandbox = with_platforms();
    let text = r#"(module (memory (export "memory") 1) (func $wide (result i32)
            i64.const 1 i64.const 2 i64.mul_wide_u drop f64.convert_i64_u i32.trunc_f64_s)
        (func (export "_start") call $wide drop))"#;
    sandbox.wasm("app.wasm", text);
    for options in [&["--platform", "stock"][..], &["--float", "lowered"], &["--float", "interpreted"], &[]] {
        let ran = sandbox.wasmstone([&["build", "app.wasm"], options].concat());
        ran.fails(108, &["wide arithmetic"]);
    }
}

#[test]
fn the_time_to_hash_is_told() {
    let sandbox = with_platforms();
    let rate = ["platform", "add", "slow", "--loader", "loader.bin", "--runtime", "eyrie-rt", "--hash-rate", "1M"];
    sandbox.wasmstone(rate).succeeds();
    sandbox.wasm("app.wasm", NOTHING);
    let build = |platform: &str| {
        let ran = sandbox.wasmstone(["build", "app.wasm", "--json", "--platform", platform]).succeeds();
        (ran.json(), ran.stderr)
    };
    let (built, said) = build("slow");
    let program = &built["programs"][0];
    let hashed = program["hashed_size"].as_u64().unwrap();
    assert!(hashed > program["image_size"].as_u64().unwrap(), "{program}");
    assert_eq!(program["hash_seconds"].as_f64().unwrap(), hashed as f64 / 1_048_576.0);
    assert_eq!((&built["hash_rate"], &built["hash_rate_known"]), (&json!(1 << 20), &json!(true)));
    assert!(said.contains("at 1.0 MiB/s\n"), "{said}");
    let inspected = sandbox.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(inspected["programs"][0]["image_size"], program["image_size"]);

    let (built, said) = build("stock");
    assert_eq!((&built["hash_rate"], &built["hash_rate_known"]), (&json!(6_186_598), &json!(false)));
    assert!(said.contains("at 5.9 MiB/s, QEMU's rate") && said.contains("platform add --hash-rate"), "{said}");
    let (built, said) = build("sim");
    assert_eq!((&built["hash_rate"], &built["programs"][0]["hash_seconds"]), (&Value::Null, &Value::Null));
    assert!(!said.contains("hashing"), "{said}");
}

#[test]
fn what_does_not_fit_as_machine_code_is_interpreted() {
    let sandbox = with_platforms();
    // Each access is a check and a possible trap in machine code, and one instruction of Pulley.
    let reads = "local.get 0 i32.load offset=4 local.get 0 i32.add local.set 0 ".repeat(6000);
    let text = format!(
        r#"(module (memory (export "memory") 1) (func $read (param i32) {reads})
            (func (export "_start") i32.const 0 call $read))"#
    );
    sandbox.wasm("app.wasm", &text);
    let build = |engine: &str, cap: &str| {
        let targets = if engine == "targets" { ["--targets", "riscv64"] } else { ["--engine", engine] };
        sandbox.wasmstone(
            ["build", "app.wasm", "--json", "--platform", "stock", "--max-memory", cap].into_iter().chain(targets),
        )
    };
    // The largest cap that leaves room for Pulley's program leaves none for machine code.
    let refused = build("pulley", "1024M").fails(109, &["use at most --max-memory"]).stderr;
    let most = refused.rsplit("--max-memory ").next().unwrap().trim().to_owned();
    build("pulley", &most).succeeds();
    build("native", &most).fails(109, &["use at most --max-memory"]);
    build("targets", &most).fails(109, &["use at most --max-memory"]);
    let built = build("auto", &most).succeeds().json();
    assert_eq!(targets(&built), ["pulley64"]);
    let why = built["interpreted_because"].as_str().unwrap();
    assert!(why.contains("machine code") && why.contains("does not fit"), "{why}");
    assert_eq!(targets(&build("auto", "64M").succeeds().json()), ["riscv64"]);
    // If nothing fits, the message names the cap that would suffice for Pulley.
    let refused = build("auto", "1024M").fails(109, &["use at most --max-memory"]).stderr;
    assert!(refused.trim_end().ends_with(&most), "{refused}");
}
