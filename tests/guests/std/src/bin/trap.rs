//! Executes `unreachable`, after output to both streams.

fn main() {
    println!("before the trap");
    eprintln!("before the trap, to stderr");
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
}
