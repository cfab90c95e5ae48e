//! The example `digits` in a simulated enclave.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use ureq::Agent;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, target_directory};

/// Compiling it takes most of the time.
static BUNDLED: LazyLock<Bundled> = LazyLock::new(|| {
    let wasm = target_directory().join("digits/wasm32-wasip2/release/digits.wasm");
    assert!(wasm.exists(), "{} is missing: run `cargo xtask test`", wasm.display());
    build(&wasm, &["--max-memory", "64M", "--engine", "pulley"])
});

/// The server; it ends when this is dropped.
pub struct Server {
    process: Child,
    agent: Agent,
    /// The URL, as a browser takes it.
    pub address: String,
}

impl Server {
    /// Runs the bundle, and waits until it prints its address.
    pub fn start() -> Self {
        let mut enclave = Enclave::new(&BUNDLED);
        enclave.option("--listen", "127.0.0.1:0");
        let mut process = enclave.command(&["127.0.0.1:0"]).stdout(Stdio::piped()).spawn_in_time();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").expect(&line).to_owned();
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(120)));
        Self { process, agent: config.http_status_as_error(false).build().new_agent(), address }
    }

    /// Status and body of a request for `path`.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.address)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    /// Status and answer for a picture.
    pub fn classify(&self, picture: &[u8]) -> (u16, serde_json::Value) {
        let mut response = self.agent.post(format!("{}/classify", self.address)).send(picture).unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&body).expect(&body))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The example's pictures, each named after its digit.
pub fn pictures() -> PathBuf {
    // The browser takes canonical paths only.
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/pictures").canonicalize().unwrap()
}
