//! Replies to every operation, as the enclave reads them.

use arbitrary::{Arbitrary, Unstructured};
use wasmstone_edge_protocol::frame::{decode_reply, reply_header};
use wasmstone_edge_protocol::{Operation, Status, record};
use zerocopy::IntoBytes;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    request_id: u64,
    room: u32,
    /// Whether the header follows the contract.
    honest: bool,
    payload_length: u32,
    rest: &'a [u8],
}

fn check<O: Operation>(input: &Input<'_>) {
    let body_length = size_of::<O::Reply>() as u32;
    let header = reply_header(input.request_id, Status::Ok, body_length, input.payload_length);
    let honest = if input.honest { header.as_bytes() } else { &[] };
    let frame = [honest, input.rest].concat();
    if let Ok(Ok((_, mut payload))) = decode_reply::<O>(&frame, input.request_id, input.room) {
        assert!(payload.len() <= input.room as usize);
        while let Ok(text) = record::take_text(&mut payload, 4096) {
            assert!(text.len() <= 4096);
        }
    }
}

macro_rules! every_operation {
    ($(
        #[doc = $interface_doc:literal]
        $call:literal $interface:ident {
            $(
                #[doc = $doc:literal]
                $function:literal $name:ident $method:ident: $request:ident + $request_max:expr => $reply:ident + $reply_max:expr;
            )*
        }
    )*) => {
        fn check_all(input: &Input<'_>) {
            $($(check::<wasmstone_edge_protocol::$interface::$name>(input);)*)*
        }
    };
}

wasmstone_edge_protocol::operations!(every_operation);

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    if let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) {
        check_all(&input);
    }
}
