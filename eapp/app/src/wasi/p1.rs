//! WASI 0.1, which core modules import: `wasi_snapshot_preview1`, and `wasi_unstable` of before 2020, which has other
//! layouts of three types. The results and errors are those of Wasmtime's own implementation.
//!
//! A function works on the module's memory while it is called, so nothing of it is copied that need not be.

mod descriptors;
mod memory;
mod paths;
mod poll;
mod process;
mod values;

use crate::failure::IoResult;
use crate::guest::Guest;
use alloc::vec::Vec;
use memory::Memory;
use values::errno;
use wasmtime::{
    Caller, Extern, ExternType, Func, FuncType, ImportType, Module, Result, Store, Val, ValType, bail, format_err,
};

/// The names under which modules import the functions.
pub const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The export that is the memory that the functions work on.
pub const MEMORY: &str = "memory";

/// One call of a function.
pub struct Call<'a> {
    guest: &'a mut Guest,
    memory: Memory<'a>,
    /// The arguments, and zeros behind them.
    arguments: [u64; 9],
    /// It is a function of `wasi_unstable`.
    unstable: bool,
}

/// What implements a function. Results other than the error go into the memory.
type Run = fn(&mut Call<'_>) -> IoResult<()>;

/// A function: its name, its parameters (`i` has 32 bits, `l` 64), and what implements it. All but [`EXIT`] return an
/// error number.
type Function = (&'static str, &'static str, Run);

const EXIT: &str = "proc_exit";

/// The function that `wasi_unstable` does not have.
const NOT_UNSTABLE: &str = "sock_accept";

static FUNCTIONS: [Function; 46] = [
    ("args_get", "ii", process::args_get),
    ("args_sizes_get", "ii", process::args_sizes_get),
    ("environ_get", "ii", process::environ_get),
    ("environ_sizes_get", "ii", process::environ_sizes_get),
    ("clock_res_get", "ii", process::clock_res_get),
    ("clock_time_get", "ili", process::clock_time_get),
    ("fd_advise", "illi", descriptors::fd_advise),
    ("fd_allocate", "ill", descriptors::fd_allocate),
    ("fd_close", "i", descriptors::fd_close),
    ("fd_datasync", "i", descriptors::fd_datasync),
    ("fd_fdstat_get", "ii", descriptors::fd_fdstat_get),
    ("fd_fdstat_set_flags", "ii", descriptors::fd_fdstat_set_flags),
    ("fd_fdstat_set_rights", "ill", descriptors::fd_fdstat_set_rights),
    ("fd_filestat_get", "ii", descriptors::fd_filestat_get),
    ("fd_filestat_set_size", "il", descriptors::fd_filestat_set_size),
    ("fd_filestat_set_times", "illi", descriptors::fd_filestat_set_times),
    ("fd_pread", "iiili", descriptors::fd_pread),
    ("fd_prestat_get", "ii", descriptors::fd_prestat_get),
    ("fd_prestat_dir_name", "iii", descriptors::fd_prestat_dir_name),
    ("fd_pwrite", "iiili", descriptors::fd_pwrite),
    ("fd_read", "iiii", descriptors::fd_read),
    ("fd_readdir", "iiili", descriptors::fd_readdir),
    ("fd_renumber", "ii", descriptors::fd_renumber),
    ("fd_seek", "ilii", descriptors::fd_seek),
    ("fd_sync", "i", descriptors::fd_sync),
    ("fd_tell", "ii", descriptors::fd_tell),
    ("fd_write", "iiii", descriptors::fd_write),
    ("path_create_directory", "iii", paths::path_create_directory),
    ("path_filestat_get", "iiiii", paths::path_filestat_get),
    ("path_filestat_set_times", "iiiilli", paths::path_filestat_set_times),
    ("path_link", "iiiiiii", paths::path_link),
    ("path_open", "iiiiillii", paths::path_open),
    ("path_readlink", "iiiiii", paths::path_readlink),
    ("path_remove_directory", "iii", paths::path_remove_directory),
    ("path_rename", "iiiiii", paths::path_rename),
    ("path_symlink", "iiiii", paths::path_symlink),
    ("path_unlink_file", "iii", paths::path_unlink_file),
    ("poll_oneoff", "iiii", poll::poll_oneoff),
    (EXIT, "i", process::proc_exit),
    ("proc_raise", "i", process::proc_raise),
    ("random_get", "ii", process::random_get),
    ("sched_yield", "", process::sched_yield),
    (NOT_UNSTABLE, "iii", process::sock_other),
    ("sock_recv", "iiiiii", process::sock_other),
    ("sock_send", "iiiii", process::sock_other),
    ("sock_shutdown", "ii", process::sock_other),
];

/// Finds a function.
fn find(module: &str, name: &str) -> Option<&'static Function> {
    let [_, unstable] = MODULES;
    let exists = MODULES.contains(&module) && (module != unstable || name != NOT_UNSTABLE);
    FUNCTIONS.iter().find(|(function, ..)| exists && *function == name)
}

