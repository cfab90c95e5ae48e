//! Reading an enclave app, and composing one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wasmstone_bundle::image::{self, Image};
use wasmstone_bundle::stand_in;

static COMPOSED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    image::compose(&stand_in::eapp(), &wasmstone_fuzz::launch(b"program"), b"program").expect("an image")
});

fuzz_target!(|data: &[u8]| {
    let bytes = wasmstone_fuzz::edited(&COMPOSED, data);
    if let Ok(image) = Image::parse(&bytes) {
        for segment in image.segments {
            assert!(bytes.get(segment.file.clone()).is_some(), "a segment outside the file");
            assert!(segment.file.len() as u64 <= segment.memory_size);
        }
    }
    let _ = image::launch(&bytes);

    let launch = wasmstone_fuzz::launch(b"program");
    let generic = wasmstone_fuzz::edited(&stand_in::eapp(), data);
    if let Ok(composed) = image::compose(&generic, &launch, b"program") {
        assert_eq!(image::launch(&composed).expect("what was composed"), launch);
    }
});
