use crate::support::{
    ALICE, BOB, append, bundle_of, header, key, launch_of, program, signed, trusting_alice, unsigned,
};
use wasmstone_bundle::{
    Bundle, KeyId, Manifest, Measurement, Platform, Sha256Digest, TrustPolicy, VerifyError,
    image::{Image, launch},
    manifest::Encoding,
    verify,
    verify::{ContentError, SignatureError, Standing, signers},
};
use wasmstone_policy::Launch;

fn signature_error(bundle: &Bundle, trust: &TrustPolicy) -> SignatureError {
    match verify(bundle, trust) {
        Err(VerifyError::Signature(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn alice() -> KeyId {
    key(ALICE).public().id()
}

#[test]
fn gives_out_what_was_verified() {
    let verified = verify(&signed(), &trusting_alice()).unwrap();
    assert!(verified.is_trusted());
    assert_eq!(verified.signers()[0].standing, Standing::Trusted("alice".into()));
    let contents = verified.contents();
    assert_eq!((&contents.loader, &contents.runtime), (&Platform::sim().loader, &Platform::sim().runtime));
    let [one] = &contents.programs[..] else { panic!("one target") };
    assert_eq!(one.program, program());
    assert_eq!(one.launch, launch_of(&program()));
    assert_eq!(launch(&one.image).unwrap(), one.launch);
    assert_eq!(Image::parse(&one.image).unwrap().segments.len(), 3);
    assert_eq!(one.measurement, verified.manifest().programs[0].measurement);
}

#[test]
fn an_unsigned_bundle_needs_an_insecure_option() {
    assert_eq!(signature_error(&unsigned(), &trusting_alice()), SignatureError::Unsigned);
    let unknown = TrustPolicy { allow_unknown_signer: true, ..trusting_alice() };
    assert_eq!(signature_error(&unsigned(), &unknown), SignatureError::Unsigned);
    let allowed = TrustPolicy { allow_unsigned: true, ..Default::default() };
    assert!(!verify(&unsigned(), &allowed).unwrap().is_trusted());
}

#[test]
fn an_unknown_signer_needs_an_insecure_option() {
    let nobody = TrustPolicy::default();
    let error = signature_error(&signed(), &nobody);
    assert_eq!(error, SignatureError::Untrusted { keys: vec![alice()] });
    assert!(error.to_string().contains("wasmstone key trust FILE"), "{error}");
    let unsigned = TrustPolicy { allow_unsigned: true, ..Default::default() };
    assert_eq!(signature_error(&signed(), &unsigned), error);
    let allowed = TrustPolicy { allow_unknown_signer: true, ..Default::default() };
    let verified = verify(&signed(), &allowed).unwrap();
    assert!(!verified.is_trusted());
    assert_eq!(verified.signers()[0].standing, Standing::Unknown);
}

#[test]
fn one_trusted_signer_is_enough() {
    let mut bundle = signed();
    bundle.sign(&key(BOB)).unwrap();
    let verified = verify(&bundle, &trusting_alice()).unwrap();
    assert!(verified.is_trusted());
    assert_eq!(verified.signers().len(), 2);
}

/// Bob's signature of another bundle, beside a good one of Alice's.
#[test]
fn a_wrong_signature_is_refused_beside_a_good_one() {
    let other = {
        let mut other = bundle_of(&launch_of(b"other"), b"other");
        other.sign(&key(BOB)).unwrap();
        other
    };
    let (path, forged) = {
        let (id, signature) = other.signatures().first_key_value().unwrap();
        (format!("signatures/{id}.sig"), [&signature.public_key[..], &signature.signature[..]].concat())
    };
    let original = signed().to_bytes();
    let mut spliced = tar::Builder::new(Vec::new());
    let mut entries = Vec::new();
    for entry in tar::Archive::new(&original[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        entries.push((entry.header().clone(), content));
    }
    entries.insert(2, (header(&path, forged.len()), forged));
    entries[1..3].sort_by_key(|(header, _)| header.path_bytes().into_owned());
    for (header, content) in entries {
        append(&mut spliced, header, &content);
    }
    let bundle = Bundle::read(&spliced.into_inner().unwrap()[..]).unwrap();

    let bob = key(BOB).public().id();
    let standings: Vec<_> = signers(&bundle, &trusting_alice()).into_iter().map(|s| (s.key, s.standing)).collect();
    assert!(standings.contains(&(bob, Standing::Invalid)));
    assert!(standings.contains(&(alice(), Standing::Trusted("alice".into()))));
    let lenient = TrustPolicy { allow_unknown_signer: true, allow_unsigned: true, ..trusting_alice() };
    for trust in [trusting_alice(), lenient] {
        assert_eq!(signature_error(&bundle, &trust), SignatureError::Invalid { key: bob });
    }
}

/// A bundle with a changed manifest and other members, with Alice's valid signature: the content is checked for every
/// signer.
fn resigned(change: impl FnOnce(&mut Manifest, &mut [Vec<u8>])) -> ContentError {
    let original = unsigned();
    let mut manifest = original.manifest().clone();
    let paths: Vec<_> = manifest.members.iter().map(|member| member.path.clone()).collect();
    let mut contents: Vec<_> = paths.iter().map(|path| original.member(path).unwrap().unwrap().into_owned()).collect();
    change(&mut manifest, &mut contents);
    let mut archive = tar::Builder::new(Vec::new());
    for (member, content) in manifest.members.iter_mut().zip(&contents) {
        member.encoding = Encoding::Raw;
        (member.size, member.stored) = (content.len() as u64, content.len() as u64);
        member.sha256 = Sha256Digest::of(content);
    }
    let manifest = manifest.to_bytes().unwrap();
    let files = [("manifest.toml", &manifest)].into_iter().chain(paths.iter().map(String::as_str).zip(&contents));
    for (path, content) in files {
        append(&mut archive, header(path, content.len()), content);
    }
    let mut bundle = Bundle::read(&archive.into_inner().unwrap()[..]).unwrap();
    bundle.sign(&key(ALICE)).unwrap();
    match verify(&bundle, &trusting_alice()) {
        Err(VerifyError::Content(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn content_is_checked_whoever_signs() {
    let error = resigned(|manifest, _| manifest.programs[0].measurement = Measurement([7; 64]));
    assert!(matches!(error, ContentError::Measurement { .. }), "{error}");
    for measured in 0..3 {
        let error = resigned(|_, contents| *contents[measured].last_mut().unwrap() ^= 1);
        assert!(matches!(error, ContentError::Measurement { .. }), "{measured}: {error}");
    }
    let error = resigned(|_, contents| contents[4][0] ^= 1);
    assert!(matches!(&error, ContentError::Program { path } if path == "pulley64/program"), "{error}");
    let error = resigned(|_, contents| contents[4].push(0));
    assert!(matches!(error, ContentError::Program { .. }), "{error}");
    let error = resigned(|manifest, _| manifest.name.push('!'));
    assert!(matches!(error, ContentError::Contradiction { what: "the program's name", .. }), "{error}");
    let error = resigned(|_, contents| contents[2].truncate(100));
    assert!(matches!(error, ContentError::Compose(_)), "{error}");
    let error = resigned(|_, contents| contents[3][0] ^= 1);
    assert!(matches!(error, ContentError::Launch { .. }), "{error}");
    let error = resigned(|_, contents| contents[3].push(0));
    assert!(matches!(error, ContentError::Launch { .. }), "padding has no place in the member: {error}");
    let error = resigned(|_, contents| {
        let launch = Launch::decode(&contents[3]).unwrap();
        let more = wasmstone_policy::Memory { linear: launch.memory.linear * 2, ..launch.memory };
        contents[3] = Launch { memory: more, ..launch }.encode().unwrap();
    });
    assert!(matches!(error, ContentError::Measurement { .. }), "the memory cap is measured: {error}");
}
