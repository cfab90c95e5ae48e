use super::{Project, ProjectError};
use crate::{Engine, Float};
use std::path::{Path, PathBuf};
use wasmstone_policy::{
    Access, Addresses, Arguments, Directories, Directory, Entry, Environment, Names, Network, Policy, Remote, Target,
};

fn parse(text: &str) -> Result<Project, ProjectError> {
    Project::parse(Path::new("some/where/wasmstone.toml"), text)
}

#[test]
fn an_empty_file_denies_everything() {
    let project = parse("").unwrap();
    assert_eq!(project.policy, Policy::closed());
    assert_eq!((project.wasm, project.max_memory), (None, None));
}

#[test]
fn every_key_is_read() {
    let project = parse(
        r#"
        name = "counter"
        wasm = "target/app.wasm"
        entry = "http"
        max-memory = "64M"
        platform = "board"
        targets = ["riscv64", "pulley64"]
        cpu-features = ["zba"]
        insecure-float = true
        output = "app.wsb"
        key = "release"
        arguments = ["--verbose"]
        network = "any"

        [http]
        instances = 4

        [environment]
        set = { LANG = "C", HOME = "/" }
        allow = ["TZ"]

        [[directory]]
        guest = "/data"
        access = "read-write"

        [[directory]]
        guest = "/etc"
        access = "read-only"
        "#,
    )
    .unwrap();
    assert_eq!(project.name.as_deref(), Some("counter"));
    assert_eq!(project.wasm, Some(PathBuf::from("some/where/target/app.wasm")));
    assert_eq!((project.entry, project.instances), (Some(Entry::Http), Some(4)));
    assert_eq!(project.max_memory.unwrap().bytes(), 64 << 20);
    assert_eq!(project.platform.as_deref(), Some("board"));
    assert_eq!(project.targets, Some(vec![Target::Riscv64, Target::Pulley64]));
    assert_eq!(project.cpu_features, Some(vec!["zba".to_owned()]));
    assert!(project.insecure_float);
    assert_eq!(project.engine, None);
    assert_eq!(project.output, Some(PathBuf::from("some/where/app.wsb")));
    assert_eq!(project.key.as_deref(), Some("release"));
    let directory = |guest: &str, access| Directory { guest: guest.to_owned(), access, sealed: false };
    let expected = Policy {
        arguments: Arguments::Fixed(vec!["--verbose".to_owned()]),
        environment: Environment {
            set: vec![("HOME".to_owned(), "/".to_owned()), ("LANG".to_owned(), "C".to_owned())],
            allow: Names::Listed(vec!["TZ".to_owned()]),
        },
        directories: Directories::Listed(vec![
            directory("/data", Access::ReadWrite),
            directory("/etc", Access::ReadOnly),
        ]),
        network: Network::Any,
        seal_owner: None,
    };
    assert_eq!(project.policy, expected);
}

#[test]
fn the_engine_is_one_of_three() {
    for (name, engine) in [("auto", Engine::Auto), ("pulley", Engine::Pulley), ("native", Engine::Native)] {
        let project = parse(&format!("engine = \"{name}\"")).unwrap();
        assert_eq!((project.engine, project.insecure_float), (Some(engine), false));
    }
}

#[test]
fn floats_are_computed_in_one_of_three_ways() {
    assert_eq!(parse("").unwrap().float, None);
    for float in [Float::Lowered, Float::Hardware, Float::Interpreted] {
        assert_eq!(parse(&format!("float = \"{}\"", float.name())).unwrap().float, Some(float));
    }
    assert!(parse("float = \"soft\"").is_err());
}

#[test]
fn any_leaves_it_to_the_runner() {
    let text = "arguments = \"any\"\ndirectories = \"any\"\nnetwork = \"any\"\n[environment]\nallow = \"any\"\n";
    assert_eq!(parse(text).unwrap().policy, Policy::open());
}

#[test]
fn the_network_can_be_listed() {
    let text = r#"
        [network]
        listen = ["127.0.0.1:8080", "[::]:0"]
        connect = ["example.org:443", "10.0.0.1:5432"]
        lookup = ["example.com"]
    "#;
    let listed = Addresses {
        listen: vec!["127.0.0.1:8080".parse().unwrap(), "[::]:0".parse().unwrap()],
        connect: vec![Remote::Name("example.org".to_owned(), 443), Remote::Address("10.0.0.1:5432".parse().unwrap())],
        lookup: Names::Listed(vec!["example.com".to_owned()]),
    };
    assert_eq!(parse(text).unwrap().policy.network, Network::Listed(listed));
    let nothing = Addresses { listen: Vec::new(), connect: Vec::new(), lookup: Names::Any };
    assert_eq!(parse("[network]\nlookup = \"any\"").unwrap().policy.network, Network::Listed(nothing));
    assert_eq!(parse("network = \"denied\"").unwrap().policy.network, Network::Denied);
}

