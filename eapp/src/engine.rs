//! The one engine configuration. The compiler on the build side starts from it, the enclave app runs
//! with it, so the two cannot drift; Wasmtime refuses a program made with another one by name.

use alloc::{string::ToString, sync::Arc};
use wasmtime::{Config, Engine, MemoryCreator, ModuleVersionStrategy, Result};

/// The program format: changes whenever a precompiled program of an older release must not be loaded.
/// Wasmtime's own check knows the major version only, so the exact version is part of it.
const PROGRAM_VERSION: &str = "wasmstone-1-wasmtime-48.0.8";

/// Bytes of stack for the guest's own calls. Deeper recursion traps.
const GUEST_STACK: usize = 512 << 10;

/// The configuration for Pulley, on whichever machine.
///
/// # Errors
/// Where this build of Wasmtime lacks Pulley.
pub fn config() -> Result<Config> {
    let mut config = Config::new();
    config.target("pulley64")?;
    // There is no virtual memory to play with and no signal to catch inside an enclave.
    config.signals_based_traps(false);
    config.memory_init_cow(false);
    config.memory_reservation(0);
    config.memory_guard_size(0);
    config.memory_reservation_for_growth(0);
    config.memory_may_move(true);
    config.guard_before_linear_memory(false);
    config.table_lazy_init(true);
    config.max_wasm_stack(GUEST_STACK);
    // The defaults of these depend on how Wasmtime was built; every machine is to compute the same.
    config.concurrency_support(false);
    config.relaxed_simd_deterministic(true);
    // Smaller programs: tables that only a debugger or a system unwinder reads.
    config.generate_address_map(false);
    config.debug_symbols(false);
    config.native_unwind_info(false);
    config.module_version(ModuleVersionStrategy::Custom(PROGRAM_VERSION.to_string()))?;
    Ok(config)
}

/// The engine inside the enclave, whose linear memories come from `memories`.
///
/// # Errors
/// Where memory runs out.
pub fn engine(memories: Arc<dyn MemoryCreator>) -> Result<Engine> {
    let mut config = config()?;
    config.with_host_memory(memories);
    Engine::new(&config)
}
