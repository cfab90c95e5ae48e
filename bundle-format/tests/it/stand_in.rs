use wasmstone_bundle::{Sha256Digest, image::Image, stand_in};

/// These files are measured: a change of them changes every pinned measurement.
#[test]
fn stand_ins_never_change() {
    let digests = [stand_in::loader(), stand_in::runtime(), stand_in::eapp()].map(|f| Sha256Digest::of(&f).to_string());
    assert_eq!(
        digests,
        [
            "6acf5078d117363e419251ca3f5e25ea13619b3c2d2b91fd47cd0412c43ad48d",
            "970015009da599807fa15e214b2f6d0892cdcfa0b956bdcb4e02b99a86dd08a0",
            "094e5880dfffe7023f9ec46a15a90f87f3929f91193a161fdcd65313aea5274f",
        ]
    );
}

#[test]
fn stand_ins_are_what_they_stand_for() {
    for file in [stand_in::runtime(), stand_in::eapp()] {
        let image = Image::parse(&file).unwrap();
        assert_eq!(image.segments.len(), 1);
        assert_eq!(image.entry, image.segments[0].vaddr);
        assert!(image.segments[0].permissions.execute && !image.segments[0].permissions.write);
    }
}
