//! What a runner grants, held against the policy. The host app calls this to explain a refusal early;
//! the enclave app calls it again, since it does not trust the host app.

use crate::{Access, Arguments, Directories, Names, Network, Policy};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// What whoever runs the bundle gives to the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Arguments after argument zero.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Directories: the path the guest sees, and what it may do there.
    pub directories: Vec<(String, Access)>,
    /// The network. The host app holds to it; the enclave app is not told and holds to the policy.
    pub network: Network,
}

/// A grant that the policy does not allow: what, and what the policy says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(pub String);

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Denied {}

impl Policy {
    /// Holds the grants against the policy, and returns what the guest gets:
    /// the policy's own arguments and variables are added.
    ///
    /// # Errors
    /// [`Denied`] names the first grant that goes beyond the policy.
    pub fn admit(&self, grants: Grants) -> Result<Grants, Denied> {
        let texts = grants.arguments.iter().chain(grants.environment.iter().flat_map(|(name, value)| [name, value]));
        if let Some(text) =
            texts.chain(grants.directories.iter().map(|(guest, _)| guest)).find(|text| text.contains('\0'))
        {
            return Err(Denied(format!("{text:?} has a zero byte in it, where programs would see its end")));
        }

        let arguments = match &self.arguments {
            Arguments::Any => grants.arguments,
            Arguments::Fixed(fixed) if grants.arguments.is_empty() => fixed.clone(),
            Arguments::Fixed(fixed) if fixed.is_empty() => {
                return Err(Denied("the bundle's policy allows no arguments".into()));
            }
            Arguments::Fixed(_) => {
                return Err(Denied("the bundle's policy fixes the arguments, none may be given".into()));
            }
        };

        let mut environment = self.environment.set.clone();
        for (name, value) in grants.environment {
            // Where programs see `NAME=VALUE` in one piece, another name could pose as a fixed one.
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
