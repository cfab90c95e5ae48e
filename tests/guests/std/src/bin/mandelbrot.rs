//! Counts the points of the Mandelbrot set on a square grid.

fn inside(x: f64, y: f64) -> bool {
    let (mut a, mut b) = (0.0, 0.0);
    for _ in 0..100 {
        let (aa, bb) = (a * a, b * b);
        if aa + bb > 4.0 {
            return false;
        }
        b = 2.0 * a * b + y;
        a = aa - bb + x;
    }
    true
}

fn main() {
    let size = guests_std::size(200);
    let mut points = 0;
    for row in 0..size {
        for column in 0..size {
            let x = column as f64 / size as f64 * 3.0 - 2.0;
            let y = row as f64 / size as f64 * 3.0 - 1.5;
            points += usize::from(inside(x, y));
        }
    }
    println!("{points} of {}", size * size);
}
