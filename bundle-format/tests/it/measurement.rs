use wasmstone_bundle::{
    Measurement, SmHash,
    measurement::{FIRMWARE_SIZE, FirmwareError, measure, sm_hash},
};

fn file(size: u32, a: u32, b: u32) -> Vec<u8> {
    (0..size).map(|i| (i * a + b) as u8).collect()
}

/// The values come from a Keystone stack: its security monitor measured this for these files.
#[test]
fn matches_keystone() {
    for (loader, runtime, eapp, expected) in [
        (
            36888,
            111_920,
            1952,
            "420ef2788ea10e91e0c962518c11eb3bd18b3666367e617782f0d2c07a43352a\
             d71657a0e256a5cc2fd2607201fa72bf89e16086acc86602fa32c84eb5ba5efc",
        ),
        (
            4096,
            8192,
            4097,
            "570ae17dd499938ed03315bb3eb8f64fe63b6c186ceb56f4d3e6dff81487ed6d\
             4b8aefe6a1ef3c3ab935dad6ea4ec79d91f3548ad1665371f2e0e2f89c806104",
        ),
        (
            1,
            1,
            1,
            "cfd2ba9f300c4b8921bdab358e4163c106930c79dfd435908e26d8c8af943b70\
             258081428c3818a7db94c8e0f933ed645272841af64583255fedc904dfc05aeb",
        ),
    ] {
        let found = measure(&file(loader, 7, 3), &file(runtime, 11, 5), &file(eapp, 13, 1));
        assert_eq!(found.to_string(), expected);
    }
}

/// The expected hash is from `openssl dgst -sha3-512` over the padded file.
#[test]
fn firmware_is_padded() {
    assert_eq!(
        sm_hash(&[b'k'; 2000]).unwrap().to_string(),
        "8a1353f5791f93c943f1920fc3ae782af48292a060771e1e7ef06916f9de4601\
         1177cc8ad962548927800dd18cb992403589ffe0e139f58872025a4a0ff2faf6"
    );
    let full = vec![0; FIRMWARE_SIZE as usize];
    assert_eq!(sm_hash(&full), sm_hash(&[0]));
    assert_eq!(sm_hash(&[]), Err(FirmwareError::Empty));
    assert_eq!(sm_hash(&[&full[..], b"a kernel"].concat()), sm_hash(&full), "no more is hashed at boot");
    assert_eq!(sm_hash(b"\x7fELF and so on"), Err(FirmwareError::Elf));
    assert_eq!(sm_hash(&vec![1; 64 << 20]), Err(FirmwareError::TooLarge));
}

#[test]
fn hexadecimal_there_and_back() {
    let text = measure(b"a", b"b", b"c").to_string();
    assert_eq!(text.parse::<Measurement>().unwrap().to_string(), text);
    assert_eq!(text.parse::<SmHash>().unwrap().to_string(), text);
    for bad in ["", &text[1..], &text.replace(&text[..1], "g"), &format!("{text}00")] {
        assert_eq!(bad.parse::<Measurement>().unwrap_err().to_string(), "expected 128 hexadecimal digits");
    }
}
