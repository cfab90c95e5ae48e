//! The measured launch: its bytes, and what a runner may grant within it.

use wasmstone_policy::{
    Access, Arguments, DecodeError, Directories, Directory, Entry, Environment, Grants, INSTANCES_MAX, Launch,
    Memories, Memory, Names, Network, Policy, Program, Target, WASM_PAGE,
};

fn launch() -> Launch {
    Launch {
        name: "app.wasm".into(),
        entry: Entry::Command,
        instances: 0,
        program: Program {
            target: Target::Pulley64,
            size: 1000,
            sha256: [7; 32],
            cpu_features: Vec::new(),
            hardware_float: false,
            memories: Memories::Moving,
        },
        memory: Memory::for_program(256 << 20, 1000, 0, 0).unwrap(),
        policy: Policy {
            arguments: Arguments::Fixed(vec!["--all".into()]),
            environment: Environment {
                set: vec![("MODE".into(), "safe".into())],
                allow: Names::Listed(vec!["LEVEL".into()]),
            },
            directories: Directories::Listed(vec![Directory {
                guest: "/data".into(),
                access: Access::ReadOnly,
                sealed: true,
            }]),
            network: Network::Denied,
            seal_owner: Some([7; 32]),
        },
    }
}

#[test]
fn what_was_encoded_is_decoded() {
    let bytes = launch().encode().unwrap();
    assert_eq!(Launch::decode(&bytes), Ok(launch()));
    assert_eq!(Launch::decode(&[bytes, vec![0; 100]].concat()), Ok(launch()), "a segment is padded with zeros");
}

#[test]
fn damaged_bytes_are_another_launch_or_an_error() {
    let bytes = launch().encode().unwrap();
    for length in 0..bytes.len() {
        assert!(Launch::decode(&bytes[..length]).is_err(), "cut to {length}");
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            assert_ne!(Launch::decode(&damaged), Ok(launch()), "byte {at}");
        }
    }
    let trailing = [bytes.clone(), vec![1]].concat();
    assert_eq!(Launch::decode(&trailing), Err(DecodeError::Damaged));
    let mut future = bytes;
    future[8] = 9;
    assert_eq!(Launch::decode(&future), Err(DecodeError::Format(9)));
}

#[test]
fn only_launches_with_exceptions_have_a_format_of_their_own() {
    let with = |memories| Launch { program: Program { memories, ..launch().program }, ..launch() };
    for (memories, format) in [(Memories::InPlace, 4), (Memories::Moving, 4), (Memories::Collected, 5)] {
        let bytes = with(memories).encode().unwrap();
        assert_eq!(bytes[8], format, "{memories:?}");
        assert_eq!(Launch::decode(&bytes), Ok(with(memories)));
        let mut other = bytes;
        other[8] = 9 - format;
        assert_eq!(Launch::decode(&other), Err(DecodeError::Damaged), "there is one way to write a launch");
    }
}

#[test]
fn every_entry_has_its_instances() {
    let with = |entry, instances| Launch { entry, instances, ..launch() };
    for good in [with(Entry::Command, 0), with(Entry::Http, 1), with(Entry::Http, INSTANCES_MAX)] {
        assert_eq!(Launch::decode(&good.encode().unwrap()), Ok(good));
    }
    for bad in [with(Entry::Command, 1), with(Entry::Http, 0), with(Entry::Http, INSTANCES_MAX + 1)] {
        assert_eq!(bad.encode(), Err(DecodeError::Damaged));
    }
    // Bytes that `encode` never writes: name and entry are followed by the number of instances.
    let mut bytes = launch().encode().unwrap();
    let entry = bytes.windows(8).position(|bytes| bytes == b"app.wasm").unwrap() + 8;
    assert_eq!(bytes[entry..entry + 2], [0, 0]);
    for (kind, instances) in [(0, 1), (1, 0), (2, 0)] {
        bytes[entry..entry + 2].copy_from_slice(&[kind, instances]);
        assert_eq!(Launch::decode(&bytes), Err(DecodeError::Damaged), "{kind} with {instances}");
    }
    bytes[entry..entry + 2].copy_from_slice(&[1, 1]);
    assert_eq!(Launch::decode(&bytes), Ok(with(Entry::Http, 1)));
}

