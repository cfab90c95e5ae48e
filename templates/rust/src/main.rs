use std::env;

fn main() {
    let name = env::args().nth(1);
    println!("{}", greeting(name.as_deref()));
}

fn greeting(name: Option<&str>) -> String {
    format!("Hello, {}, from inside an enclave!", name.unwrap_or("world"))
}

#[cfg(test)]
mod tests {
    use super::greeting;

    #[test]
    fn greets_by_name() {
        assert_eq!(greeting(Some("Ada")), "Hello, Ada, from inside an enclave!");
        assert_eq!(greeting(None), "Hello, world, from inside an enclave!");
    }
}
