//! Lookups of names. The host decides what a name resolves to, from whichever server it asks.

use super::permit;
use crate::failure::{IoResult, separate};
use crate::host::Host;
use crate::waiting::HandleInterest;
use alloc::{collections::VecDeque, string::String};
use core::net::IpAddr;
use wasmstone_edge_protocol::types::{HandleRequest, SocketAddress};
use wasmstone_edge_protocol::value::{DeniedUse, Interest};
use wasmstone_edge_protocol::{ADDRESSES_MAX, NAME_MAX, Operation, Status, Violation, network};
use zerocopy::FromBytes;

/// Begins to look `name` up for `owner`. The result is the handle of the lookup.
///
/// # Errors
/// If the name is too long, or the policy or the host denies the lookup.
pub fn begin(host: &mut Host, owner: u32, name: &str) -> IoResult<u32> {
    if name.len() > NAME_MAX {
        return Err(Status::Invalid.into());
    }
    permit(host.reach.lookup(name), DeniedUse::Lookup, host)?;
    let (handle, ()) = host.opening(owner, Status::NewSocketLimit, |host, handle| {
        host.ask::<network::Lookup>(&HandleRequest { handle: handle.into() }, &[name.as_bytes()], 0)?;
        Ok(())
    })?;
    Ok(handle)
}

/// The addresses of `name`, which is looked up under `handle`. From now on the policy allows for them what it allows
/// for this name.
///
/// # Errors
/// [`Status::WouldBlock`] until the lookup has ended, or the reason why it failed.
pub fn addresses(host: &mut Host, handle: u32, name: &str) -> IoResult<VecDeque<IpAddr>> {
    let cap = network::Addresses::REPLY_PAYLOAD_MAX;
    let (reply, payload) = host.ask::<network::Addresses>(&HandleRequest { handle: handle.into() }, &[], cap)?;
    let count = reply.count.at_most(ADDRESSES_MAX as u32, "more addresses than there can be")?;
    let addresses = <[SocketAddress]>::ref_from_bytes(payload)
        .ok()
        .filter(|addresses| addresses.len() == count as usize)
        .ok_or(Violation("more or fewer addresses than said"))?;
    let found = addresses.iter().map(|address| Ok(address.get()?.ip()));
    let found = found.collect::<Result<VecDeque<_>, Violation>>()?;
    for ip in &found {
        host.reach.learn(name, *ip);
    }
    Ok(found)
}

/// A lookup and the addresses that it found.
pub struct AddressStream {
    pub handle: u32,
    name: String,
    /// The addresses that the guest does not have yet, once the lookup has ended.
    found: Option<Result<VecDeque<IpAddr>, Status>>,
}

impl AddressStream {
    /// Begins to look `name` up for `owner`.
    ///
    /// # Errors
    /// As for [`begin`].
    pub fn new(host: &mut Host, owner: u32, name: String) -> IoResult<Self> {
        Ok(Self { handle: begin(host, owner, &name)?, name, found: None })
    }

    /// The next address.
    ///
    /// # Errors
    /// As for [`addresses`].
    pub fn next(&mut self, host: &mut Host) -> IoResult<Option<IpAddr>> {
        if self.found.is_none() {
            let found = separate(addresses(host, self.handle, &self.name))?;
            if found == Err(Status::WouldBlock) {
                return Err(Status::WouldBlock.into());
            }
            self.found = Some(found);
        }
        match &mut self.found {
            Some(Ok(addresses)) => Ok(addresses.pop_front()),
            Some(Err(status)) => Err((*status).into()),
            None => Err(Status::WouldBlock.into()),
        }
    }

    /// What the next address has to wait for.
    pub fn interest(&self) -> Option<HandleInterest> {
        self.found.is_none().then_some((self.handle, Interest::Reading))
    }
}
