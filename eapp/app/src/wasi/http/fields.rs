//! `types.fields`.

use crate::bindings::wasi::http::types::{HeaderError, HostFields};
use crate::failure::HeaderFailure;
use crate::guest::Guest;
use crate::http1::field::{FieldError, Fields, checked_value, is_forbidden, is_token};
use alloc::{string::String, string::ToString, sync::Arc, vec::Vec};
use wasmtime::{Result, component::Resource};

type HeaderResult<T> = Result<T, HeaderFailure>;

/// Fields that a guest has: its own, which it can change, or those of a message.
pub struct FieldMap {
    fields: Arc<Fields>,
    is_mutable: bool,
}

impl FieldMap {
    /// The fields of a message.
    pub fn immutable(fields: Arc<Fields>) -> Self {
        Self { fields, is_mutable: false }
    }

    /// The fields, for a message.
    pub fn into_fields(self) -> Arc<Fields> {
        self.fields
    }

    fn append(&mut self, name: &str, value: &[u8]) -> HeaderResult<()> {
        allowed(name)?;
        if !self.is_mutable {
            // As in Wasmtime, a field that is not valid is reported first.
            checked_value(&name.to_ascii_lowercase(), value)?;
            return Err(HeaderError::Immutable.into());
        }
        Ok(Arc::make_mut(&mut self.fields).append(name, value)?)
    }

    fn mutable(&mut self) -> HeaderResult<&mut Fields> {
        if self.is_mutable { Ok(Arc::make_mut(&mut self.fields)) } else { Err(HeaderError::Immutable.into()) }
    }
}

/// Fails unless a guest may change fields of this name.
fn allowed(name: &str) -> HeaderResult<()> {
    if !is_token(name) {
        return Err(HeaderError::InvalidSyntax.into());
    }
    if is_forbidden(name) {
        return Err(HeaderError::Forbidden.into());
    }
    Ok(())
}

impl From<FieldError> for HeaderFailure {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Syntax => Self::Code(HeaderError::InvalidSyntax),
            // As in Wasmtime.
            FieldError::TooLarge => Self::Trap(error.into()),
        }
    }
}

impl HostFields for Guest {
    fn new(&mut self) -> Result<Resource<FieldMap>> {
        Ok(self.table.push(FieldMap { fields: Arc::default(), is_mutable: true })?)
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> HeaderResult<Resource<FieldMap>> {
        let mut map = FieldMap { fields: Arc::default(), is_mutable: true };
        for (name, value) in entries {
            map.append(&name, &value)?;
        }
        Ok(self.table.push(map)?)
    }

    fn get(&mut self, this: Resource<FieldMap>, name: String) -> Result<Vec<Vec<u8>>> {
        Ok(self.table.get(&this)?.fields.values(&name).map(<[u8]>::to_vec).collect())
    }

    fn has(&mut self, this: Resource<FieldMap>, name: String) -> Result<bool> {
        Ok(self.table.get(&this)?.fields.has(&name))
    }

    fn set(&mut self, this: Resource<FieldMap>, name: String, values: Vec<Vec<u8>>) -> HeaderResult<()> {
        let map = self.table.get_mut(&this)?;
        allowed(&name)?;
        Ok(map.mutable()?.set(&name, &values)?)
    }

    fn delete(&mut self, this: Resource<FieldMap>, name: String) -> HeaderResult<()> {
        let map = self.table.get_mut(&this)?;
        allowed(&name)?;
        map.mutable()?.remove(&name);
        Ok(())
    }

    fn append(&mut self, this: Resource<FieldMap>, name: String, value: Vec<u8>) -> HeaderResult<()> {
        self.table.get_mut(&this)?.append(&name, &value)
    }

    fn entries(&mut self, this: Resource<FieldMap>) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.table.get(&this)?.fields.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect())
    }

    fn clone(&mut self, this: Resource<FieldMap>) -> Result<Resource<FieldMap>> {
        let fields = self.table.get(&this)?.fields.clone();
        Ok(self.table.push(FieldMap { fields, is_mutable: true })?)
    }

    fn drop(&mut self, this: Resource<FieldMap>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