#[test]
fn the_key_can_be_a_file_beside_it() {
    assert_eq!(parse("key = \"./my.pem\"").unwrap().key.as_deref(), Some("some/where/./my.pem"));
}

#[test]
fn directories_can_be_sealed_and_have_an_owner() {
    let sealed = "[[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";
    let project = parse(sealed).unwrap();
    let expected = Directory { guest: "/data".to_owned(), access: Access::ReadWrite, sealed: true };
    assert_eq!(project.policy.directories, Directories::Listed(vec![expected]));
    assert_eq!(project.seal_owner, None);
    for (named, found) in [
        ("team", "team"),
        ("owner.pem", "some/where/owner.pem"),
        ("./owner", "some/where/./owner"),
        ("/keys/owner.pem", "/keys/owner.pem"),
    ] {
        let project = parse(&format!("seal-owner = \"{named}\"\n{sealed}")).unwrap();
        assert_eq!((project.seal_owner.as_deref(), project.policy.seal_owner), (Some(found), None));
    }
}

#[test]
fn sizes_may_be_numbers() {
    assert_eq!(parse("max-memory = 65536").unwrap().max_memory.unwrap().bytes(), 65536);
}

#[test]
fn mistakes_are_shown_with_their_line() {
    for (text, line, what) in [
        ("name = \"x\"\nmax_memory = \"64M\"", "line 2", "unknown field `max_memory`"),
        ("max-memory = \"64Mi\"", "line 1", "is not a size"),
        ("engine = \"fast\"", "line 1", "`native`"),
        ("targets = [\"riscv32\"]", "line 1", "`riscv64`"),
        ("max-memory = 65537", "line 1", "the next one is 128K"),
        ("max-memory = -1", "line 1", "is not a size"),
        ("max-memory = true", "line 1", "such as \"256M\""),
        ("\narguments = \"all\"", "line 2", "\"any\" or a list"),
        ("arguments = [1]", "line 1", "string"),
        ("network = \"yes\"", "line 1", "`denied`"),
        ("[network]\nlisten = [\"8080\"]", "line 2", "127.0.0.1:8080"),
        ("[network]\nlisten = [\"localhost:8080\"]", "line 2", "ADDR:PORT"),
        ("[network]\nconnect = [\"example.org\"]", "line 2", "HOST:PORT"),
        ("[network]\nports = [80]", "line 2", "unknown field `ports`"),
        ("[environment]\nfoo = 1", "line 2", "unknown field `foo`"),
        ("[[directory]]\nguest = \"/\"\naccess = \"all\"", "line 3", "`read-only`"),
        ("[[directory]]\nguest = \"/\"\nhost = \"/\"\naccess = \"read-only\"", "line 3", "unknown field `host`"),
        ("name = ", "line 1", ""),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().contains("wasmstone.toml"), "{text}: {error}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(line) && cause.contains(what), "{text}: {cause}");
    }
}

#[test]
fn contradictions_are_refused() {
    let directory = "[[directory]]\nguest = \"/a\"\naccess = \"read-only\"\n";
    let sealed = |guest: &str| format!("[[directory]]\nguest = \"{guest}\"\naccess = \"read-write\"\nsealed = true\n");
    for (text, what) in [
        (format!("directories = \"any\"\n{directory}"), "both"),
        (format!("{directory}{directory}"), "twice"),
        (format!("directories = \"any\"\n{}", sealed("/data")), "none of them is sealed"),
        (sealed("transfer"), "\"transfer\" cannot be"),
        (sealed("/a\\n"), "\"/a\\n\" cannot be"),
        (format!("seal-owner = \"me\"\n{directory}"), "there are none: add sealed = true"),
        ("[[directory]]\nguest = \"\"\naccess = \"read-only\"".to_owned(), "empty"),
        ("[environment]\nset = { \"A=B\" = \"c\" }".to_owned(), "cannot be the name"),
        ("[environment]\nset = { A = \"c\" }\nallow = [\"A\"]".to_owned(), "both set and allowed"),
        ("arguments = [\"a\\u0000b\"]".to_owned(), "u0000"),
        ("engine = \"auto\"\ntargets = [\"pulley64\"]".to_owned(), "both given"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(what), "{text}: {error}");
    }
}

#[test]
fn a_missing_file_is_none_and_an_unreadable_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Project::find(directory.path()).unwrap().is_none());
    std::fs::create_dir(directory.path().join("wasmstone.toml")).unwrap();
    assert!(matches!(Project::find(directory.path()), Err(ProjectError::Read { .. })));
}
