//! Five bodies that attract each other, for N steps; N is the size.

#[derive(Clone, Copy)]
struct Body {
    place: [f64; 3],
    speed: [f64; 3],
    mass: f64,
}

/// Bodies on rough circles around a heavy one.
fn bodies() -> [Body; 5] {
    let mut bodies = [Body { place: [0.0; 3], speed: [0.0; 3], mass: 40.0 }; 5];
    for (number, body) in bodies.iter_mut().enumerate().skip(1) {
        let distance = 1.5 * (number * number) as f64;
        let speed = (40.0 / distance).sqrt();
        let tilt = 0.1 * number as f64 - 0.2;
        *body = Body { place: [distance, tilt, 0.0], speed: [0.0, speed * tilt, speed], mass: 0.01 / number as f64 };
    }
    bodies
}

fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn square(a: [f64; 3]) -> f64 {
    a[0] * a[0] + a[1] * a[1] + a[2] * a[2]
}

fn step(bodies: &mut [Body; 5], time: f64) {
    for first in 0..bodies.len() {
        for second in first + 1..bodies.len() {
            let apart = difference(bodies[first].place, bodies[second].place);
            let squared = square(apart);
            let pull = time / (squared * squared.sqrt());
            let (light, heavy) = (bodies[first].mass * pull, bodies[second].mass * pull);
            for axis in 0..3 {
                bodies[first].speed[axis] -= apart[axis] * heavy;
                bodies[second].speed[axis] += apart[axis] * light;
            }
        }
    }
    for body in bodies {
        for axis in 0..3 {
            body.place[axis] += time * body.speed[axis];
        }
    }
}

fn energy(bodies: &[Body; 5]) -> f64 {
    let mut energy = 0.0;
    for (number, body) in bodies.iter().enumerate() {
        energy += 0.5 * body.mass * square(body.speed);
        for other in &bodies[number + 1..] {
            energy -= body.mass * other.mass / square(difference(body.place, other.place)).sqrt();
        }
    }
    energy
}

fn main() {
    let steps = guests_std::size(2000);
    let mut bodies = bodies();
    println!("energy {:?}", energy(&bodies));
    for _ in 0..steps {
        step(&mut bodies, 0.001);
    }
    println!("energy {:?} after {steps} steps", energy(&bodies));
    println!("places {:?}", bodies.map(|body| body.place));
}
