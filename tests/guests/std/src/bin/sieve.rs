//! Counts primes below a limit.

fn main() {
    let limit = guests_std::size(1_000_000);
    let mut composite = vec![false; limit];
    let (mut count, mut sum) = (0u64, 0u64);
    for number in 2..limit {
        if !composite[number] {
            count += 1;
            sum += number as u64;
            for multiple in (number * number..limit).step_by(number) {
                composite[multiple] = true;
            }
        }
    }
    println!("{count} primes below {limit}, their sum {sum}");
}
