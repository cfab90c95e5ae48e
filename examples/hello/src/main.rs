//! Greets the names in its arguments. Nothing here depends on enclaves.

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        println!("Hello, world!");
    } else {
        println!("Hello, {}!", names.join(" and "));
    }
}
