//! Bodies: the result is the same whatever pieces they come in.

use super::{BadBody, Decoder, LINE_MAX};
use crate::http1::length::Length;
use crate::http1::{FIELDS_MAX, TRAILERS_MAX};
use std::format;
use std::string::String;
use std::vec::Vec;

/// The result of reading: the data, the trailers by name, and the bytes behind the body.
type Read = Result<(Vec<u8>, Option<Vec<String>>, Vec<u8>), BadBody>;

/// Reads from a connection that gives pieces as long as `pieces` says, again and again, then ends.
fn read(length: Length, bytes: &[u8], pieces: &[usize], most: usize) -> Read {
    let mut decoder = Decoder::new(length);
    let (mut buffer, mut data, mut rest) = (Vec::new(), Vec::new(), bytes);
    let mut pieces = pieces.iter().cycle();
    while !decoder.is_done() {
        let step = decoder.step(&buffer, most)?;
        data.extend_from_slice(&buffer[step.skip..][..step.data]);
        buffer.drain(..step.skip + step.data);
        assert!(step.data <= most);
        if step.data == 0 && !decoder.is_done() {
            assert!(buffer.len() < TRAILERS_MAX);
            if rest.is_empty() {
                decoder.end()?;
                break;
            }
            let (piece, later) = rest.split_at((*pieces.next().unwrap()).min(rest.len()));
            buffer.extend_from_slice(piece);
            rest = later;
        }
    }
    assert!(decoder.is_done());
    let trailers = decoder.take_trailers().map(|fields| fields.iter().map(|(name, _)| name.into()).collect());
    buffer.extend_from_slice(rest);
    Ok((data, trailers, buffer))
}

/// The result for all bytes at once, after the results for pieces were compared with it.
fn all_ways(length: Length, bytes: &[u8]) -> Read {
    let at_once = read(length, bytes, &[usize::MAX], usize::MAX);
    for (pieces, most) in [(&[1][..], 1), (&[1], 1000), (&[2], 1000), (&[3, 1, 7], 5), (&[1000], 1)] {
        assert_eq!(read(length, bytes, pieces, most), at_once, "{pieces:?} {most}: {}", String::from_utf8_lossy(bytes));
    }
    for first in 0..bytes.len().min(300) {
        assert_eq!(read(length, bytes, &[first.max(1), usize::MAX], usize::MAX), at_once, "{first}");
    }
    at_once
}

fn chunked(text: &str) -> Read {
    all_ways(Length::Chunked, text.as_bytes())
}

#[test]
fn fixed_lengths() {
    assert_eq!(all_ways(Length::Fixed(5), b"HelloNEXT"), Ok((b"Hello".to_vec(), None, b"NEXT".to_vec())));
    assert_eq!(all_ways(Length::Fixed(0), b"NEXT"), Ok((Vec::new(), None, b"NEXT".to_vec())));
    assert_eq!(all_ways(Length::Fixed(6), b"Hello"), Err(BadBody::Incomplete));
    assert_eq!(all_ways(Length::Fixed(u64::MAX), b"Hello"), Err(BadBody::Incomplete));
    assert_eq!(all_ways(Length::UntilClose, b"Hello"), Ok((b"Hello".to_vec(), None, Vec::new())));
    assert_eq!(all_ways(Length::UntilClose, b""), Ok((Vec::new(), None, Vec::new())));
    assert!(Decoder::new(Length::Fixed(0)).is_done());
}

#[test]
fn chunks() {
    for text in [
        "5\r\nHello\r\n0\r\n\r\nNEXT",
        "2\r\nHe\r\n3\r\nllo\r\n0\r\n\r\nNEXT",
        "1;a=b\r\nH\r\n04;\r\nello\r\n0000000000000000;x=\"\u{e4}\ty\"\r\n\r\nNEXT",
        "0000000000000005\r\nHello\r\n0\r\n\r\nNEXT",
        "5 ;a\r\nHello\r\n0\t ;\r\n\r\nNEXT",
        "5 \t ; a = \"b\" ; c\t=d \r\nHello\r\n0 ; last\r\n\r\nNEXT",
    ] {
        assert_eq!(chunked(text), Ok((b"Hello".to_vec(), None, b"NEXT".to_vec())), "{text:?}");
    }
    let long = "x".repeat(0xabc);
    let text = format!("aBc\r\n{long}\r\n0\r\n\r\n");
    assert_eq!(chunked(&text), Ok((long.into_bytes(), None, Vec::new())));
    assert_eq!(chunked("0\r\n\r\n"), Ok((Vec::new(), None, Vec::new())));
}

