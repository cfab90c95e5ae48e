//! Requests, as the host reads them.

use arbitrary::{Arbitrary, Unstructured};
use wasmstone_edge_protocol::frame::decode_request;

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Ok(input) = <(u64, &[u8])>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let (call, frame) = input;
    // Most numbers name no interface.
    for call in [call, call % 8] {
        if let Ok(request) = decode_request(call, frame) {
            assert_eq!(request.body.len(), request.operation.request);
            assert!(request.payload.len() <= request.operation.request_payload_max);
            assert!(request.reply_payload_max <= request.operation.reply_payload_max);
        }
    }
}
