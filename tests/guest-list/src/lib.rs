//! The test programs of `tests/guests` and how each is run, one row for each case. The build script of the programs
//! fails if a program has no case, and the tests make one test of each case. So a program without a test does not
//! compile.
//!
//! `cargo xtask test` puts a program into target/guests/TARGET/release/PROGRAM.wasm, for the targets wasm32-wasip1 and
//! wasm32-wasip2.

pub mod programs;

/// One run of a program.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The name of the test.
    pub name: &'static str,
    /// The name of the program.
    pub program: &'static str,
    /// The targets that the program is built for.
    pub targets: Targets,
    /// Arguments after argument zero.
    pub args: &'static [&'static str],
    /// Environment variables.
    pub env: &'static [(&'static str, &'static str)],
    /// Standard input.
    pub stdin: &'static str,
    /// Whether standard output is a pipe whose reading end is closed.
    pub closed_stdout: bool,
    /// The grant at `/data`: a fresh directory in another fresh one. The outer one holds a file `secret`; the granted
    /// one holds the files [`SEED`] and [`big`] under the names `seed` and `big` if the case asks for
    /// [`Data::ReadOnly`], otherwise it is empty.
    pub data: Data,
    /// Whether the whole network is granted.
    pub network: bool,
    /// The memory cap in bytes; 0 leaves the default.
    pub max_memory: u64,
    /// How the program ends.
    pub exit: Exit,
    /// What the result is compared with.
    pub witness: Witness,
}

/// What a result is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The same run under `wasmtime-wasi`.
    Wasmtime,
    /// The recorded output of the program under Wasmtime 48 with `wasi:http`, which this workspace does not build, in
    /// `recorded/PROGRAM.txt`: `wasmtime run -S http,inherit-network --dir DATA::/data`.
    Recorded,
    /// The program itself checks: it prints nothing but what it expects.
    Program,
}

/// The targets that a program is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// wasm32-wasip1 and wasm32-wasip2.
    Both,
    /// wasm32-wasip2 only.
    Wasip2,
}

/// The grant at `/data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Nothing.
    None,
    /// An empty directory to read and write in.
    Empty,
    /// A directory with files, to read in.
    ReadOnly,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// With a trap.
    Trap,
}

impl Exit {
    /// The exit code of `wasmstone run`.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Trap => 134,
        }
    }
}

/// The content of the file `seed`.
pub const SEED: &str = "small file\n";

