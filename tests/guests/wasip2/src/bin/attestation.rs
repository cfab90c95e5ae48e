//! wasmstone:attestation: every function, and every error that an enclave can produce. The program prints the report
//! over its argument, the measurement and two keys; the test that runs it knows the expected values.

use attestation::{Error, freshness, measurement, report, sealing_key};
use wasmstone::attestation::attestation;

wit_bindgen::generate!({ path: "../../../eapp/wit/attestation.wit", world: "attested" });

const REPORT: usize = 1352;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The data of a report. A length before them gives their number; the bytes behind them are zero.
fn data(report: &[u8]) -> &[u8] {
    assert_eq!(report.len(), REPORT);
    let length = u64::from_le_bytes(report[64..72].try_into().expect("eight bytes")) as usize;
    let (data, behind) = report[72..1096].split_at(length);
    assert!(behind.iter().all(|byte| *byte == 0), "{behind:?}");
    data
}

fn main() {
    let argument = std::env::args().nth(1).expect("an argument");
    let own = measurement().expect("a measurement");
    assert_eq!(own.len(), 64);

    for length in [0, 1, 63, 64] {
        let user_data = vec![length as u8; length];
        let report = report(&user_data).expect("a report");
        assert_eq!((&report[..64], data(&report)), (&own[..], &user_data[..]));
    }
    for length in [65, 66, 1024, 1025, 100_000] {
        assert_eq!(report(&vec![0; length]), Err(Error::TooLong), "{length}");
    }
    for path in ["", "/", "/data", "nowhere", "/größe"] {
        assert_eq!(freshness(path), Err(Error::NotSealed), "{path}");
    }

    let labels = ["one", "other", "", "One", "one\0", &"long".repeat(10_000)];
    let mut keys = labels.map(|label| sealing_key(label).expect("a key"));
    assert_eq!(keys, labels.map(|label| sealing_key(label).expect("a key")));
    println!("report {}", hex(&report(argument.as_bytes()).expect("a report")));
    println!("measurement {}", hex(&own));
    println!("one {}", hex(&keys[0]));
    println!("other {}", hex(&keys[1]));
    assert!(keys.iter().all(|key| key.len() == 32 && key.iter().any(|byte| *byte != 0)));
    keys.sort();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "two labels, one key");
}
