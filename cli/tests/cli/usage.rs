//! The command line itself, standard output, and `doctor`.

use crate::support::{NOTHING, Sandbox};
use std::fs::File;
use wasmstone_test_support::processes::InTime;

#[test]
fn wrong_usage_is_2() {
    let sandbox = Sandbox::new();
    for arguments in [&["frobnicate"][..], &["run"], &["build", "a", "b"], &["build", "--frob"], &["key"], &["inspect"]]
    {
        let ran = sandbox.wasmstone(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ran:?}");
    }
    let ran = sandbox.wasmstone::<&str>([]);
    assert!(ran.code == Some(2) && ran.stderr.contains("Usage: wasmstone"), "{ran:?}");
}

#[test]
fn help_and_version_are_results() {
    let sandbox = Sandbox::new();
    for arguments in [&["--help"][..], &["help", "run"], &["build", "-h"], &["--version"]] {
        let ran = sandbox.wasmstone(arguments).succeeds();
        assert!(ran.stdout.contains("wasmstone") && ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn results_that_cannot_be_written_are_an_error() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    for arguments in [
        &["inspect", "app.wsb"][..],
        &["measure", "app.wsb"],
        &["platform", "list"],
        &["completion", "bash"],
        &["--help"],
        &["run", "-h"],
        &["--version"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_wasmstone"));
        let output = command.args(arguments).stdout(full).output_in_time();
        assert_eq!(output.status.code(), Some(111), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = Sandbox::new();
    let ran = sandbox.shell("{ \"$WASMSTONE\" completion bash; echo $? >code; } | true");
    assert_eq!(ran.stderr, "");
    assert_eq!(sandbox.read("code"), b"0\n");
}

#[test]
fn errors_have_colours_only_where_they_are_wanted() {
    let sandbox = Sandbox::new();
    let ran = sandbox.wasmstone(["inspect", "nowhere.wsb"]);
    assert!(ran.stderr.starts_with("error: cannot use nowhere.wsb\n  caused by: "), "{}", ran.stderr);
    let ran = sandbox.shell("CLICOLOR_FORCE=1 \"$WASMSTONE\" inspect nowhere.wsb");
    assert!(ran.stderr.contains("\u{1b}["), "{}", ran.stderr);
    let ran = sandbox.shell("NO_COLOR=1 \"$WASMSTONE\" inspect nowhere.wsb");
    assert!(!ran.stderr.contains("\u{1b}["), "{}", ran.stderr);
}

#[test]
fn doctor_runs_a_program() {
    let sandbox = Sandbox::new();
    let json = sandbox.wasmstone(["doctor", "--json"]).succeeds().json();
    assert_eq!((&json["schema"], &json["ok"]), (&1.into(), &true.into()));
    assert_eq!((&json["checks"][0]["name"], &json["checks"][0]["status"]), (&"simulator".into(), &"ok".into()));
    assert!(!sandbox.home().exists());
    let text = sandbox.wasmstone(["doctor"]).succeeds().stdout;
    assert!(text.starts_with("ok      simulator"), "{text}");
}

#[test]
fn doctor_tells_failures_apart() {
    let sandbox = Sandbox::new();
    if !std::path::Path::new("/dev/keystone_enclave").exists() {
        let ran = sandbox.wasmstone(["doctor", "--backend", "keystone"]);
        assert!(ran.code == Some(121) && ran.stdout.contains("MISSING keystone device"), "{ran:?}");
    }
    sandbox.write("file", "");
    for home in ["WASMSTONE_HOME=$PWD/file", "WASMSTONE_HOME=$PWD/file/home", "WASMSTONE_HOME="] {
        let ran = sandbox.shell(&format!("{home} \"$WASMSTONE\" doctor"));
        assert_eq!(ran.code, Some(123), "{home}: {ran:?}");
    }
}

#[test]
fn the_documentation_knows_every_command() {
    let page = include_str!("../../../docs/cli.md");
    let help = Sandbox::new().wasmstone(["--help"]).succeeds().stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|command| *command != "help") {
        assert!(page.contains(&format!("| `{command}")), "docs/cli.md does not list {command}");
    }
}
