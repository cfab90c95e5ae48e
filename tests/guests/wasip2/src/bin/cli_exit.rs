//! wasi:cli/exit: with `ok`, `err`, or a code, as the first argument says.

use wasip2::cli::exit;

fn main() {
    let how = std::env::args().nth(1).expect("an argument");
    println!("exiting with {how}");
    match how.as_str() {
        "ok" => exit::exit(Ok(())),
        "err" => exit::exit(Err(())),
        code => exit::exit_with_code(code.parse().expect("a number")),
    }
    unreachable!("exit returned");
}
