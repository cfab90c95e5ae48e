//! Policies and signatures as people and scripts see them.

mod program;

pub use program::{MeasurementView, ProgramView};

use crate::console::visible;
use serde::Serialize;
use std::fmt;
use wasmstone_bundle::verify::{Signer, Standing};
use wasmstone_policy::{Access, Arguments, Directories, Names, Network, Policy};

/// The version of everything that is printed as JSON.
pub const SCHEMA: u32 = 1;

/// `"any"`, or what is allowed.
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
                        .map(|entry| DirectoryView { guest: &entry.guest, access: access(entry.access) })
                        .collect(),
                ),
            },
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

    /// One line for each part of the policy: its name and what it says.
    pub fn lines(&self) -> [(&'static str, String); 4] {
        const ANY: &str = "left to whoever runs the bundle";
        let arguments = match &self.arguments {
            AnyOr::Any(_) => ANY.to_owned(),
            AnyOr::Only([]) => "none".to_owned(),
            AnyOr::Only(list) => format!("{list:?}"),
        };
        let directories = match &self.directories {
            AnyOr::Any(_) => ANY.to_owned(),
            AnyOr::Only(list) if list.is_empty() => "none".to_owned(),
            AnyOr::Only(list) => {
                let shown: Vec<_> = list.iter().map(|entry| format!("{} ({})", entry.guest, entry.access)).collect();
                format!("may be given: {}", shown.join(", "))
            }
        };
        [
            ("arguments", arguments),
            ("environment", self.environment.line(ANY)),
            ("directories", directories),
            ("network", self.network.line(ANY)),
        ]
        .map(|(name, text)| (name, visible(&text)))
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
            AnyOr::Any(_) => parts.push("may look up every name".to_owned()),
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
            AnyOr::Only(names) => parts.push(format!("may be given: {}", names.join(", "))),
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

const fn access(access: Access) -> &'static str {
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
