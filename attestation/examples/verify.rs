//! What a relying party does: `verify REPORT PINS NONCE-HEX [--accept-public-test-key] [--accept-simulator]`.
//!
//! Prints the enclave's public key, or says which check failed and exits with 1.

use std::process::ExitCode;
use wasmstone_attestation::{Pins, Report, Risks};

fn run(arguments: &[String]) -> Result<String, Box<dyn std::error::Error>> {
    let [report, pins, nonce, flags @ ..] = arguments else {
        return Err("usage: verify REPORT PINS NONCE-HEX [--accept-public-test-key] [--accept-simulator]".into());
    };
    let report = Report::parse(&std::fs::read(report)?)?;
    let pins = Pins::from_toml(&std::fs::read_to_string(pins)?)?;
    let named = |flag: &str| flags.iter().any(|given| given == flag);
    let risks = Risks { public_test_key: named("--accept-public-test-key"), simulator: named("--accept-simulator") };
    let (verified, key) = pins.verify_exchange(&report, &hex::decode(nonce)?, risks)?;
    if verified.risks() != Risks::default() {
        eprintln!("warning: anybody can have made this report");
    }
    Ok(hex::encode(key))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(key) => println!("{key}"),
        Err(error) => {
            eprintln!("refused: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
