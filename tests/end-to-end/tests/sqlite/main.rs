//! SQLite in a bundle: the real one, compiled with Debian's clang and wasi-libc. If these are missing, the tests are
//! skipped by their names.

mod database;
mod failing;
mod killed;
mod modes;
