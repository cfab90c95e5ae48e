//! Policies and signatures as people and scripts see them.

mod program;

pub use program::{MeasurementView, ProgramView};

use crate::console::visible;
use serde::Serialize;
use std::fmt;
use wasmstone_bundle::sealing::SealOwner;
use wasmstone_bundle::verify::{Signer, Standing};
use wasmstone_policy::{Access, Arguments, Directories, Directory, Names, Network, Policy};

/// The version of everything that is printed as JSON.
pub const SCHEMA: u32 = 1;

/// `"any"`, or the list of what is allowed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AnyOr<T> {
    Any(&'static str),
    Only(T),
}

impl<T> AnyOr<T> {
    const ANY: Self = Self::Any("any");
}

/// A policy.
#[derive(Debug, Serialize)]
pub struct PolicyView<'a> {
    arguments: AnyOr<&'a [String]>,
    environment: EnvironmentView<'a>,
    directories: AnyOr<Vec<DirectoryView<'a>>>,
    seal_owner: Option<String>,
    network: NetworkView<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum NetworkView<'a> {
    Word(&'static str),
    Only { listen: Vec<String>, connect: Vec<String>, lookup: AnyOr<&'a [String]> },
}

#[derive(Debug, Serialize)]
struct EnvironmentView<'a> {
    set: Vec<VariableView<'a>>,
    allow: AnyOr<&'a [String]>,
}

#[derive(Debug, Serialize)]
struct VariableView<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct DirectoryView<'a> {
    guest: &'a str,
    access: &'static str,
    sealed: bool,
}

impl<'a> PolicyView<'a> {
    pub fn new(policy: &'a Policy) -> Self {
        let set = policy.environment.set.iter().map(|(name, value)| VariableView { name, value });
        Self {
            arguments: match &policy.arguments {
                Arguments::Any => AnyOr::ANY,
                Arguments::Fixed(list) => AnyOr::Only(list),
            },
            environment: EnvironmentView { set: set.collect(), allow: names(&policy.environment.allow) },
            directories: match &policy.directories {
                Directories::Any => AnyOr::ANY,
                Directories::Listed(list) => AnyOr::Only(
                    list.iter()
                        .map(|Directory { guest, access, sealed }| DirectoryView {
                            guest,
                            access: access_name(*access),
                            sealed: *sealed,
                        })
                        .collect(),
                ),
            },
            seal_owner: policy.seal_owner.map(|owner| SealOwner(owner).to_string()),
            network: match &policy.network {
                Network::Any => NetworkView::Word("any"),
                Network::Denied => NetworkView::Word("denied"),
                Network::Listed(listed) => NetworkView::Only {
                    listen: listed.listen.iter().map(ToString::to_string).collect(),
                    connect: listed.connect.iter().map(ToString::to_string).collect(),
                    lookup: names(&listed.lookup),
                },
            },
        }
    }

    /// The sealed directories, by the paths that the program sees.
    pub fn sealed(&self) -> Vec<&str> {
        match &self.directories {
            AnyOr::Any(_) => Vec::new(),
            AnyOr::Only(list) => list.iter().filter(|entry| entry.sealed).map(|entry| entry.guest).collect(),
        }
    }

    /// Whether the policy names an owner who may move sealed data.
    #[cfg(feature = "build")]
    pub fn has_seal_owner(&self) -> bool {
        self.seal_owner.is_some()
    }

    /// One line for each part of the policy: the part's name and its content.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        const ANY: &str = "any that the run command grants";
        let arguments = match &self.arguments {
            AnyOr::Any(_) => ANY.to_owned(),
            AnyOr::Only([]) => "none".to_owned(),
            AnyOr::Only(list) => format!("{list:?}"),
        };
        let directories = match &self.directories {
            AnyOr::Any(_) => ANY.to_owned(),
            AnyOr::Only(list) if list.is_empty() => "none".to_owned(),
            AnyOr::Only(list) => {
                let kind = |entry: &DirectoryView<'_>| if entry.sealed { ", sealed" } else { "" };
                let shown: Vec<_> =
                    list.iter().map(|entry| format!("{} ({}{})", entry.guest, entry.access, kind(entry))).collect();
                format!("may be granted: {}", shown.join(", "))
            }
        };
        let owner = self.seal_owner.as_ref().map_or("none, so sealed data cannot be moved", String::as_str);
        let owner = (!self.sealed().is_empty()).then(|| ("seal owner", owner.to_owned()));
        let lines =
            [("arguments", arguments), ("environment", self.environment.line(ANY)), ("directories", directories)];
        let lines = lines.into_iter().chain(owner).chain([("network", self.network.line(ANY))]);
        lines.map(|(name, text)| (name, visible(&text))).collect()
    }
}

impl NetworkView<'_> {
    fn line(&self, any: &str) -> String {
        let (listen, connect, lookup) = match self {
            Self::Word("any") => return any.to_owned(),
            Self::Word(word) => return (*word).to_owned(),
            Self::Only { listen, connect, lookup } => (listen, connect, lookup),
        };
        let mut parts = Vec::new();
        if !listen.is_empty() {
            parts.push(format!("may listen at {}", listen.join(", ")));
        }
        if !connect.is_empty() {
            parts.push(format!("may connect to {}", connect.join(", ")));
        }
        match lookup {
            AnyOr::Any(_) => parts.push("may look up any name".to_owned()),
            AnyOr::Only([]) => {}
            AnyOr::Only(names) => parts.push(format!("may look up {}", names.join(", "))),
        }
        if parts.is_empty() { "denied".to_owned() } else { parts.join("; ") }
    }
}

impl EnvironmentView<'_> {
    fn line(&self, any: &str) -> String {
        let mut parts: Vec<_> =
            self.set.iter().map(|variable| format!("{}={:?}", variable.name, variable.value)).collect();
        match &self.allow {
            AnyOr::Any(_) if parts.is_empty() => parts.push(any.to_owned()),
            AnyOr::Any(_) => parts.push(format!("others {any}")),
            AnyOr::Only([]) if parts.is_empty() => parts.push("none".to_owned()),
            AnyOr::Only([]) => {}
            AnyOr::Only(names) => parts.push(format!("may be granted: {}", names.join(", "))),
        }
        parts.join("; ")
    }
}

fn names(names: &Names) -> AnyOr<&[String]> {
    match names {
        Names::Any => AnyOr::ANY,
        Names::Listed(names) => AnyOr::Only(names),
    }
}

const fn access_name(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "read-only",
        Access::ReadWrite => "read-write",
    }
}

/// A signature.
#[derive(Debug, Serialize)]
pub struct SignerView {
    key_id: String,
    standing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<&Signer> for SignerView {
    fn from(signer: &Signer) -> Self {
        let (standing, name) = match &signer.standing {
            Standing::Trusted(name) => ("trusted", Some(name.clone())),
            Standing::Unknown => ("unknown", None),
            Standing::Invalid => ("invalid", None),
        };
        Self { key_id: signer.key.to_string(), standing, name }
    }
}

impl fmt::Display for SignerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} (trusted as \"{name}\")", self.key_id),
            None if self.standing == "unknown" => write!(f, "{} (valid, but the key is not trusted)", self.key_id),
            None => write!(f, "{} (NOT VALID)", self.key_id),
        }
    }
}
