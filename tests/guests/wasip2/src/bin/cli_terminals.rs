//! wasi:cli/terminal-*: none of the three streams is a terminal if all are pipes.

use wasip2::cli::{terminal_stderr, terminal_stdin, terminal_stdout};

fn main() {
    println!("stdin: {}", terminal_stdin::get_terminal_stdin().is_some());
    println!("stdout: {}", terminal_stdout::get_terminal_stdout().is_some());
    println!("stderr: {}", terminal_stderr::get_terminal_stderr().is_some());
}
