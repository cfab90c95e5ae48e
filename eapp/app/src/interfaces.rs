//! The interfaces that the enclave app serves, and those that it calls. The build script makes the bindings' world
//! from this list, and `wasmstone-builder` compares programs with it. There is nothing but data in this file, since
//! the build script compiles it as well.

/// The version of WASI that is served. Programs may ask for any version `0.2.x`: these are compatible.
pub const WASI_VERSION: &str = "0.2.12";

/// An interface package: its name, its version, and the interfaces that are served, separated by spaces.
pub type Package = (&'static str, &'static str, &'static str);

/// What components may import.
pub const SERVED: [Package; 8] = [
    ("wasi:io", WASI_VERSION, "error poll streams"),
    (
        "wasi:cli",
        WASI_VERSION,
        "environment exit stdin stdout stderr \
         terminal-input terminal-output terminal-stdin terminal-stdout terminal-stderr",
    ),
    ("wasi:clocks", WASI_VERSION, "monotonic-clock wall-clock"),
    ("wasi:filesystem", WASI_VERSION, "types preopens"),
    ("wasi:random", WASI_VERSION, "random insecure insecure-seed"),
    (
        "wasi:sockets",
        WASI_VERSION,
        "instance-network ip-name-lookup network tcp tcp-create-socket udp udp-create-socket",
    ),
    ("wasi:http", WASI_VERSION, "types outgoing-handler"),
    ("wasmstone:attestation", "0.1.0", "attestation"),
];

/// What a command exports: the interface of WASI, and its function.
pub const COMMAND: (&str, &str) = ("wasi:cli/run", "run");

/// What a program exports that answers HTTP requests.
pub const HTTP_HANDLER: (&str, &str) = ("wasi:http/incoming-handler", "handle");
