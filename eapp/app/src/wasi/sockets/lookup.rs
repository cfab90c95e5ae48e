//! `wasi:sockets/ip-name-lookup`. What a name resolves to is the host's word, whoever it is asked for.

use crate::bindings::wasi::sockets::ip_name_lookup;
use crate::bindings::wasi::sockets::network::IpAddress;
use crate::guest::Guest;
use crate::net::address;
use crate::wasi::poll::Pollable;
use crate::wasi::sockets::{Network, SocketResult, Use, kept};
use alloc::collections::VecDeque;
use alloc::string::String;
use core::net::IpAddr;
use wasmstone_edge_protocol::types::{HandleRequest, SocketAddress};
use wasmstone_edge_protocol::{ADDRESSES_MAX, NAME_MAX, Operation, Status, Violation, network};
use wasmtime::Result;
use wasmtime::component::Resource;
use zerocopy::FromBytes;

/// `ip-name-lookup.resolve-address-stream`.
pub struct AddressStream {
    /// Its number on the wire.
    pub handle: u32,
    name: String,
    /// What was found and not given yet, once the host has answered.
    pub found: Option<Result<VecDeque<IpAddr>, Status>>,
}

impl Guest {
    /// Begins to look `name` up, under the handle that is returned.
    pub fn look_up(&mut self, name: &str) -> SocketResult<u32> {
        if name.len() > NAME_MAX {
            return Err(Status::Invalid.into());
        }
        self.permit(self.host.reach.lookup(name), Use::Lookup)?;
        let (handle, ()) = self.host.opening(self.id, Status::NewSocketLimit, |host, handle| {
            host.ask::<network::Lookup>(&HandleRequest { handle: handle.into() }, &[name.as_bytes()], 0)?;
            Ok(())
        })?;
        Ok(handle)
    }

    /// The addresses of `name`, which was looked up under `handle`.
    pub fn addresses(&mut self, handle: u32, name: &str) -> SocketResult<VecDeque<IpAddr>> {
        let cap = network::Addresses::REPLY_PAYLOAD_MAX;
        let (reply, payload) =
            self.host.ask::<network::Addresses>(&HandleRequest { handle: handle.into() }, &[], cap)?;
        let count = reply.count.at_most(ADDRESSES_MAX as u32, "more addresses than there can be")?;
        let addresses = <[SocketAddress]>::ref_from_bytes(payload)
            .ok()
            .filter(|addresses| addresses.len() == count as usize)
            .ok_or(Violation("more or fewer addresses than said"))?;
        let found = addresses.iter().map(|address| Ok(address.get()?.ip()));
        let found = found.collect::<Result<VecDeque<_>, Violation>>()?;
        for ip in &found {
            self.host.reach.learn(name, *ip);
        }
        Ok(found)
    }
}

impl ip_name_lookup::Host for Guest {
    fn resolve_addresses(&mut self, network: Resource<Network>, name: String) -> SocketResult<Resource<AddressStream>> {
        self.table.get(&network)?;
        let handle = self.look_up(&name)?;
        Ok(self.table.push(AddressStream { handle, name, found: None })?)
    }
}

impl ip_name_lookup::HostResolveAddressStream for Guest {
    fn resolve_next_address(&mut self, this: Resource<AddressStream>) -> SocketResult<Option<IpAddress>> {
        let stream = self.table.get(&this)?;
        if stream.found.is_none() {
            let (handle, name) = (stream.handle, stream.name.clone());
            let found = kept(self.addresses(handle, &name))?;
            if found == Err(Status::WouldBlock) {
                return Err(Status::WouldBlock.into());
            }
            self.table.get_mut(&this)?.found = Some(found);
        }
        match &mut self.table.get_mut(&this)?.found {
            Some(Ok(addresses)) => Ok(addresses.pop_front().map(address::ip_to_guest)),
            Some(Err(status)) => Err((*status).into()),
            None => Err(Status::WouldBlock.into()),
        }
    }

    fn subscribe(&mut self, this: Resource<AddressStream>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::Lookup(this.rep()), &this)?)
    }

    fn drop(&mut self, this: Resource<AddressStream>) -> Result<()> {
        let stream = self.table.delete(this)?;
        Ok(self.host.close(stream.handle)?)
    }
}
