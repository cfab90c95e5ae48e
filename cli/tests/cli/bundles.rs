//! Damaged, unsigned and signed bundles: the message of each command about them.

use crate::support::{HELLO, NOTHING, Sandbox};
use wasmstone_bundle::bundle::{Bundle, Parts, ProgramPart};
use wasmstone_bundle::{Platform, stand_in, verify::contents};

#[test]
fn a_bundle_cut_anywhere_is_damaged() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let whole = sandbox.read("app.wsb");
    let blocks = (0..whole.len()).step_by(512);
    let between = [1, 100, 513, 1000, whole.len() - 1025, whole.len() - 513, whole.len() - 1];
    for length in blocks.chain(between) {
        sandbox.write("cut.wsb", &whole[..length]);
        sandbox.wasmstone(["verify", "cut.wsb"]).fails(102, &["cannot use cut.wsb"]);
    }
    for command in ["inspect", "measure", "run", "sign"] {
        sandbox.write("cut.wsb", &whole[..700]);
        sandbox.wasmstone([command, "cut.wsb"]).fails(102, &["cut short"]);
        assert_eq!(sandbox.read("cut.wsb"), &whole[..700]);
    }
}

#[test]
fn a_bundle_with_any_byte_changed_is_not_accepted() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let whole = sandbox.read("app.wsb");
    // A prime step hits headers, paddings and contents alike.
    for position in (0..whole.len()).step_by(127) {
        let mut changed = whole.clone();
        changed[position] ^= 0x20;
        sandbox.write("changed.wsb", &changed);
        let ran = sandbox.wasmstone(["verify", "changed.wsb"]);
        let remedies =
            ["get it again", "copy or download it again", "update wasmstone", "\"wasmstone build\"", "make "];
        assert!(remedies.iter().any(|remedy| ran.stderr.contains(remedy)), "byte {position}: {ran:?}");
        assert!(matches!(ran.code, Some(102 | 103)), "byte {position}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stdout.is_empty(), "byte {position}: {ran:?}");
    }
}

#[test]
fn other_files_are_not_bundles() {
    let sandbox = Sandbox::new();
    for content in [&b""[..], b"hello", &[0; 2000], &wat::parse_str(NOTHING).unwrap()] {
        sandbox.write("app.wsb", content);
        sandbox.wasmstone(["app.wsb"]).fails(102, &["not a wasmstone bundle", "wasmstone build"]);
    }
    sandbox.wasmstone(["run", "nowhere.wsb"]).fails(1, &["cannot use nowhere.wsb", "path of a bundle", "No such file"]);
}

#[test]
fn a_future_format_asks_for_an_update() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let mut bytes = sandbox.read("app.wsb");
    let format = b"format = 1";
    let at = bytes.windows(format.len()).position(|window| window == format).unwrap();
    bytes[at + format.len() - 1] = b'7';
    sandbox.write("app.wsb", bytes);
    for command in ["inspect", "verify", "measure", "run"] {
        sandbox.wasmstone([command, "app.wsb"]).fails(102, &["format 7 is newer", "update wasmstone"]);
    }
}

/// Removes the signatures from `app.wsb`.
fn unsign(sandbox: &Sandbox) {
    let contents = contents(&Bundle::open(sandbox.path("app.wsb")).unwrap()).unwrap();
    let program = &contents.programs[0];
    let programs = vec![ProgramPart { launch: &program.launch, program: &program.program }];
    let parts = Parts { platform: &Platform::sim(), eapp: &stand_in::eapp(), programs };
    sandbox.write("app.wsb", Bundle::build(&parts).unwrap().to_bytes());
}

#[test]
fn an_unsigned_bundle_is_refused_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HELLO);
    unsign(&sandbox);
    sandbox.wasmstone(["run", "app.wsb"]).fails(103, &["will not run app.wsb", "not signed", "wasmstone sign"]);
    sandbox.wasmstone(["run", "app.wsb", "--insecure-allow-unknown-signer"]).fails(103, &["not signed"]);
    sandbox.wasmstone(["verify", "app.wsb"]).fails(103, &["not signed"]);
    let ran = sandbox.wasmstone(["inspect", "app.wsb"]).succeeds();
    assert!(ran.stdout.contains("signatures   none"), "{}", ran.stdout);
    sandbox.wasmstone(["measure", "app.wsb"]).succeeds();
    let ran = sandbox.wasmstone(["run", "app.wsb", "--insecure-allow-unsigned"]).succeeds();
    assert_eq!(ran.stdout, "hello\n");
    assert!(ran.stderr.contains("warning: --insecure-allow-unsigned"), "{}", ran.stderr);
    sandbox.wasmstone(["sign", "app.wsb"]).succeeds();
    sandbox.wasmstone(["run", "app.wsb"]).succeeds();
}

