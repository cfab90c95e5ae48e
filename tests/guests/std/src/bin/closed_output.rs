//! Writes to standard output until that fails, then says so with exit code 1.

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
