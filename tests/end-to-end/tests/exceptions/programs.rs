//! Programs that end in something that no handler catches, and one whose modules share a tag.

/// A program and its end.
pub struct Ending {
    pub name: &'static str,
    pub program: &'static str,
    pub code: i32,
    /// A part of what is reported.
    pub says: &'static str,
}

/// One that is not even instantiated: its start function throws.
pub const START: Ending = Ending {
    name: "thrown by a start function",
    program: r#"(component
        (core module $code (tag $t) (func $start (throw $t)) (start $start) (func (export "run") (result i32) i32.const 0))
        (core instance $code (instantiate $code))
        (func $run (result (result)) (canon lift (core func $code "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.6" (instance $run)))"#,
    code: 134,
    says: "thrown Wasm exception",
};

pub const ENDINGS: &[Ending] = &[
    Ending {
        name: "uncaught",
        program: r#"(module (memory (export "memory") 1) (tag $t (param i32))
            (func $thrown (throw $t (i32.const 1))) (func (export "_start") (call $thrown)))"#,
        code: 134,
        says: "thrown Wasm exception",
    },
    Ending {
        name: "caught by another tag only",
        program: r#"(module (memory (export "memory") 1) (tag $t) (tag $other)
            (func (export "_start") (block $caught (try_table (catch $other $caught) (throw $t)))))"#,
        code: 134,
        says: "thrown Wasm exception",
    },
    Ending {
        name: "a trap",
        program: r#"(module (memory (export "memory") 1) (tag $t)
            (func $throws (throw $t))
            (func (export "_start")
                (block $caught
                    (try_table (catch_all $caught) (call $throws))
                    unreachable)
                (block $caught (result exnref)
                    (try_table (catch_all_ref $caught) (drop (i32.load (i32.const -4))))
                    (return))
                drop))"#,
        code: 134,
        says: "out of bounds memory access",
    },
    Ending {
        name: "endless recursion",
        program: r#"(module (memory (export "memory") 1) (tag $t)
            (func $deeper (param $reference exnref)
                (block $caught (result exnref)
                    (try_table (catch_all_ref $caught) (call $deeper (local.get $reference)))
                    (return))
                (call $deeper))
            (func (export "_start") (call $deeper (ref.null exn))))"#,
        code: 134,
        says: "call stack exhausted",
    },
    Ending {
        name: "no reference to throw",
        program: r#"(module (memory (export "memory") 1)
            (func (export "_start") (block $caught (try_table (catch_all $caught) (throw_ref (ref.null exn))))))"#,
        code: 134,
        says: "null",
    },
    Ending {
        name: "an exit",
        program: r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (tag $t)
            (func (export "_start")
                (block $caught (try_table (catch_all $caught) (call $exit (i32.const 7))))))"#,
        code: 7,
        says: "",
    },
    Ending {
        name: "a trap in a call of the host",
        program: r#"(component
            (import "wasi:io/poll@0.2.0" (instance $poll
                (export "pollable" (type $pollable (sub resource)))
                (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
            (core module $memory (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
            (core instance $memory (instantiate $memory))
            (core func $poll (canon lower (func $poll "poll")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
            (core module $main (import "" "poll" (func $poll (param i32 i32 i32)))
                (func (export "run") (result i32)
                    (block $caught
                        (try_table (catch_all $caught) (call $poll (i32.const 0) (i32.const 0) (i32.const 0))))
                    (i32.const 0)))
            (core instance $main (instantiate $main (with "" (instance (export "poll" (func $poll))))))
            (func $run (result (result)) (canon lift (core func $main "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#,
        code: 134,
        says: "",
    },
    // What is thrown and never let go fills the memory cap, and not the enclave's own memory.
    Ending {
        name: "exceptions without end",
        program: r#"(module (memory (export "memory") 1) (tag $t (param exnref i64))
            (func (export "_start") (local $last exnref)
                (loop $next
                    (block $caught (result exnref i64 exnref)
                        (try_table (catch_ref $t $caught) (throw $t (local.get $last) (i64.const 1)))
                        unreachable)
                    (local.set $last) drop drop
                    (br $next))))"#,
        code: 134,
        says: "GC heap out of memory",
    },
    // One module's tag, which another one imports, thrown in the one and caught in the other. Its own tags, and those
    // of a second instance, are different ones.
    Ending {
        name: "a tag of another module",
        program: r#"(component
            (core module $thrower
                (type $distinct-from-bits (func (param i32 i64)))
                (tag $t (export "tag") (param i32 f64))
                (func (export "throw") (param i32) (throw $t (local.get 0) (f64.convert_i32_s (local.get 0)))))
            (core instance $thrower (instantiate $thrower))
            (core instance $stranger (instantiate $thrower))
            (core module $catcher
                (type $distinct-from-bits (func (param i32 i64)))
                (import "thrower" "tag" (tag $shared (param i32 f64)))
                (import "thrower" "throw" (func $throw (param i32)))
                (import "stranger" "throw" (func $other-throw (param i32)))
                (tag $own (param i32 f64))
                (func $caught (param $other i32) (param $value i32) (result i32)
                    (block $shared (result i32 f64)
                        (block $own (result i32 f64)
                            (block $any
                                (try_table (catch $own $own) (catch $shared $shared) (catch_all $any)
                                    (if (local.get $other)
                                        (then (call $other-throw (local.get $value)))
                                        (else (call $throw (local.get $value)))))
                                unreachable)
                            (return (i32.const 1000)))
                        unreachable)
                    i32.trunc_f64_s
                    (i32.add))
                (func (export "run") (result i32)
                    (i32.ne (i32.const 1042)
                        (i32.add (call $caught (i32.const 0) (i32.const 21)) (call $caught (i32.const 1) (i32.const 5))))))
            (core instance $catcher (instantiate $catcher
                (with "thrower" (instance $thrower)) (with "stranger" (instance $stranger))))
            (func $run (result (result)) (canon lift (core func $catcher "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.6" (instance $run)))"#,
        code: 0,
        says: "",
    },
];
