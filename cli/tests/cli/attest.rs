//! `wasmstone attest`, with enclaves of the simulator and with a report from a real security monitor.

use crate::support::{HANDLER, HELLO, NOTHING, Ran, Sandbox};
use wasmstone_attestation::{DeviceKey, Measurement, Pins, Report, Risks, SmHash, eat, simulator};

const GENUINE: &[u8] = include_bytes!("../../../attestation/tests/data/keystone-qemu.report");
const NONCE: &str = "00112233445566778899aabbccddeeff";
const SIMULATOR: &str = "--insecure-allow-simulator";
const TEST_DEVICE: &str = "--insecure-allow-test-device";

/// `app.wsb`, its pins, and `report` over [`NONCE`].
fn reported() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.bundle(HELLO);
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).succeeds();
    let ran = sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", NONCE, "-o", "report"]).succeeds();
    // The program does not run.
    assert!(ran.stdout.is_empty() && ran.stderr.starts_with("wasmstone: simulated enclave"), "{ran:?}");
    sandbox
}

/// Verifies `report` with `pins.toml`.
fn verify(sandbox: &Sandbox, options: &[&str]) -> Ran {
    sandbox.wasmstone([&["attest", "verify", "report", "--pins", "pins.toml"], options].concat())
}

/// Verifies `report` with these pins over [`NONCE`], accepting the simulator's risk.
fn verify_with(sandbox: &Sandbox, pins: &Pins) -> Ran {
    sandbox.write("pins.toml", pins.to_toml());
    verify(sandbox, &["--nonce", NONCE, SIMULATOR])
}

fn pins(sandbox: &Sandbox) -> Pins {
    Pins::from_toml(std::str::from_utf8(&sandbox.read("pins.toml")).unwrap()).unwrap()
}

#[test]
fn a_report_of_the_simulator_is_verified_where_the_risk_is_named() {
    let sandbox = reported();
    let report = sandbox.read("report");
    assert_eq!(report.len(), Report::SIZE);
    verify(&sandbox, &["--nonce", NONCE]).fails(200, &["do not rely on report", "simulator", "protects nothing"]);
    let ran = verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).succeeds();
    assert!(ran.stderr.contains("warning: --insecure-allow-simulator: "), "{ran:?}");
    let measured = sandbox.wasmstone(["measure", "app.wsb"]).stdout;
    assert!(ran.stdout.contains(&format!("measurement  {measured}")), "{ran:?}");
    assert!(ran.stdout.contains(&format!("nonce        {NONCE}\n")) && ran.stdout.contains("enclave key  "), "{ran:?}");

    // The report in the runtime's form, through a pipe, and as a token.
    let piped = sandbox.shell(&format!(
        "{{ cat report; head -c 696 /dev/zero; }} | \"$WASMSTONE\" attest verify - --pins pins.toml --nonce {NONCE} {SIMULATOR}"
    ));
    assert_eq!(piped.succeeds().stdout, ran.stdout);
    let form = ["attest", "report", "app.wsb", "--nonce", NONCE, "--format", "eat", "-o", "report"];
    sandbox.wasmstone(form).succeeds();
    assert_eq!(eat::parse_evidence(&sandbox.read("report")).unwrap(), Report::parse(&report).unwrap());
    assert_eq!(verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).succeeds().stdout, ran.stdout);
}

#[test]
fn a_report_goes_where_it_is_wanted() {
    let sandbox = reported();
    let report = sandbox.read("report");
    sandbox.shell(&format!("\"$WASMSTONE\" attest report app.wsb --nonce {NONCE} > piped")).succeeds();
    assert_eq!(sandbox.read("piped"), report);
    let json = sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", NONCE, "--json"]).succeeds().json();
    assert_eq!(json["report"].as_str().map(|digits| hex::decode(digits).unwrap()).as_ref(), Some(&report));
    assert_eq!(json["nonce"], NONCE);
    assert_eq!(json["measurement"], Report::parse(&report).unwrap().measurement().to_string());
    sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", NONCE, "-o", "no/report"]).fails(111, &["no/report"]);
}

#[test]
fn a_service_reports_without_serving() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HANDLER);
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).succeeds();
    sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", NONCE, "-o", "report"]).succeeds();
    verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).succeeds();
}

#[test]
fn nonces_have_a_length() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    let (short, long) = ("00".repeat(7), "00".repeat(65));
    for nonce in ["", "0011", &short, &long, "not digits, but long enough", &"0".repeat(17)] {
        let ran = sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", nonce]);
        assert!(ran.code == Some(2) && ran.stderr.contains("openssl rand"), "{ran:?}");
    }
    for nonce in ["00".repeat(8), "ff".repeat(64)] {
        let json = sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", &nonce, "--json"]).succeeds().json();
        assert_eq!(json["nonce"], nonce);
    }
    sandbox.wasmstone(["attest", "report", "app.wsb"]).fails(2, &["--nonce"]);
}

