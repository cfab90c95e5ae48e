//! Divides and takes square roots, more often than any other kernel.

fn main() {
    let rounds = guests_std::size(20_000);
    let (mut sum, mut value) = (0.0f64, 1.0f64);
    for round in 1..=rounds {
        let number = round as f64;
        value = (value + number / value) / 2.0;
        sum += value / (number.sqrt() + 1.0 / number);
    }
    println!("{sum:?} after {rounds} rounds");
}
