//! Runs a precompiled program under Wasmtime and `wasmtime-wasi`, outside any enclave.
//!
//! The differential tests use it as the reference: a program has to behave in the enclave as it does here. The
//! benchmarks compare with the same Pulley code running here. The caller brings the engine, so that both run code of
//! one configuration.

use std::path::PathBuf;
use wasmstone_policy::Program;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Module, Precompiled, Result, Store, StoreLimits, StoreLimitsBuilder, Val};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::sync::Command;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// The program's input and grants.
#[derive(Clone, Debug, Default)]
pub struct RunConfig {
    /// Arguments, argument zero included.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Directories.
    pub dirs: Vec<Dir>,
    /// The source of standard input.
    pub stdin: Input,
    /// The destination of standard output.
    pub stdout: Output,
    /// The destination of standard error.
    pub stderr: Output,
    /// The most bytes that each linear memory may grow to. `None`: as many as the program declares.
    pub max_memory: Option<usize>,
    /// Whether the program may use this machine's network, all of it.
    pub network: bool,
}

/// A directory that the program is granted.
#[derive(Clone, Debug)]
pub struct Dir {
    /// The directory on this machine.
    pub host: PathBuf,
    /// The path that the program sees.
    pub guest: String,
    /// Whether the program may only read in it.
    pub readonly: bool,
}

/// The source of standard input.
#[derive(Clone, Debug)]
pub enum Input {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The standard input of this process.
    Inherit,
}

impl Default for Input {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

/// The destination of standard output or error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Into the [`Outcome`].
    #[default]
    Capture,
    /// The same stream of this process.
    Inherit,
}

/// How the program ended and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Captured standard output; empty if it was inherited.
    pub stdout: Vec<u8>,
    /// Captured standard error; empty if it was inherited.
    pub stderr: Vec<u8>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned or called exit.
    Exited(i32),
    /// It trapped; the text is Wasmtime's.
    Trapped(String),
}

impl End {
    /// The exit code as the `wasmtime` command reports it: 134 for a trap.
    pub fn code(&self) -> i32 {
        match self {
            Self::Exited(code) => *code,
            Self::Trapped(_) => 134,
        }
    }
}

struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

/// As [`Host`], for a core module.
struct ModuleHost {
    wasi: WasiP1Ctx,
    limits: StoreLimits,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The engine for a bundle's program: the enclave's own configuration.
///
/// # Errors
/// If this build of Wasmtime lacks the target.
pub fn engine(program: &Program) -> Result<Engine> {
    let mut config = wasmstone_eapp::config(program.target, program.hardware_float, program.memories)?;
    // In an enclave, the measured region takes this role: a memory that never moves has room to grow.
    config.memory_reservation_for_growth(4 << 30);
    Engine::new(&config)
}

/// Runs a component or core module that an engine of the same configuration precompiled.
///
/// # Errors
/// If the bytes are not such a program, if it imports more than WASI or a component exports no `wasi:cli/run`, or if a
/// directory cannot be opened. The program's own failure is not an error.
///
/// # Safety
/// `precompiled` must be what [`Engine::precompile_component`] or `precompile_module` returned, unchanged: it is code.
///
/// [`Engine::precompile_component`]: https://docs.rs/wasmtime/48/wasmtime/struct.Engine.html#method.precompile_component
pub unsafe fn run(engine: &Engine, precompiled: &[u8], config: RunConfig) -> Result<Outcome> {
    let stdout = MemoryOutputPipe::new(usize::MAX);
    let stderr = MemoryOutputPipe::new(usize::MAX);
    let (mut wasi, limits) = context(config, &stdout, &stderr)?;
    let ran = if let Some(Precompiled::Module) = Engine::detect_precompiled(precompiled) {
        // SAFETY: the contract is the same as the caller's.
        let module = unsafe { Module::deserialize(engine, precompiled)? };
        run_module(engine, &module, ModuleHost { wasi: wasi.build_p1(), limits })?
    } else {
        // SAFETY: the contract is the same as the caller's.
        let component = unsafe { Component::deserialize(engine, precompiled)? };
        run_component(engine, &component, Host { wasi: wasi.build(), table: ResourceTable::new(), limits })?
    };
    let end = match ran {
        Ok(code) => End::Exited(code),
        // An error that is not an exit is a trap, even if a host function raised it, as `poll` does on an empty list.
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => End::Exited(*code),
            None => End::Trapped(format!("{error:?}")),
        },
    };
    Ok(Outcome { end, stdout: stdout.contents().to_vec(), stderr: stderr.contents().to_vec() })
}

/// The result inside is the exit code of a program that returned, or why it did not.
fn run_component(engine: &Engine, component: &Component, host: Host) -> Result<Result<i32>> {
    let mut linker = Linker::<Host>::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.limits);
    let command = Command::instantiate(&mut store, component, &linker)?;
    Ok(command.wasi_cli_run().call_run(&mut store).map(|result| i32::from(result.is_err())))
}

/// As [`run_component`]. It starts what `wasmtime run` starts.
fn run_module(engine: &Engine, module: &Module, host: ModuleHost) -> Result<Result<i32>> {
    let mut linker = wasmtime::Linker::<ModuleHost>::new(engine);
    wasmtime_wasi::p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi)?;
    wasmtime_wasi::p0::add_to_linker_sync(&mut linker, |host| &mut host.wasi)?;
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.limits);
    // This runs `_initialize` of a reactor, and a module's start function.
    if let Err(error) = linker.module(&mut store, "", module) {
        return if error.is::<wasmtime::WasmBacktrace>() { Ok(Err(error)) } else { Err(error) };
    }
    let function = linker.get_default(&mut store, "")?;
    let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
    Ok(function.call(&mut store, &[], &mut results).map(|()| 0))
}

fn context(
    config: RunConfig,
    stdout: &MemoryOutputPipe,
    stderr: &MemoryOutputPipe,
) -> Result<(WasiCtxBuilder, StoreLimits)> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(&config.args).envs(&config.env).allow_blocking_current_thread(true);
    match config.stdin {
        Input::Bytes(bytes) => builder.stdin(MemoryInputPipe::new(bytes)),
        Input::Inherit => builder.inherit_stdin(),
    };
    match config.stdout {
        Output::Capture => builder.stdout(stdout.clone()),
        Output::Inherit => builder.inherit_stdout(),
    };
    match config.stderr {
        Output::Capture => builder.stderr(stderr.clone()),
        Output::Inherit => builder.inherit_stderr(),
    };
    if config.network {
        builder.inherit_network().allow_tcp(true).allow_udp(true).allow_ip_name_lookup(true);
    }
    for Dir { host, guest, readonly } in config.dirs {
        let perms = if readonly { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        builder.preopened_dir(host, guest, perms)?;
    }
    let limits = match config.max_memory {
        Some(bytes) => StoreLimitsBuilder::new().memory_size(bytes).build(),
        None => StoreLimits::default(),
    };
    Ok((builder, limits))
}
