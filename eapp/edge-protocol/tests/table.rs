//! What the table must keep, and its documentation in `docs/edge-protocol.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use wasmstone_edge_protocol::{BUFFER_SIZE, ExitStatus, OPERATIONS, PAYLOAD_MAX, Status, Task, attestation, frame};

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
    for status in Status::ALL {
        assert_eq!(Status::from_number(status.number()), Some(*status));
    }
    let known = (0..=u16::MAX).filter(|number| Status::from_number(*number).is_some()).count();
    assert_eq!(known, Status::ALL.len());
    for status in [ExitStatus::Guest(0), ExitStatus::Guest(255), ExitStatus::Trap, ExitStatus::Unsaved] {
        assert_eq!(ExitStatus::from_value(status.value()), Some(status));
    }
    for value in [0, 1, u64::MAX, ExitStatus::Trap.value() + 1] {
        assert_eq!(ExitStatus::from_value(value), None, "{value:#x}");
    }
}

#[test]
fn tasks_have_their_numbers() {
    for task in [Task::Run, Task::Report, Task::Export, Task::Import] {
        assert_eq!(Task::from_wire(task.number().into()), Ok(task));
    }
    for number in [4, 5, u32::MAX] {
        Task::from_wire(number.into()).unwrap_err();
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
    assert!(attestation::EXCHANGE_DATA > attestation::USER_DATA_MAX);
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
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/edge-protocol.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (begin, end) = ("<!-- table -->\n", "<!-- /table -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{begin}{text}{end}{after}");
    if std::env::var_os("WASMSTONE_BLESS").is_some() {
        std::fs::write(file, &expected).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        expected,
        "docs/edge-protocol.md: set WASMSTONE_BLESS=1 to write it"
    );
}
