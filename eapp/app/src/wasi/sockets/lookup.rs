//! `wasi:sockets/ip-name-lookup`.

use crate::bindings::{wasi::sockets::ip_name_lookup, wasi::sockets::network::IpAddress};
use crate::failure::IoResult;
use crate::guest::Guest;
use crate::net::{address, lookup::AddressStream};
use crate::wasi::{poll::Pollable, sockets::Network};
use alloc::string::String;
use wasmtime::{Result, component::Resource};

impl ip_name_lookup::Host for Guest {
    fn resolve_addresses(&mut self, network: Resource<Network>, name: String) -> IoResult<Resource<AddressStream>> {
        self.table.get(&network)?;
        let stream = AddressStream::new(&mut self.host, self.id, name)?;
        Ok(self.table.push(stream)?)
    }
}

impl ip_name_lookup::HostResolveAddressStream for Guest {
    fn resolve_next_address(&mut self, this: Resource<AddressStream>) -> IoResult<Option<IpAddress>> {
        Ok(self.table.get_mut(&this)?.next(&mut self.host)?.map(address::ip_to_guest))
    }

    fn subscribe(&mut self, this: Resource<AddressStream>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::Lookup(this.rep()), &this)?)
    }

    fn drop(&mut self, this: Resource<AddressStream>) -> Result<()> {
        let stream = self.table.delete(this)?;
        Ok(self.host.close(stream.handle)?)
    }
}
