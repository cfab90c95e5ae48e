//! `wasmstone serve`: a program that answers HTTP requests. Requests come from here through ssh, while other
//! processes of the board compute with floating-point numbers.

use super::client::Client;
use super::floats::Load;
use super::remote::{Remote, text};
use super::report::Report;
use super::server::Server;
use super::{Suite, guest};
use anyhow::{Result, ensure};
use std::thread;

/// The port, here and on the board.
const ADDRESS: &str = "127.0.0.1:8090";

/// The number of requests that the service answers at once.
const INSTANCES: usize = 4;

/// The number of bytes that are sent in each direction.
const ECHOED: usize = 1 << 20;

/// The size of a chunk in bytes: a size that nothing else has.
const CHUNK: usize = 10_007;

/// Serves interpreted and as native code.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let load = Load::start(suite)?;
    let result = ["pulley", "native"].into_iter().try_for_each(|engine| {
        let name = format!("http_service ({engine})");
        match start(suite, engine) {
            Ok(server) => ask(suite, report, &name, server),
            Err(error) => {
                report.check(&format!("{name} serves"), Some(format!("{error:#}{}", log(suite)?)));
                Ok(())
            }
        }
    });
    load.end(suite, report)?;
    result
}

/// Starts the service in an enclave, and waits until it answers.
pub fn start(suite: &Suite, engine: &str) -> Result<Server> {
    let instances = INSTANCES.to_string();
    let flags = ["--engine", engine, "--max-memory", "16M", "--instances", &instances];
    let built = suite.build(&guest("http_service", "wasm32-wasip2")?, "service", &suite.platform, &flags);
    let bundle = suite.put(&built.map_err(anyhow::Error::msg)?)?;
    let line = Remote::line(&["serve", &bundle, "--backend", "keystone", "--addr", ADDRESS]);
    // The command takes the shell's place and keeps its process number.
    Server::start(suite, ADDRESS, &format!("echo $$ > serve.pid && exec env {line} 2> serve.log"), "/hello")
}

fn ask(suite: &Suite, report: &mut Report, name: &str, server: Server) -> Result<()> {
    type Check = fn() -> Result<()>;
    let checks: [(&str, Check); 5] = [
        ("answers", hello),
        ("sends back 1 MiB in chunks", echo),
        ("answers more requests at once than it has instances", sleepers),
        ("answers a trap with 500, and the next request", trap),
        ("takes a new instance for each request", instances),
    ];
    for (does, check) in checks {
        report.check(&format!("{name} {does}"), check().err().map(|error| format!("{error:#}")));
    }
    let fault = match end(suite, server) {
        Ok(()) => None,
        Err(error) => Some(format!("{error:#}{}", log(suite)?)),
    };
    report.check(&format!("{name} answers what is under way at SIGTERM, and ends with 0"), fault);
    Ok(())
}

/// What the service said on standard error.
fn log(suite: &Suite) -> Result<String> {
    Ok(format!("; it said: {}", text(&suite.remote.shell("cat serve.log", b"")?.stdout)))
}

fn expect(client: &mut Client, path: &str, status: u16, content: &str) -> Result<()> {
    client.ask(path)?;
    expect_answer(client, path, status, content)
}

fn expect_answer(client: &mut Client, path: &str, status: u16, content: &str) -> Result<()> {
    let answer = client.answer()?;
    let found = text(&answer.content);
    ensure!((answer.status, found.as_str()) == (status, content), "{path} is answered {} {found:?}", answer.status);
    Ok(())
}

fn hello() -> Result<()> {
    let mut client = Client::new(ADDRESS)?;
    (0..3).try_for_each(|_| expect(&mut client, "/hello", 200, "Hello, world!"))
}

fn echo() -> Result<()> {
    // The bytes do not repeat at a power of two.
    let sent: Vec<u8> = (0..ECHOED).map(|index| (index % 251) as u8).collect();
    let mut client = Client::new(ADDRESS)?;
    let mut sender = client.again()?;
    let (received, sending) = thread::scope(|scope| {
        let sending = scope.spawn(|| {
            sender.begin("/echo")?;
            sent.chunks(CHUNK).chain([&[][..]]).try_for_each(|chunk| sender.chunk(chunk))
        });
        (client.answer(), sending.join())
    });
    sending.map_err(|_| anyhow::Error::msg("the sender panicked"))??;
    let answer = received?;
    ensure!(answer.status == 200, "/echo is answered {}", answer.status);
    ensure!(answer.content == sent, "{} bytes came back, and not those that were sent", answer.content.len());
    Ok(())
}

fn sleepers() -> Result<()> {
    let path = "/sleep?milliseconds=300";
    let mut clients = (0..3 * INSTANCES).map(|_| Client::new(ADDRESS)).collect::<Result<Vec<_>>>()?;
    clients.iter_mut().try_for_each(|client| client.ask(path))?;
    clients.iter_mut().try_for_each(|client| expect_answer(client, path, 200, "slept"))
}

fn trap() -> Result<()> {
    let status = Client::new(ADDRESS)?.get("/trap")?.status;
    ensure!(status == 500, "/trap is answered {status}");
    expect(&mut Client::new(ADDRESS)?, "/hello", 200, "Hello, world!")
}

fn instances() -> Result<()> {
    let mut client = Client::new(ADDRESS)?;
    (0..2).try_for_each(|_| expect(&mut client, "/instance", 200, "0 before"))
}

fn end(suite: &Suite, server: Server) -> Result<()> {
    let mut client = Client::new(ADDRESS)?;
    client.begin("/echo")?;
    let status = client.head()?.status;
    ensure!(status == 200, "/echo is answered {status}");
    let killed = suite.remote.shell("kill $(cat serve.pid)", b"")?;
    ensure!(killed.status.success(), "cannot send SIGTERM: {}", text(&killed.stderr));
    server.until_closed("/hello")?;
    for content in ["still here", ""] {
        client.chunk(content.as_bytes())?;
        let found = text(&client.next_chunk()?);
        ensure!(found == content, "{found:?} came back instead of {content:?}");
    }
    let code = server.wait()?.code();
    ensure!(code == Some(0), "it ended with {code:?}");
    Ok(())
}
