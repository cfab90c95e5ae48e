//! `wasmstone-peer [--launch LAUNCH] [--dir HOST::GUEST] [--read-only-dir HOST::GUEST] [--env NAME=VALUE] [--net]
//! PROGRAM [ARGUMENTS]`
//!
//! Runs a precompiled program outside any enclave, with this process's own standard streams: a program that was taken
//! from a bundle together with its launch, or one that Wasmtime compiled by its own defaults. The benchmarks measure
//! against it.

use std::path::Path;
use std::process::ExitCode;
use wasmstone_peer::{Dir, End, Input, Output, RunConfig, run};
use wasmstone_policy::Launch;
use wasmtime::{Error, Result, bail};

const USAGE: &str = "\
usage: wasmstone-peer [--launch LAUNCH] [--dir HOST::GUEST] [--read-only-dir HOST::GUEST] [--env NAME=VALUE] [--net] \
PROGRAM [ARGUMENTS]";

fn main() -> ExitCode {
    match try_main() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn try_main() -> Result<u8> {
    let mut arguments = std::env::args().skip(1);
    let mut config =
        RunConfig { stdin: Input::Inherit, stdout: Output::Inherit, stderr: Output::Inherit, ..RunConfig::default() };
    let mut engine = None;
    let program = loop {
        let argument = arguments.next().ok_or_else(usage)?;
        match argument.as_str() {
            "--dir" | "--read-only-dir" => {
                let value = arguments.next().ok_or_else(usage)?;
                let (host, guest) = value.split_once("::").unwrap_or((&value, &value));
                let readonly = argument == "--read-only-dir";
                config.dirs.push(Dir { host: host.into(), guest: guest.into(), readonly });
            }
            "--env" => {
                let value = arguments.next().ok_or_else(usage)?;
                let (name, value) = value.split_once('=').ok_or_else(usage)?;
                config.env.push((name.into(), value.into()));
            }
            "--launch" => {
                let launch = Launch::decode(&read(&arguments.next().ok_or_else(usage)?)?);
                engine = Some(wasmstone_peer::engine(&launch.map_err(|error| Error::msg(error.to_string()))?.program)?);
            }
            "--net" => config.network = true,
            flag if flag.starts_with('-') => return Err(usage()),
            _ => break argument,
        }
    };
    let name = Path::new(&program).file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    config.args = std::iter::once(name).chain(arguments).collect();

    let precompiled = read(&program)?;
    let engine = engine.unwrap_or_default();
    // SAFETY: the caller that gives the path vouches that the engine's compiler wrote the file; it is run with the
    // rights of this process, like any program that the caller could start.
    let outcome = unsafe { run(&engine, &precompiled, config)? };
    if let End::Trapped(reason) = &outcome.end {
        eprintln!("error: {reason}");
    }
    Ok(u8::try_from(outcome.end.code()).unwrap_or(1))
}

fn read(path: &str) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) => bail!("cannot read {path}: {error}"),
    }
}

fn usage() -> Error {
    Error::msg(USAGE)
}
