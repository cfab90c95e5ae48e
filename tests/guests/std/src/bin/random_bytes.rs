//! Takes random bytes often: they differ, and every bit is sometimes set and sometimes not.

use std::collections::HashSet;

fn main() {
    let mut seen = HashSet::new();
    let (mut ever, mut always) = ([0u8; 32], [0xffu8; 32]);
    for _ in 0..1000 {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("random bytes");
        for ((ever, always), byte) in ever.iter_mut().zip(&mut always).zip(bytes) {
            *ever |= byte;
            *always &= byte;
        }
        seen.insert(bytes);
    }
    println!("different: {}", seen.len());
    println!("every bit was set: {}", ever == [0xff; 32]);
    println!("every bit was clear: {}", always == [0; 32]);

    let mut large = vec![0; 100_000];
    getrandom::fill(&mut large).expect("random bytes");
    println!("all byte values in 100,000: {}", large.iter().collect::<HashSet<_>>().len());
}
