//! `wasmstone doctor`.

mod keystone;
mod machine;
mod simulator;
#[cfg(feature = "build")]
mod tools;

use crate::console;
use crate::exit::Exit;
use crate::view::SCHEMA;
use clap::ValueEnum;
use serde::Serialize;

/// Check what this machine has, and say how to mend what is missing.
#[derive(clap::Args)]
pub struct Doctor {
    /// What bundles are to run on: with keystone, a missing device is a failure.
    #[arg(long, value_enum, default_value_t = Backend::Sim)]
    backend: Backend,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    Keystone,
    Sim,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    /// What was found.
    found: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// The exit code, where this is a failure.
    #[serde(skip)]
    failure: Option<Exit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// All is well.
    Ok,
    /// Not there, and not needed for what is asked.
    Absent,
    /// To be mended.
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
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    ok: bool,
    checks: &'a [Check],
}

impl Doctor {
    pub fn run(self) -> anyhow::Result<Exit> {
        let mut checks = vec![simulator::check()];
        checks.extend(keystone::checks(self.backend));
        checks.extend(machine::configuration());
        #[cfg(feature = "build")]
        checks.extend(tools::checks());
        // The first failure decides: what comes later is of less weight.
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
