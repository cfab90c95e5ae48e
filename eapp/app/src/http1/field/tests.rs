//! Fields: what can be in them, in which order, and how much.

use super::{FORBIDDEN, FieldError, Fields, SIZE_MAX, decimal, is_forbidden, is_token, trim};
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

fn fields(list: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in list {
        fields.append(name, value.as_bytes()).unwrap();
    }
    fields
}

fn list(fields: &Fields) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value).to_string())).collect()
}

#[test]
fn names_are_lower_case_and_the_values_of_one_are_together() {
    let fields = fields(&[("Accept", "a"), ("X", "b"), ("ACCEPT", "c")]);
    let expected = [("accept", "a"), ("accept", "c"), ("x", "b")];
    assert_eq!(list(&fields), expected.map(|(name, value)| (name.to_string(), value.to_string())));
    assert_eq!(fields.values("aCCept").collect::<Vec<_>>(), [b"a", b"c"]);
    assert!(fields.has("x") && !fields.has("y"));
}

#[test]
fn setting_keeps_the_place_and_removing_takes_all() {
    let mut fields = fields(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")]);
    fields.set("A", &[b"5".to_vec(), b"6".to_vec()]).unwrap();
    assert_eq!(list(&fields).iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["5", "6", "2", "4"]);
    fields.set("b", &[]).unwrap();
    assert!(!fields.has("b"));
    fields.remove("A");
    assert_eq!(list(&fields), [("c".to_string(), "4".to_string())]);
}

#[test]
fn only_tokens_are_names() {
    for name in ["", " ", "a b", "a:", "a\r", "a\n", "a\0", "ä", "a(", "a\"", "a/", "a@", "a[", "a{", "a\u{7f}"] {
        assert!(!is_token(name), "{name:?}");
        assert_eq!(Fields::default().append(name, b""), Err(FieldError::Syntax), "{name:?}");
        assert_eq!(Fields::default().set(name, &[]), Err(FieldError::Syntax), "{name:?}");
    }
    for name in ["a", "X-y_Z.0", "!#$%&'*+-.^_`|~"] {
        assert!(is_token(name), "{name:?}");
    }
}

#[test]
fn no_value_ends_a_line() {
    let mut fields = Fields::default();
    for byte in 0..=255u8 {
        let allowed = byte == b'\t' || (byte >= 32 && byte != 127);
        let value = [b'a', byte, b'b'];
        assert_eq!(fields.append("a", &value).is_ok(), allowed, "{byte}");
        let before = fields.clone();
        assert_eq!(fields.set("b", &[b"good".to_vec(), value.to_vec()]).is_ok(), allowed, "{byte}");
        assert!(allowed || fields == before);
    }
}

#[test]
fn a_length_is_a_number_in_its_shortest_form() {
    let mut fields = Fields::default();
    for wrong in ["", "-1", "+1", " 1", "1 ", "0x1", "1,1", "18446744073709551616", "١"] {
        assert_eq!(fields.append("Content-Length", wrong.as_bytes()), Err(FieldError::Syntax), "{wrong:?}");
    }
    fields.append("content-length", b"0018446744073709551615").unwrap();
    assert_eq!(fields.values("content-length").next(), Some(&b"18446744073709551615"[..]));
    assert_eq!(fields.append("content-length", b"5"), Err(FieldError::Syntax));
    assert_eq!(fields.set("content-length", &[b"5".to_vec(), b"5".to_vec()]), Err(FieldError::Syntax));
    fields.set("Content-Length", &[b"5".to_vec()]).unwrap();
    assert_eq!([decimal(b""), decimal(b"007"), decimal(b"1e3")], [None, Some(7), None]);
}

#[test]
fn all_together_cost_no_more_than_they_may() {
    let mut fields = Fields::default();
    let mut count = 0;
    while fields.append("a", b"").is_ok() {
        count += 1;
    }
    assert_eq!(count, (SIZE_MAX - 33) / 40);
    assert_eq!(fields.append("a", b""), Err(FieldError::TooLarge));
    assert_eq!(fields.cost(), 33 + 40 * count);
    fields.remove("a");
    assert_eq!(fields.cost(), 0);
    assert_eq!(fields.set("b", &[vec![b'b'; SIZE_MAX - 72]]), Err(FieldError::TooLarge));
    assert_eq!(fields, Fields::default());
    fields.set("b", &[vec![b'b'; SIZE_MAX - 73]]).unwrap();
    assert_eq!(fields.append("c", b""), Err(FieldError::TooLarge));
    // In place of itself it fits again.
    fields.set("b", &[vec![b'c'; SIZE_MAX - 73]]).unwrap();
}

#[test]
fn what_is_of_the_connection_is_no_concern_of_a_guest() {
    let mut fields = Fields::default();
    for name in FORBIDDEN.split(' ') {
        fields.append(name, b"x").unwrap();
        assert!(is_forbidden(&name.to_uppercase()));
    }
    fields.append("te", b"trailers").unwrap();
    fields.remove_forbidden();
    assert_eq!(list(&fields), [("te".to_string(), "trailers".to_string())]);
}

#[test]
fn lists_have_members() {
    let fields = fields(&[("a", "x, Y ,,\t z"), ("a", ","), ("b", "zz"), ("a", "close")]);
    assert_eq!(fields.members("A").collect::<Vec<_>>(), [&b"x"[..], b"Y", b"z", b"close"]);
    assert!(fields.has_member("a", "CLOSE") && fields.has_member("a", "y") && !fields.has_member("a", "zz"));
    for (text, trimmed) in [(" \t", ""), ("", ""), ("a", "a"), ("\ta b ", "a b")] {
        assert_eq!(trim(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
    }
}