/// The content of the file `big`: 1 MiB.
pub fn big() -> Vec<u8> {
    (0u32..1 << 20).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

impl Case {
    /// The values of fields that a row does not give.
    const PLAIN: Case = Case {
        name: "",
        program: "",
        targets: Targets::Both,
        args: &[],
        env: &[],
        stdin: "",
        closed_stdout: false,
        data: Data::None,
        network: false,
        max_memory: 0,
        exit: Exit::Code(0),
        witness: Witness::Wasmtime,
    };
}

/// Calls `$callback!` with every row: `name: Targets program { field: value, … };`
#[macro_export]
macro_rules! guests {
    ($callback:ident) => {
        $callback! {
            hello: Both hello {};
            exit_by_return: Both exit {};
            exit_zero: Both exit { args: &["0"] };
            exit_one: Both exit { args: &["1"], exit: Exit::Code(1) };
            main_error: Both main_error { exit: Exit::Code(1) };
            panic: Both panic { exit: Exit::Trap };
            abort: Both abort { exit: Exit::Trap };
            trap: Both trap { exit: Exit::Trap };
            recurse: Both recurse { exit: Exit::Trap };
            allocate: Both allocate { max_memory: 16 << 20 };
            allocate_all: Both allocate_all { max_memory: 16 << 20 };
            large_static: Both large_static { max_memory: 64 << 20 };

            no_arguments: Both arguments {};
            arguments: Both arguments {
                args: &["one", "", "two words", "größe", "--flag=x", "-"],
                env: &[("EMPTY", ""), ("GREETING", "hello there"), ("UNICODE", "文件")],
            };
            cat: Both cat { stdin: "first\nsecond, without a line end" };
            cat_nothing: Both cat {};
            lines: Both lines { stdin: "one\ntwo\n\nfour" };
            both_streams: Both both_streams {};
            big_output: Both big_output {};
            closed_output: Both closed_output { closed_stdout: true, exit: Exit::Code(1), witness: Witness::Program };
            clock_reads: Both clock_reads {};
            sleep: Both sleep {};
            random_bytes: Both random_bytes {};
            network: Both network {};
            std_sockets: Both std_sockets { network: true };
            threads: Both threads {};

            files: Both files { data: Data::Empty };
            bulk: Both bulk { data: Data::Empty };
            times: Both times { data: Data::Empty };
            directories: Both directories { data: Data::Empty };
            many_files: Both many_files { data: Data::Empty };
            deep_directories: Both deep_directories { data: Data::Empty };
            long_names: Both long_names { data: Data::Empty };
            links: Both links { data: Data::Empty };
            escape: Both escape { data: Data::Empty };
            read_only: Both read_only { data: Data::ReadOnly };
            no_directory: Both no_directory {};
            read_big: Both read_big { data: Data::ReadOnly };
            read_small: Both read_small { data: Data::ReadOnly };
            read_chunks: Both read_chunks { data: Data::ReadOnly };
            sealed_append: Both sealed { data: Data::Empty, args: &["append", "log", "120"] };
            sealed_tree: Both sealed { data: Data::ReadOnly, args: &["tree"] };
            sealed_nothing: Both sealed { data: Data::Empty, args: &["check", "log"], exit: Exit::Code(1) };

            mandelbrot: Both mandelbrot {};
            sha256: Both sha256 {};
            sieve: Both sieve {};
            matmul: Both matmul {};
            floats: Both floats {};
            nbody: Both nbody {};
            spectral_norm: Both spectral_norm {};
            fft: Both fft {};
            div_sqrt: Both div_sqrt {};
            neurons: Both neurons {};
            xorshift: Both xorshift {};

            cli_environment: Wasip2 cli_environment { args: &["one", ""], env: &[("B", "2"), ("A", "1")] };
            cli_terminals: Wasip2 cli_terminals {};
            cli_exit_ok: Wasip2 cli_exit { args: &["ok"] };
            cli_exit_err: Wasip2 cli_exit { args: &["err"], exit: Exit::Code(1) };
            cli_exit_zero: Wasip2 cli_exit { args: &["0"] };
            cli_exit_three: Wasip2 cli_exit { args: &["3"], exit: Exit::Code(3) };
            cli_exit_255: Wasip2 cli_exit { args: &["255"], exit: Exit::Code(255) };
            clocks: Wasip2 clocks {};
            random: Wasip2 random {};
            poll: Wasip2 poll { stdin: "two\nlines\n" };
            poll_nothing: Wasip2 poll_nothing { exit: Exit::Trap };
            streams_input: Wasip2 streams_input { stdin: "0123456789abcdef", data: Data::Empty };
            streams_output: Wasip2 streams_output { stdin: "from the input", data: Data::Empty };
            streams_large: Wasip2 streams_large { data: Data::Empty };
            streams_errors: Wasip2 streams_errors { data: Data::Empty };
            streams_too_long: Wasip2 streams_too_long { exit: Exit::Trap };
            streams_zeroes_too_long: Wasip2 streams_zeroes_too_long { exit: Exit::Trap };
            fs_files: Wasip2 fs_files { data: Data::Empty };
            fs_times: Wasip2 fs_times { data: Data::Empty };
            fs_open: Wasip2 fs_open { data: Data::Empty };
            fs_paths: Wasip2 fs_paths { data: Data::Empty };
            fs_slashes: Wasip2 fs_slashes { data: Data::Empty, witness: Witness::Program };
            fs_directories: Wasip2 fs_directories { data: Data::Empty };
            fs_identity: Wasip2 fs_identity { data: Data::Empty };
            fs_read_only: Wasip2 fs_read_only { data: Data::ReadOnly };
            sockets: Wasip2 sockets {};
            tcp_local: Wasip2 tcp_local { network: true };
            tcp_states: Wasip2 tcp_states { network: true };
            tcp_unpermitted: Wasip2 tcp_unpermitted { network: true, exit: Exit::Trap };
            tcp_dropped_first: Wasip2 tcp_dropped_first { network: true, exit: Exit::Trap };
            udp_local: Wasip2 udp_local { network: true };
            udp_unpermitted: Wasip2 udp_unpermitted { network: true, exit: Exit::Trap };
            udp_two_streams: Wasip2 udp_two_streams { network: true, exit: Exit::Trap };
            lookups: Wasip2 lookups { network: true };
            echo_server: Wasip2 echo_server { network: true, witness: Witness::Program };
            dial: Wasip2 dial { network: true };
            many_sockets: Wasip2 many_sockets { network: true, stdin: "unread" };
            socket_leak: Wasip2 socket_leak { network: true, witness: Witness::Program };
            http_fields: Wasip2 http_fields { witness: Witness::Recorded };
            http_messages: Wasip2 http_messages { data: Data::Empty, witness: Witness::Recorded };
            http_responses: Wasip2 http_responses { network: true, witness: Witness::Recorded };
            http_requests: Wasip2 http_requests { network: true, witness: Witness::Recorded };
            two_worlds: Wasip2 two_worlds { witness: Witness::Program };
            random_values: Wasip2 random_values { witness: Witness::Program };
            attestation: Wasip2 attestation { args: &["user data"], witness: Witness::Program };
        }
    };
}

macro_rules! cases {
    ($($name:ident: $targets:ident $program:ident { $($field:ident: $value:expr),* $(,)? };)*) => {
        /// Every case.
        pub const CASES: &[Case] = &[$(Case {
            name: stringify!($name),
            program: stringify!($program),
            targets: Targets::$targets,
            $($field: $value,)*
            ..Case::PLAIN
        },)*];
    };
}

guests!(cases);
