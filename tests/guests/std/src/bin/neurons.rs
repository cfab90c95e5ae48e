//! A network of neurons, in 32-bit floats: N pictures of noise through two layers; N is the size.

const INPUTS: usize = 64;
const HIDDEN: usize = 32;
const OUTPUTS: usize = 10;

/// Numbers from -1 to 1 that look random.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

/// The weights of a row are followed by its bias.
fn layer(inputs: &[f32], weights: &[f32]) -> Vec<f32> {
    let row = |row: &[f32]| {
        let (bias, weights) = row.split_last().expect("a row has a bias");
        weights.iter().zip(inputs).fold(*bias, |sum, (weight, input)| sum + weight * input)
    };
    weights.chunks_exact(inputs.len() + 1).map(row).collect()
}

fn main() {
    let pictures = guests_std::size(100);
    let hidden = noise((INPUTS + 1) * HIDDEN, 1);
    let output = noise((HIDDEN + 1) * OUTPUTS, 2);
    let (mut seen, mut sum) = ([0u32; OUTPUTS], 0u32);
    for picture in 0..pictures {
        let inputs = noise(INPUTS, picture as u32 + 3);
        let mut between = layer(&inputs, &hidden);
        between.iter_mut().for_each(|value| *value /= 1.0 + value.abs());
        let outputs = layer(&between, &output);
        let best = (0..OUTPUTS).fold(0, |best, index| if outputs[index] > outputs[best] { index } else { best });
        seen[best] += 1;
        sum = outputs.iter().fold(sum, |sum, value| sum.rotate_left(5) ^ value.to_bits());
    }
    println!("{pictures} pictures: {seen:?}, checksum {sum:08x}");
}
