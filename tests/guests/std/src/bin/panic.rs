//! Panics, after output.

fn main() {
    println!("before the panic");
    let empty: &[u8] = &[];
    println!("{}", empty[std::env::args().count()]);
}
