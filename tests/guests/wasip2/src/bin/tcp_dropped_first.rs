//! A socket has to outlive its streams.

use guests_wasip2::sockets::{FAMILIES, pair};

fn main() {
    let (client, _server) = pair(FAMILIES[0]);
    drop(client.socket);
}
