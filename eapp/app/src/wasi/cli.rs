//! `wasi:cli`: arguments, environment, exit, standard streams, terminals. Nothing here needs the host.

use crate::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin,
    terminal_stdout,
};
use crate::ending::GuestExit;
use crate::guest::Guest;
use crate::wasi::{input::InputStream, output::OutputStream, output::Sink};
use alloc::{string::String, vec::Vec};
use wasmstone_edge_protocol::handle;
use wasmtime::{Result, component::Resource};

/// A standard stream that is a terminal.
pub struct Terminal;

impl environment::Host for Guest {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.config.environment.clone())
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        Ok(self.config.arguments.clone())
    }

    fn initial_cwd(&mut self) -> Result<Option<String>> {
        Ok(None)
    }
}

impl exit::Host for Guest {
    fn exit(&mut self, status: Result<(), ()>) -> Result<()> {
        self.exit_with_code(if status.is_ok() { 0 } else { 1 })
    }

    fn exit_with_code(&mut self, code: u8) -> Result<()> {
        Err(GuestExit(code).into())
    }
}

impl stdin::Host for Guest {
    fn get_stdin(&mut self) -> Result<Resource<InputStream>> {
        Ok(self.table.push(InputStream::Stdin)?)
    }
}

impl stdout::Host for Guest {
    fn get_stdout(&mut self) -> Result<Resource<OutputStream>> {
        Ok(self.table.push(OutputStream::new(Sink::Standard(handle::STDOUT)))?)
    }
}

impl stderr::Host for Guest {
    fn get_stderr(&mut self) -> Result<Resource<OutputStream>> {
        Ok(self.table.push(OutputStream::new(Sink::Standard(handle::STDERR)))?)
    }
}

impl Guest {
    fn terminal(&mut self, is_terminal: bool) -> Result<Option<Resource<Terminal>>> {
        Ok(if is_terminal { Some(self.table.push(Terminal)?) } else { None })
    }

    fn drop_terminal(&mut self, terminal: Resource<Terminal>) -> Result<()> {
        self.table.delete(terminal)?;
        Ok(())
    }
}

impl terminal_input::Host for Guest {}
impl terminal_input::HostTerminalInput for Guest {
    fn drop(&mut self, terminal: Resource<Terminal>) -> Result<()> {
        self.drop_terminal(terminal)
    }
}

impl terminal_output::Host for Guest {}
impl terminal_output::HostTerminalOutput for Guest {
    fn drop(&mut self, terminal: Resource<Terminal>) -> Result<()> {
        self.drop_terminal(terminal)
    }
}

impl terminal_stdin::Host for Guest {
    fn get_terminal_stdin(&mut self) -> Result<Option<Resource<Terminal>>> {
        self.terminal(self.config.terminals[0])
    }
}

impl terminal_stdout::Host for Guest {
    fn get_terminal_stdout(&mut self) -> Result<Option<Resource<Terminal>>> {
        self.terminal(self.config.terminals[1])
    }
}

impl terminal_stderr::Host for Guest {
    fn get_terminal_stderr(&mut self) -> Result<Option<Resource<Terminal>>> {
        self.terminal(self.config.terminals[2])
    }
}