/// Whether WASI 0.1 has a function that modules import under these names.
pub fn has_function(module: &str, name: &str) -> bool {
    find(module, name).is_some()
}

/// Whether a type is that of a function.
fn has_type(ty: &FuncType, (name, parameters, _): &Function) -> bool {
    let parameters = parameters.chars().map(|parameter| if parameter == 'i' { ValType::I32 } else { ValType::I64 });
    let results = if *name == EXIT { 0 } else { 1 };
    let same = |(one, other): (ValType, ValType)| ValType::eq(&one, &other);
    ty.params().len() == parameters.clone().count()
        && ty.params().zip(parameters).all(same)
        && ty.results().len() == results
        && ty.results().all(|result| matches!(result, ValType::I32))
}

/// The function that a module imports.
fn imported(import: &ImportType<'_>) -> Result<(&'static Function, FuncType)> {
    let (module, name) = (import.module(), import.name());
    let function = find(module, name).ok_or_else(|| format_err!("WASI has no function {module}.{name}"))?;
    match import.ty() {
        ExternType::Func(ty) if has_type(&ty, function) => Ok((function, ty)),
        _ => bail!("{module}.{name} is imported with another type than WASI gives it"),
    }
}

/// Checks that a module imports only functions of WASI 0.1.
///
/// # Errors
/// Names the first import that is not such a function, or has another type.
pub fn check(module: &Module) -> Result<()> {
    module.imports().try_for_each(|import| imported(&import).map(drop))
}

/// The functions that a module imports, in its order.
///
/// # Errors
/// As [`check`].
pub fn imports(store: &mut Store<Guest>, module: &Module) -> Result<Vec<Extern>> {
    let [_, unstable] = MODULES;
    let define = |import: ImportType<'_>| {
        let ((.., run), ty) = imported(&import)?;
        let unstable = import.module() == unstable;
        // One closure for all functions: its machine code exists once.
        let function = Func::new(&mut *store, ty, move |caller, parameters, results| {
            let error = call(caller, *run, unstable, parameters)?;
            results.iter_mut().for_each(|result| *result = Val::I32(error.into()));
            Ok(())
        });
        Ok(function.into())
    };
    module.imports().map(define).collect()
}

/// Calls a function. The result is its error number.
fn call(mut caller: Caller<'_, Guest>, run: Run, unstable: bool, parameters: &[Val]) -> Result<u8> {
    let mut arguments = [0; 9];
    for (argument, parameter) in arguments.iter_mut().zip(parameters) {
        *argument = match parameter {
            Val::I32(value) => u64::from(*value as u32),
            Val::I64(value) => *value as u64,
            _ => 0,
        };
    }
    if caller.data().memory.is_none() {
        caller.data_mut().memory = caller.get_export(MEMORY).and_then(Extern::into_memory);
    }
    let (bytes, guest) = match caller.data().memory {
        Some(memory) => memory.data_and_store_mut(&mut caller),
        None => (&mut [][..], caller.data_mut()),
    };
    match run(&mut Call { guest, memory: Memory(bytes), arguments, unstable }) {
        Ok(()) => Ok(0),
        Err(failure) => failure.code().map(errno),
    }
}