#[test]
fn chunks_that_are_none() {
    for text in [
        "\r\n\r\n",
        " 5\r\nHello\r\n",
        "5 \r\nHello\r\n",
        "5\t\r\nHello",
        "5 5;a\r\nHello",
        "5 a;b\r\nHello",
        " ;a\r\nHello",
        "5 \x0b;a\r\nHello",
        "5\nHello\r\n",
        "5\r\nHello\n0\r\n\r\n",
        "5\r\nHello0\r\n\r\n",
        "5\r\nHelloX\r\n",
        "+5\r\nHello\r\n",
        "-5\r\n",
        "0x5\r\nHello",
        "g\r\n",
        ";a\r\n",
        "5,5\r\n",
        "5;a\nb\r\nHello\r\n0\r\n\r\n",
        "5;a\rb\r\nHello",
        "5;\0\r\nHello",
        "5\rHello",
        "00000000000000005\r\nHello",
        "10000000000000000\r\n",
        "5\r\nHello\r\r\n",
        "ffffffffffffffffff",
        "0\r\n\n\r\n\r\n",
        "0\r\nX\r\n\r\n",
        "0\r\nX: a\n\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n",
        "0\r\n X: a\r\n\r\n",
        "0\r\nX : a\r\n\r\n",
        "0\r\nX: a\r\n b\r\n\r\n",
        "0\r\nX: \0\r\n\r\n",
    ] {
        assert_eq!(chunked(text), Err(BadBody::Malformed), "{text:?}");
    }
    for text in [
        "",
        "5",
        "5\r",
        "5\r\n",
        "5\r\nHel",
        "5\r\nHello",
        "5\r\nHello\r\n",
        "0\r\n",
        "0\r\n\r",
        "0\r\nX: a\r\n",
        "5;abc",
        "5 ",
        "5\t ",
        "ffffffffffffffff\r\nabc",
    ] {
        assert_eq!(chunked(text), Err(BadBody::Incomplete), "{text:?}");
    }
}

#[test]
fn trailers() {
    let expected = std::vec!["a".into(), "b".into()];
    assert_eq!(
        chunked("2\r\nxy\r\n0\r\nA: 1\r\nB:\r\n\r\nNEXT"),
        Ok((b"xy".to_vec(), Some(expected), b"NEXT".to_vec()))
    );
    let lines = |count| (0..count).map(|number| format!("f{number}: v\r\n")).collect::<String>();
    assert!(chunked(&format!("0\r\n{}\r\n", lines(FIELDS_MAX))).is_ok());
    assert_eq!(chunked(&format!("0\r\n{}\r\n", lines(FIELDS_MAX + 1))), Err(BadBody::TrailersTooLarge));
    let filled = |length: usize| format!("0\r\nf: {}\r\n\r\n", "v".repeat(length - 7)).into_bytes();
    let at_once = |bytes: &[u8]| read(Length::Chunked, bytes, &[usize::MAX], usize::MAX);
    assert!(at_once(&filled(TRAILERS_MAX)).is_ok());
    assert_eq!(at_once(&filled(TRAILERS_MAX + 1)), Err(BadBody::TrailersTooLarge));
    assert_eq!(read(Length::Chunked, &filled(1 << 20), &[100], 1), Err(BadBody::TrailersTooLarge));
}

#[test]
fn extensions_are_bounded() {
    let line = |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length - 4));
    assert!(chunked(&line(LINE_MAX)).is_ok());
    assert_eq!(chunked(&line(LINE_MAX + 1)), Err(BadBody::Malformed));
    assert_eq!(chunked(&format!("1;{}", "e".repeat(LINE_MAX))), Err(BadBody::Malformed));
    assert_eq!(chunked(&format!("1{}", " ".repeat(LINE_MAX))), Err(BadBody::Malformed));
}

/// Deterministic pseudo-random numbers.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

/// A body that is changed at one place is still the same body, or the same error, in whatever pieces it comes.
#[test]
fn arbitrary_changes_depend_on_nothing_else() {
    let mut number = numbers();
    let valid = b"5;ext=1\r\nHello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: value\r\nOther: x\r\n\r\nNEXT";
    let interesting = b"\r\n\t ;:0159afAFxX\0\x7f\xff-+,\"";
    let (mut good, mut bad) = (0, 0);
    for _ in 0..3000 {
        let mut bytes = valid.to_vec();
        for _ in 0..=number(2) {
            let at = number(bytes.len());
            match number(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, interesting[number(interesting.len())]),
                _ => bytes[at] = interesting[number(interesting.len())],
            }
        }
        let at_once = read(Length::Chunked, &bytes, &[usize::MAX], usize::MAX);
        let pieces: Vec<_> = (0..5).map(|_| 1 + number(9)).collect();
        for (pieces, most) in [(&[1][..], 1), (&pieces, 1 + number(9))] {
            assert_eq!(read(Length::Chunked, &bytes, pieces, most), at_once, "{:?}", String::from_utf8_lossy(&bytes));
        }
        if at_once.is_ok() { good += 1 } else { bad += 1 }
    }
    assert!(good > 100 && bad > 100, "{good} {bad}");
}
