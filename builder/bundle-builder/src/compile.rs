//! Compiling ahead of time: the enclave's own engine configuration, with a compiler.

use crate::proposals::{self, SUPPORTED};
use crate::{cpu, lengths, rewrite};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmparser::{Parser, WasmFeatures};
use wasmstone_policy::{Entry, Memories, Target};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Module};

/// Everything that the compiled form of a program depends on, beside the program.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The target.
    pub target: Target,
    /// The CPU features that machine code may use, by name.
    pub cpu_features: &'a [String],
    /// Whether the enclave app that loads it has floating-point instructions.
    pub hardware_float: bool,
    /// What the program's memories do; if exceptions are collected, the program may use them.
    pub memories: Memories,
    /// Whether it runs in the simulator, which is a process of Linux.
    pub simulated: bool,
    /// Whether its floats were lowered. Lowered programs use wide multiplications, which programs as given may not use.
    pub lowered: bool,
}

/// Compiles a component or a core module to what the enclave app loads.
///
/// # Errors
/// [`CompileError`], also if the compiler panics, since a hostile program may make it panic.
pub fn precompile(program: &[u8], settings: &Settings<'_>) -> Result<Vec<u8>, CompileError> {
    if settings.target == Target::Riscv64 {
        let hidden =
            lengths::hide_constant_lengths(program).map_err(|error| CompileError::Compiler(error.to_string()))?;
        return precompile_as_it_is(&hidden, settings);
    }
    precompile_as_it_is(program, settings)
}

/// As [`precompile`], but does not change the program to avoid a fault of the compiler.
pub fn precompile_as_it_is(program: &[u8], settings: &Settings<'_>) -> Result<Vec<u8>, CompileError> {
    catching_panics(|| {
        let engine = Engine::new(&config(settings)?)?;
        match Parser::is_core_wasm(program) {
            true => engine.precompile_module(program),
            false => engine.precompile_component(program),
        }
    })
}

/// Checks that a program can be linked in an enclave.
///
/// # Errors
/// [`CompileError::Link`].
pub fn check_linking(program: &[u8], entry: Entry, memories: Memories) -> Result<(), CompileError> {
    // Linking knows nothing of what functions do, so there need not be much to compile.
    const NO_LOCALS_UNREACHABLE_END: [u8; 3] = [0, 0, 0x0b];
    let linkable = rewrite::rewrite_functions(program, &|_, _| Ok(Cow::Borrowed(&NO_LOCALS_UNREACHABLE_END)));
    let linkable = linkable.map_err(|error| CompileError::Compiler(error.to_string()))?;
    let settings = Settings {
        target: Target::Pulley64,
        cpu_features: &[],
        hardware_float: false,
        memories,
        simulated: false,
        lowered: false,
    };
    let engine = catching_panics(|| Engine::new(&config(&settings)?))?;
    let linked = if Parser::is_core_wasm(program) {
        wasmstone_eapp::check_module(&catching_panics(|| Module::new(&engine, &linkable))?)
    } else {
        wasmstone_eapp::check(&catching_panics(|| Component::new(&engine, &linkable))?, entry)
    };
    linked.map_err(|error| CompileError::Link(format!("{error:#}")))
}

/// Runs the compiler, and turns a panic of it into an error.
fn catching_panics<T>(compile: impl FnOnce() -> wasmtime::Result<T>) -> Result<T, CompileError> {
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(compiled) => compiled.map_err(|error| CompileError::Compiler(format!("{error:#}"))),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(CompileError::Compiler(text.unwrap_or_else(|| "it panicked".to_owned())))
        }
    }
}

