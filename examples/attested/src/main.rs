//! Computes something, and makes the enclave around it attest the result: `/out/report` is a report over the SHA-256
//! of `/out/statement`. A verifier who has pinned this program's measurement then knows that the program wrote the
//! statement:
//!
//! ```console
//! $ wasmstone run attested.wsb --dir out::/out -- NONCE 3 1 4
//! $ wasmstone attest verify out/report --pins pins.toml --user-data "$(sha256sum < out/statement | cut -c -64)"
//! ```

use sha2::{Digest, Sha256};
use std::fs;
use std::process::ExitCode;
use wasmstone::attestation::attestation;

wit_bindgen::generate!({ path: "../../eapp/wit/attestation.wit", world: "attested" });

fn main() -> ExitCode {
    match run() {
        Ok(statement) => {
            print!("{statement}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("attested: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let mut arguments = std::env::args().skip(1);
    let nonce = arguments.next().ok_or("say a nonce, and then numbers: attested NONCE NUMBER...")?;
    let number = |text: String| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let mut numbers = arguments.map(number).collect::<Result<Vec<u64>, String>>()?;
    numbers.sort_unstable();
    let median = numbers.get(numbers.len() / 2).ok_or("say numbers behind the nonce")?;

    // The verifier chose the nonce, so a statement that contains it is fresh.
    let statement = format!("nonce {nonce}\ncount {}\nmedian {median}\n", numbers.len());
    let report = attestation::report(&Sha256::digest(&statement)).map_err(|error| format!("no report: {error:?}"))?;
    let written = fs::write("/out/statement", &statement).and_then(|()| fs::write("/out/report", report));
    written.map_err(|error| format!("cannot write below /out ({error}): grant it, --dir DIRECTORY::/out"))?;
    Ok(statement)
}
