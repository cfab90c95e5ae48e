//! The bytes on the disk: no change of the format goes unnoticed.

use crate::disk::MemoryDisk;
use crate::sample::Sample;
use sha2::{Digest, Sha256};

/// SHA-256 of the names and the contents of all files.
fn digest(disk: &MemoryDisk) -> String {
    let mut hash = Sha256::new();
    for (name, serial) in &disk.names {
        let content = disk.files[serial].bytes.to_vec();
        hash.update(name);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_of_a_directory_stay() {
    // The keys and all random numbers of the sample are always the same.
    let sample = Sample::new();
    assert_eq!(
        [&sample.states[0], &sample.closed].map(digest),
        [
            "5c023c7bbabceeeb39cb4acf18d7763ccfadfec184283d21e46521fa12df5fd5",
            "ed183c739e309f59e6503d70edcb0f13c70c3a27b52eeab7b897b457b13637d7"
        ],
        "other bytes are written, while a directory is in use or after it was closed: if the format has changed, it \
         needs a new version in root.rs, and the old version must still open; if only the order of writing has \
         changed, record these digests here"
    );
}
