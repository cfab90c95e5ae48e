//! HTTP messages of peers: heads and bodies, all at once and byte by byte.

use crate::edited;
use arbitrary::{Arbitrary, Unstructured};
use wasmstone_eapp::http1::decode::{BadBody, Decoder};
use wasmstone_eapp::http1::head::Search;
use wasmstone_eapp::http1::length::Length;
use wasmstone_eapp::http1::{FIELDS_MAX, HEAD_MAX, TRAILERS_MAX};

const REQUEST: &[u8] =
    b"POST http://a:80/b?c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n\
    5;e=x\r\nHello\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n";

/// The data of a body and the bytes behind it, from pieces of this size.
fn body(length: Length, bytes: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>), BadBody> {
    let mut decoder = Decoder::new(length);
    let (mut buffer, mut data, mut pieces) = (Vec::new(), Vec::new(), bytes.chunks(piece));
    while !decoder.is_done() {
        let step = decoder.step(&buffer, piece)?;
        data.extend_from_slice(&buffer[step.skip..][..step.data]);
        buffer.drain(..step.skip + step.data);
        if step.data == 0 && !decoder.is_done() {
            assert!(buffer.len() < TRAILERS_MAX + piece);
            match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => decoder.end()?,
            }
        }
    }
    pieces.for_each(|piece| buffer.extend_from_slice(piece));
    Ok((data, buffer))
}

fn same_body(length: Length, bytes: &[u8]) -> Option<Vec<u8>> {
    let at_once = body(length, bytes, bytes.len().max(1));
    assert_eq!(body(length, bytes, 1), at_once);
    at_once.ok().map(|(_, rest)| rest)
}

/// Byte by byte, an incomplete message may be refused a little later.
fn same_head<T: PartialEq + core::fmt::Debug, E: PartialEq + core::fmt::Debug>(
    bytes: &[u8],
    parse: impl Fn(&mut Search, &[u8]) -> Result<Option<(T, usize)>, E>,
) -> Option<(T, usize)> {
    let at_once = parse(&mut Search::default(), bytes);
    let mut search = Search::default();
    let mut by_bytes = (0..=bytes.len().min(4096)).map(|length| parse(&mut search, &bytes[..length]));
    if let Some(by_bytes) = by_bytes.find(|result| *result != Ok(None)) {
        assert_eq!(by_bytes, at_once);
    }
    let (head, consumed) = at_once.ok()??;
    assert!(consumed <= HEAD_MAX + 2);
    Some((head, consumed))
}

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Ok(input) = <(bool, bool, &[u8])>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let (is_request, to_head, data) = input;
    if !is_request {
        let bytes = edited(RESPONSE, data);
        if let Some((head, consumed)) = same_head(&bytes, |search, bytes| search.response(bytes, to_head)) {
            assert!(head.fields.iter().count() <= FIELDS_MAX);
            same_body(head.length, &bytes[consumed..]);
        }
        return;
    }
    let mut bytes = edited(REQUEST, data);
    // One request after the other, as on a connection that is kept.
    while let Some((head, consumed)) = same_head(&bytes, Search::request) {
        assert!(head.fields.iter().count() <= FIELDS_MAX && head.length != Length::UntilClose);
        let Some(rest) = same_body(head.length, &bytes[consumed..]) else { break };
        bytes = rest;
    }
}
