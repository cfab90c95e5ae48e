//! A Fourier transform and back, of two to the power of N complex numbers; N is the size.

use std::f64::consts::TAU;

#[derive(Clone, Copy, PartialEq)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

/// Transforms in place; `roots` are the first half of the roots of one.
fn transform(values: &mut [Complex], roots: &[Complex]) {
    let size = values.len();
    for index in 0..size {
        let reversed = index.reverse_bits().checked_shr(usize::BITS - size.trailing_zeros()).unwrap_or(0);
        if index < reversed {
            values.swap(index, reversed);
        }
    }
    let mut half = 1;
    while half < size {
        let stride = size / (2 * half);
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((low, high), root) in low.iter_mut().zip(high).zip(roots.iter().step_by(stride)) {
                let turned = high.times(*root);
                (*low, *high) = (low.plus(turned), low.minus(turned));
            }
        }
        half *= 2;
    }
}

fn main() {
    let size = 1usize << guests_std::size(10);
    let root = |index: usize| {
        let angle = -TAU * index as f64 / size as f64;
        Complex { re: angle.cos(), im: angle.sin() }
    };
    let roots: Vec<_> = (0..size / 2).map(root).collect();
    let back: Vec<_> = roots.iter().map(|root| Complex { im: -root.im, ..*root }).collect();
    let value = |index: usize| Complex { re: (index * 37 % 101) as f64 - 50.0, im: (index * 53 % 89) as f64 };
    let mut values: Vec<_> = (0..size).map(value).collect();
    transform(&mut values, &roots);
    let sum = values.iter().fold(0u64, |sum, value| sum.rotate_left(5) ^ value.re.to_bits() ^ value.im.to_bits());
    println!("{size} values, checksum {sum:016x}");
    transform(&mut values, &back);
    let error = |(index, after): (usize, &Complex)| {
        let (re, im) = (after.re / size as f64, after.im / size as f64);
        let before = value(index);
        (re - before.re).abs().max((im - before.im).abs())
    };
    println!("there and back, off by {:?}", values.iter().enumerate().map(error).fold(0.0, f64::max));
}
