//! The program for the target side has these commands in place of `wasmstone new` and `wasmstone build`.

use crate::exit::{Exit, Fault};
use std::ffi::OsString;

/// A command that only the full program has.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Elsewhere {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

impl Elsewhere {
    pub fn run(self) -> anyhow::Result<Exit> {
        let message = "this is the wasmstone for the target side, which has no compiler: \
                       build the bundle with the full wasmstone on another machine, \
                       and copy the .wsb here";
        Err(Fault::new(Exit::Usage, message).into())
    }
}