#[test]
fn only_a_bundle_that_would_run_makes_reports() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    sandbox.bundle(NOTHING);
    other.wasmstone(["key", "new", "mine"]).succeeds();
    other.write("app.wsb", sandbox.read("app.wsb"));
    let report = ["attest", "report", "app.wsb", "--nonce", NONCE, "-o", "report"];
    other.wasmstone(report).fails(103, &["will not run app.wsb"]);
    assert!(!other.path("report").exists());
    other.wasmstone([&report[..], &["--insecure-allow-unknown-signer"]].concat()).succeeds();
}

#[test]
fn each_check_has_its_words() {
    let sandbox = reported();
    let right = pins(&sandbox);
    verify(&sandbox, &["--nonce", &NONCE.replace("00", "01"), SIMULATOR]).fails(200, &["another nonce", "it is old"]);
    verify(&sandbox, &["--user-data", NONCE, SIMULATOR]).fails(200, &["not a guest's"]);
    verify_with(&sandbox, &Pins { measurements: vec![Measurement([7; 64])], ..right.clone() })
        .fails(200, &["the enclave", &right.measurements[0].to_string()]);
    verify_with(&sandbox, &Pins { sm_hashes: vec![SmHash([7; 64])], ..right.clone() })
        .fails(200, &["the security monitor", &SmHash::SIMULATOR.to_string()]);
    verify_with(&sandbox, &Pins { device_keys: vec![DeviceKey([7; 32])], ..right.clone() })
        .fails(200, &["the device", &DeviceKey::SIMULATOR.to_string()]);
    verify_with(&sandbox, &Pins { measurements: Vec::new(), ..right.clone() })
        .fails(200, &["no measurements are pinned"]);
    verify_with(&sandbox, &Pins { sm_hashes: Vec::new(), ..right.clone() }).fails(200, &["no security monitors"]);
    verify_with(&sandbox, &Pins { device_keys: Vec::new(), ..right.clone() }).fails(200, &["no device keys"]);
    verify_with(&sandbox, &right).succeeds();

    let report = sandbox.read("report");
    for (at, words) in [
        (0, "signature on the enclave"),
        (72, "signature on the enclave"),
        (1096, "signature on the enclave"),
        (1160, "signature on the security monitor"),
        (1256, "signature on the security monitor"),
    ] {
        let mut changed = report.clone();
        changed[at] ^= 1;
        sandbox.write("report", changed);
        verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).fails(200, &[words, "new one"]);
    }
    for (changed, words) in
        [(&report[1..], "this has 1351"), (b"", "this has 0"), (hex::encode(&report).as_bytes(), "this has 2704")]
    {
        sandbox.write("report", changed);
        verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).fails(200, &[words]);
    }
    sandbox.wasmstone(["attest", "verify", "nowhere", "--pins", "pins.toml", "--nonce", NONCE]).fails(1, &["nowhere"]);
    // An older report is refused, even if everything else is right.
    sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", &"11".repeat(8), "-o", "report"]).succeeds();
    verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).fails(200, &["it is old"]);
}

#[test]
fn the_verdict_can_be_read_by_a_script() {
    let sandbox = reported();
    let json = verify(&sandbox, &["--nonce", NONCE, SIMULATOR, "--json"]).succeeds().json();
    assert_eq!((&json["verified"], &json["pins"]), (&true.into(), &"app.wasm".into()));
    assert_eq!(json["risks"], serde_json::json!(["simulator"]));
    assert_eq!(json["report"]["nonce"], NONCE);
    assert_eq!(json["report"]["measurement"], pins(&sandbox).measurements[0].to_string());
    let ran = verify(&sandbox, &["--nonce", &"11".repeat(8), SIMULATOR, "--json"]);
    assert!(ran.code == Some(200) && ran.stderr.contains("error: "), "{ran:?}");
    let json = ran.json();
    assert_eq!((&json["verified"], &json["check"], &json["report"]), (&false.into(), &"data".into(), &().into()));
    sandbox.write("report", "no report");
    assert_eq!(verify(&sandbox, &["--nonce", NONCE, "--json"]).json()["check"], "form");
}

#[test]
fn what_the_report_must_be_over_has_to_be_said() {
    let sandbox = reported();
    verify(&sandbox, &[SIMULATOR]).fails(2, &["--nonce"]);
    verify(&sandbox, &["--nonce", NONCE, "--user-data", "00"]).fails(2, &["--user-data"]);
    verify(&sandbox, &["--user-data", &"0".repeat(130)]).fails(2, &["at most 64 bytes"]);
    verify(&sandbox, &["--user-data", "nowhere"]).fails(2, &["neither"]);
    sandbox.wasmstone(["attest", "verify", "report", "--nonce", NONCE]).fails(2, &["--pins"]);
}