#[test]
fn the_heap_holds_cap_program_and_engine() {
    let memory = Memory::for_program(64 << 20, 30 << 20, 0, 0).unwrap();
    assert_eq!(memory.linear, 64 << 20);
    assert!(memory.runtime >= Memory::RUNTIME_BASE + (30 << 20));
    assert!(memory.runtime.is_multiple_of(WASM_PAGE));
    let sealed = Memory::for_program(64 << 20, 30 << 20, 0, 2).unwrap();
    assert_eq!(sealed.runtime, memory.runtime + 2 * Memory::PER_SEALED_DIRECTORY);
    assert_eq!(launch().policy.sealed_directories().count(), 1);
    let served = Memory::for_program(64 << 20, 30 << 20, 16, 0).unwrap();
    assert_eq!(served, Memory { runtime: memory.runtime + 16 * Memory::PER_INSTANCE + Memory::FOR_CLIENTS, ..memory });
    assert_eq!(Memory::for_program(u64::MAX, 1, 0, 0), None);
    assert_eq!(Memory::for_program(1 << 20, u64::MAX, 0, 0), None);
}

fn variable(name: &str, value: &str) -> Grants {
    Grants { environment: vec![(name.into(), value.into())], ..Grants::default() }
}

fn directory(guest: &str, access: Access) -> Grants {
    Grants { directories: vec![(guest.into(), access)], ..Grants::default() }
}

#[test]
fn an_open_policy_admits_what_is_given() {
    let grants = Grants {
        arguments: vec!["one".into()],
        environment: vec![("A".into(), "=".into())],
        directories: vec![("/x".into(), Access::ReadWrite)],
        network: Network::Any,
    };
    assert_eq!(Policy::open().admit(grants.clone()), Ok(grants));
}

#[test]
fn a_closed_policy_admits_nothing() {
    let policy = Policy::closed();
    assert_eq!(policy.admit(Grants::default()), Ok(Grants::default()));
    assert!(policy.admit(Grants { arguments: vec!["one".into()], ..Grants::default() }).is_err());
    assert!(policy.admit(variable("A", "1")).is_err());
    assert!(policy.admit(directory("/data", Access::ReadOnly)).is_err());
}

#[test]
fn what_the_policy_fixes_is_given_and_cannot_be_changed() {
    let policy = launch().policy;
    let given = policy.admit(Grants::default()).unwrap();
    assert_eq!(given.arguments, ["--all"]);
    assert_eq!(given.environment, [("MODE".into(), "safe".into())]);
    assert!(policy.admit(Grants { arguments: vec!["--none".into()], ..Grants::default() }).is_err());
    assert!(policy.admit(variable("MODE", "other")).is_err());
    assert!(policy.admit(variable("OTHER", "1")).is_err());
    assert!(policy.admit(variable("LEVEL", "debug")).is_ok());
    assert!(policy.admit(directory("/data", Access::ReadOnly)).is_ok());
    for (guest, access) in [("/data", Access::ReadWrite), ("/data/", Access::ReadOnly), ("/", Access::ReadOnly)] {
        assert!(policy.admit(directory(guest, access)).is_err(), "{guest}");
    }
}

#[test]
fn no_name_can_pose_as_a_fixed_one() {
    let mut policy = launch().policy;
    policy.environment.allow = Names::Any;
    for (name, value) in [("MODE=evil", ""), ("", "x"), ("MODE\0", "x"), ("A", "1\0MODE=evil")] {
        assert!(policy.admit(variable(name, value)).is_err(), "{name:?}");
    }
    assert!(policy.admit(directory("/data\0/x", Access::ReadOnly)).is_err());
    let arguments = vec!["a\0b".into()];
    assert!(Policy::open().admit(Grants { arguments, ..Grants::default() }).is_err());
}
