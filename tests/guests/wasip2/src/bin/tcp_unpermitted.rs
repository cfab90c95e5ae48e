//! Writing to a connection without asking for a permit is a trap.

use guests_wasip2::sockets::{FAMILIES, pair};

fn main() {
    let (client, _server) = pair(FAMILIES[0]);
    let _ = client.output.write(b"not permitted");
}
