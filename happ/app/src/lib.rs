//! The untrusted host side: launches an enclave and answers its edge calls.
//!
//! Nothing here is trusted by the enclave, and nothing here trusts the enclave: see [`edge_server`]. What launches an
//! enclave is a [`backend`].
//!
//! ```no_run
//! use std::path::Path;
//! use wasmstone_bundle::{Bundle, TrustPolicy, verify};
//! use wasmstone_happ::backend::{Backend, Files, Limits};
//! use wasmstone_happ::edge_server::{Config, Output, Server};
//! use wasmstone_happ::keystone::Keystone;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bundle = Bundle::open(Path::new("program.wsb"))?;
//! // A real caller trusts keys: without one, no signature counts, and nothing is run.
//! let contents = verify(&bundle, &TrustPolicy::default())?.into_contents();
//! let program = contents.programs.first().ok_or("the bundle holds no program")?;
//!
//! let stdout = Output::process_stdout()?;
//! let mut server = Server::new(Config { stdout, program: program.program.clone().into(), ..Config::default() })?;
//! let files = Files {
//!     loader: &contents.loader,
//!     runtime: &contents.runtime,
//!     image: &program.image,
//!     measurement: program.measurement,
//! };
//! let launched = Keystone::default().launch(&files, &mut server, &Limits::default())?;
//! println!("{:?}, exit code {}", launched.outcome, launched.outcome.exit_code());
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_op_in_unsafe_fn)]

pub mod backend;
pub mod cpu;
pub mod edge_call;
pub mod edge_server;
pub mod freshness;
pub mod keystone;
pub mod signals;
