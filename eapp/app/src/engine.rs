//! The one engine configuration. The builder's compiler starts from it and the enclave app runs with it, so the two
//! cannot drift; Wasmtime refuses a program that was made with another one by name.

pub mod memory;
pub mod program;
mod stacks;

use alloc::{string::ToString, sync::Arc};
use memory::LinearMemories;
use stacks::Stacks;
use wasmstone_policy::{Memories, Program, Target};
#[cfg(feature = "exceptions")]
use wasmtime::Collector;
use wasmtime::{Config, CustomCodeMemory, Engine, ModuleVersionStrategy, Result};

/// The program format: changes whenever a precompiled program of an older release must not be loaded.
/// Wasmtime's own check knows the major version only, so the exact version is part of it.
const PROGRAM_VERSION: &str = "wasmstone-1-wasmtime-48.0.8";

/// Bytes of stack for the guest's own calls. Deeper recursion traps.
const GUEST_STACK: usize = 512 << 10;

/// Bytes of stack behind these for the functions that a guest calls here, if it has a stack of its own.
const ENGINE_STACK: usize = 256 << 10;

/// Bytes of such a stack, which has no guard page. On it, a guest's function that is called from here
/// (`cabi_realloc`, which takes what an import returns) can go [`GUEST_STACK`] deeper than where it was called; the
/// engine allows no more, and such a function can call no import. An interpreter keeps the guest's calls elsewhere,
/// but the engine demands at least one [`GUEST_STACK`].
const fn stack(target: Target) -> usize {
    if matches!(target, Target::Pulley64) { GUEST_STACK } else { 2 * GUEST_STACK + ENGINE_STACK }
}

/// Bytes of address space that a memory has to itself if page faults find accesses outside it, and bytes behind
/// these.
const RESERVATION: u64 = 4 << 30;
const GUARD: u64 = 32 << 20;

/// Whether machine code relies on page faults to find accesses outside a memory. These targets exist in the simulator
/// only.
const fn relies_on_faults(target: Target, memories: Memories) -> bool {
    matches!(target, Target::X86_64 | Target::Aarch64) && !memories.may_move()
}

/// Bytes of address space that a program's memory needs to itself, so that page faults find every access outside it:
/// 0 for a program that checks its accesses itself.
pub const fn address_space(program: &Program) -> u64 {
    if relies_on_faults(program.target, program.memories) { RESERVATION + GUARD } else { 0 }
}

/// The configuration for programs of a target, on any machine.
///
/// # Errors
/// If this build of Wasmtime lacks the target.
pub fn config(target: Target, hardware_float: bool, memories: Memories) -> Result<Config> {
    let mut config = Config::new();
    config.target(triple(target, hardware_float))?;
    // An enclave has no virtual memory to reserve and no signal to catch. Only in the simulator, whose process has
    // both, page faults replace checks.
    let faults = relies_on_faults(target, memories);
    config.signals_based_traps(faults);
    config.memory_init_cow(false);
    config.memory_reservation(if faults { RESERVATION } else { 0 });
    config.memory_guard_size(if faults { GUARD } else { 0 });
    config.memory_reservation_for_growth(0);
    config.memory_may_move(memories.may_move());
    config.guard_before_linear_memory(false);
    config.table_lazy_init(true);
    config.max_wasm_stack(GUEST_STACK);
    // The defaults of these depend on how Wasmtime was built; every machine must compute the same results.
    config.concurrency_support(false);
    config.relaxed_simd_deterministic(true);
    // Programs whose floats were lowered to integers have it; the builder checked that others do not.
    config.wasm_wide_arithmetic(true);
    #[cfg(feature = "exceptions")]
    exceptions(&mut config, memories == Memories::Collected);
    // Smaller programs: tables are left out that only a debugger or a system unwinder reads.
    config.generate_address_map(false);
    config.debug_symbols(false);
    config.native_unwind_info(false);
    config.module_version(ModuleVersionStrategy::Custom(PROGRAM_VERSION.to_string()))?;
    Ok(config)
}

/// Bytes of the memory for exceptions at start. The engine has them before the guest runs, so a guest that has used up
/// its memory can still throw.
#[cfg(feature = "exceptions")]
pub const EXCEPTIONS_MEMORY: u64 = 64 << 10;

/// The configuration of exceptions. Their memory is taken, and counted, as a further memory of the guest.
#[cfg(feature = "exceptions")]
fn exceptions(config: &mut Config, enabled: bool) {
    config.gc_support(enabled);
    config.wasm_exceptions(enabled);
    if enabled {
        config.collector(Collector::Copying);
        config.gc_heap_initial_size(EXCEPTIONS_MEMORY);
    }
}

/// Wasmtime's name for RISC-V in the simulator, in the place of the enclave app's own target.
pub const SIMULATED_RISCV64: &str = "riscv64gc-unknown-linux-gnu";

/// Wasmtime's name for a target. Wasmtime loads machine code only for the exact target that it was compiled for
/// itself, which is another one for the enclave app with floating-point instructions.
const fn triple(target: Target, hardware_float: bool) -> &'static str {
    match target {
        Target::Pulley64 => "pulley64",
        Target::Riscv64 if cfg!(all(target_arch = "riscv64", target_os = "linux")) => SIMULATED_RISCV64,
        Target::Riscv64 if hardware_float => "riscv64gc-unknown-none-elf",
        Target::Riscv64 => "riscv64imac-unknown-none-elf",
        Target::X86_64 => "x86_64-unknown-linux-gnu",
        Target::Aarch64 => "aarch64-unknown-linux-gnu",
    }
}

/// The engine inside the enclave, whose linear memories come from `memories`.
///
/// # Errors
/// If memory runs out.
pub fn engine(program: &Program, memories: LinearMemories) -> Result<Engine> {
    let mut config = config(program.target, program.hardware_float, program.memories)?;
    #[cfg(feature = "exceptions")]
    let memories = if program.memories == Memories::Collected { memories.with_exceptions() } else { memories };
    config.with_host_memory(Arc::new(memories));
    config.with_custom_code_memory(Some(Arc::new(InPlace)));
    config.async_stack_size(stack(program.target));
    config.with_host_stack(Arc::new(Stacks));
    Engine::new(&config)
}

/// Machine code that runs at its address in the image, in pages that were executable from the start.
struct InPlace;

impl CustomCodeMemory for InPlace {
    fn required_alignment(&self) -> usize {
        4096
    }

    fn publish_executable(&self, _: *const u8, _: usize) -> Result<()> {
        // The pages may have been written on another hart, or since this hart last fetched instructions.
        #[cfg(target_arch = "riscv64")]
        // SAFETY: a barrier between writes and instruction fetches; it touches nothing else.
        unsafe {
            core::arch::asm!("fence.i", options(nostack));
        }
        Ok(())
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> Result<()> {
        Ok(())
    }
}
