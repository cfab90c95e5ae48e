//! Names and addresses are looked up.

use guests_wasip2::sockets::{lookup, outcome};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;

fn main() {
    let mut local: Vec<_> = lookup("localhost").unwrap().iter().map(|address| format!("{address:?}")).collect();
    local.sort();
    local.dedup();
    println!("localhost: {local:?}");
    for name in ["127.0.0.1", "::1", "[::1]", "0x7f.1", "dead:beef::0", "::ffff:1.2.3.4"] {
        println!("{name}: {:?}", lookup(name));
    }
    // The longest possible name has 253 characters, so no server is asked for this one.
    let too_long = format!("{}.invalid", "x".repeat(300));
    println!("too long: {}", outcome(lookup(&too_long)));
    for bad in ["", " ", "a b", "..", "127.0.0.1:80", "[::1]:80", "http://localhost/", "1.2.3.4.5"] {
        println!("{bad:?}: {}", outcome(lookup(bad)));
    }
    // Several lookups at once, and one whose result is not waited for.
    let network = instance_network();
    let streams: Vec<_> = (0..5).map(|_| resolve_addresses(&network, "localhost").unwrap()).collect();
    streams[4].subscribe().block();
    println!("at once: {}", outcome(streams[4].resolve_next_address()));
}
