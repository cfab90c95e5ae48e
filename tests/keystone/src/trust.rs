//! Reports that the security monitor signs, and sealed directories under its keys.

use super::remote::{Remote, text};
use super::report::Report;
use super::{Suite, guest};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

const NONCE: &str = "00112233445566778899aabbccddeeff";

/// The device key of test machines, which everybody knows.
const TEST_DEVICE: &str = "--insecure-allow-test-device";

/// Checks both.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    for engine in ["native", "pulley"] {
        attest(suite, report, engine)?;
    }
    attested(suite, report)?;
    sealed(suite, report)
}

/// Verifies a report over a nonce on this machine.
fn attest(suite: &Suite, report: &mut Report, engine: &str) -> Result<()> {
    let hello = guest("hello", "wasm32-wasip2")?;
    let flags = ["--engine", engine, "--max-memory", "2M"];
    let built = suite.build(&hello, "attested", &suite.platform, &flags).map_err(anyhow::Error::msg)?;
    let bundle = suite.put(&built)?;
    let pins = pins(suite, &built.path, "pins.toml")?;
    let made =
        suite.remote.wasmstone(&["attest", "report", &bundle, "--nonce", NONCE, "--backend", "keystone"], b"")?;
    ensure!(made.status.success(), "no report: {}", text(&made.stderr));
    let file = suite.work.join("report.bin");
    fs::write(&file, &made.stdout)?;

    let check = |name: &str, file: &Path, nonce: &str, pins: &Path, flags: &[&str], code: i32| -> Result<_> {
        let mut command = suite.command();
        command.args(["attest", "verify"]).arg(file).arg("--pins").arg(pins).args(["--nonce", nonce]).args(flags);
        let output = command.output().context("cannot run wasmstone")?;
        let fault = (output.status.code() != Some(code))
            .then(|| format!("exit code {:?} instead of {code}: {}", output.status.code(), text(&output.stderr)));
        Ok((format!("{name} ({engine})"), fault))
    };
    let refused = 200;
    let other = suite.build(&hello, "other", &suite.platform, &["--engine", engine, "--max-memory", "3M"]);
    let other = self::pins(suite, &other.map_err(anyhow::Error::msg)?.path, "other.toml")?;
    let mut flipped = made.stdout.clone();
    *flipped.get_mut(100).context("a short report")? ^= 1;
    let altered = suite.work.join("altered.bin");
    fs::write(&altered, flipped)?;
    for (name, fault) in [
        check("a report is verified", &file, NONCE, &pins, &[TEST_DEVICE], 0)?,
        check("the test device's key is refused", &file, NONCE, &pins, &[], refused)?,
        check("another nonce is refused", &file, "ffeeddccbbaa99887766554433221100", &pins, &[TEST_DEVICE], refused)?,
        check("another bundle's pins are refused", &file, NONCE, &other, &[TEST_DEVICE], refused)?,
        check("an altered report is refused", &altered, NONCE, &pins, &[TEST_DEVICE], refused)?,
    ] {
        report.check(&name, fault);
    }
    Ok(())
}

fn pins(suite: &Suite, bundle: &Path, name: &str) -> Result<PathBuf> {
    let pins = suite.work.join(name);
    let _ = fs::remove_file(&pins);
    suite.wasmstone(&["measure", &bundle.display().to_string(), "--pins", &pins.display().to_string()])?;
    Ok(pins)
}

/// The requests about the enclave that a guest can make.
fn attested(suite: &Suite, report: &mut Report) -> Result<()> {
    let program = guest("attestation", "wasm32-wasip2")?;
    let built = suite.build(&program, "asks", &suite.platform, &["--max-memory", "4M"]).map_err(anyhow::Error::msg)?;
    let bundle = suite.put(&built)?;
    let run = || suite.remote.wasmstone(&["run", &bundle, "--backend", "keystone", "--", "data"], b"");
    let (first, second) = (run()?, run()?);
    let fault = (!first.status.success()).then(|| text(&first.stderr));
    report.check("a guest asks for reports and keys", fault);
    let fault = (first.stdout != second.stdout).then(|| "it got others in another run".to_owned());
    report.check("a guest gets the same keys in every run", fault);
    Ok(())
}

/// The policy of the program below.
const POLICY: &str = "[[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";

/// A directory that the enclave encrypts, over several runs. One run is killed.
fn sealed(suite: &Suite, report: &mut Report) -> Result<()> {
    let config = suite.work.join("sealed.toml");
    fs::write(&config, format!("arguments = \"any\"\n{POLICY}"))?;
    let config = config.display().to_string();
    let build = |name, cap| {
        let flags = ["--config", &config, "--max-memory", cap];
        let built = suite.build(&guest("sealed", "wasm32-wasip2")?, name, &suite.platform, &flags);
        suite.put(&built.map_err(anyhow::Error::msg)?)
    };
    let (bundle, other) = (build("sealed", "8M")?, build("sealed-other", "9M")?);
    let line = |bundle: &str, arguments: &[&str]| {
        let run = ["run", bundle, "--backend", "keystone", "--dir", "sealed::/data", "--"];
        Remote::line(&[&run, arguments].concat())
    };
    let mut expect = |name: &str, script: &str, wanted: &dyn Fn(Option<i32>, &str) -> bool| -> Result<()> {
        let output = suite.remote.shell(script, b"")?;
        let (code, said) = (output.status.code(), text(&output.stdout));
        let fault = (!wanted(code, &said)).then(|| format!("{code:?} {said:?}: {}", text(&output.stderr)));
        report.check(name, fault);
        Ok(())
    };
    let ok = |code: Option<i32>, _: &str| code == Some(0);
    let fresh = "rm -rf sealed && mkdir sealed && ";
    expect(
        "a sealed directory is written",
        &format!("{fresh}{}", line(&bundle, &["write", "secret.txt", "plainly"])),
        &ok,
    )?;
    let read = line(&bundle, &["read", "secret.txt"]);
    expect("it is read in another run", &read, &|code, said| code == Some(0) && said == "plainly")?;
    let seen = "grep -r -l -e plainly sealed; ls -R sealed | grep -c secret";
    expect("the host sees neither names nor contents", seen, &|_, said| said == "0")?;
    expect("another program does not get it", &line(&other, &["read", "secret.txt"]), &|code, _| code != Some(0))?;
    let killed = format!(
        "for s in 3 5 7; do {} >/dev/null 2>&1 & sleep $s; kill -9 $!; wait; done; {}",
        line(&bundle, &["append", "log.txt", "1000000"]),
        line(&bundle, &["check", "log.txt"]),
    );
    expect("it survives kill -9", &killed, &ok)?;
    let tampered = "for f in sealed/*; do printf x | dd of=$f bs=1 seek=200 conv=notrunc 2>/dev/null; done; ";
    expect("what the host changed is not read", &format!("{tampered}{read}"), &|code, said| {
        code != Some(0) && said.is_empty()
    })
}
