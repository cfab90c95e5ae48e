//! wasi:http/types: fields, made, read and changed in every way.

use wasip2::http::types::{Fields, HeaderError, OutgoingRequest, OutgoingResponse};

/// Names are compared without case, and only the order of the values of one name matters.
fn show(what: &str, fields: &Fields) {
    let mut entries: Vec<_> = fields
        .entries()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned()))
        .collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    println!("{what}: {entries:?}");
}

fn outcome<T>(result: Result<T, HeaderError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(HeaderError::InvalidSyntax) => "invalid syntax",
        Err(HeaderError::Forbidden) => "forbidden",
        Err(HeaderError::Immutable) => "immutable",
    }
}

fn values(fields: &Fields, name: &str) -> Vec<String> {
    fields.get(name).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

fn made_and_changed() {
    let fields = Fields::new();
    show("new", &fields);
    println!("absent: {:?} {}", fields.get("x"), fields.has("x"));
    println!("append: {} {}", outcome(fields.append("x", b"1")), outcome(fields.append("X", b"2")));
    println!("append another: {}", outcome(fields.append("y", b"")));
    show("appended", &fields);
    println!("get: {:?} {:?} {:?}", values(&fields, "x"), values(&fields, "X"), values(&fields, "y"));
    println!("has: {} {} {}", fields.has("x"), fields.has("X"), fields.has("z"));
    println!("set: {}", outcome(fields.set("X", &[b"3".to_vec(), b"4".to_vec(), b"5".to_vec()])));
    println!("get: {:?}", values(&fields, "x"));
    println!("set one: {}", outcome(fields.set("x", &[b"6".to_vec()])));
    println!("get: {:?}", values(&fields, "x"));
    println!("set none: {}", outcome(fields.set("x", &[])));
    println!("get: {:?} {}", values(&fields, "x"), fields.has("x"));
    println!("delete: {} {}", outcome(fields.delete("Y")), fields.has("y"));
    println!("delete nothing: {}", outcome(fields.delete("y")));
    show("in the end", &fields);
}

fn lists() {
    let entry = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let list = [entry("one", b"1"), entry("two", b"2"), entry("one", b"3")];
    let fields = Fields::from_list(&list).expect("a valid list");
    show("from a list", &fields);
    println!("get: {:?}", values(&fields, "one"));
    println!("empty list: {:?}", Fields::from_list(&[]).map(|fields| fields.entries().len()).ok());
    for (name, value) in
        [("bad name", &b"x"[..]), ("", b"x"), ("good", b"bad\r\nvalue"), ("host", b"x"), ("good", b"good")]
    {
        println!("list with {name:?}: {}", outcome(Fields::from_list(&[entry(name, value)])));
    }

    let copy = fields.clone();
    println!("change the copy: {}", outcome(copy.set("one", &[b"changed".to_vec()])));
    show("copy", &copy);
    show("original", &fields);
}

fn syntax() {
    let fields = Fields::new();
    for name in ["", " ", "a b", "a:b", "a\r\nb", "a\n", "a\0", "größe", "a\"", "(a)", "a/b", "a@b", "[a]", "{a}"] {
        let changed = [
            outcome(fields.set(name, &[b"x".to_vec()])),
            outcome(fields.append(name, b"x")),
            outcome(fields.delete(name)),
        ];
        println!("name {name:?}: {changed:?} {} {}", fields.get(name).len(), fields.has(name));
    }
    for name in ["a", "A-B", "a_b", "a.b", "0", "!#$%&'*+-.^_`|~"] {
        println!("name {name:?}: {} {:?}", outcome(fields.append(name, b"x")), values(&fields, name));
    }
    for value in [
        &b""[..],
        b" around ",
        b"\ttab",
        b"\xff\x80",
        "größe".as_bytes(),
        b"\0",
        b"a\rb",
        b"a\nb",
        b"a\r\nb: c",
        b"\x7f",
        b"\x1b",
    ] {
        let set = outcome(fields.set("v", &[b"good".to_vec(), value.to_vec()]));
        println!("value {value:?}: {} {set} {:?}", outcome(fields.append("w", value)), fields.get("w").last());
        let _ = fields.delete("w");
    }
    println!("nothing of a list that is not valid: {:?}", {
        let _ = fields.set("v", &[b"before".to_vec()]);
        let _ = fields.set("v", &[b"good".to_vec(), b"\n".to_vec()]);
        values(&fields, "v")
    });
}

/// Programs must not set the fields that frame a message or belong to a connection.
fn forbidden() {
    let fields = Fields::new();
    for name in [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "host",
        "http2-settings",
        "Host",
        "TRANSFER-ENCODING",
    ] {
        let changed = [
            outcome(fields.set(name, &[b"x".to_vec()])),
            outcome(fields.append(name, b"x")),
            outcome(fields.delete(name)),
        ];
        println!("{name}: {changed:?} {} {}", fields.get(name).len(), fields.has(name));
    }
    for length in
        ["5", "0", "18446744073709551615", "18446744073709551616", "+5", "-5", " 5", "5 ", "", "5, 5", "0x5", "5.0"]
    {
        println!("content-length {length:?}: {}", outcome(Fields::new().append("Content-Length", length.as_bytes())));
    }
    let fields = Fields::new();
    println!("a length: {}", outcome(fields.append("content-length", b"5")));
    println!("another: {}", outcome(fields.append("content-length", b"5")));
    println!("two at once: {}", outcome(fields.set("content-length", &[b"5".to_vec(), b"5".to_vec()])));
    println!("instead: {}", outcome(fields.set("content-length", &[b"6".to_vec()])));
    println!("get: {:?}", values(&fields, "content-length"));
}

fn immutable() {
    let fields = || Fields::from_list(&[("x".to_owned(), b"1".to_vec())]).expect("a valid list");
    let (request, response) = (OutgoingRequest::new(fields()), OutgoingResponse::new(fields()));
    for headers in [request.headers(), response.headers()] {
        show("headers", &headers);
        println!("set: {}", outcome(headers.set("x", &[b"2".to_vec()])));
        println!("append: {}", outcome(headers.append("y", b"2")));
        println!("delete: {} {}", outcome(headers.delete("x")), outcome(headers.delete("z")));
        let copy = headers.clone();
        println!("change a copy: {}", outcome(copy.append("x", b"2")));
        show("unchanged", &headers);
    }
}

fn main() {
    made_and_changed();
    lists();
    syntax();
    forbidden();
    immutable();
}
