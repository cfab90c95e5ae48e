//! wasi:io/poll: several pollables at once, some ready and some not.

use wasip2::cli::{stderr, stdin, stdout};
use wasip2::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use wasip2::io::poll::{Pollable, poll};

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;

/// Hosts differ in the order, and in whether they report everything that is ready at once: they must report at least
/// one ready pollable, and none that is not ready.
fn check(what: &str, pollables: &[&Pollable], may: &[u32]) {
    let ready = poll(pollables);
    println!("{what}: {}", !ready.is_empty() && ready.iter().all(|index| may.contains(index)));
}

fn main() {
    let past = subscribe_instant(0);
    let zero = subscribe_duration(0);
    let hour = subscribe_duration(HOUR);
    let day = subscribe_duration(24 * HOUR);
    check("ready alone", &[&past], &[0]);
    check("ready first", &[&past, &hour], &[0]);
    check("ready last", &[&hour, &day, &past], &[2]);
    check("two of four", &[&past, &hour, &zero, &day], &[0, 2]);
    check("the same twice", &[&past, &past], &[0, 1]);
    zero.block();
    println!("ready: {} {} {}", past.ready(), zero.ready(), hour.ready());

    let until = now() + 5 * MILLISECOND;
    let soon = subscribe_instant(until);
    check("soon", &[&hour, &soon], &[1]);
    println!("not too soon: {}", now() >= until);

    let (input, output, errors) = (stdin::get_stdin(), stdout::get_stdout(), stderr::get_stderr());
    let (readable, writable, errors_writable) = (input.subscribe(), output.subscribe(), errors.subscribe());
    check("input and a timer", &[&hour, &readable], &[1]);
    check("outputs and a timer", &[&writable, &hour, &errors_writable], &[0, 2]);
    check("everything", &[&readable, &writable, &errors_writable, &past, &hour], &[0, 1, 2, 3]);
    println!("first byte: {:?}", input.blocking_read(1).map(|bytes| bytes.len()).ok());
    readable.block();
    check("rest of the input", &[&readable], &[0]);

    let many: Vec<Pollable> =
        (0..300).map(|index| if index % 3 == 0 { subscribe_instant(0) } else { subscribe_duration(HOUR) }).collect();
    let may: Vec<u32> = (0..300).step_by(3).collect();
    check("some of 300", &many.iter().collect::<Vec<_>>(), &may);
}
