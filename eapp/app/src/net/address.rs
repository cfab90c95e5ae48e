//! Addresses: WASI's, the wire's, and which of them a socket can have.

use crate::bindings::wasi::sockets::network::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use wasmstone_edge_protocol::{Violation, types::SocketAddress, value::AddressFamily};

/// The family of an address.
pub fn family(ip: IpAddr) -> IpAddressFamily {
    match ip {
        IpAddr::V4(_) => IpAddressFamily::Ipv4,
        IpAddr::V6(_) => IpAddressFamily::Ipv6,
    }
}

/// A family on the wire.
pub fn wire_family(family: IpAddressFamily) -> AddressFamily {
    match family {
        IpAddressFamily::Ipv4 => AddressFamily::Ipv4,
        IpAddressFamily::Ipv6 => AddressFamily::Ipv6,
    }
}

/// The address of a socket of `family` that the host names.
pub fn from_host(address: &SocketAddress, family: IpAddressFamily) -> Result<SocketAddr, Violation> {
    let address = address.get()?;
    let is_ipv4 = matches!(family, IpAddressFamily::Ipv4);
    if address.is_ipv4() == is_ipv4 { Ok(address) } else { Err(Violation("an address of another family")) }
}

/// The address that the guest names.
pub fn from_guest(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }) => {
            SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port).into()
        }
        IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info, address: (a, b, c, d, e, f, g, h), scope_id }) => {
            SocketAddrV6::new(Ipv6Addr::new(a, b, c, d, e, f, g, h), port, flow_info, scope_id).into()
        }
    }
}

/// An address for the guest.
pub fn to_guest(address: SocketAddr) -> IpSocketAddress {
    let port = address.port();
    let (flow_info, scope_id) = match address {
        SocketAddr::V4(_) => (0, 0),
        SocketAddr::V6(v6) => (v6.flowinfo(), v6.scope_id()),
    };
    match ip_to_guest(address.ip()) {
        IpAddress::Ipv4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }),
        IpAddress::Ipv6(address) => IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info, address, scope_id }),
    }
}

/// An address without a port for the guest.
pub fn ip_to_guest(ip: IpAddr) -> IpAddress {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            IpAddress::Ipv4((a, b, c, d))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            IpAddress::Ipv6((a, b, c, d, e, f, g, h))
        }
    }
}

/// Whether a socket of `family` can use `ip`. Addresses of IPv4 within IPv6 belong to neither family.
pub fn fits(ip: IpAddr, family: IpAddressFamily) -> bool {
    match (ip, family) {
        (IpAddr::V4(_), IpAddressFamily::Ipv4) => true,
        (IpAddr::V6(v6), IpAddressFamily::Ipv6) => {
            let compatible = matches!(v6.segments(), [0, 0, 0, 0, 0, 0, _, _]);
            v6.to_ipv4_mapped().is_none() && (!compatible || v6.is_unspecified() || v6.is_loopback())
        }
        _ => false,
    }
}

/// Whether `ip` names one machine.
pub fn is_unicast(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => !v4.is_multicast() && !v4.is_broadcast(),
        IpAddr::V6(v6) => !v6.is_multicast(),
    }
}

/// Whether `address` can be that of a peer of a socket of `family`.
pub fn is_remote(address: SocketAddr, family: IpAddressFamily) -> bool {
    !address.ip().to_canonical().is_unspecified() && address.port() != 0 && fits(address.ip(), family)
}
