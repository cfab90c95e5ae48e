//! `wasmstone`: builds, signs, inspects and runs bundles.
//!
//! One file per subcommand in `commands/`; what a library user could want is in the libraries.

#![forbid(unsafe_code)]

mod backend;
mod commands;
mod console;
mod engine;
mod exit;
mod home;
mod keys;
mod view;

use clap::Parser;
use exit::Exit;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::process::ExitCode;
use wasmstone_happ::signals;

/// Package WebAssembly programs into signed enclave bundles, and run them.
#[derive(Parser)]
#[command(name = "wasmstone", version, max_term_width = 100)]
#[command(after_help = "\"wasmstone FILE.wsb\" alone is short for \"wasmstone run FILE.wsb\".")]
struct Wasmstone {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    signals::survive_file_size_limit();
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|argument| is_bundle(argument)) {
        arguments.insert(1, "run".into());
    }
    let exit = match Wasmstone::try_parse_from(arguments) {
        Ok(wasmstone) => wasmstone.command.run().unwrap_or_else(|error| {
            console::error(&error);
            Exit::of(&error)
        }),
        Err(usage) => match usage.print() {
            _ if usage.use_stderr() => Exit::Usage,
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                console::error(&console::unprintable(&error).into());
                Exit::Output
            }
            _ => Exit::Success,
        },
    };
    if let Some(signal) = exit.signal() {
        signals::die_of(signal);
    }
    ExitCode::from(exit.code())
}

fn is_bundle(argument: &OsStr) -> bool {
    let bytes = argument.as_encoded_bytes();
    bytes.ends_with(b".wsb") && !bytes.starts_with(b"-")
}
