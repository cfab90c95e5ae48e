//! SHA-256 of N KiB; N is the size.

const K: [u32; 64] = constants::<64>(3);

/// The first 32 bits of the fractional parts of the roots of the first primes:
/// square roots for `root` 2, cube roots for 3 (FIPS 180-4, 4.2.2 and 5.3.3).
const fn constants<const N: usize>(root: u32) -> [u32; N] {
    let mut values = [0; N];
    let (mut prime, mut found) = (2u128, 0);
    while found < N {
        let mut divisor = 2;
        while divisor * divisor <= prime && !prime.is_multiple_of(divisor) {
            divisor += 1;
        }
        if divisor * divisor > prime {
            values[found] = (integer_root(prime << (32 * root), root) & 0xffff_ffff) as u32;
            found += 1;
        }
        prime += 1;
    }
    values
}

const fn integer_root(value: u128, root: u32) -> u128 {
    let (mut low, mut high) = (0u128, 1 << 38);
    while high - low > 1 {
        let middle = u128::midpoint(low, high);
        if middle.pow(root) <= value { low = middle } else { high = middle }
    }
    low
}

fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0; 64];
    for (word, bytes) in w.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for t in 16..64 {
        let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ (w[t - 15] >> 3);
        let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ (w[t - 2] >> 10);
        w[t] = w[t - 16].wrapping_add(s0).wrapping_add(w[t - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for t in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let first = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(K[t]).wrapping_add(w[t]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(s0).wrapping_add(majority));
    }
    for (word, value) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(value);
    }
}

fn sha256(message: &[u8]) -> [u32; 8] {
    let mut state = constants::<8>(2);
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((message.len() + 9).next_multiple_of(64) - 8, 0);
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let (blocks, _) = padded.as_chunks::<64>();
    for block in blocks {
        compress(&mut state, block);
    }
    state
}

fn print(name: &str, hash: [u32; 8]) {
    println!("{name}: {}", hash.map(|word| format!("{word:08x}")).concat());
}

fn main() {
    let kib = guests_std::size(256);
    print("abc", sha256(b"abc"));
    let message: Vec<u8> = (0..kib * 1024).map(|index| (index * 7 + 3) as u8).collect();
    print(&format!("{kib} KiB"), sha256(&message));
}
