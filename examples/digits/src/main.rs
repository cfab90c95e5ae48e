//! Reads handwritten digits: a web server with a page to draw on and a small neural network.
//!
//! `digits [ADDRESS:PORT]` listens at this address, or at that of the variable `DIGITS_ADDRESS`, or at
//! 127.0.0.1:8080. Nothing here depends on enclaves or on WebAssembly.

mod network;
mod picture;
mod web;

use network::Network;
use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpListener;

const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

fn main() -> ExitCode {
    match address().and_then(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("digits: {error}");
            ExitCode::FAILURE
        }
    }
}

fn address() -> Result<SocketAddr, String> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().or_else(|| env::var("DIGITS_ADDRESS").ok());
    let address = address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    match (address.parse(), arguments.next()) {
        (Ok(address), None) => Ok(address),
        _ => Err(format!("{address:?} is no address to listen on\nusage: digits [ADDRESS:PORT]")),
    }
}

fn serve(address: SocketAddr) -> Result<(), String> {
    let network = Network::load().map_err(|error| format!("cannot load the network: {error}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| format!("cannot listen on {address}: {error}"))?;
        // Port 0 asks for any free port, so only the listener knows it.
        announce(&listener).map_err(|error| format!("cannot say where: {error}"))?;
        axum::serve(listener, web::router(network)).await.map_err(|error| error.to_string())
    })
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()
}
