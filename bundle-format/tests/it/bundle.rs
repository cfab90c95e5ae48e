use crate::support::{ALICE, BOB, bundle_of, key, launch_of, program, signed, unsigned};
use std::{fs, path::Path};
use wasmstone_bundle::{
    Bundle, Platform, ReadError, SecretKey,
    bundle::{BuildError, MAX_SIGNATURES, Parts, ProgramPart},
    manifest::{Encoding, ManifestError, launch_path, program_path},
    stand_in,
};
use wasmstone_policy::{Launch, Target};

#[test]
fn the_same_parts_give_the_same_bytes() {
    assert_eq!(signed().to_bytes(), signed().to_bytes());
    let (mut one, mut two) = (signed(), unsigned());
    one.sign(&key(BOB)).unwrap();
    two.sign(&key(BOB)).unwrap();
    two.sign(&key(ALICE)).unwrap();
    two.sign(&key(ALICE)).unwrap();
    assert_eq!(one.to_bytes(), two.to_bytes(), "neither order nor repetition of signing matters");
}

#[test]
fn what_is_written_is_read() {
    for bundle in [unsigned(), signed()] {
        let read = Bundle::read(&bundle.to_bytes()[..]).unwrap();
        assert_eq!(read, bundle);
        assert_eq!(read.to_bytes(), bundle.to_bytes());
        assert_eq!(*read.member(&program_path(Target::Pulley64)).unwrap().unwrap(), program());
        assert_eq!(
            *read.member(&launch_path(Target::Pulley64)).unwrap().unwrap(),
            launch_of(&program()).encode().unwrap()
        );
        assert_eq!(*read.member("eapp").unwrap().unwrap(), stand_in::eapp());
        assert!(read.member("elsewhere").is_none());
    }
}

/// A bundle of an earlier build of this format: every later release reads it, and writes it back unchanged.
#[test]
fn the_golden_bundle_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden.wsb");
    let bundle = Bundle::open(&path).unwrap();
    assert_eq!(bundle.to_bytes(), fs::read(&path).unwrap());
    let verified = wasmstone_bundle::verify(&bundle, &crate::support::trusting_alice()).unwrap();
    assert_eq!(verified.contents().programs[0].program, program());
    assert_eq!(
        bundle.measurement().unwrap().to_string(),
        "8d24ff26d799f4fc0a69a25d2090f96656817ae8891b25b9ccf9bb3c9971c7ec\
         b626c7db27ad923db8c2ed8270eaa5b498b2279e7ca867bc71cb520f5790df21"
    );
    assert_eq!(bundle.measurement(), unsigned().measurement(), "composition has not changed");
}

/// The golden bundle, signed by Bob with OpenSSL and packed by GNU tar as `docs/bundle-format.md` shows.
#[test]
fn other_tools_sign_and_pack() {
    let mut bundle = signed();
    bundle.sign(&key(BOB)).unwrap();
    assert_eq!(bundle.to_bytes(), include_bytes!("../data/openssl-signed.wsb"));
}

/// Other tools read the archive too.
#[test]
fn the_archive_is_plain_tar() {
    let bytes = signed().to_bytes();
    let mut archive = tar::Archive::new(&bytes[..]);
    let entries: Vec<_> = archive.entries().unwrap().map(Result::unwrap).collect();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path().unwrap().display().to_string()).collect();
    assert_eq!(paths[0], "manifest.toml");
    assert_eq!(paths[1], format!("signatures/{}.sig", key(ALICE).public().id()));
    assert_eq!(paths[2..], ["platform/loader", "platform/runtime", "eapp", "pulley64/launch", "pulley64/program"]);
    for entry in &entries {
        let header = entry.header();
        assert_eq!(header.mode().unwrap(), 0o644);
        assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
        assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
    }
}

#[test]
fn members_are_compressed_where_that_helps() {
    let manifest = unsigned().manifest().clone();
    let encodings: Vec<_> = manifest.members.iter().map(|member| member.encoding).collect();
    assert_eq!(encodings[1..3], [Encoding::Gzip, Encoding::Gzip]);
    assert_eq!(encodings[4], Encoding::Gzip);
    let tiny = bundle_of(&launch_of(b"tiny"), b"tiny");
    assert_eq!(tiny.manifest().members[4].encoding, Encoding::Raw);
    assert_eq!(Bundle::read(&tiny.to_bytes()[..]).unwrap(), tiny);
}

#[test]
fn parts_must_fit_together() {
    let build = |launch: &Launch, program: &[u8]| {
        let programs = vec![ProgramPart { launch, program }];
        Bundle::build(&Parts { platform: &Platform::sim(), eapp: &stand_in::eapp(), programs }).unwrap_err()
    };
    assert!(matches!(build(&launch_of(&program()), b"another"), BuildError::LaunchOfAnother));
    let nameless = Launch { name: String::new(), ..launch_of(b"x") };
    assert!(matches!(build(&nameless, b"x"), BuildError::Manifest(ManifestError::Name(_))));

    let launch = launch_of(b"x");
    let part = ProgramPart { launch: &launch, program: b"x" };
    let (platform, eapp) = (Platform::sim(), stand_in::eapp());
    let twice = Parts { platform: &platform, eapp: &eapp, programs: vec![part.clone(), part] };
    assert!(matches!(Bundle::build(&twice), Err(BuildError::Manifest(_))));
    let none = Parts { programs: Vec::new(), ..twice };
    assert!(matches!(Bundle::build(&none), Err(BuildError::NoProgram)));
    let launch = launch_of(b"x");
    let no_eapp = Parts { eapp: b"\x7fELF", programs: vec![ProgramPart { launch: &launch, program: b"x" }], ..none };
    assert!(matches!(Bundle::build(&no_eapp), Err(BuildError::Compose(_))));
}

#[test]
fn signatures_are_counted() {
    let mut bundle = unsigned();
    for _ in 0..MAX_SIGNATURES {
        bundle.sign(&SecretKey::generate().unwrap()).unwrap();
    }
    assert_eq!(Bundle::read(&bundle.to_bytes()[..]).unwrap(), bundle);
    assert!(bundle.sign(&key(ALICE)).is_err());
    assert_eq!(bundle.signatures().len(), MAX_SIGNATURES);
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    assert!(matches!(Bundle::open("/no/such/bundle.wsb"), Err(ReadError::Io(_))));
    assert!(matches!(Bundle::open("/"), Err(ReadError::Io(_))));
}
