//! Frames, which have a header, a struct and a payload: encoding and decoding for both sides.

use crate::{Operation, OperationInfo, PAYLOAD_MAX, Status, Untrusted, VERSION, Violation};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a request's header, and of a reply's.
pub const HEADER: usize = 24;

/// The largest frame in bytes.
pub const FRAME_MAX: usize = HEADER + 1024 + PAYLOAD_MAX;

/// The header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RequestHeader {
    /// [`VERSION`].
    pub version: U16,
    /// The function id within the interface that the call id names.
    pub function: u8,
    /// Always zero.
    pub reserved: u8,
    /// Bytes of the struct.
    pub body_length: U32,
    /// Bytes of the payload.
    pub payload_length: U32,
    /// The most bytes of payload that the reply may have.
    pub reply_payload_max: U32,
    /// Identifies the request: an enclave uses no id twice.
    pub request_id: U64,
}

/// The header of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ReplyHeader {
    /// [`VERSION`].
    pub version: Untrusted<U16>,
    /// A [`Status`].
    pub status: Untrusted<U16>,
    /// Bytes of the struct: 0 unless the status is `Ok`.
    pub body_length: Untrusted<U32>,
    /// Bytes of the payload: 0 unless the status is `Ok`.
    pub payload_length: Untrusted<U32>,
    /// Always zero.
    pub reserved: Untrusted<U32>,
    /// The id of the request.
    pub request_id: Untrusted<U64>,
}

/// Makes the header of a request.
pub fn request_header(
    function: u8,
    request_id: u64,
    body_length: u32,
    payload_length: u32,
    reply_payload_max: u32,
) -> RequestHeader {
    RequestHeader {
        version: VERSION.into(),
        function,
        reserved: 0,
        body_length: body_length.into(),
        payload_length: payload_length.into(),
        reply_payload_max: reply_payload_max.into(),
        request_id: request_id.into(),
    }
}

/// Writes the header and the struct of a request. The caller writes `payload_length` bytes behind them.
pub fn request_head<O: Operation>(
    request_id: u64,
    payload_length: u32,
    reply_payload_max: u32,
    body: &O::Request,
    mut write: impl FnMut(&[u8]),
) {
    let body_length = size_of::<O::Request>() as u32;
    write(request_header(O::FUNCTION, request_id, body_length, payload_length, reply_payload_max).as_bytes());
    write(body.as_bytes());
}

/// The host's answer to an `O`: a status other than `Ok`, or the struct and the payload.
pub type Answer<'a, O> = Result<(<O as Operation>::Reply, &'a [u8]), Status>;

/// Reads a reply. `frame` is the enclave's private copy. The enclave set the previous reply in it to zero, so that no
/// byte of the previous reply can pass for one that the host did not write.
///
/// # Errors
/// A violation if any part of the header is not what the contract demands.
pub fn decode_reply<O: Operation>(
    frame: &[u8],
    request_id: u64,
    reply_payload_max: u32,
) -> Result<Answer<'_, O>, Violation> {
    struct_of::<O>(reply_parts(frame, request_id, size_of::<O::Reply>() as u32, reply_payload_max)?)
}

/// Reads the struct of an answer to an `O`.
///
/// # Errors
/// A violation if the struct has another length.
pub fn struct_of<O: Operation>(parts: Parts<'_>) -> Result<Answer<'_, O>, Violation> {
    let (body, payload) = match parts {
        Ok(parts) => parts,
        Err(status) => return Ok(Err(status)),
    };
    let body = O::Reply::read_from_bytes(body).map_err(|_| Violation("a reply's struct has a wrong length"))?;
    Ok(Ok((body, payload)))
}

/// The bytes of an answer to any operation: a status other than `Ok`, or the struct and the payload.
pub type Parts<'a> = Result<(&'a [u8], &'a [u8]), Status>;

/// Like [`decode_reply`], for any operation whose reply has a struct of `reply` bytes.
///
/// # Errors
/// The errors of [`decode_reply`].
pub fn reply_parts(frame: &[u8], request_id: u64, reply: u32, reply_payload_max: u32) -> Result<Parts<'_>, Violation> {
    let (header, rest) =
        ReplyHeader::read_from_prefix(frame).map_err(|_| Violation("a reply is shorter than its header"))?;
    header.version.equal_to(VERSION, "a reply of another protocol version")?;
    header.request_id.equal_to(request_id, "a reply to another request")?;
    header.reserved.equal_to(0, "a reply's reserved field is not zero")?;
    let status = Status::try_from(u32::from(header.status.opaque()))?;
    if status != Status::Ok {
        header.body_length.equal_to(0, "a failure with a struct")?;
        header.payload_length.equal_to(0, "a failure with a payload")?;
        return if status == Status::Malformed {
            Err(Violation("a request was refused as malformed"))
        } else {
            Ok(Err(status))
        };
    }
    header.body_length.equal_to(reply, "a reply's struct has a wrong length")?;
    let payload_length = header.payload_length.at_most(reply_payload_max, "a reply's payload is too long")?;
    let (body, rest) = rest.split_at_checked(reply as usize).ok_or(Violation("a reply is shorter than its struct"))?;
    let payload = rest.get(..payload_length as usize).ok_or(Violation("a reply is shorter than its payload"))?;
    Ok(Ok((body, payload)))
}

/// A request that the host has decoded.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The row of the operation table.
    pub operation: &'static OperationInfo,
    /// The id that the reply must repeat.
    pub request_id: u64,
    /// The struct's bytes, as many as the table says.
    pub body: &'a [u8],
    /// The payload, within the table's cap.
    pub payload: &'a [u8],
    /// The largest payload that the reply may have, within the table's cap.
    pub reply_payload_max: usize,
}

/// Reads a request on the host's side.
///
/// # Errors
/// The request id if the frame is not a request of the table, or 0 if the frame is too short to hold an id. The host
/// answers it with [`Status::Malformed`].
pub fn decode_request(call: u64, frame: &[u8]) -> Result<Request<'_>, u64> {
    let (header, rest) = RequestHeader::read_from_prefix(frame).map_err(|_| 0u64)?;
    let request_id = header.request_id.get();
    let parse = || {
        let call = u8::try_from(call).ok()?;
        let operation = OperationInfo::find(call, header.function)?;
        let body_length = usize::try_from(header.body_length.get()).ok()?;
        let payload_length = usize::try_from(header.payload_length.get()).ok()?;
        let reply_payload_max = usize::try_from(header.reply_payload_max.get()).ok()?;
        let fits = header.version.get() == VERSION
            && header.reserved == 0
            && body_length == operation.request
            && payload_length <= operation.request_payload_max
            && reply_payload_max <= operation.reply_payload_max;
        if !fits {
            return None;
        }
        let (body, rest) = rest.split_at_checked(body_length)?;
        let payload = rest.get(..payload_length)?;
        Some(Request { operation, request_id, body, payload, reply_payload_max })
    };
    parse().ok_or(request_id)
}

/// Makes the header of a reply.
pub fn reply_header(request_id: u64, status: Status, body_length: u32, payload_length: u32) -> ReplyHeader {
    ReplyHeader {
        version: VERSION.into(),
        status: (status as u16).into(),
        body_length: body_length.into(),
        payload_length: payload_length.into(),
        reserved: 0u32.into(),
        request_id: request_id.into(),
    }
}
