//! The test programs of `guests/`, each run in a simulated enclave, interpreted and as native code, and under
//! Wasmtime and `wasmtime-wasi` outside, from the same precompiled bytes: exit code, standard output, standard error
//! and the files left behind must be the same. Interfaces that `wasmtime-wasi` lacks are compared with a recorded
//! output.

use std::fs;
use std::path::Path;
use wasmstone_guest_list::{self as list, Case, Data, Exit, Witness};
use wasmstone_peer::{Dir, End, Input, RunConfig};
use wasmstone_test_support::case::{Seen, granted, tree};
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines, build, guest};

fn inside(case: &Case, bundled: &Bundled, engine: &str) -> Seen {
    wasmstone_test_support::case::run(case, |grants| {
        let mut enclave = Enclave::new(bundled);
        enclave.option("--engine", engine).options(grants);
        enclave.command(case.args)
    })
}

fn outside(case: &Case, bundled: &Bundled) -> Seen {
    let outer = granted(case);
    let data =
        Dir { host: outer.path().join("data"), guest: "/data".to_owned(), readonly: case.data == Data::ReadOnly };
    let mut args = vec![format!("{}.wasm", case.program)];
    args.extend(case.args.iter().map(|arg| (*arg).to_owned()));
    let config = RunConfig {
        args,
        env: case.env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        dirs: if case.data == Data::None { Vec::new() } else { vec![data] },
        stdin: Input::Bytes(case.stdin.into()),
        network: case.network,
        max_memory: (case.max_memory > 0).then_some(case.max_memory as usize),
        ..RunConfig::default()
    };
    let outcome = bundled.run_outside(config);
    Seen {
        code: outcome.end.code(),
        stdout: outcome.stdout,
        stderr: match outcome.end {
            End::Exited(_) => outcome.stderr,
            // A trap is compared by its exit code, not by the engine's message.
            End::Trapped(_) => Vec::new(),
        },
        tree: tree(outer.path()),
    }
}

fn check(name: &str, target: &str) {
    let case = list::CASES.iter().find(|case| case.name == name).unwrap();
    let (targets, cap) = (both_engines(), case.max_memory.to_string());
    let mut flags = vec![targets.as_str()];
    if case.max_memory > 0 {
        flags.extend(["--max-memory", &cap]);
    }
    let bundled = build(&guest(case.program, target), &flags);
    let outside = (case.witness == Witness::Wasmtime).then(|| outside(case, &bundled));
    for engine in ENGINES {
        let inside = inside(case, &bundled, engine);
        agree(case, &inside, outside.as_ref(), engine);
        if case.witness == Witness::Recorded {
            assert_eq!(text(&inside.stdout), recorded(case.program), "output, {engine}; {}", text(&inside.stderr));
        }
    }
}

/// The recorded output of a program under Wasmtime.
fn recorded(program: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("guests/recorded").join(program);
    fs::read_to_string(path.with_extension("txt")).unwrap()
}

fn agree(case: &Case, inside: &Seen, outside: Option<&Seen>, engine: &str) {
    assert_eq!(inside.code, case.exit.code(), "exit code, {engine}; {}{}", text(&inside.stdout), text(&inside.stderr));
    let Some(outside) = outside else { return };
    assert_eq!(inside.code, outside.code, "exit code outside; {}", text(&outside.stderr));
    let both = || format!("{engine}: {:?} and {:?}", text(&inside.stdout), text(&outside.stdout));
    assert!(inside.stdout == outside.stdout, "output, {}", both());
    if case.exit != Exit::Trap {
        assert_eq!(
            wasmstone_test_support::guests_own(&text(&inside.stderr)),
            text(&outside.stderr),
            "standard error, {engine}"
        );
    }
    assert_eq!(inside.tree, outside.tree, "the files left behind, {engine}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

macro_rules! tests {
    ($($name:ident: $targets:ident $program:ident { $($field:ident: $value:expr),* $(,)? };)*) => {
        $(tests!(@one $targets $name);)*
    };
    (@one Both $name:ident) => {
        mod $name {
            #[test]
            fn wasip1() {
                super::check(stringify!($name), "wasm32-wasip1");
            }

            #[test]
            fn wasip2() {
                super::check(stringify!($name), "wasm32-wasip2");
            }
        }
    };
    (@one Wasip2 $name:ident) => {
        #[test]
        fn $name() {
            check(stringify!($name), "wasm32-wasip2");
        }
    };
}

wasmstone_guest_list::guests!(tests);
