//! A separate directory for each test, and programs small enough to be read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;

/// Does nothing.
pub const NOTHING: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

/// Prints one line.
pub const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (data (i32.const 16) "hello\n")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Traps.
pub const TRAP: &str = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;

/// Runs for ever.
pub const LOOP: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#;

/// Sleeps for the longest possible time.
pub const SLEEP: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "\01")
    (data (i32.const 24) "\ff\ff\ff\ff\ff\ff\ff\ff")
    (func (export "_start") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;

/// Exits with the number of its arguments plus ten times the number of its variables.
pub const COUNT: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $arguments (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $arguments (i32.const 0) (i32.const 4)))
        (drop (call $variables (i32.const 8) (i32.const 12)))
        (call $exit (i32.add (i32.load (i32.const 0)) (i32.mul (i32.const 10) (i32.load (i32.const 8)))))))"#;

/// Reads and writes without buffers. Exits with a bit for each of the four ways that refuse a missing descriptor, and
/// one if standard output is not refused.
pub const TRANSFER_NOTHING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (global $bits (mut i32) (i32.const 0))
    (func $add (param $bit i32) (param $is i32)
        (if (local.get $is) (then (global.set $bits (i32.or (global.get $bits) (local.get $bit))))))
    (func $is_badf (param i32) (result i32) (i32.eq (local.get 0) (i32.const 8)))
    (func (export "_start")
        (call $add (i32.const 1)
            (call $is_badf (call $read (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 8))))
        (call $add (i32.const 2)
            (call $is_badf (call $write (i32.const -31337) (i32.const 0) (i32.const 0) (i32.const 8))))
        (call $add (i32.const 4)
            (call $is_badf (call $pread (i32.const 99) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 8))))
        (call $add (i32.const 8)
            (call $is_badf (call $pwrite (i32.const 99) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 8))))
        (call $add (i32.const 16)
            (i32.eqz (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8))))
        (call $exit (global.get $bits))))"#;

/// A component that imports instances of these names, without anything in them, and exports others, with
/// a function `run` that does nothing.
pub fn component(imports: &[&str], exports: &[&str]) -> String {
    let imports: String = imports.iter().map(|name| format!("(import \"{name}\" (instance))\n")).collect();
    let exports: String = exports.iter().map(|name| format!("(export \"{name}\" (instance $run))\n")).collect();
    format!(
        r#"(component {imports}
            (core module $code (func (export "run") (result i32) i32.const 0))
            (core instance $code (instantiate $code))
            (func $run (result (result)) (canon lift (core func $code "run")))
            (instance $run (export "run" (func $run)))
            {exports})"#
    )
}

/// Answers no HTTP request.
pub const HANDLER: &str = include_str!("handler.wat");

/// [`HANDLER`] with exports of these names instead of its own; those of `wasi:cli` do nothing.
pub fn handler(exports: &[&str]) -> String {
    let (head, _) = HANDLER.split_once("(export \"wasi:http/").unwrap();
    let instance = |name: &str| if name.starts_with("wasi:cli/") { "$command" } else { "$handler" };
    let exports: String =
        exports.iter().map(|name| format!("(export \"{name}\" (instance {}))", instance(name))).collect();
    format!("{head}{exports})")
}

/// A working directory and a configuration directory, which are both removed after the test.
pub struct Sandbox(TempDir);

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("work")).unwrap();
        Self(directory)
    }

    /// The path of a file in the working directory.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join("work").join(name)
    }

    /// The configuration directory, which does not exist until the program makes it.
    pub fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Writes a program, given as text.
    pub fn wasm(&self, name: &str, text: &str) {
        self.write(name, wat::parse_str(text).unwrap());
    }

    /// Builds `app.wsb` of a program, given as text.
    pub fn bundle(&self, text: &str) {
        self.wasm("app.wasm", text);
        self.wasmstone(["build", "app.wasm", "--quiet"]).succeeds();
    }

    /// The names of all files in the working directory, in order.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A command in the working directory, with an otherwise empty environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("WASMSTONE_HOME", self.home())
            .env("WASMSTONE", env!("CARGO_BIN_EXE_wasmstone"))
            .stdin(Stdio::null());
        command
    }

    pub fn wasmstone<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.command(env!("CARGO_BIN_EXE_wasmstone")).args(arguments).output_in_time().into()
    }

    /// Runs a line of shell, in which `$WASMSTONE` is the program.
    pub fn shell(&self, line: &str) -> Ran {
        self.command("sh").args(["-c", line]).output_in_time().into()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Checks that it ended with this code, an error, and nothing on standard output. Each of `words` is in the
    /// error.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains("error:"), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {}", self.stderr);
        }
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}
