//! TCP between two sockets of one program, over both families.

use guests_wasip2::sockets::{FAMILIES, accept, connect, listen, loopback, outcome, pair, port, same, stream_outcome};
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::tcp::ShutdownType;

/// More bytes than the system buffers for a peer that does not read.
const MUCH: usize = 16 << 20;

fn byte(index: usize) -> u8 {
    (index.wrapping_mul(2_654_435_761) >> 11) as u8
}

fn addresses(family: IpAddressFamily) {
    let listener = listen(loopback(family, 0)).unwrap();
    let address = listener.local_address().unwrap();
    println!("a port was chosen: {}", port(address) != 0);
    assert!(matches!(listener.accept(), Err(ErrorCode::WouldBlock)));
    let client = connect(address).unwrap();
    let server = accept(&listener).unwrap();
    assert!(matches!(listener.accept(), Err(ErrorCode::WouldBlock)));
    println!("the client's peer: {}", same(client.socket.remote_address().unwrap(), address));
    println!("the server's own: {}", same(server.socket.local_address().unwrap(), address));
    println!(
        "the server's peer: {}",
        same(server.socket.remote_address().unwrap(), client.socket.local_address().unwrap())
    );
}

fn echo(family: IpAddressFamily) {
    let (client, server) = pair(family);
    for text in ["one", "two", "three"] {
        client.output.blocking_write_and_flush(text.as_bytes()).unwrap();
        let heard = server.read_exactly(text.len()).unwrap();
        server.write_all(&heard).unwrap();
        println!("echo: {}", String::from_utf8(client.read_exactly(text.len()).unwrap()).unwrap());
    }
    println!("nothing more: {:?}", client.input.read(10).unwrap());
    client.output.blocking_write_zeroes_and_flush(10).unwrap();
    println!("zeroes: {:?}", server.read_exactly(10).unwrap());
    println!("skipped: {}", {
        client.output.blocking_write_and_flush(b"skip me").unwrap();
        server.input.blocking_skip(5).unwrap()
    });
}

/// Both ends write more than the system buffers, and read what the other end wrote.
fn much(family: IpAddressFamily) {
    let (one, other) = pair(family);
    let ends = [&one, &other];
    let (mut written, mut read) = ([0; 2], [0; 2]);
    let mut full = false;
    while read != [MUCH; 2] {
        let mut idle = true;
        for (index, end) in ends.iter().enumerate() {
            // At first neither end reads, so the system's buffers fill up, even if they would hold more while bytes
            // flow.
            loop {
                let permit = end.output.check_write().unwrap() as usize;
                full |= permit == 0;
                let count = permit.min(MUCH - written[index]);
                if count == 0 {
                    break;
                }
                let bytes: Vec<u8> = (written[index]..written[index] + count).map(byte).collect();
                end.output.write(&bytes).unwrap();
                written[index] += count;
                idle = false;
            }
            for (place, read_byte) in (read[index]..).zip(end.input.read(40_000).unwrap()) {
                assert_eq!(read_byte, byte(place));
                read[index] += 1;
                idle = false;
            }
        }
        if idle {
            // Pollables that were not at their end yet may have become ready.
            let mut pollables = Vec::new();
            for (index, end) in ends.iter().enumerate() {
                pollables.extend((read[index] < MUCH).then(|| end.input.subscribe()));
                pollables.extend((written[index] < MUCH).then(|| end.output.subscribe()));
            }
            poll(&pollables.iter().collect::<Vec<_>>());
        }
    }
    println!("much: {read:?}, and writing had to wait: {full}");
}

fn half_closed(family: IpAddressFamily) {
    let (client, server) = pair(family);
    client.write_all(b"the request").unwrap();
    client.socket.shutdown(ShutdownType::Send).unwrap();
    println!("writing after it: {}", stream_outcome(client.output.check_write()));
    println!("heard: {}", String::from_utf8(server.read_to_end().unwrap()).unwrap());
    println!("at the end: {}", stream_outcome(server.input.read(1)));
    println!("at the end, nothing: {}", stream_outcome(server.input.read(0)));
    server.write_all(b"the answer").unwrap();
    server.socket.shutdown(ShutdownType::Both).unwrap();
    println!("heard back: {}", String::from_utf8(client.read_to_end().unwrap()).unwrap());
    println!("reading what was shut down: {}", stream_outcome(server.input.read(1)));
}

fn receive_closed(family: IpAddressFamily) {
    let (client, server) = pair(family);
    server.write_all(b"unread").unwrap();
    client.input.subscribe().block();
    client.socket.shutdown(ShutdownType::Receive).unwrap();
    println!("reading: {}", stream_outcome(client.input.read(10)));
    println!("writing: {}", stream_outcome(client.write_all(b"still")));
    println!("heard: {:?}", server.read_exactly(5).unwrap());
}

/// Bytes that were written before the end of a socket arrive.
fn dropped_after_writing(family: IpAddressFamily) {
    let (client, server) = pair(family);
    client.socket.set_send_buffer_size(1024).unwrap();
    let permit = client.output.check_write().unwrap() as usize;
    client.output.write(&vec![7; permit]).unwrap();
    client.socket.shutdown(ShutdownType::Send).unwrap();
    println!("all of it arrived: {}", server.read_to_end().unwrap().len() == permit);
}

fn reset(family: IpAddressFamily) {
    let (client, server) = pair(family);
    server.write_all(b"never read").unwrap();
    client.input.subscribe().block();
    // If unread bytes are left, the system resets the connection.
    drop(client);
    server.input.subscribe().block();
    println!("reading: {}", stream_outcome(server.input.read(10)));
    println!("once more: {}", stream_outcome(server.input.read(10)));
    let wrote = loop {
        match server.output.check_write().and_then(|_| server.output.write(b"x")) {
            Ok(()) => server.output.subscribe().block(),
            Err(StreamError::Closed) => break "closed",
            Err(StreamError::LastOperationFailed(_)) => break "failed",
        }
    };
    println!("writing: {wrote}");
}

fn refused(family: IpAddressFamily) {
    // An address in use, and one at which nothing listens any more.
    let listener = listen(loopback(family, 0)).unwrap();
    let address = listener.local_address().unwrap();
    println!("in use: {}", outcome(listen(address)));
    drop(listener);
    println!("nobody there: {}", outcome(connect(address)));
}

fn spliced(family: IpAddressFamily) {
    let (client, server) = pair(family);
    let (from, to) = pair(family);
    client.write_all(b"from one connection to another").unwrap();
    let count = to.output.blocking_splice(&server.input, 100).unwrap();
    println!("spliced {count}: {}", String::from_utf8(from.read_exactly(count as usize).unwrap()).unwrap());
    println!("spliced without waiting: {}", to.output.splice(&server.input, 100).unwrap());
}

fn main() {
    for family in FAMILIES {
        println!("{family:?}");
        addresses(family);
        echo(family);
        if family == IpAddressFamily::Ipv4 {
            much(family);
        }
        half_closed(family);
        receive_closed(family);
        dropped_after_writing(family);
        reset(family);
        refused(family);
        spliced(family);
    }
}
