//! The targets: a module with a function `run` for each.

/// Calls `$callback!` with every target and the number of inputs of its short run.
#[macro_export]
macro_rules! targets {
    ($callback:ident) => {
        $callback! {
            bundle_file: 1000,
            bundle_members: 300,
            enclave_host: 60,
            http: 2000,
            image: 1000,
            launch_segment: 2000,
            lowered_results: 25,
            lowering: 100,
            manifest: 2000,
            pem: 500,
            pins: 2000,
            project: 2000,
            replies: 2000,
            report: 1000,
            requests: 2000,
            sealed_volume: 150,
            server: 300,
            tokens: 500,
            wasm: 300,
        }
    };
}

macro_rules! modules {
    ($($name:ident: $inputs:literal,)*) => {
        $(pub mod $name;)*

        /// The names of all targets.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

targets!(modules);
