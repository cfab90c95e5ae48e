//! `types.outgoing-request` and `request-options`.

use super::{fields::FieldMap, method, outgoing::OutgoingBody};
use crate::bindings::wasi::http::types::{HostOutgoingRequest, HostRequestOptions, Method, Scheme};
use crate::exchange::{body::SharedBody, outbound::RequestOptions};
use crate::guest::Guest;
use crate::http1::encode::content_length;
use crate::http1::field::{Fields, is_token};
use crate::http1::target::{is_authority, is_path_with_query, is_scheme};
use alloc::{string::String, sync::Arc};
use wasmtime::{Result, component::Resource};

/// `types.outgoing-request`.
pub struct OutgoingRequest {
    pub method: Method,
    pub path: Option<String>,
    pub scheme: Option<Scheme>,
    pub authority: Option<String>,
    pub fields: Arc<Fields>,
    /// The body, if the guest has asked for one.
    pub body: Option<SharedBody>,
}

/// Sets a part of a request to a value, if that is valid.
fn set<T>(part: &mut T, value: T, is_valid: bool) -> Result<(), ()> {
    if !is_valid {
        return Err(());
    }
    *part = value;
    Ok(())
}

impl HostOutgoingRequest for Guest {
    fn new(&mut self, headers: Resource<FieldMap>) -> Result<Resource<OutgoingRequest>> {
        let fields = self.table.delete(headers)?.into_fields();
        let (path, scheme, authority) = (None, None, None);
        Ok(self.table.push(OutgoingRequest { method: Method::Get, path, scheme, authority, fields, body: None })?)
    }

    fn body(&mut self, this: Resource<OutgoingRequest>) -> Result<Result<Resource<OutgoingBody>, ()>> {
        let request = self.table.get(&this)?;
        if request.body.is_some() {
            return Ok(Err(()));
        }
        let expected = content_length(&request.fields);
        let (resource, body) = self.outgoing_body(true, expected)?;
        self.table.get_mut(&this)?.body = Some(body);
        Ok(Ok(resource))
    }

    fn method(&mut self, this: Resource<OutgoingRequest>) -> Result<Method> {
        Ok(self.table.get(&this)?.method.clone())
    }

    fn set_method(&mut self, this: Resource<OutgoingRequest>, value: Method) -> Result<Result<(), ()>> {
        let is_valid = is_token(method::text(&value));
        Ok(set(&mut self.table.get_mut(&this)?.method, value, is_valid))
    }

    fn path_with_query(&mut self, this: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table.get(&this)?.path.clone())
    }

    fn set_path_with_query(
        &mut self,
        this: Resource<OutgoingRequest>,
        value: Option<String>,
    ) -> Result<Result<(), ()>> {
        let is_valid = value.as_deref().is_none_or(is_path_with_query);
        Ok(set(&mut self.table.get_mut(&this)?.path, value, is_valid))
    }

    fn scheme(&mut self, this: Resource<OutgoingRequest>) -> Result<Option<Scheme>> {
        Ok(self.table.get(&this)?.scheme.clone())
    }

    fn set_scheme(&mut self, this: Resource<OutgoingRequest>, value: Option<Scheme>) -> Result<Result<(), ()>> {
        let is_valid = if let Some(Scheme::Other(name)) = &value { is_scheme(name) } else { true };
        Ok(set(&mut self.table.get_mut(&this)?.scheme, value, is_valid))
    }

    fn authority(&mut self, this: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table.get(&this)?.authority.clone())
    }

    fn set_authority(&mut self, this: Resource<OutgoingRequest>, value: Option<String>) -> Result<Result<(), ()>> {
        let is_valid = value.as_deref().is_none_or(is_authority);
        Ok(set(&mut self.table.get_mut(&this)?.authority, value, is_valid))
    }

    fn headers(&mut self, this: Resource<OutgoingRequest>) -> Result<Resource<FieldMap>> {
        let headers = FieldMap::immutable(self.table.get(&this)?.fields.clone());
        Ok(self.table.push(headers)?)
    }

    fn drop(&mut self, this: Resource<OutgoingRequest>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

/// The methods that read and set a time.
macro_rules! times {
    ($($get:ident $set:ident $time:ident,)*) => {
        $(
            fn $get(&mut self, this: Resource<RequestOptions>) -> Result<Option<u64>> {
                Ok(self.table.get(&this)?.$time)
            }

            fn $set(&mut self, this: Resource<RequestOptions>, value: Option<u64>) -> Result<Result<(), ()>> {
                self.table.get_mut(&this)?.$time = value;
                Ok(Ok(()))
            }
        )*
    };
}

impl HostRequestOptions for Guest {
    fn new(&mut self) -> Result<Resource<RequestOptions>> {
        Ok(self.table.push(RequestOptions::default())?)
    }

    times! {
        connect_timeout set_connect_timeout connect,
        first_byte_timeout set_first_byte_timeout first_byte,
        between_bytes_timeout set_between_bytes_timeout between_bytes,
    }

    fn drop(&mut self, this: Resource<RequestOptions>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
