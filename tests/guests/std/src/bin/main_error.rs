//! Returns an error from main.

fn main() -> Result<(), &'static str> {
    println!("before the error");
    Err("what main returned")
}
