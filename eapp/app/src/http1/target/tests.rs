//! Targets, authorities, paths and schemes.

use super::{Authority, Host, Target, is_authority, is_path_with_query, is_scheme};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn forms_of_targets() {
    for path in ["/", "/a/b?c=d&e", "//double", "/ä", "/%41", "/a{b}|\"", "/?x`^"] {
        assert_eq!(Target::parse(path, false), Some(Target::Origin(path)));
    }
    for (target, authority, path) in [
        ("http://a", "a", ""),
        ("HTTP://a.b:80/", "a.b:80", "/"),
        ("https://[::1]:1?q", "[::1]:1", "?q"),
        ("http://1.2.3.4/x://y", "1.2.3.4", "/x://y"),
    ] {
        assert_eq!(Target::parse(target, false), Some(Target::Absolute { authority, path }));
    }
    assert_eq!(Target::parse("*", true), Some(Target::Origin("*")));
    for wrong in [
        "",
        "*",
        "a",
        "a:80",
        "?x",
        "/#x",
        "/a#",
        "#",
        "http:/a",
        "http://",
        "http:///a",
        "ftp://a/",
        "http://u@a/",
        "http://a b/",
        "/a b",
        "/a\u{7f}",
        "/<",
        "/a>",
        "http://a:x/",
        "http://a:65536/",
        "http://[::1/",
        "http://a/\u{1}",
    ] {
        assert_eq!(Target::parse(wrong, false), None, "{wrong:?}");
    }
}

#[test]
fn authorities_are_names_or_addresses() {
    let local6 = Host::Address(IpAddr::V6(Ipv6Addr::LOCALHOST));
    for (text, host, port) in [
        ("a", Host::Name("a"), None),
        ("a.example:8080", Host::Name("a.example"), Some(8080)),
        ("a:", Host::Name("a"), None),
        ("127.0.0.1", Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), None),
        ("127.0.0.1:1", Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), Some(1)),
        ("1.2.3", Host::Name("1.2.3"), None),
        ("[::1]", local6, None),
        ("[::1]:65535", local6, Some(65535)),
        ("a_b-c.~!$&'()*+,;=", Host::Name("a_b-c.~!$&'()*+,;="), None),
    ] {
        assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
        assert!(is_authority(text), "{text}");
    }
    for wrong in [
        "",
        ":80",
        "a:b",
        "a:-1",
        "a:+1",
        "a:65536",
        "a:1:2",
        "[::1",
        "::1",
        "[::1]80",
        "[1.2.3.4]",
        "[fe80::1%1]",
        "a@b",
        "a/b",
        "a b",
        "a%41",
        "ä",
        "[]",
        "a[::1]",
        "a\r\nb",
    ] {
        assert_eq!(Authority::parse(wrong), None, "{wrong:?}");
    }
}

#[test]
fn a_guest_may_name_what_wasmtime_lets_it_name() {
    for text in ["user@host", "u:p%41@h:1", "h:port", "h:99999", "u@[::1]:80", "[::1]"] {
        assert!(is_authority(text), "{text}");
    }
    for text in ["", "a/b", "a?b", "a#b", "a b", "ä", "a\\", "a\n", "a<"] {
        assert!(!is_authority(text), "{text:?}");
    }
    for text in ["", "/", "?x", "/a#b", "/\"{}\\^|", "/?`\\^"] {
        assert!(is_path_with_query(text), "{text}");
    }
    for text in ["*", "#", "a", "http://a/", "/a?b#c d", "/a b", "/a\r\nb", "/`", "/?\"", "/?<", "/\0", "**"] {
        assert!(!is_path_with_query(text), "{text:?}");
    }
    for (text, is) in [("http", true), ("a+b-c.d", true), ("", false), ("a:b", false), ("a b", false), ("ä", false)] {
        assert_eq!(is_scheme(text), is, "{text}");
    }
    assert!(is_scheme(&"a".repeat(64)) && !is_scheme(&"a".repeat(65)));
}
