//! wasi:http/types: requests, responses and their bodies, before they are sent.

use guests_wasip2::{create, data};
use wasip2::filesystem::types::filesystem_error_code;
use wasip2::http::types::{
    ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

fn with_length(length: &str) -> Fields {
    Fields::from_list(&[("content-length".to_owned(), length.into())]).expect("a valid list")
}

fn request() {
    let request = OutgoingRequest::new(Fields::new());
    println!("{:?} {:?} {:?}", request.method(), request.path_with_query(), request.authority());
    println!("{:?}", request.scheme());
    for method in [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Connect,
        Method::Options,
        Method::Trace,
        Method::Patch,
        Method::Other("PURGE".to_owned()),
        Method::Other("a-b".to_owned()),
        Method::Other("a b".to_owned()),
        Method::Other("a\r\n".to_owned()),
        Method::Other(String::new()),
    ] {
        println!("{method:?}: {:?}, now {:?}", request.set_method(&method), request.method());
    }
    for path in ["/", "/a/b?c=d&e", "", "?a", "/a%20b", "/a b", "a", "*", "http://else.where/", "/a\r\nb", "/\0"] {
        println!("{path:?}: {:?}, now {:?}", request.set_path_with_query(Some(path)), request.path_with_query());
    }
    println!("no path: {:?}, now {:?}", request.set_path_with_query(None), request.path_with_query());
    for scheme in [
        Scheme::Http,
        Scheme::Https,
        Scheme::Other("ftp".to_owned()),
        Scheme::Other("a+b.c-1".to_owned()),
        Scheme::Other("a b".to_owned()),
        Scheme::Other("a:".to_owned()),
    ] {
        println!("{scheme:?}: {:?}, now {:?}", request.set_scheme(Some(&scheme)), request.scheme());
    }
    println!("no scheme: {:?}, now {:?}", request.set_scheme(None), request.scheme());
    for authority in ["example.com", "example.com:8080", "127.0.0.1:1", "[::1]:80", "a b", "a/b", "a\r\nb", "a@b@c", ""]
    {
        println!("{authority:?}: {:?}, now {:?}", request.set_authority(Some(authority)), request.authority());
    }
    println!("no authority: {:?}, now {:?}", request.set_authority(None), request.authority());
}

fn response() {
    let response = OutgoingResponse::new(Fields::new());
    println!("status: {}", response.status_code());
    for status in [200, 100, 204, 304, 404, 599, 999, 99, 1000, 0, u16::MAX] {
        println!("{status}: {:?}, now {}", response.set_status_code(status), response.status_code());
    }
}

fn options() {
    let options = RequestOptions::new();
    let show = || (options.connect_timeout(), options.first_byte_timeout(), options.between_bytes_timeout());
    println!("{:?}", show());
    println!("{:?}", options.set_connect_timeout(Some(1_000_000)));
    println!("{:?}", options.set_first_byte_timeout(Some(0)));
    println!("{:?}", options.set_between_bytes_timeout(Some(3)));
    println!("{:?}", show());
    println!("{:?} {:?}", options.set_connect_timeout(None), show());
}

/// A message's body, and a body's stream, can be taken once.
fn once() {
    let (request, response) = (OutgoingRequest::new(Fields::new()), OutgoingResponse::new(Fields::new()));
    let bodies = [request.body().expect("the body"), response.body().expect("the body")];
    println!("again: {} {}", request.body().is_ok(), response.body().is_ok());
    for body in bodies {
        let stream = body.write().expect("the stream");
        println!("again: {}", body.write().is_ok());
        stream.subscribe().block();
        println!("a permit: {:?}", stream.check_write().map(|permit| permit > 0).ok());
        stream.write(b"some").expect("written");
        drop(stream);
        println!("finished: {:?}", OutgoingBody::finish(body, None));
    }
    // Bodies that are not asked for, not written to, or not finished.
    drop(OutgoingResponse::new(Fields::new()));
    drop(OutgoingResponse::new(Fields::new()).body());
    let body = OutgoingRequest::new(with_length("5")).body().expect("the body");
    drop(body.write());
}

/// What is written, compared with what was declared.
fn lengths() {
    for (declared, written) in [("5", &b"12345"[..]), ("5", b"123"), ("5", b"123456"), ("0", b""), ("5", b"")] {
        let (request, response) =
            (OutgoingRequest::new(with_length(declared)), OutgoingResponse::new(with_length(declared)));
        for body in [request.body().expect("the body"), response.body().expect("the body")] {
            let stream = body.write().expect("the stream");
            stream.subscribe().block();
            assert!(stream.check_write().expect("a permit") >= written.len() as u64);
            match stream.write(written) {
                Ok(()) => println!("{declared}, {}: written", written.len()),
                Err(StreamError::Closed) => println!("{declared}, {}: closed", written.len()),
                Err(StreamError::LastOperationFailed(error)) => {
                    println!("{declared}, {}: {:?}", written.len(), http_error_code(&error));
                    println!("of a file: {:?}", filesystem_error_code(&error).map(|code| code.name()));
                }
            }
            drop(stream);
            println!("finished: {:?}", OutgoingBody::finish(body, None).map_err(size));
        }
    }
    let response = OutgoingResponse::new(Fields::new());
    let trailers = Fields::from_list(&[("x-sum".to_owned(), b"1".to_vec())]).expect("a valid list");
    println!("trailers: {:?}", OutgoingBody::finish(response.body().expect("the body"), Some(trailers)));
}

fn size(error: ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestBodySize(size) => format!("request: {size:?}"),
        ErrorCode::HttpResponseBodySize(size) => format!("response: {size:?}"),
        other => format!("{other:?}"),
    }
}

/// Errors of other interfaces are not HTTP errors.
fn other_errors() {
    let file = create(&data(), "file").expect("a file");
    let stream = file.write_via_stream(i64::MAX as u64).expect("a stream");
    let Err(StreamError::LastOperationFailed(error)) = stream.blocking_write_and_flush(b"too far") else {
        return println!("no file is as large");
    };
    println!("of HTTP: {:?}", http_error_code(&error).is_some());
}

fn main() {
    request();
    response();
    options();
    once();
    lengths();
    other_errors();
}
