//! Takes N numbers from Marsaglia's generator; N is the size.

fn main() {
    let rounds = guests_std::size(200_000);
    let (mut state, mut ones) = (0x9e37_79b9_7f4a_7c15u64, 0);
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ones += state & 1;
    }
    println!("{state:016x} after {rounds} rounds, {ones} of them odd");
}
