//! The rules for the table, and its documentation in `docs/edge-protocol.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Mutex;
use wasmstone_edge_protocol::value::{Advice, FileType, OpenFlag, TaskKind};
use wasmstone_edge_protocol::{
    BUFFER_SIZE, Coded, ExitStatus, OPERATIONS, PAYLOAD_MAX, Set, Status, Violation, attestation, frame,
};

#[test]
fn ids_are_unique_and_within_keystones_limits() {
    let ids: BTreeSet<_> = OPERATIONS.iter().map(|row| (row.call, row.function)).collect();
    assert_eq!(ids.len(), OPERATIONS.len());
    let calls: BTreeSet<_> = OPERATIONS.iter().map(|row| row.call).collect();
    assert!(calls.len() <= 10 && calls.iter().all(|call| *call < 10), "Keystone's SDK has ten call slots");
}

#[test]
fn every_frame_fits_the_buffer() {
    const KEYSTONE_HEADER: usize = 48;
    assert!(BUFFER_SIZE.is_power_of_two() && BUFFER_SIZE <= 4 << 20);
    for row in OPERATIONS {
        let request = frame::HEADER + row.request + row.request_payload_max;
        let reply = frame::HEADER + row.reply + row.reply_payload_max;
        assert!(KEYSTONE_HEADER + request.max(reply) <= BUFFER_SIZE, "{}", row.name);
        assert!(
            request.max(reply) <= frame::FRAME_MAX && row.request_payload_max.max(row.reply_payload_max) <= PAYLOAD_MAX
        );
    }
}

#[test]
fn numbers_and_names_are_each_others_inverse() {
    let known = |number: &u16| Status::try_from(u32::from(*number)).is_ok_and(|status| status as u16 == *number);
    let numbers: Vec<_> = (0..=u16::MAX).filter(known).collect();
    assert_eq!(numbers, (0..=37).chain(40..=50).chain([64]).collect::<Vec<_>>());
    assert_eq!(Status::try_from(1 << 16), Err(Violation("an unknown status")));
    for status in [ExitStatus::Guest(0), ExitStatus::Guest(255), ExitStatus::Trap, ExitStatus::Unsaved] {
        assert_eq!(ExitStatus::from_value(status.value()), Some(status));
    }
    for value in [0, 1, u64::MAX, ExitStatus::Trap.value() + 1] {
        assert_eq!(ExitStatus::from_value(value), None, "{value:#x}");
    }
}

#[test]
fn tasks_have_their_numbers() {
    for (number, task) in (0..).zip([TaskKind::Run, TaskKind::Report, TaskKind::Export, TaskKind::Import]) {
        assert_eq!((task.into(), Coded::from(task)), (number, Coded::raw(number)));
        assert_eq!(Coded::raw(number).get(), Ok(task));
    }
    for number in [4, 5, u32::MAX] {
        assert_eq!(Coded::<TaskKind>::raw(number).get(), Err(Violation("an unknown task")));
    }
}

#[test]
fn only_numbers_of_the_table_have_a_value() {
    assert_eq!(Coded::raw(5).get(), Ok(Advice::NoReuse));
    for number in [6, 256, u32::MAX] {
        Coded::<Advice>::raw(number).get().unwrap_err();
    }
    // A number is not cut down to the type of the enum's numbers.
    assert_eq!(Coded::raw(7).get(), Ok(FileType::Socket));
    Coded::<FileType>::raw(256).get().unwrap_err();
}

#[test]
fn only_bits_of_the_table_have_a_value() {
    let set = Coded::from(Set::from_iter([OpenFlag::Create, OpenFlag::Truncate]));
    assert_eq!(set, Coded::raw(0b1001));
    let set = set.get().unwrap();
    assert!(set.contains(OpenFlag::Create) && set.contains(OpenFlag::Truncate));
    assert!(!set.contains(OpenFlag::Directory) && !set.contains(OpenFlag::Exclusive));
    Coded::<Set<OpenFlag>>::raw(0b1111).get().unwrap();
    for bits in [0b1_0000, 1 << 31, u32::MAX] {
        assert_eq!(Coded::<Set<OpenFlag>>::raw(bits).get(), Err(Violation("an unknown open-flag")));
    }
}

/// The values of one type.
struct Values {
    name: &'static str,
    doc: &'static str,
    unit: &'static str,
    rows: &'static [(u32, &'static str, &'static str)],
}

