//! Reading an enclave app, and composing one.

use std::sync::LazyLock;
use wasmstone_bundle::image::{self, Image};
use wasmstone_bundle::stand_in;

static COMPOSED: LazyLock<Vec<u8>> =
    LazyLock::new(|| image::compose(&stand_in::eapp(), &crate::launch(b"program"), b"program").expect("an image"));

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let bytes = crate::edited(&COMPOSED, data);
    if let Ok(image) = Image::parse(&bytes) {
        for segment in image.segments {
            assert!(bytes.get(segment.file.clone()).is_some(), "a segment outside the file");
            assert!(segment.file.len() as u64 <= segment.memory_size);
        }
    }
    let _ = image::launch(&bytes);

    let launch = crate::launch(b"program");
    let generic = crate::edited(&stand_in::eapp(), data);
    if let Ok(composed) = image::compose(&generic, &launch, b"program") {
        assert_eq!(image::launch(&composed).expect("what was composed"), launch);
    }
}
