use std::fs;
use std::path::Path;
use wasmstone_bundle::platform::{BuildTree, TreeError};
use wasmstone_test_support::keystone_files::keystone_files;

fn write(directory: &Path, files: &[(&str, &[u8])]) {
    for (path, content) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn of_one_build_any_pair_without_options_will_do() {
    let directory = tempfile::tempdir().unwrap();
    let (loader, runtime) = keystone_files();
    let other = [&runtime[..], b"built at another path"].concat();
    write(
        directory.path(),
        &[
            ("build/keystone-examples-1/attestation/loader.bin", &loader),
            ("build/keystone-examples-1/attestation/eyrie-rt", &runtime),
            ("build/keystone-examples-1/attestation/.options_log", b"LINUX_SYSCALL \n"),
            ("build/keystone-examples-1/hello/eyrie-rt", &other),
            ("build/keystone-examples-1/hello/loader.bin", &loader),
            ("build/keystone-examples-1/hello/.options_log", b""),
            ("build/keystone-examples-1/tests/eyrie-rt", &runtime),
            ("build/keystone-examples-1/tests/loader.bin", &loader),
            ("build/keystone-examples-1/tests/pkg/eyrie-rt", &runtime),
            ("build/eyrie-rt", b"without a loader"),
            ("build/opensbi/fw_jump.bin", b"before the last patch"),
            ("images/fw_jump.bin", b"firmware"),
            ("images/fw_payload.bin", b"firmware and kernel"),
        ],
    );
    let tree = BuildTree::find(directory.path()).unwrap();
    let hello = directory.path().join("build/keystone-examples-1/hello");
    let pair = tree.pair().unwrap();
    assert_eq!((pair.loader, pair.runtime), (hello.join("loader.bin"), hello.join("eyrie-rt")));
    assert_eq!(tree.firmware().unwrap().unwrap(), directory.path().join("images/fw_jump.bin"));
}

#[test]
fn of_different_builds_a_person_chooses() {
    let directory = tempfile::tempdir().unwrap();
    let (loader, runtime) = keystone_files();
    let other = [&runtime[..], b"another"].concat();
    let several = |files: &[(&str, &[u8])], words: &[&str]| {
        write(directory.path(), files);
        let error = BuildTree::find(directory.path()).unwrap().pair().unwrap_err();
        assert!(matches!(error, TreeError::Several { .. }), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is not in {error}");
        }
    };
    let with_options: &[(&str, &[u8])] =
        &[("a/eyrie-rt", &runtime), ("a/loader.bin", &loader), ("a/.options_log", b"IO_SYSCALL ENV_SETUP ")];
    several(with_options, &["additional system calls", "a/eyrie-rt: IO_SYSCALL ENV_SETUP", "--runtime", "--loader"]);

    write(directory.path(), &[("b/eyrie-rt", &other), ("b/loader.bin", &loader)]);
    assert!(BuildTree::find(directory.path()).unwrap().pair().unwrap().runtime.ends_with("b/eyrie-rt"));
    write(directory.path(), &[("copy/eyrie-rt", &other), ("copy/loader.bin", &loader)]);
    assert!(BuildTree::find(directory.path()).unwrap().pair().unwrap().runtime.ends_with("b/eyrie-rt"));
    several(&[("a/.options_log", b"")], &["several builds", "a/eyrie-rt", "b/eyrie-rt"]);
    fs::remove_dir_all(directory.path()).unwrap();

    // One build of the examples, and one that is left over.
    let examples: Vec<_> = ["keystone-examples-1/hello", "keystone-examples-2/hello"]
        .iter()
        .flat_map(|folder| [(format!("{folder}/eyrie-rt"), &runtime), (format!("{folder}/loader.bin"), &loader)])
        .collect();
    let examples: Vec<_> = examples.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    several(&examples, &["keystone-examples-1/hello", "keystone-examples-2/hello"]);

    write(directory.path(), &[("a/fw_jump.bin", b"1"), ("b/fw_jump.bin", b"2"), ("c/fw_jump.bin", b"1")]);
    let error = BuildTree::find(directory.path()).unwrap().firmware().unwrap_err().to_string();
    assert!(error.contains("a/fw_jump.bin") && error.contains("b/fw_jump.bin") && error.contains("--sm"), "{error}");
    assert!(!error.contains("c/fw_jump.bin"), "{error}");
}

#[test]
fn what_is_not_a_build_is_said_to_be_none() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("README", b""), ("eyrie-rt", b""), ("images/fw_payload.bin", b"firmware")]);
    // A directory of that name, and a link out of the tree.
    fs::create_dir(directory.path().join("loader.bin")).unwrap();
    std::os::unix::fs::symlink("/", directory.path().join("link")).unwrap();
    let tree = BuildTree::find(directory.path()).unwrap();
    let error = tree.pair().unwrap_err();
    assert!(matches!(error, TreeError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("--loader and --runtime"), "{error}");
    assert!(tree.firmware().unwrap().unwrap().ends_with("images/fw_payload.bin"));
    for nowhere in ["nowhere", "README"] {
        let error = BuildTree::find(&directory.path().join(nowhere)).unwrap_err();
        assert!(matches!(error, TreeError::Read { .. }), "{error}");
    }
}
