//! Writes to standard output until a write fails, then exits with code 1.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let line = [b'y'; 1024];
    loop {
        if io::stdout().write_all(&line).and_then(|()| io::stdout().flush()).is_err() {
            eprintln!("output refused");
            return ExitCode::FAILURE;
        }
    }
}
