//! wasi:cli/environment: arguments, variables, initial directory.

use wasip2::cli::environment;

fn main() {
    println!("arguments: {:?}", &environment::get_arguments()[1..]);
    println!("variables: {:?}", environment::get_environment());
    println!("initial directory: {:?}", environment::initial_cwd());
}
