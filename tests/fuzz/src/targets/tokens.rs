//! Reading evidence and attestation results.

use std::sync::LazyLock;
use wasmstone_attestation::eat::{AttestationResult, evidence, parse_evidence, verify_result};
use wasmstone_attestation::{Measurement, Report, Risks, simulator};
use wasmstone_bundle::SecretKey;

static KEY: LazyLock<SecretKey> = LazyLock::new(|| {
    SecretKey::from_pem(include_str!("../../../../bundle-format/tests/data/alice.pem")).expect("a key")
});

static RESULT: LazyLock<AttestationResult> = LazyLock::new(|| AttestationResult {
    issuer: "fuzz".into(),
    issued_at: 1 << 31,
    report: Report::parse(&simulator::report(&Measurement([7; 64]), b"a nonce").expect("a report")).expect("a report"),
    risks: Risks { simulator: true, ..Risks::default() },
});

static TOKEN: LazyLock<Vec<u8>> = LazyLock::new(|| RESULT.sign(b"alice", |message| KEY.sign(message)));
static EVIDENCE: LazyLock<Vec<u8>> = LazyLock::new(|| evidence(&RESULT.report));

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    if let Ok(report) = parse_evidence(&crate::edited(&EVIDENCE, data)) {
        assert_eq!(parse_evidence(&evidence(&report)), Ok(report));
    }
    if let Ok(result) = verify_result(&crate::edited(&TOKEN, data), &KEY.public().to_bytes()) {
        assert_eq!(result, *RESULT, "a result that nobody signed");
    }
}
