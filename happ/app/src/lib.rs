//! The untrusted host side: launches an enclave and answers its edge calls.
//!
//! Nothing here is trusted by the enclave, and nothing here trusts the enclave: see [`edge_server`].

#![deny(unsafe_op_in_unsafe_fn)]

pub mod backend;
pub mod cpu;
pub mod edge_call;
pub mod edge_server;
pub mod freshness;
pub mod keystone;
pub mod signals;
