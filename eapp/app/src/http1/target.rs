//! The target of a request (RFC 9112, 3.2): path, authority, scheme.

use core::net::IpAddr;

/// The form of a request's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path on the server that the `Host` field names; `*` for the server itself.
    Origin(&'a str),
    /// A target with its own authority; the path may be empty, or only a query.
    Absolute {
        /// The authority, which takes precedence over the `Host` field.
        authority: &'a str,
        /// Path and query.
        path: &'a str,
    },
}

impl<'a> Target<'a> {
    /// The form of `target`, whose parts are valid; `*` only if `any` allows it.
    pub fn parse(target: &'a str, any: bool) -> Option<Self> {
        // A fragment is the client's business and must not be sent.
        if target.contains('#') {
            return None;
        }
        if target == "*" {
            return any.then_some(Self::Origin(target));
        }
        if target.starts_with('/') {
            return is_path_with_query(target).then_some(Self::Origin(target));
        }
        let (scheme, rest) = target.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let valid = Authority::parse(authority).is_some() && is_path_with_query(path);
        valid.then_some(Self::Absolute { authority, path })
    }
}

/// The server part of a target or of a `Host` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// An address or a name.
    pub host: Host<'a>,
    /// The port, if one is named.
    pub port: Option<u16>,
}

/// The address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// At an address.
    Address(IpAddr),
    /// At the addresses of a name.
    Name(&'a str),
}

impl<'a> Authority<'a> {
    /// Host and port of `text`, which has no user in it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']')?;
                (Host::Address(IpAddr::V6(address.parse().ok()?)), rest)
            }
            None => {
                let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                if name.is_empty() || !name.bytes().all(is_name_byte) {
                    return None;
                }
                (name.parse().map_or(Host::Name(name), |address| Host::Address(IpAddr::V4(address))), rest)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            // A colon alone names no port.
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
        };
        Some(Self { host, port })
    }
}

/// Of names: RFC 3986's unreserved characters and delimiters, without percent signs.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// Whether a guest may name this authority, user included; whether it can be reached shows later.
pub fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is_name_byte(byte) || b":@[]%".contains(&byte))
}

/// Whether this is a path with or without a query, or a query alone, or nothing. As in Wasmtime, characters are
/// allowed that browsers send unescaped.
pub fn is_path_with_query(text: &str) -> bool {
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let in_query = |byte: u8| byte > b' ' && byte != 0x7f && !b"\"<>".contains(&byte);
    let in_path = |byte: u8| (in_query(byte) || byte == b'"') && byte != b'`';
    (path.is_empty() || path.starts_with('/')) && path.bytes().all(in_path) && query.bytes().all(in_query)
}

/// Whether this could be a scheme (RFC 3986, 3.1).
pub fn is_scheme(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.~".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests;
