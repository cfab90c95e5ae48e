//! What the runner grants, checked against the policy. The host app checks, to explain a refusal early; the
//! enclave app checks again, since it does not trust the host app.

use crate::{Access, Arguments, Directories, Names, Network, Policy};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// What the runner gives to the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Arguments after argument zero.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Directories: the path the guest sees, and what it may do there.
    pub directories: Vec<(String, Access)>,
    /// The network. Only the host app enforces this; the enclave app does not receive it and enforces the policy.
    pub network: Network,
}

/// A grant that the policy does not allow: what was granted, and what the policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(pub String);

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Denied {}

impl Policy {
    /// Checks the grants against the policy. Returns what the guest gets: the grants, and the arguments and
    /// variables that the policy sets.
    ///
    /// # Errors
    /// [`Denied`] names the first grant that goes beyond the policy.
    pub fn admit(&self, grants: Grants) -> Result<Grants, Denied> {
        let texts = grants.arguments.iter().chain(grants.environment.iter().flat_map(|(name, value)| [name, value]));
        if let Some(text) =
            texts.chain(grants.directories.iter().map(|(guest, _)| guest)).find(|text| text.contains('\0'))
        {
            return Err(Denied(format!("{text:?} contains a zero byte, which programs take for its end")));
        }

        let arguments = match &self.arguments {
            Arguments::Any => grants.arguments,
            Arguments::Fixed(fixed) if grants.arguments.is_empty() => fixed.clone(),
            Arguments::Fixed(fixed) if fixed.is_empty() => {
                return Err(Denied("the bundle's policy allows no arguments".into()));
            }
            Arguments::Fixed(_) => {
                return Err(Denied("the bundle's policy fixes the arguments: none can be given".into()));
            }
        };

        let mut environment = self.environment.set.clone();
        for (name, value) in grants.environment {
            // Programs see `NAME=VALUE` as one string, so such a name could override a fixed variable.
            if name.is_empty() || name.contains('=') {
                return Err(Denied(format!("{name:?} cannot be the name of an environment variable")));
            }
            if self.environment.set.iter().any(|(set, _)| *set == name) {
                return Err(Denied(format!("the bundle's policy fixes the environment variable {name}")));
            }
            if let Names::Listed(allowed) = &self.environment.allow
                && !allowed.contains(&name)
            {
                return Err(Denied(format!("the bundle's policy does not allow the environment variable {name}")));
            }
            environment.push((name, value));
        }

        for (guest, access) in &grants.directories {
            let Directories::Listed(listed) = &self.directories else { break };
            let Some(allowed) = listed.iter().find(|directory| directory.guest == *guest) else {
                return Err(Denied(format!("the bundle's policy does not allow the directory {guest}")));
            };
            if allowed.access == Access::ReadOnly && *access == Access::ReadWrite {
                return Err(Denied(format!("the bundle's policy allows the directory {guest} for reading only")));
            }
        }

        self.network.admit(&grants.network)?;
        Ok(Grants { arguments, environment, directories: grants.directories, network: grants.network })
    }
}
