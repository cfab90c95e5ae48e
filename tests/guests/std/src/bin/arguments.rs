//! Prints its arguments after the first, and its environment in order.

fn main() {
    for (index, argument) in std::env::args().enumerate().skip(1) {
        println!("argument {index}: {argument:?}");
    }
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    for (name, value) in variables {
        println!("variable {name}={value:?}");
    }
}
