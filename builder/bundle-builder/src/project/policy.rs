//! The policy part of a project file.

use serde::{
    Deserialize, Deserializer,
    de::{
        self, MapAccess, SeqAccess,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use std::{collections::BTreeMap, fmt, marker::PhantomData, net::SocketAddr};
use wasmstone_edge_protocol::TRANSFER_DIRECTORY;
use wasmstone_policy::{
    Access, Addresses, Arguments, Directories, Directory, Environment, Names, Network, Policy, Remote,
};

/// `"any"` or a list.
#[derive(Debug)]
pub enum AnyOrList<T> {
    /// The user who runs the bundle chooses.
    Any,
    /// Only these.
    List(Vec<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AnyOrList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = AnyOrList<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"any\" or a list")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == "any" { Ok(AnyOrList::Any) } else { Err(E::invalid_value(de::Unexpected::Str(text), &self)) }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(AnyOrList::List)
            }
        }

        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

/// The table `[environment]`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnvironmentTable {
    #[serde(default)]
    set: BTreeMap<String, String>,
    allow: Option<AnyOrList<String>>,
}

/// An entry of `[[directory]]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DirectoryEntry {
    guest: String,
    access: Access,
    #[serde(default)]
    sealed: bool,
}

/// The key `network`: a word, or the table `[network]`.
#[derive(Debug)]
pub enum NetworkKey {
    /// None.
    Denied,
    /// The user who runs the bundle chooses.
    Any,
    /// Only these addresses.
    Listed(NetworkTable),
}

/// The table `[network]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NetworkTable {
    #[serde(default)]
    listen: Vec<Listen>,
    #[serde(default)]
    connect: Vec<Connect>,
    lookup: Option<AnyOrList<String>>,
}

/// An entry of `listen`.
#[derive(Debug)]
struct Listen(SocketAddr);

/// An entry of `connect`.
#[derive(Debug)]
struct Connect(Remote);

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "an address to listen at, ADDR:PORT, such as 127.0.0.1:8080 or [::1]:8080";
        text.parse().map(Self).map_err(|_| de::Error::invalid_value(de::Unexpected::Str(&text), &expected))
    }
}

impl<'de> Deserialize<'de> for Connect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for NetworkKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = NetworkKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`denied`, `any` or a table")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                match text {
                    "denied" => Ok(NetworkKey::Denied),
                    "any" => Ok(NetworkKey::Any),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
                NetworkTable::deserialize(MapAccessDeserializer::new(table)).map(NetworkKey::Listed)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

fn addresses(table: NetworkTable) -> Network {
    Network::Listed(Addresses {
        listen: table.listen.into_iter().map(|Listen(address)| address).collect(),
        connect: table.connect.into_iter().map(|Connect(remote)| remote).collect(),
        lookup: match table.lookup {
            None => Names::Listed(Vec::new()),
            Some(AnyOrList::Any) => Names::Any,
            Some(AnyOrList::List(names)) => Names::Listed(names),
        },
    })
}

/// The policy that a file describes: what the file does not name is denied.
pub fn policy(
    arguments: Option<AnyOrList<String>>,
    environment: EnvironmentTable,
    directories: Option<AnyOrList<DirectoryEntry>>,
    directory: Vec<DirectoryEntry>,
    network: Option<NetworkKey>,
) -> Result<Policy, String> {
    let mut policy = Policy::closed();
    match arguments {
        None => {}
        Some(AnyOrList::Any) => policy.arguments = Arguments::Any,
        Some(AnyOrList::List(list)) => policy.arguments = Arguments::Fixed(list),
    }
    policy.environment = variables(environment)?;
    match directories {
        Some(AnyOrList::Any) if directory.is_empty() => policy.directories = Directories::Any,
        Some(AnyOrList::List(list)) if directory.is_empty() => policy.directories = listed(list)?,
        None => policy.directories = listed(directory)?,
        Some(AnyOrList::Any) if directory.iter().any(|entry| entry.sealed) => {
            return Err(
                "directories = \"any\" lets the user who runs the bundle choose directories, and none of them is \
                 sealed: leave the key out, and name each directory as a [[directory]]"
                    .to_owned(),
            );
        }
        Some(_) => return Err("it has both \"directories\" and \"[[directory]]\": keep one of them".to_owned()),
    }
    match network {
        None | Some(NetworkKey::Denied) => {}
        Some(NetworkKey::Any) => policy.network = Network::Any,
        Some(NetworkKey::Listed(table)) => policy.network = addresses(table),
    }
    no_nul(&policy)?;
    Ok(policy)
}

fn variables(EnvironmentTable { set, allow }: EnvironmentTable) -> Result<Environment, String> {
    let allow = match allow {
        None => Names::Listed(Vec::new()),
        Some(AnyOrList::Any) => Names::Any,
        Some(AnyOrList::List(names)) => Names::Listed(names),
    };
    let allowed = match &allow {
        Names::Any => &[][..],
        Names::Listed(names) => names,
    };
    for name in set.keys().chain(allowed) {
        if name.is_empty() || name.contains('=') {
            return Err(format!("\"{name}\" cannot be the name of an environment variable: write NAME = \"value\""));
        }
        if set.contains_key(name) && allowed.contains(name) {
            return Err(format!("the environment variable {name} is both set and allowed: keep one of them"));
        }
    }
    Ok(Environment { set: set.into_iter().collect(), allow })
}

fn listed(entries: Vec<DirectoryEntry>) -> Result<Directories, String> {
    let mut directories: Vec<Directory> = Vec::new();
    for DirectoryEntry { guest, access, sealed } in entries {
        if guest.is_empty() {
            return Err(
                "a directory has an empty \"guest\": write the path that the program sees, as \"/data\"".to_owned()
            );
        }
        if directories.iter().any(|directory| directory.guest == guest) {
            return Err(format!("the directory {guest} is named twice: keep one of them"));
        }
        if sealed && (guest == TRANSFER_DIRECTORY || guest.contains(char::is_control)) {
            return Err(format!(
                "{guest:?} cannot be the \"guest\" of a sealed directory: use another path, such as /data"
            ));
        }
        directories.push(Directory { guest, access, sealed });
    }
    Ok(Directories::Listed(directories))
}

/// Refuses strings with a NUL, which no guest could see.
fn no_nul(policy: &Policy) -> Result<(), String> {
    let arguments = match &policy.arguments {
        Arguments::Any => &[][..],
        Arguments::Fixed(list) => list,
    };
    let environment = policy.environment.set.iter().flat_map(|(name, value)| [name, value]);
    match arguments.iter().chain(environment).any(|text| text.contains('\0')) {
        true => Err("arguments and variables cannot contain \\u0000: remove it".to_owned()),
        false => Ok(()),
    }
}