macro_rules! value_tables {
    ($(
        $(#[doc = $doc:literal])+
        $unit:ident $name:ident $unknown:literal: $($number:literal $value:ident $($meaning:literal)?),+;
    )+) => {
        [$(Values {
            name: stringify!($name),
            doc: concat!($($doc),+).trim_ascii_start(),
            unit: stringify!($unit),
            rows: &[$(($number, stringify!($value), concat!($($meaning)?)),)+],
        },)+]
    };
}

#[test]
fn every_value_has_a_number_of_its_own_that_fits() {
    for table in wasmstone_edge_protocol::values!(value_tables) {
        let numbers: Vec<_> = table.rows.iter().map(|(number, ..)| *number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{}: {numbers:?}", table.name);
        match table.unit {
            "number" => {}
            "bit" => assert!(numbers.iter().all(|bit| *bit < 32), "{}: {numbers:?}", table.name),
            unit => panic!("{}: the unit {unit}", table.name),
        }
    }
}

#[test]
fn the_data_of_reports_are_told_apart_by_their_length() {
    let key = [7; 32];
    for length in attestation::NONCE {
        let nonce: Vec<u8> = (0..length as u8).collect();
        let data = attestation::exchange_data(&nonce, &key).unwrap();
        assert_eq!((&data[..8], data[8]), (&b"WSKEY\0\0\x01"[..], length as u8));
        assert_eq!((&data[9..9 + length], &data[73..]), (&nonce[..], &key[..]));
        assert!(data[9 + length..73].iter().all(|byte| *byte == 0));
    }
    for length in [0, 7, 65, 1000] {
        assert_eq!(attestation::exchange_data(&vec![1; length], &key), None);
    }
    const { assert!(attestation::EXCHANGE_DATA > attestation::USER_DATA_MAX) };
}

#[test]
fn the_documentation_is_the_table() {
    let mut text = String::from(
        "| call | function | operation | what it does | request | payload ≤ | reply | payload ≤ |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in OPERATIONS {
        writeln!(
            text,
            "| {} | {} | `{}` | {} | {} | {} | {} | {} |",
            row.call,
            row.function,
            row.name,
            row.doc,
            row.request,
            row.request_payload_max,
            row.reply,
            row.reply_payload_max
        )
        .unwrap();
    }
    keep_page("table", &text);
}

#[test]
fn the_documentation_has_every_value() {
    let mut text = String::new();
    for table in wasmstone_edge_protocol::values!(value_tables) {
        writeln!(text, "\n### {}\n\n{}\n", table.name, table.doc).unwrap();
        // Columns without a word are left out.
        let has_meanings = table.rows.iter().any(|(.., meaning)| !meaning.is_empty());
        writeln!(text, "| {} | name |{}", table.unit, if has_meanings { " meaning |" } else { "" }).unwrap();
        writeln!(text, "| --- | --- |{}", if has_meanings { " --- |" } else { "" }).unwrap();
        for (number, name, meaning) in table.rows {
            let meaning = if has_meanings { format!(" {meaning} |") } else { String::new() };
            writeln!(text, "| {number} | `{name}` |{meaning}").unwrap();
        }
    }
    text.push('\n');
    keep_page("values", &text);
}

#[test]
fn the_documentation_has_every_way_to_end() {
    let _turn = TURN.lock();
    let page = page();
    let (_, section) = page.split_once("## The value of the EXIT call").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).count();
    let kinds =
        (0..256).filter(|kind| ExitStatus::from_value(ExitStatus::Guest(0).value() | kind << 8).is_some()).count();
    assert_eq!(rows, kinds);
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/edge-protocol.md");

fn page() -> String {
    std::fs::read_to_string(PAGE).unwrap()
}

/// Compares the part of the page between the comments `part` and `/part` with `text`; with `WASMSTONE_BLESS=1`, writes
/// it there.
fn keep_page(part: &str, text: &str) {
    let _turn = TURN.lock();
    let page = page();
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let expected = format!("{before}{begin}{text}{end}{after}");
    if std::env::var_os("WASMSTONE_BLESS").is_some() {
        std::fs::write(PAGE, &expected).unwrap();
    }
    assert!(self::page() == expected, "docs/edge-protocol.md is old: run this test with WASMSTONE_BLESS=1");
}

/// No test reads the page while another one writes it.
static TURN: Mutex<()> = Mutex::new(());