#[test]
fn a_key_that_is_not_trusted_is_refused_until_it_is() {
    let (builder, runner) = (Sandbox::new(), Sandbox::new());
    builder.bundle(HELLO);
    runner.write("app.wsb", builder.read("app.wsb"));
    runner.wasmstone(["run", "app.wsb"]).fails(103, &["not trusted", "wasmstone key trust"]);
    runner.wasmstone(["run", "app.wsb", "--insecure-allow-unsigned"]).fails(103, &["not trusted"]);
    runner.wasmstone(["verify", "app.wsb"]).fails(103, &["not trusted"]);
    let inspected = runner.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(inspected["signatures"][0]["standing"], "unknown");
    let ran = runner.wasmstone(["run", "app.wsb", "--insecure-allow-unknown-signer"]).succeeds();
    assert!(ran.stderr.contains("warning: --insecure-allow-unknown-signer"), "{}", ran.stderr);

    runner.write("builder.pem", builder.wasmstone(["key", "show", "default"]).succeeds().stdout);
    runner.wasmstone(["verify", "app.wsb", "--key", "builder.pem"]).succeeds();
    runner.wasmstone(["key", "trust", "builder.pem"]).succeeds();
    assert_eq!(runner.wasmstone(["run", "app.wsb"]).succeeds().stdout, "hello\n");
    let inspected = runner.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(inspected["signatures"][0]["standing"], "trusted");
    assert_eq!(inspected["signatures"][0]["name"], "builder");
}

#[test]
fn only_the_key_that_is_asked_for_counts() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.wasmstone(["key", "new", "other"]).succeeds();
    sandbox.wasmstone(["verify", "app.wsb", "--key", "other"]).fails(103, &["not trusted"]);
    sandbox.wasmstone(["verify", "app.wsb", "--key", "nope"]).fails(109, &["no key \"nope\"", "wasmstone key trust"]);
    sandbox.wasmstone(["verify", "app.wsb", "--key", "other", "--key", "default"]).succeeds();
    sandbox.wasmstone(["sign", "app.wsb", "--key", "other"]).succeeds();
    sandbox.wasmstone(["verify", "app.wsb", "--key", "other"]).succeeds();
}

#[test]
fn a_signature_of_another_bundle_is_not_valid() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HELLO);
    let other = sandbox.read("app.wsb");
    sandbox.bundle(NOTHING);
    let mut bytes = sandbox.read("app.wsb");
    // In both, the signature is in the block after the block with the same header.
    let header = |bytes: &[u8]| bytes.windows(11).position(|window| window == b"signatures/").unwrap();
    let (from, to) = (header(&other) + 512, header(&bytes) + 512);
    bytes[to..to + 96].copy_from_slice(&other[from..from + 96]);
    sandbox.write("app.wsb", &bytes);
    sandbox
        .wasmstone(["run", "app.wsb", "--insecure-allow-unsigned", "--insecure-allow-unknown-signer"])
        .fails(103, &["not valid", "changed after it was signed"]);
    sandbox.wasmstone(["key", "new", "other"]).succeeds();
    for key in ["default", "other"] {
        let words = ["will not sign app.wsb", "not valid", "get it again"];
        sandbox.wasmstone(["sign", "app.wsb", "--key", key]).fails(103, &words);
    }
    assert_eq!(sandbox.read("app.wsb"), bytes);
    let inspected = sandbox.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(inspected["signatures"][0]["standing"], "invalid");
}

#[test]
fn a_changed_manifest_is_not_signed_again() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let mut bytes = sandbox.read("app.wsb");
    let release = b"created-by = \"wasmstone ";
    let at = bytes.windows(release.len()).position(|window| window == release).unwrap();
    bytes[at + release.len() - 2] = b'E';
    sandbox.write("app.wsb", &bytes);
    sandbox.wasmstone(["verify", "app.wsb"]).fails(103, &["not valid", "get it again"]);
    sandbox.wasmstone(["sign", "app.wsb"]).fails(103, &["not valid", "get it again"]);
    assert_eq!(sandbox.read("app.wsb"), bytes);
}

#[test]
fn verify_says_what_was_checked() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let ran = sandbox.wasmstone(["verify", "app.wsb"]).succeeds();
    for word in ["app.wsb is whole", "5 match", "trusted as \"default\"", "recomputed"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    let json = sandbox.wasmstone(["verify", "app.wsb", "--json"]).succeeds().json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["signatures"][0]["name"], "default");
    assert_eq!(json["measurements"][0]["measurement"].as_str().unwrap().len(), 128);
}
