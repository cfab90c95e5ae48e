//! Requests, as the host reads them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmstone_edge_protocol::frame::decode_request;

fuzz_target!(|input: (u64, &[u8])| {
    let (call, frame) = input;
    // Most numbers name no interface.
    for call in [call, call % 8] {
        if let Ok(request) = decode_request(call, frame) {
            assert_eq!(request.body.len(), request.operation.request);
            assert!(request.payload.len() <= request.operation.request_payload_max);
            assert!(request.reply_payload_max <= request.operation.reply_payload_max);
        }
    }
});
