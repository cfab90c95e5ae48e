use std::fs;
use wasmstone_bundle::{
    Platform, PlatformStore, SecretKey, SmHash,
    platform::{DeviceKey, HashRate, PlatformError, Replace, Unfit, check_files},
    stand_in,
};
use wasmstone_test_support::keystone_files::keystone_files;

fn board() -> Platform {
    let (loader, runtime) = keystone_files();
    let device = SecretKey::generate().unwrap().public().to_bytes();
    Platform {
        name: "board".into(),
        loader,
        runtime,
        sm_hash: Some(SmHash([3; 64])),
        device_keys: vec![DeviceKey::PUBLIC_TEST, DeviceKey(device)],
        fp_safe: false,
        cpu_features: vec!["zba".into(), "zbb".into()],
        hash_rate: Some(HashRate::ASSUMED),
    }
}

#[test]
fn the_simulator_always_exists() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path().join("platforms"));
    assert_eq!(store.list().unwrap(), ["sim"]);
    assert_eq!(store.load("sim").unwrap(), Platform::sim());
    let sim = Platform { name: "sim".into(), ..board() };
    assert!(matches!(store.add(&sim, Replace::Yes), Err(PlatformError::Sim)));
}

#[test]
fn what_is_added_is_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path().join("platforms"));
    let board = board();
    store.add(&board, Replace::No).unwrap();
    assert_eq!(store.load("board").unwrap(), board);
    let bare = Platform {
        name: "bare".into(),
        sm_hash: None,
        device_keys: Vec::new(),
        fp_safe: true,
        cpu_features: Vec::new(),
        hash_rate: None,
        ..board
    };
    store.add(&bare, Replace::Yes).unwrap();
    assert_eq!(store.load("bare").unwrap(), bare);
    assert_eq!(store.list().unwrap(), ["bare", "board", "sim"]);
    assert!(matches!(store.load("other"), Err(PlatformError::Unknown { .. })));
    assert!(matches!(store.load("../board"), Err(PlatformError::Name(_))));
}

#[test]
fn a_platform_is_replaced_only_when_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path());
    let board = board();
    store.add(&board, Replace::No).unwrap();
    let newer = Platform { loader: [&board.loader[..], b"newer"].concat(), ..board.clone() };
    assert!(matches!(store.add(&newer, Replace::No), Err(PlatformError::Taken { .. })));
    assert_eq!(store.load("board").unwrap(), board);
    store.add(&newer, Replace::Yes).unwrap();
    assert_eq!(store.load("board").unwrap(), newer);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn loader_and_runtime_are_told_from_other_files() {
    let (loader, runtime) = keystone_files();
    assert_eq!(check_files(&loader, &runtime), Ok(()));
    let edited = |offset: usize, value: u8| {
        let mut edited = runtime.clone();
        edited[offset] = value;
        edited
    };
    let user = {
        let mut user = runtime.clone();
        user[24..32].copy_from_slice(&0x1_0000_u64.to_le_bytes());
        user[80..88].copy_from_slice(&0x1_0000_u64.to_le_bytes());
        user
    };
    let behind_build_id = edited(24, 0x40);
    for (loader, runtime, expected) in [
        (&b""[..], &runtime[..], Unfit::EmptyLoader),
        (b"a readme\n", &runtime, Unfit::TextLoader),
        (&vec![0xff; (1 << 20) + 1], &runtime, Unfit::LargeLoader((1 << 20) + 1)),
        (&runtime, &loader, Unfit::Swapped),
        (&runtime, &runtime, Unfit::ElfLoader),
        (&stand_in::loader(), &runtime, Unfit::StandIn("loader")),
        (&loader, &stand_in::runtime(), Unfit::StandIn("runtime")),
        (&loader, b"", Unfit::NotRuntime),
        (&loader, &loader, Unfit::NotRuntime),
        // Another machine, position-independent, an entry outside, no permission to execute, cut short.
        (&loader, &edited(18, 62), Unfit::NotRuntime),
        (&loader, &edited(16, 3), Unfit::NotRuntime),
        (&loader, &edited(26, 1), Unfit::NotRuntime),
        (&loader, &edited(68, 4), Unfit::NotRuntime),
        (&loader, &runtime[..4096], Unfit::NotRuntime),
        (&loader, &user, Unfit::Start(0x1_0000)),
        (&loader, &behind_build_id, Unfit::Start(0xffff_ffff_c000_0040)),
        (&loader, &[&runtime[..], &vec![0; 16 << 20]].concat(), Unfit::LargeRuntime(runtime.len() + (16 << 20))),
    ] {
        assert_eq!(check_files(loader, runtime), Err(expected));
    }
}

#[test]
fn what_cannot_be_is_not_stored() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path());
    let refused = |platform: Platform| match store.add(&platform, Replace::No).unwrap_err() {
        PlatformError::Unfit(unfit) => unfit,
        other => panic!("{other}"),
    };
    assert_eq!(refused(Platform { loader: stand_in::loader(), ..board() }), Unfit::StandIn("loader"));
    assert_eq!(refused(Platform { sm_hash: Some(SmHash([0; 64])), ..board() }), Unfit::ZeroSmHash);
    // Not the coordinate of a point of the curve.
    let no_key = DeviceKey([2; 32]);
    assert_eq!(refused(Platform { device_keys: vec![no_key], ..board() }), Unfit::NotKey(no_key));
    let feature = Platform { cpu_features: vec!["zba".into(), "sse2".into()], ..board() };
    assert_eq!(refused(feature), Unfit::NotFeature("sse2".into()));
    let error = store.add(&Platform { name: "a/b".into(), ..board() }, Replace::No).unwrap_err();
    assert!(matches!(error, PlatformError::Name(_)), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_platform_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path());
    store.add(&board(), Replace::No).unwrap();
    let path = directory.path().join("board/platform.toml");
    for text in ["fp-safe = maybe\n", "fp-safe = true\nsomething-else = 1\n", "fp-safe = true\nhash-rate = 0\n", ""] {
        fs::write(&path, text).unwrap();
        let error = store.load("board").unwrap_err();
        assert!(matches!(error, PlatformError::Description { .. }), "{error}");
        assert!(error.to_string().contains("platform.toml"), "{error}");
    }
    // Files of older releases have no rate.
    fs::write(&path, "fp-safe = true\n").unwrap();
    assert_eq!(store.load("board").unwrap().hash_rate, None);
    store.add(&board(), Replace::Yes).unwrap();
    fs::write(directory.path().join("board/runtime"), "").unwrap();
    assert!(matches!(store.load("board"), Err(PlatformError::Unfit(Unfit::NotRuntime))));
}
