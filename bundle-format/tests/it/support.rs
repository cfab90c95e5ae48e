//! A small bundle and the keys of two test signers.

use wasmstone_bundle::{
    Bundle, Platform, SecretKey, Sha256Digest, TrustPolicy,
    bundle::{Parts, ProgramPart},
    stand_in,
};
use wasmstone_policy::{Entry, Launch, Memories, Memory, Policy, Program, Target};

/// Made by `openssl genpkey -algorithm ed25519`, for these tests alone.
pub const ALICE: &str = include_str!("../data/alice.pem");
pub const ALICE_PUBLIC: &str = include_str!("../data/alice.pub.pem");
pub const BOB: &str = include_str!("../data/bob.pem");
pub const BOB_PUBLIC: &str = include_str!("../data/bob.pub.pem");

pub fn key(pem: &str) -> SecretKey {
    SecretKey::from_pem(pem).unwrap()
}

/// Compresses well, so that the bundle has both encodings.
pub fn program() -> Vec<u8> {
    b"not really Pulley bytecode. ".repeat(20)
}

pub fn launch_of(program: &[u8]) -> Launch {
    let size = program.len() as u64;
    Launch {
        name: "hello".into(),
        entry: Entry::Command,
        instances: 0,
        program: Program {
            target: Target::Pulley64,
            size,
            sha256: Sha256Digest::of(program).0,
            cpu_features: Vec::new(),
            hardware_float: false,
            memories: Memories::Moving,
        },
        // Fixed, so that the golden bundle stays when programs are given more or less.
        memory: Memory { linear: 1 << 20, runtime: (6 << 20) + (1 << 16) },
        policy: Policy::open(),
    }
}

pub fn bundle_of(launch: &Launch, program: &[u8]) -> Bundle {
    let eapp = stand_in::eapp();
    let platform = Platform::sim();
    Bundle::build(&Parts { platform: &platform, eapp: &eapp, programs: vec![ProgramPart { launch, program }] }).unwrap()
}

pub fn unsigned() -> Bundle {
    bundle_of(&launch_of(&program()), &program())
}

pub fn signed() -> Bundle {
    let mut bundle = unsigned();
    bundle.sign(&key(ALICE)).unwrap();
    bundle
}

pub fn trusting_alice() -> TrustPolicy {
    let mut trust = TrustPolicy::default();
    trust.trust("alice", &key(ALICE).public());
    trust
}

/// Whether a verifier who trusts Alice would run these bytes.
pub fn accepted(bytes: &[u8]) -> bool {
    Bundle::read(bytes).is_ok_and(|bundle| wasmstone_bundle::verify(&bundle, &trusting_alice()).is_ok())
}

/// The header that wasmstone writes, without its checksum; the path goes in as it is.
pub fn header(path: &str, size: usize) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size as u64);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_device_major(0).unwrap();
    header.set_device_minor(0).unwrap();
    header
}

/// Appends a file, with its checksum in the form of GNU tar.
pub fn append(archive: &mut tar::Builder<Vec<u8>>, mut header: tar::Header, content: &[u8]) {
    header.set_cksum();
    let checksum = format!("{:06o}\0 ", header.cksum().unwrap());
    header.as_old_mut().cksum.copy_from_slice(checksum.as_bytes());
    archive.append(&header, content).unwrap();
}
