use std::fs;
use wasmstone_bundle::{
    Platform, PlatformStore, SmHash,
    platform::{DeviceKey, PlatformError, Replace},
    stand_in,
};

fn board() -> Platform {
    Platform {
        name: "board".into(),
        loader: b"loader".to_vec(),
        runtime: stand_in::runtime(),
        sm_hash: Some(SmHash([3; 64])),
        device_keys: vec![DeviceKey([4; 32]), DeviceKey([5; 32])],
        fp_safe: false,
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
    store.add(&board(), Replace::No).unwrap();
    assert_eq!(store.load("board").unwrap(), board());
    let bare = Platform { name: "bare".into(), sm_hash: None, device_keys: Vec::new(), fp_safe: true, ..board() };
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
    store.add(&board(), Replace::No).unwrap();
    let newer = Platform { loader: b"newer".to_vec(), ..board() };
    assert!(matches!(store.add(&newer, Replace::No), Err(PlatformError::Taken { .. })));
    assert_eq!(store.load("board").unwrap(), board());
    store.add(&newer, Replace::Yes).unwrap();
    assert_eq!(store.load("board").unwrap(), newer);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn files_that_are_no_platform_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path());
    let refused = |platform: Platform| store.add(&platform, Replace::No).unwrap_err();
    assert!(matches!(refused(Platform { loader: Vec::new(), ..board() }), PlatformError::EmptyLoader));
    assert!(matches!(refused(Platform { runtime: Vec::new(), ..board() }), PlatformError::Runtime));
    let mut x86 = stand_in::runtime();
    x86[18] = 62;
    assert!(matches!(refused(Platform { runtime: x86, ..board() }), PlatformError::Runtime));
    assert!(matches!(refused(Platform { name: "a/b".into(), ..board() }), PlatformError::Name(_)));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_description_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = PlatformStore::at(directory.path());
    store.add(&board(), Replace::No).unwrap();
    let path = directory.path().join("board/platform.toml");
    for text in ["fp-safe = maybe\n", "fp-safe = true\nsomething-else = 1\n", ""] {
        fs::write(&path, text).unwrap();
        let error = store.load("board").unwrap_err();
        assert!(matches!(error, PlatformError::Description { .. }), "{error}");
        assert!(error.to_string().contains("platform.toml"), "{error}");
    }
}
