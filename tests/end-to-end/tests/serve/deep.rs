//! A guest that is nearly as deep in its calls as it may be, makes a request, and goes as deep again when it makes
//! room for the answer. Its stack has no guard page.

use crate::served::Served;
use std::fs;
use tempfile::TempDir;
use wasmstone_test_support::build;

const SERVICE: &str = r#"(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $outparam))
  (core module $memory-module
    (memory (export "memory") 1)
    (func $dive (param i32) (result i32)
      (i32.add (call $dive (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $dive (i32.const 0))))
  (core instance $memory (instantiate $memory-module))
  (alias core export $memory "memory" (core memory $mem))
  (core func $bytes
    (canon lower (func $random "get-random-bytes") (memory $mem) (realloc (core func $memory "realloc"))))
  (core module $main-module
    (import "random" "bytes" (func $bytes (param i64 i32)))
    (func $dive (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0))
        (then (call $bytes (i64.const 16) (i32.const 0)) (i32.const 0))
        (else (i32.add (call $dive (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))))
    ;; Well over half of the 512 KiB that there are, at 32 bytes and more a call.
    (func (export "handle") (param i32 i32) (drop (call $dive (i32.const 10000)))))
  (core instance $main (instantiate $main-module (with "random" (instance (export "bytes" (func $bytes))))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
    (canon lift (core func $main "handle")))
  (component $shim
    (import "request" (type $r (sub resource)))
    (import "outparam" (type $o (sub resource)))
    (import "handle" (func $h (param "request" (own $r)) (param "response-out" (own $o))))
    (export "handle" (func $h)))
  (instance $handler (instantiate $shim
    (with "request" (type $request)) (with "outparam" (type $outparam)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#;

#[test]
fn going_deep_twice_traps() {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("deep.wasm");
    fs::write(&wasm, wat::parse_str(SERVICE).unwrap()).unwrap();
    for engine in ["pulley", "native"] {
        let bundled = build(&wasm, &["--max-memory", "16M", "--engine", engine]);
        let served = Served::start_bundle(&bundled, &[]);
        for _ in 0..3 {
            assert_eq!(served.get("/").status, 500, "{engine}");
        }
        let ended = served.end();
        assert!(ended.stderr.contains("call stack exhausted"), "{engine}: {ended:?}");
    }
}
