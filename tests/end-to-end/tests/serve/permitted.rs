//! Which programs are services and which are commands, and what a bundle's policy permits.

use crate::served::{SERVICE, Served, serve};
use std::fs;
use std::process::{Output, Stdio};
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, command, guest};

#[track_caller]
fn fails(output: &Output, code: i32, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr}");
    }
}

fn with_config(lines: &str) -> Bundled {
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("wasmstone.toml");
    fs::write(&config, lines).unwrap();
    let flags = ["--max-memory", "16M", "--engine", "pulley", "--config", config.to_str().unwrap()];
    build(&guest("http_service", "wasm32-wasip2"), &flags)
}

#[test]
fn services_are_served_and_commands_are_run() {
    let output = Enclave::new(&SERVICE).command(&[]).stdin(Stdio::null()).output_in_time();
    fails(&output, 2, &["serve"]);
    let bundled = build(&guest("hello", "wasm32-wasip2"), &[]);
    let output = serve(&bundled, &["--addr", "127.0.0.1:0"]).stdin(Stdio::null()).output_in_time();
    fails(&output, 2, &["run"]);

    // A program that is both is a command, unless its builder chooses otherwise.
    let both = guest("two_worlds", "wasm32-wasip2");
    let bundled = build(&both, &["--engine", "pulley"]);
    let output = Enclave::new(&bundled).command(&[]).stdin(Stdio::null()).output_in_time();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a command\n");
    let bundled = build(&both, &["--engine", "pulley", "--entry", "http"]);
    assert_eq!(Served::start_bundle(&bundled, &[]).get("/").text(), "a service\n");
    let bundled = build(&both, &["--engine", "pulley", "--entry", "command"]);
    let output = Enclave::new(&bundled).command(&[]).stdin(Stdio::null()).output_in_time();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a command\n");

    let wasm = guest("hello", "wasm32-wasip2");
    let output = command().arg("build").arg(wasm).args(["--entry", "http"]).output_in_time();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("incoming-handler"));
}

#[test]
fn addresses_that_are_none() {
    for address in ["", "127.0.0.1", "127.0.0.1:99999", "localhost", ":8080", "127.0.0.1:80/path"] {
        let output = serve(&SERVICE, &["--addr", address]).stdin(Stdio::null()).output_in_time();
        fails(&output, 2, &["--addr"]);
    }
}

#[test]
fn the_policy_says_where_it_may_listen() {
    let bundled = with_config("[network]\nlisten = [\"127.0.0.1:0\"]\n");
    Served::start_bundle(&bundled, &[]).still_serves();

    let bundled = with_config("[network]\nlisten = [\"127.0.0.1:1\"]\n");
    let output = serve(&bundled, &["--addr", "127.0.0.1:0"]).stdin(Stdio::null()).output_in_time();
    fails(&output, 109, &["policy", "127.0.0.1:0"]);

    let bundled = with_config("[network]\nconnect = [\"127.0.0.1:1\"]\n");
    let output = serve(&bundled, &["--addr", "127.0.0.1:0"]).stdin(Stdio::null()).output_in_time();
    fails(&output, 109, &["policy"]);
}

/// Both families of addresses.
#[test]
fn it_listens_where_it_was_told_to() {
    let served = Served::from_command(&mut serve(&SERVICE, &["--addr", "[::1]:0"]));
    assert!(served.address.is_ipv6() && served.address.ip().is_loopback());
    served.still_serves();
    let mut any = Served::from_command(&mut serve(&SERVICE, &["--addr", "0.0.0.0:0"]));
    any.address.set_ip([127, 0, 0, 1].into());
    any.still_serves();
}
