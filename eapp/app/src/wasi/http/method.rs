//! `types.method`, as text and back.

use crate::bindings::wasi::http::types::Method;
use alloc::string::ToString;

macro_rules! methods {
    ($($case:ident $name:literal)*) => {
        /// The method of that name.
        pub fn from_text(text: &str) -> Method {
            match text {
                $($name => Method::$case,)*
                _ => Method::Other(text.to_string()),
            }
        }

        /// The name of a method.
        pub fn text(method: &Method) -> &str {
            match method {
                $(Method::$case => $name,)*
                Method::Other(name) => name,
            }
        }
    };
}

methods! {
    Get "GET" Head "HEAD" Post "POST" Put "PUT" Delete "DELETE" Connect "CONNECT" Options "OPTIONS" Trace "TRACE"
    Patch "PATCH"
}
