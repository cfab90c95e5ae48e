//! `wasmstone doctor`.

mod machine;
#[cfg_attr(feature = "simulator", path = "doctor/simulator.rs")]
#[cfg_attr(not(feature = "simulator"), path = "doctor/no_simulator.rs")]
mod simulator;
#[cfg(feature = "build")]
mod tools;

use crate::backend;
use crate::console;
use crate::exit::Exit;
use crate::view::SCHEMA;
use serde::Serialize;
use wasmstone_happ::backend::{self as backends, ErrorClass, Kind};

/// Check what this machine has, and say how to fix what is missing.
#[derive(clap::Args)]
pub struct Doctor {
    #[cfg_attr(
        feature = "simulator",
        doc = "Backend that bundles are to run on: with keystone, a missing device is a failure [default: sim]."
    )]
    #[cfg_attr(
        not(feature = "simulator"),
        doc = "Backend that bundles are to run on: only keystone, since this wasmstone has no simulator."
    )]
    #[arg(long, value_parser = backend::parser())]
    backend: Option<Kind>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    /// What was found.
    found: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// The exit code, if this is a failure.
    #[serde(skip)]
    failure: Option<Exit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// All is well.
    Ok,
    /// Not there, and not needed.
    Absent,
    /// A failure.
    Missing,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, found: found.into(), remedy: None, failure: None }
    }

    fn absent(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, status: Status::Absent, found: found.into(), remedy: Some(remedy.into()), failure: None }
    }

    fn missing(name: &'static str, found: impl Into<String>, remedy: impl Into<String>, exit: Exit) -> Self {
        Self { name, status: Status::Missing, found: found.into(), remedy: Some(remedy.into()), failure: Some(exit) }
    }

    /// A backend's own check. If bundles are to run on another backend, a device that is not there is no failure.
    fn of_backend(check: backends::Check, wanted: bool) -> Self {
        match check.missing {
            None => Self::ok(check.name, check.found),
            Some(missing) if !wanted && missing.class == ErrorClass::NoDevice => {
                Self::absent(check.name, check.found, "not needed for the simulator")
            }
            Some(missing) => Self::missing(check.name, check.found, missing.remedy, Exit::of_launch(missing.class)),
        }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    ok: bool,
    checks: &'a [Check],
}

impl Doctor {
    pub fn run(self) -> anyhow::Result<Exit> {
        let wanted = match self.backend {
            Some(kind) => backend::offered(kind)?,
            None if cfg!(feature = "simulator") => Kind::Sim,
            None => Kind::Keystone,
        };
        let mut checks = vec![simulator::check()];
        for backend in backend::checked() {
            let wanted = wanted == backend.kind();
            checks.extend(backend.checks().into_iter().map(|check| Check::of_backend(check, wanted)));
        }
        checks.extend(machine::configuration());
        #[cfg(feature = "build")]
        checks.extend(tools::checks());
        // The first failure decides, since the checks are in the order of their importance.
        let exit = checks.iter().find_map(|check| check.failure).unwrap_or(Exit::Success);
        if self.json {
            console::print_json(&Json { schema: SCHEMA, ok: exit == Exit::Success, checks: &checks })?;
            return Ok(exit);
        }
        for check in &checks {
            let mark = match check.status {
                Status::Ok => "ok",
                Status::Absent => "-",
                Status::Missing => "MISSING",
            };
            console::print(format_args!("{mark:<8}{:<24}{}", check.name, check.found))?;
            if let Some(remedy) = &check.remedy {
                console::print(format_args!("{:<32}{remedy}", ""))?;
            }
        }
        Ok(exit)
    }
}
