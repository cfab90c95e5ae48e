//! Serving: a classifier of pictures, and a server that echoes.

use crate::echo;
use crate::place::{Both, Places};
use crate::plot::{Measured, dots};
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use crate::web::client::{Client, pictures};
use crate::web::load::Load;
use crate::web::sequence::Sequence;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use ureq::Agent;

/// Inside ÷ outside: the time for a picture, of many that are sent one after another.
const PICTURES: f64 = 1.1;

/// The number of connections that send pictures at once.
const CONNECTIONS: usize = 64;

/// Inside ÷ outside: their answers.
const ANSWERS: f64 = 0.8;

/// Inside ÷ outside: echoed bytes.
const ECHO: f64 = 0.5;

const ECHO_ROUNDS: usize = 5;

/// The number of requests in a round.
const REQUESTS: u32 = 1000;

const REQUEST_ROUNDS: usize = 5;

/// The MiB that are echoed.
const MEBIBYTES: u32 = 256;

/// The rows; those on pictures are left out if the example was not built, since it needs a newer Rust.
///
/// # Errors
/// If a server cannot be run, or does not answer as it should.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let mut rows = vec![echo(places)?, requests(places)?];
    if places.digits().exists() {
        rows.extend(pictures_sent(places)?);
    } else {
        eprintln!("SKIPPED: asking examples/digits needs {}", places.digits().display());
    }
    Ok(rows)
}

fn echo(places: &Places) -> Result<Row> {
    eprintln!("serving: echo");
    let servers = places.serve(&places.program("echo_server")?, &[])?;
    let both = servers.in_turn(ECHO_ROUNDS, |server| echo::seconds(server.address, u64::from(MEBIBYTES) << 20))?;
    let speed = |seconds: f64| f64::from(MEBIBYTES << 20) / seconds;
    let (inside, outside) = (both.inside.map(speed), both.outside.map(speed));
    let ratio = inside.with(&outside, |inside, outside| inside / outside);
    let what = format!("a TCP connection that echoes {MEBIBYTES} MiB");
    let row = Row::measured(what, &inside, &outside, unit::throughput, spread(&ratio, unit::ratio));
    Ok(row.at_least(ratio.median(), ECHO, unit::ratio))
}

/// Requests to a component that answers them, one after another. There is no program outside to compare with.
fn requests(places: &Places) -> Result<Row> {
    eprintln!("serving: requests");
    let served = places.serve_http(&places.bundle(&places.guest("http_service"), "pulley")?)?;
    let agent = Agent::config_builder().proxy(None).build().new_agent();
    let url = format!("http://{}/hello", served.address);
    let round = |_| {
        let start = Instant::now();
        for _ in 0..REQUESTS {
            let mut response = agent.get(&url).call().context("the service does not answer")?;
            response.body_mut().read_to_string().context("the answer breaks off")?;
        }
        Ok(f64::from(REQUESTS) / start.elapsed().as_secs_f64())
    };
    let rounds: Rounds = (0..=REQUEST_ROUNDS).map(round).skip(1).collect::<Result<_>>()?;
    Ok(Row::fact("HTTP requests on one kept connection, a new instance each", spread(&rounds, unit::per_second)))
}

fn pictures_sent(places: &Places) -> Result<Vec<Row>> {
    let servers = places.serve(&places.pulley(&places.digits())?, &["127.0.0.1:0"])?;
    let pictures = pictures()?;

    eprintln!("serving: pictures, one after another");
    let Sequence { count, rounds, keep_alive } = Sequence::PAPER;
    let both = servers.in_turn(rounds, |server| Client::new(server.address, keep_alive).round(&pictures, count))?;
    places.plot("digits-requests.svg", &plot(&both))?;
    let what = format!("{count} pictures sent to examples/digits, one after another");
    let compared = spread(&both.ratio(), unit::ratio);
    let row = Row::measured(&what, &both.inside, &both.outside, unit::seconds, compared);
    let means = both.inside.mean() / both.outside.mean();
    let of_means = Row::compared(format!("{what}: mean ÷ mean of {rounds} rounds"), unit::ratio(means));
    let mut rows = vec![row, of_means.at_most(means, PICTURES, unit::ratio)];

    eprintln!("serving: pictures on {CONNECTIONS} connections at once");
    let load = Load { connections: CONNECTIONS, duration: places.load };
    let inside = load.run(servers.inside.address, &pictures);
    let outside = load.run(servers.outside.address, &pictures);
    for (place, carried) in [("inside", &inside), ("outside", &outside)] {
        carried.errors.iter().for_each(|error| eprintln!("{place}: {error}"));
    }
    let what = format!("the same on {CONNECTIONS} kept connections at once, for {} s", places.load.as_secs());
    let value = |value: f64| Rounds::from_iter([value]);
    let ratio = inside.throughput() / outside.throughput();
    let (one, other) = (value(inside.throughput()), value(outside.throughput()));
    let answers = Row::measured(format!("{what}: answers"), &one, &other, unit::per_second, unit::ratio(ratio));
    rows.push(answers.at_least(ratio, ANSWERS, unit::ratio));
    let failed = |errors: &[String]| errors.len() as f64;
    let (one, other) = (value(failed(&inside.errors)), value(failed(&outside.errors)));
    let errors = Row::measured(format!("{what}: errors"), &one, &other, unit::count, String::new());
    rows.push(errors.at_most(one.median(), 0.0, unit::count));
    Ok(rows)
}

fn plot(both: &Both) -> String {
    let Sequence { count, rounds, .. } = Sequence::PAPER;
    let title = format!("{count} pictures, one after another, {rounds} times: seconds, and their mean");
    dots(
        &title,
        &[Measured { name: "in a bundle", values: &both.inside }, Measured { name: "Wasmtime", values: &both.outside }],
    )
}

/// How long a load is put on the servers, unless the caller asks for another time.
pub const LOAD: Duration = Duration::from_secs(10);
