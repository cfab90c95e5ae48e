//! The spectral norm of a corner of an infinite matrix, by power iteration. The matrix is never stored, so each use
//! of an element takes a division.

fn element(row: usize, column: usize) -> f64 {
    let diagonal = row + column;
    1.0 / (diagonal * (diagonal + 1) / 2 + row + 1) as f64
}

fn product(vector: &[f64], element: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let row = |row| vector.iter().enumerate().map(|(column, value)| element(row, column) * value).sum();
    (0..vector.len()).map(row).collect()
}

/// Multiplies with the matrix, then with its transpose.
fn both(vector: &[f64]) -> Vec<f64> {
    product(&product(vector, element), |row, column| element(column, row))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn main() {
    let size = guests_std::size(40);
    let mut before = vec![1.0; size];
    let mut after = both(&before);
    for _ in 0..9 {
        before = both(&after);
        after = both(&before);
    }
    let norm = (dot(&before, &after) / dot(&before, &before)).sqrt();
    println!("norm {norm:?} of {size} by {size}");
}
