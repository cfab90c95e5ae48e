//! The network part of a policy, and how addresses are checked: by the enclave app against the policy, by the
//! host app against what the runner granted.

use crate::{Denied, Names};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Which network addresses may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Any that the runner grants.
    Any,
    /// No addresses.
    #[default]
    Denied,
    /// Only these addresses, over TCP and UDP.
    Listed(Addresses),
}

/// Addresses that may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Addresses {
    /// Addresses to listen at. An unspecified one (`0.0.0.0`, `::`) stands for all of its family, port 0 for a
    /// port that the operating system chooses.
    pub listen: Vec<SocketAddr>,
    /// Addresses to connect and send to.
    pub connect: Vec<Remote>,
    /// Names that may be looked up in addition to those in `connect`.
    pub lookup: Names,
}

/// An address to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remote {
    /// This address and port.
    Address(SocketAddr),
    /// The addresses that a lookup of this name returns, with this port. The host answers lookups.
    Name(String, u16),
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl FromStr for Remote {
    type Err = NotRemote;

    /// Reads `HOST:PORT`, where the host is an address or a name.
    fn from_str(text: &str) -> Result<Self, NotRemote> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (name, port) = text.rsplit_once(':').ok_or(NotRemote)?;
        let plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_');
        match port.parse() {
            Ok(port) if port != 0 && !name.is_empty() && name.chars().all(plain) => Ok(Self::Name(name.into(), port)),
            _ => Err(NotRemote),
        }
    }
}

/// Why text is not a [`Remote`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRemote;

impl fmt::Display for NotRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address to connect to: write HOST:PORT, such as example.org:443 or [::1]:443")
    }
}

impl core::error::Error for NotRemote {}

impl Addresses {
    fn listens(&self, local: SocketAddr) -> bool {
        self.listen.iter().any(|listed| {
            let all = listed.ip().is_unspecified() && listed.is_ipv4() == local.is_ipv4();
            listed.port() == local.port() && (all || listed.ip() == local.ip())
        })
    }

    fn looks_up(&self, name: &str) -> bool {
        let connects = |remote: &Remote| matches!(remote, Remote::Name(listed, _) if same_name(listed, name));
        self.connect.iter().any(connects)
            || match &self.lookup {
                Names::Any => true,
                Names::Listed(names) => names.iter().any(|listed| same_name(listed, name)),
            }
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

impl Network {
    /// Whether a runner may grant `granted`.
    pub(crate) fn admit(&self, granted: &Self) -> Result<(), Denied> {
        let (listed, granted) = match (self, granted) {
            (Self::Any, _) | (_, Self::Denied) => return Ok(()),
            (Self::Denied, _) => return Err(Denied("the bundle's policy denies the network".into())),
            (Self::Listed(_), Self::Any) => {
                return Err(Denied("the bundle's policy allows listed addresses only, not the whole network".into()));
            }
            (Self::Listed(listed), Self::Listed(granted)) => (listed, granted),
        };
        let beyond = if let Some(local) = granted.listen.iter().find(|local| !listed.listens(**local)) {
            format!("listening at {local}")
        } else if let Some(remote) = granted.connect.iter().find(|remote| !listed.connect.contains(remote)) {
            format!("connecting to {remote}")
        } else {
            match (&listed.lookup, &granted.lookup) {
                (Names::Listed(_), Names::Any) => "looking up every name".into(),
                (_, Names::Listed(names)) if let Some(name) = names.iter().find(|name| !listed.looks_up(name)) => {
                    format!("looking up {name}")
                }
                _ => return Ok(()),
            }
        };
        Err(Denied(format!("the bundle's policy does not allow {beyond}")))
    }
}

/// The most addresses from lookups that are remembered.
const LEARNT_MAX: usize = 1024;

/// Decides which addresses may be used, and remembers the addresses of names that may be connected to.
#[derive(Clone, Debug)]
pub struct Reach {
    network: Network,
    learnt: Vec<SocketAddr>,
}

impl Reach {
    /// Starts with the rules in `network`.
    pub fn new(network: Network) -> Self {
        Self { network, learnt: Vec::new() }
    }

    /// Whether everything is allowed.
    pub fn is_any(&self) -> bool {
        self.network == Network::Any
    }

    /// Whether a socket may listen or receive at `local`.
    pub fn listen(&self, local: SocketAddr) -> bool {
        match &self.network {
            Network::Any => true,
            Network::Denied => false,
            Network::Listed(listed) => listed.listens(local),
        }
    }

    /// Whether a socket may be bound to `local`. If any connection is allowed, its local end may have a port that
    /// the operating system chooses.
    pub fn bind(&self, local: SocketAddr) -> bool {
        let connects = matches!(&self.network, Network::Listed(listed) if !listed.connect.is_empty());
        self.listen(local) || (connects && local.port() == 0)
    }

    /// Whether `remote` may be connected or sent to.
    pub fn connect(&self, remote: SocketAddr) -> bool {
        match &self.network {
            Network::Any => true,
            Network::Denied => false,
            Network::Listed(listed) => {
                self.learnt.contains(&plain(remote))
                    || listed
                        .connect
                        .iter()
                        .any(|listed| matches!(listed, Remote::Address(to) if plain(*to) == plain(remote)))
            }
        }
    }

    /// Whether `name` may be looked up.
    pub fn lookup(&self, name: &str) -> bool {
        match &self.network {
            Network::Any => true,
            Network::Denied => false,
            // An address is not looked up anywhere, so it needs no permission.
            Network::Listed(listed) => name.parse::<IpAddr>().is_ok() || listed.looks_up(name),
        }
    }

    /// Records the host's answer that `name` has the address `ip`.
    pub fn learn(&mut self, name: &str, ip: IpAddr) {
        let Network::Listed(listed) = &self.network else { return };
        for remote in &listed.connect {
            let Remote::Name(listed, port) = remote else { continue };
            let address = SocketAddr::new(ip, *port);
            if same_name(listed, name) && !self.learnt.contains(&address) && self.learnt.len() < LEARNT_MAX {
                self.learnt.push(address);
            }
        }
    }
}

/// Address and port, without the flow label and scope of IPv6.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}
