//! Random numbers in the simulator, with a host that gives the same entropy in every run.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Backend, Files, Limits, Outcome};
use wasmstone_happ::edge_server::{Config, Output, Server};
use wasmstone_simulator::Simulator;
use wasmstone_test_support::{build, guest};

#[test]
fn a_host_that_repeats_itself_does_not_get_the_same_random_numbers() {
    let bundled = build(&guest("random_values", "wasm32-wasip2"), &["--engine=pulley"]);
    let program = bundled.program();
    let run = || {
        let stdout = Arc::new(Mutex::new(Vec::new()));
        let config = Config {
            entropy: Some([7; 32]),
            stdout: Output::Memory(Arc::clone(&stdout)),
            program: program.program.clone().into(),
            ..Config::default()
        };
        let mut server = Server::new(config).unwrap();
        let simulator = Simulator::new(wasmstone_test_support::enclave_program());
        let files = Files { loader: b"", runtime: b"", image: &program.image, measurement: program.measurement };
        let launched = simulator.launch(&files, &mut server, &Limits::default()).unwrap();
        assert!(matches!(launched.outcome, Outcome::Ended(ExitStatus::Guest(0))), "{:?}", launched.outcome);
        assert_eq!(server.counts()["launch.entropy"], 3, "once after each mebibyte");
        String::from_utf8(stdout.lock().unwrap().clone()).unwrap()
    };
    let outputs = [run(), run(), run()];
    let numbers: BTreeSet<_> = outputs.iter().flat_map(|output| output.lines()).collect();
    // The seed of hash tables, five numbers four times, four of each large request.
    assert_eq!(numbers.len(), 3 * (1 + 4 * 5 + 3 * 4), "{outputs:?}");
}
