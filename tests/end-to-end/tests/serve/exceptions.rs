//! Services with exceptions: many instances, each with exceptions of its own.

use crate::served::Served;
use crate::wit::wit;
use std::fs;
use tempfile::TempDir;
use wasmstone_test_support::{Bundled, ENGINES, both_engines, build};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A service whose status is 200 and the number of exceptions that it caught. `$then` follows.
const SERVICE: &str = r#"(module
    (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
    (import "wasi:http/types@0.2.12" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.set-status-code"
        (func $set-status (param i32 i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[static]response-outparam.set"
        (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (tag $t (param i32 f64))
    (func $throws (param i32) (throw $t (local.get 0) (f64.convert_i32_s (local.get 0))))
    (func (export "wasi:http/incoming-handler@0.2.12#handle") (param $request i32) (param $out i32)
        (local $response i32) (local $status i32) (local $count i32) (local $last exnref)
        (local.set $status (i32.const 200))
        (local.set $count (i32.const 20000))
        (loop $next
            (block $caught (result i32 f64 exnref)
                (try_table (catch_ref $t $caught) (call $throws (i32.lt_u (local.get $count) (i32.const 8))))
                unreachable)
            (local.set $last)
            (local.set $status (i32.add (i32.trunc_f64_s) (local.get $status)))
            (drop)
            (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        THEN
        (local.set $response (call $response (call $fields)))
        (drop (call $set-status (local.get $response) (local.get $status)))
        (call $set (local.get $out) (i32.const 0) (local.get $response)
            (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"#;

fn service(then: &str) -> Bundled {
    let mut module = wat::parse_str(SERVICE.replace("THEN", then)).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit()).unwrap();
    let world = resolve.select_world(&[package], Some("wasi:http/proxy@0.2.12")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("service.wasm");
    fs::write(&wasm, component).unwrap();
    build(&wasm, &[&both_engines(), "--float=lowered", "--instances=4", "--max-memory=2M"])
}

#[test]
fn a_service_catches_exceptions_and_the_next_request_starts_afresh() {
    let bundled = service("");
    for engine in ENGINES {
        let served =
            Served::from_command(crate::served::serve(&bundled, &["--engine", engine]).args(["--addr", "127.0.0.1:0"]));
        // More requests than there is memory for exceptions, if it did not come back.
        for _ in 0..40 {
            assert_eq!(served.get("/").status, 207, "{engine}");
        }
        served.end();
    }
}

#[test]
fn what_nothing_catches_ends_one_request() {
    let bundled = service("(throw_ref (local.get $last))");
    let served = Served::start_bundle(&bundled, &[]);
    for _ in 0..3 {
        assert_eq!(served.get("/").status, 500);
    }
    let ended = served.end();
    assert!(ended.stderr.contains("thrown Wasm exception"), "{ended:?}");
}
