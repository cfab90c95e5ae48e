//! Floating point of every kind: arithmetic, rounding, conversions, NaN, subnormal numbers, text.

use std::f64::consts::PI;
use std::hint::black_box;

fn mix(sum: u64, value: f64) -> u64 {
    // The bits of a NaN may differ between engines.
    let bits = if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { value.to_bits() };
    (sum.rotate_left(7) ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn main() {
    let rounds = guests_std::size(20_000);
    let (mut wide, mut narrow) = (0u64, 0u64);
    let mut x = 0.1;
    for round in 0..rounds {
        x = (x * 1.7 + PI).sqrt() - (round as f64).recip();
        for value in [
            x,
            -x,
            x.floor(),
            x.ceil(),
            x.trunc(),
            x.round_ties_even(),
            x.abs(),
            x.copysign(-1.0),
            x.min(2.0),
            x.max(2.0),
        ] {
            wide = mix(wide, value);
        }
        wide = mix(wide, [x.sin(), x.exp(), x.ln(), x.powf(1.3), x.atan2(2.0)][round % 5]);
        let y = x as f32;
        narrow = mix(narrow, f64::from(y.sqrt() * 3.3 / (y + 1.0)));
        wide ^= (x * 1e12) as i64 as u64 ^ (x * 1e9) as u64 ^ u64::from((y * 1e6) as u32);
        x = if x.is_finite() { x } else { 0.1 };
    }
    println!("after {rounds} rounds: {x:?}, {wide:016x}, {narrow:016x}");

    let zero = black_box(0.0f64);
    println!("{:?} {:?} {:?} {:?}", 1.0 / zero, -1.0 / zero, black_box(0.0) / zero, (-zero).to_bits());
    println!("{:?} {:?}", black_box(f64::MIN_POSITIVE) / 3.0, black_box(f32::MIN_POSITIVE) / 3.0);
    println!("{} {} {}", black_box(f64::NAN) as i32, black_box(1e300) as i64, black_box(-1e300) as u8);
    println!("{:?} {:?}", black_box(0.1) + black_box(0.2), black_box(16_777_217i32) as f32);
    println!("{:?} {:?}", black_box("1.7976931348623157e308").parse::<f64>(), black_box("4.9e-324").parse::<f64>());
    println!("{:?} {:?}", 2.5f64.mul_add(black_box(3.0), 1e-17), black_box(u64::MAX) as f64);
}
