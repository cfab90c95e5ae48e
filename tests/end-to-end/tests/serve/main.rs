//! `wasmstone serve`, with requests over the network: from good clients, bad ones and many at once.

mod bad_requests;
mod bodies;
mod connections;
mod deep;
mod ending;
mod exceptions;
mod failing;
mod messages;
mod outgoing;
mod permitted;
mod served;
#[path = "../shared/wit.rs"]
mod wit;
