//! The example `digits`, an unmodified web server, in a simulated enclave: asked over the network as
//! anybody would ask it.

mod run;

use run::{Enclave, build, target_directory};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;
use ureq::Agent;

/// The server, which ends with this.
struct Server {
    process: Child,
    agent: Agent,
    address: String,
}

impl Server {
    /// Builds the bundle, runs it, and waits until it says where it listens.
    fn start() -> Self {
        let wasm = target_directory().join("digits/wasm32-wasip2/release/digits.wasm");
        assert!(wasm.exists(), "{} is missing: run `cargo xtask test`", wasm.display());
        let bundled = build(&wasm, &["--max-memory", "64M", "--engine", "pulley"]);
        let mut enclave = Enclave::new(&bundled);
        enclave.option("--listen", "127.0.0.1:0");
        let mut process = enclave.command(&["127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").expect(&line).to_owned();
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(120)));
        Self { process, agent: config.http_status_as_error(false).build().new_agent(), address }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.address)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    fn classify(&self, picture: &[u8]) -> (u16, serde_json::Value) {
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

/// One server for all: to compile it and to start it is what takes time.
#[test]
fn needs_newer_rust_to_classify_digits() {
    let server = Server::start();
    assert_eq!(server.get("/health"), (200, "ok\n".to_owned()));
    let (status, page) = server.get("/");
    assert!(status == 200 && page.contains("<canvas"), "{status}: {page}");
    assert_eq!(server.get("/nothing").0, 404);

    every_picture_is_recognised(&server);
    what_is_no_picture_is_refused(&server);
    assert_eq!(server.get("/health"), (200, "ok\n".to_owned()));
}

fn every_picture_is_recognised(server: &Server) {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/digits/pictures");
    let mut seen = [false; 10];
    for picture in fs::read_dir(pictures).unwrap() {
        let path = picture.unwrap().path();
        // Each is named after its digit.
        let digit: usize = path.file_name().unwrap().to_string_lossy()[..1].parse().unwrap();
        let (status, answer) = server.classify(&fs::read(&path).unwrap());
        assert_eq!((status, &answer["digit"]), (200, &digit.into()), "{}: {answer}", path.display());
        let probabilities = answer["probabilities"].as_array().unwrap();
        let sum: f64 = probabilities.iter().map(|probability| probability.as_f64().unwrap()).sum();
        assert!(probabilities.len() == 10 && (sum - 1.0).abs() < 0.01, "{}: {answer}", path.display());
        seen[digit] = true;
    }
    assert_eq!(seen, [true; 10]);
}

fn what_is_no_picture_is_refused(server: &Server) {
    for (body, status, reason) in [
        (&b"hello"[..], 400, "neither PNG nor PGM"),
        (b"", 400, "neither PNG nor PGM"),
        (b"\x89PNG\r\n\x1a\n", 400, "cannot be read"),
        (b"P5\n4294967295 4294967295\n255\n", 400, "larger than"),
        (b"P5\n2 2\n255\n....", 400, "empty"),
        (&[0; (1 << 20) + 1], 413, "length limit exceeded"),
    ] {
        let (answered, answer) = server.classify(body);
        assert_eq!(answered, status, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(reason), "{answer}");
    }
}