#[test]
fn pins_must_be_readable() {
    let sandbox = Sandbox::new();
    sandbox.write("report", GENUINE);
    verify(&sandbox, &["--nonce", NONCE]).fails(1, &["cannot read the pins pins.toml"]);
    for (text, words) in [
        ("", "schema"),
        ("schema = 2", "schema 2"),
        ("schema = 1\nmeasurement = []", "unknown field"),
        ("schema = 1\nmeasurements = [\"00\"]", "128 hexadecimal digits"),
    ] {
        sandbox.write("pins.toml", text);
        verify(&sandbox, &["--nonce", NONCE]).fails(109, &["cannot use the pins pins.toml", words]);
    }
}

#[test]
fn a_program_s_own_report_is_over_its_data() {
    let sandbox = Sandbox::new();
    sandbox.write("pins.toml", {
        let measurements = vec![Measurement([3; 64])];
        let (sm_hashes, device_keys) = (vec![SmHash::SIMULATOR], vec![DeviceKey::SIMULATOR]);
        Pins { measurements, sm_hashes, device_keys, ..Pins::default() }.to_toml()
    });
    sandbox.write("report", simulator::report(&Measurement([3; 64]), b"hello").unwrap());
    sandbox.write("data", "hello");
    for data in [hex::encode("hello").as_str(), "data"] {
        let ran = verify(&sandbox, &["--user-data", data, SIMULATOR]).succeeds();
        assert!(ran.stdout.contains("user data    68656c6c6f\n"), "{ran:?}");
    }
    verify(&sandbox, &["--user-data", "68656c6c", SIMULATOR]).fails(200, &["other data"]);
    verify(&sandbox, &["--nonce", NONCE, SIMULATOR]).fails(200, &["not over a nonce and a key"]);
}

#[test]
fn a_real_report_under_the_public_test_key_takes_a_flag() {
    let sandbox = Sandbox::new();
    let report = Report::parse(GENUINE).unwrap();
    let right = Pins {
        measurements: vec![report.measurement()],
        sm_hashes: vec![report.sm_hash()],
        device_keys: vec![DeviceKey::PUBLIC_TEST],
        ..Pins::default()
    };
    sandbox.write("pins.toml", right.to_toml());
    sandbox.write("report", GENUINE);
    let data = hex::encode(report.data());
    verify(&sandbox, &["--user-data", &data]).fails(200, &["Keystone's test key", "anybody"]);
    verify(&sandbox, &["--user-data", &data, SIMULATOR]).fails(200, &["Keystone's test key"]);
    let ran = verify(&sandbox, &["--user-data", &data, TEST_DEVICE]).succeeds();
    assert!(ran.stderr.contains("warning: --insecure-allow-test-device: "), "{ran:?}");
    verify(&sandbox, &["--user-data", "00", TEST_DEVICE]).fails(200, &["other data"]);
    let mut unmeasured = GENUINE.to_vec();
    unmeasured[1160..1320].fill(0);
    sandbox.write("report", unmeasured);
    verify(&sandbox, &["--user-data", &data, TEST_DEVICE]).fails(200, &["boot ROM did not measure"]);
}

#[test]
fn a_verdict_is_handed_on_signed() {
    let sandbox = reported();
    sandbox.wasmstone(["key", "new", "verifier"]).succeeds();
    let options = ["--nonce", NONCE, SIMULATOR, "--result", "result", "--key", "verifier"];
    verify(&sandbox, &options).succeeds();
    let shown = sandbox.wasmstone(["key", "show", "verifier", "--json"]).json();
    let key = wasmstone_bundle::PublicKey::from_pem(shown["public_key"].as_str().unwrap()).unwrap();
    let result = eat::verify_result(&sandbox.read("result"), &key.to_bytes()).unwrap();
    assert_eq!(result.report, Report::parse(&sandbox.read("report")).unwrap());
    assert_eq!((result.issuer, result.risks), (key.id().to_string(), Risks { simulator: true, ..Risks::default() }));
    assert!(result.issued_at > 1_700_000_000);

    sandbox.write("result", "");
    verify(&sandbox, &options[1..]).fails(2, &[]);
    verify(&sandbox, &["--nonce", &"11".repeat(8), SIMULATOR, "--result", "result", "--key", "verifier"])
        .fails(200, &[]);
    assert_eq!(sandbox.read("result"), b"", "nothing is signed of a report that is refused");
    verify(&sandbox, &["--nonce", NONCE, SIMULATOR, "--result", "result", "--key", "nobody"]).fails(109, &["nobody"]);
    verify(&sandbox, &["--nonce", NONCE, SIMULATOR, "--result", "result"]).fails(2, &["--key"]);
}
