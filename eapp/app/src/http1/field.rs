//! Fields of a head and of trailers. [`Fields`] holds only what can be written on the wire as it is.

use alloc::{string::String, string::ToString, vec::Vec};
use core::fmt;

/// The most memory for the fields of a guest, as [`Fields`] counts it; Wasmtime's figures.
const SIZE_MAX: usize = 128 << 10;
/// Counted for each name besides its bytes.
const NAME_COST: usize = 32;
/// Counted for each value besides its bytes.
const VALUE_COST: usize = 40;

/// The field that has at most one value.
const LENGTH: &str = "content-length";

/// Fields that belong to the connection: guests neither set nor see them. Wasmtime's list.
const FORBIDDEN: &str = "connection keep-alive proxy-authenticate proxy-authorization proxy-connection \
    transfer-encoding upgrade host http2-settings";

/// Why a field is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// A name or a value has the wrong syntax.
    Syntax,
    /// All fields together cost more memory than they may.
    TooLarge,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "a field has a name or a value that HTTP does not allow",
            Self::TooLarge => "all fields together are larger than 128 KiB, give fewer or shorter ones",
        })
    }
}

impl core::error::Error for FieldError {}

/// Names and values in the order in which they were added; the values of one name stand together. Names are in lower
/// case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    /// Adds a value to the values of `name`.
    ///
    /// # Errors
    /// Why the field is refused. Then nothing is changed.
    pub fn append(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        let name = checked_name(name)?;
        let value = checked_value(&name, value)?;
        let last = self.0.iter().rposition(|(known, _)| *known == name);
        if last.is_some() && name == LENGTH {
            return Err(FieldError::Syntax);
        }
        let added = VALUE_COST + value.len() + if last.is_none() { NAME_COST + name.len() } else { 0 };
        if self.cost() + added > SIZE_MAX {
            return Err(FieldError::TooLarge);
        }
        self.0.insert(last.map_or(self.0.len(), |last| last + 1), (name, value));
        Ok(())
    }

    /// Replaces the values of `name`.
    ///
    /// # Errors
    /// Why the field is refused. Then nothing is changed.
    pub fn set(&mut self, name: &str, values: &[Vec<u8>]) -> Result<(), FieldError> {
        let name = checked_name(name)?;
        let values = values.iter().map(|value| Ok((name.clone(), checked_value(&name, value)?)));
        let values = values.collect::<Result<Vec<_>, FieldError>>()?;
        if values.len() > 1 && name == LENGTH {
            return Err(FieldError::Syntax);
        }
        let mut list = self.0.clone();
        let place = list.iter().position(|(known, _)| *known == name).unwrap_or(list.len());
        list.retain(|(known, _)| *known != name);
        list.splice(place..place, values);
        let changed = Self(list);
        if changed.cost() > SIZE_MAX {
            return Err(FieldError::TooLarge);
        }
        *self = changed;
        Ok(())
    }

    /// Removes all values of `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Removes the fields that a guest must not see.
    pub fn remove_forbidden(&mut self) {
        self.0.retain(|(name, _)| !is_forbidden(name));
    }

    /// The values of `name`.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// Whether `name` has a value.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The members of the values of `name`, which are lists, without empty members.
    pub fn members(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let members = self.values(name).flat_map(|value| value.split(|byte| *byte == b','));
        members.map(trim).filter(|member| !member.is_empty())
    }

    /// Whether a value of `name`, which is a list, has this member, in lower or upper case.
    pub fn has_member(&self, name: &str, member: &str) -> bool {
        self.members(name).any(|one| one.eq_ignore_ascii_case(member.as_bytes()))
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// About how many bytes of memory the fields take.
    fn cost(&self) -> usize {
        let mut cost = 0;
        let mut before = "";
        for (name, value) in self.iter() {
            cost += VALUE_COST + value.len();
            if name != before {
                cost += NAME_COST + name.len();
            }
            before = name;
        }
        cost
    }
}

/// Whether guests neither set nor see fields of this name.
pub fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.split(' ').any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

/// Whether `text` is a token (RFC 9110, 5.6.2), as names of fields and methods are.
pub fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn checked_name(name: &str) -> Result<String, FieldError> {
    if is_token(name) { Ok(name.to_ascii_lowercase()) } else { Err(FieldError::Syntax) }
}

/// The value as a field of this name, which is in lower case, holds it.
///
/// # Errors
/// If the value is not valid.
pub fn checked_value(name: &str, value: &[u8]) -> Result<Vec<u8>, FieldError> {
    // As in Wasmtime, a length is a number, in its shortest form.
    if name == LENGTH {
        return Ok(decimal(value).ok_or(FieldError::Syntax)?.to_string().into_bytes());
    }
    // These bytes do not include the end of a line, so no value can end a line.
    let is_allowed = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    if value.iter().all(is_allowed) { Ok(value.to_vec()) } else { Err(FieldError::Syntax) }
}

/// The number in `digits`, if there are only digits.
pub fn decimal(digits: &[u8]) -> Option<u64> {
    // `parse` alone would accept a sign.
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// The bytes without spaces and tabs at both ends.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