/// The configuration that programs are compiled with: the enclave's own, with a compiler.
///
/// # Errors
/// If this build of Wasmtime lacks the target.
pub fn config(settings: &Settings<'_>) -> wasmtime::Result<Config> {
    let mut config = wasmstone_eapp::config(settings.target, settings.hardware_float, settings.memories)?;
    if settings.simulated && settings.target == Target::Riscv64 {
        config.target(wasmstone_eapp::SIMULATED_RISCV64)?;
    }
    // The compiler has no vectors on RISC-V without the extension V.
    let vectors = match settings.target {
        Target::Riscv64 => WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD),
        _ => WasmFeatures::empty(),
    };
    let wide = if settings.lowered { WasmFeatures::WIDE_ARITHMETIC } else { WasmFeatures::empty() };
    let exceptions = match settings.memories {
        Memories::Collected => proposals::EXCEPTIONS,
        Memories::InPlace | Memories::Moving => WasmFeatures::empty(),
    };
    let supported = SUPPORTED.difference(vectors).union(wide).union(exceptions);
    // The defaults of some depend on Cargo features of the engine, which differ between builds.
    config.wasm_features(WasmFeatures::all().difference(supported), false);
    config.wasm_features(supported, true);
    // Short instructions are a part of rv64gc: a quarter less to measure.
    let base = if settings.target == Target::Riscv64 { &["has_c"][..] } else { &[] };
    let named = |name: &&str| settings.cpu_features.iter().any(|feature| feature == name);
    let asked = cpu::known(settings.target).iter().filter(|(name, _)| named(name)).map(|(_, flag)| *flag);
    for flag in base.iter().copied().chain(asked) {
        // SAFETY: these flags allow instructions and nothing else, and what is compiled is not run here; the
        // features beyond the base are recorded with the program and asked for where it is run.
        #[allow(unsafe_code)]
        unsafe {
            config.cranelift_flag_enable(flag);
        }
    }
    Ok(config)
}

/// Why a valid program could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The compiler failed.
    #[error("the compiler cannot compile this program: {0}; please report it, with the program if you can")]
    Compiler(String),
    /// It cannot be linked in an enclave.
    #[error(
        "the program imports or exports functions that are not part of WASI: {0}; build it for \
         WASI 0.2 or 0.1 as published"
    )]
    Link(String),
}

#[cfg(test)]
mod tests {
    use super::{Entry, Settings, check_linking, precompile};
    use crate::cpu;
    use wasmstone_policy::{Memories, Target};

    fn settings(target: Target, cpu_features: &[String]) -> Settings<'_> {
        Settings {
            target,
            cpu_features,
            hardware_float: false,
            memories: Memories::InPlace,
            simulated: false,
            lowered: false,
        }
    }

    fn component() -> Vec<u8> {
        wat::parse_str(
            r#"(component
                (core module $code (func (export "run") (result i32) i32.const 7 i32.const 6 i32.mul))
                (core instance $code (instantiate $code))
                (func $run (result (result)) (canon lift (core func $code "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.6" (instance $run)))"#,
        )
        .unwrap()
    }

    #[test]
    fn the_same_component_gives_the_same_program() {
        for target in Target::ALL {
            let features = cpu::features(*target, &[]);
            let compile = || precompile(&component(), &settings(*target, &features)).unwrap();
            assert_eq!(compile(), compile());
        }
    }

    #[test]
    fn every_feature_is_one_of_the_compilers() {
        for target in Target::ALL {
            let all: Vec<_> = cpu::known(*target).iter().map(|(name, _)| (*name).to_owned()).collect();
            precompile(&component(), &settings(*target, &all)).unwrap();
        }
    }

    #[test]
    fn linking_is_checked_without_compiling() {
        check_linking(&component(), Entry::Command, Memories::InPlace).unwrap();
        let error = check_linking(&component(), Entry::Http, Memories::InPlace).unwrap_err().to_string();
        assert!(error.contains("does not export handle"), "{error}");
        let wrong = r#"(component (import "wasi:cli/exit@0.2.0" (instance (export "leave" (func)))))"#;
        let error =
            check_linking(&wat::parse_str(wrong).unwrap(), Entry::Command, Memories::InPlace).unwrap_err().to_string();
        assert!(error.contains("not part of WASI"), "{error}");
    }

    #[test]
    fn an_invalid_component_is_an_error() {
        for target in Target::ALL {
            assert!(precompile(b"\0asm\x0d\0\x01\0\xff", &settings(*target, &[])).is_err());
        }
    }
}
