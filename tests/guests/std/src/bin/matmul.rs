//! Multiplies two square matrices of floats.

fn main() {
    let n = guests_std::size(96);
    let a: Vec<f64> = (0..n * n).map(|i| (i % 17) as f64 - 8.0).collect();
    let b: Vec<f64> = (0..n * n).map(|i| (i % 13) as f64 * 0.5 - 3.0).collect();
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            c[i * n + j] = (0..n).map(|k| a[i * n + k] * b[k * n + j]).sum::<f64>();
        }
    }
    let sum = c.iter().fold(0u64, |sum, value| sum.rotate_left(5) ^ value.to_bits());
    println!("{n} by {n}: first {}, last {}, checksum {sum:016x}", c[0], c[n * n - 1]);
}
