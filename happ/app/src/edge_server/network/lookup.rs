//! Looking up names. Each lookup has a thread, since the system's resolver blocks for an unknown time.

use super::super::Server;
use super::super::handles::Opened;
use super::super::reply::{Failure, Payload};
use super::{deny, failed, vacant};
use rustix::io::Errno;
use std::io::{PipeReader, pipe};
use std::net::{IpAddr, Ipv6Addr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Weak};
use std::thread;
use url::Host;
use wasmstone_edge_protocol::types::{AddressesReply, Empty, HandleRequest, SocketAddress};
use wasmstone_edge_protocol::{ADDRESSES_MAX, Status};
use zerocopy::IntoBytes;

/// The most lookups under way at once.
const UNDER_WAY_MAX: usize = 32;

/// A lookup.
#[derive(Debug)]
pub(in super::super) struct Lookup {
    name: String,
    answer: Receiver<Vec<IpAddr>>,
    found: Option<Vec<IpAddr>>,
    /// Reaches its end when the answer has arrived.
    done: PipeReader,
}

impl Lookup {
    /// Readable when the answer has arrived.
    pub fn done(&self) -> &PipeReader {
        &self.done
    }
}

/// Counts the lookups under way.
#[derive(Debug, Default)]
pub(in super::super) struct UnderWay(Arc<()>);

impl UnderWay {
    fn one_more(&self) -> Result<Weak<()>, Failure> {
        // Each thread holds a weak reference while it lives.
        if Arc::weak_count(&self.0) < UNDER_WAY_MAX {
            Ok(Arc::downgrade(&self.0))
        } else {
            Err(Status::InsufficientMemory.into())
        }
    }
}

pub(in super::super) fn lookup(
    server: &mut Server,
    request: HandleRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let handle = request.handle.get();
    vacant(server, handle)?;
    let name = str::from_utf8(name).map_err(|_| Status::Malformed)?;
    if !server.reach.lookup(name) {
        return Err(deny(server, "looking up", super::super::text::excerpt(name.as_bytes())));
    }
    let (sender, answer) = channel();
    let (done, end) = pipe()?;
    let lookup = Lookup { name: name.to_owned(), answer, found: None, done };
    match parse_name(name)? {
        Name::Address(ip) => {
            let _ = sender.send(vec![ip]);
        }
        Name::Domain(domain) => {
            let under_way = server.lookups.one_more()?;
            let resolve = move || {
                let found = (domain.as_str(), 0).to_socket_addrs();
                let found = found.into_iter().flatten().map(|address| address.ip().to_canonical());
                let _ = sender.send(found.take(ADDRESSES_MAX).collect());
                drop((end, under_way));
            };
            thread::Builder::new().name("lookup".to_owned()).spawn(resolve)?;
        }
    }
    server.handles.insert(handle, Opened::Lookup(lookup))?;
    Ok(Empty {})
}

pub(in super::super) fn addresses(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<AddressesReply, Failure> {
    let lookup = server.handles.lookup(request.handle.get())?;
    if lookup.found.is_none() {
        match lookup.answer.try_recv() {
            Ok(found) => lookup.found = Some(found),
            Err(TryRecvError::Empty) => return Err(Status::WouldBlock.into()),
            Err(TryRecvError::Disconnected) => return Err(failed(Errno::IO)),
        }
    }
    let found = lookup.found.as_deref().unwrap_or_default();
    if found.is_empty() {
        return Err(Status::NameUnresolvable.into());
    }
    for ip in found {
        server.reach.learn(&lookup.name, *ip);
        payload.push(SocketAddress::from(std::net::SocketAddr::new(*ip, 0)).as_bytes())?;
    }
    Ok(AddressesReply { count: (found.len() as u32).into() })
}

/// A name to look up.
enum Name {
    Domain(String),
    Address(IpAddr),
}

/// Parses a name as Wasmtime does: names in punycode, addresses in every form that browsers accept.
fn parse_name(name: &str) -> Result<Name, Failure> {
    match Host::parse(name) {
        Ok(Host::Domain(domain)) => Ok(Name::Domain(domain)),
        Ok(Host::Ipv4(address)) => Ok(Name::Address(address.into())),
        Ok(Host::Ipv6(address)) => Ok(Name::Address(address.into())),
        Err(_) => match name.parse::<Ipv6Addr>() {
            Ok(address) => Ok(Name::Address(address.into())),
            Err(_) => Err(Status::Invalid.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        match parse_name(name) {
            Ok(Name::Domain(domain)) => domain,
            Ok(Name::Address(ip)) => format!("address {ip}"),
            Err(Failure(status)) => format!("{status:?}"),
        }
    }

    #[test]
    fn names_and_addresses_are_told_apart() {
        for (name, expected) in [
            ("localhost", "localhost"),
            ("Example.ORG", "example.org"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("127.0.0.1", "address 127.0.0.1"),
            ("::1", "address ::1"),
            ("[::1]", "address ::1"),
            ("", "Invalid"),
            (" ", "Invalid"),
            ("a.b<&>", "Invalid"),
            ("127.0.0.1:80", "Invalid"),
            ("[::]:80", "Invalid"),
            ("http://example.com/", "Invalid"),
        ] {
            assert_eq!(text(name), expected, "{name}");
        }
    }
}
