//! A service whose answer depends on the path of a request, for the tests of `wasmstone serve`.

mod answering;
mod exchange;
mod failing;
mod forwarding;
mod observed;
mod receiving;

use exchange::Exchange;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Service;

wasip2::http::proxy::export!(Service);

impl Guest for Service {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let exchange = Exchange::new(request, out);
        match exchange.path() {
            "/hello" => answering::hello(exchange),
            "/status" => answering::status(exchange),
            "/empty" => answering::empty(exchange),
            "/length" => answering::length(exchange),
            "/large" => answering::large(exchange),
            "/pieces" => answering::pieces(exchange),
            "/trailers" => answering::trailers(exchange),
            "/fields" => answering::fields(exchange),
            "/after" => answering::after(exchange),
            "/sleep" => answering::sleep(exchange),

            "/request" => observed::request(exchange),
            "/world" => observed::world(exchange),
            "/instance" => observed::instance(exchange),
            "/log" => observed::log(exchange),
            "/file" => observed::file(exchange),
            "/random" => observed::random(exchange),

            "/echo" => receiving::echo(exchange),
            "/splice" => receiving::splice(exchange),
            "/count" => receiving::count(exchange),
            "/early" => receiving::early(exchange),
            "/unread" => receiving::unread(exchange),
            "/skipped" => receiving::skipped(exchange),

            "/trap" => failing::trap(exchange),
            "/exit" => failing::exit(exchange),
            "/silence" => failing::silence(exchange),
            "/refuse" => failing::refuse(exchange),
            "/abandon" => failing::abandon(exchange),
            "/unfinished" => failing::unfinished(exchange),
            "/leak" => failing::leak(exchange),
            "/memory" => failing::memory(exchange),

            "/forward" => forwarding::forward(exchange),
            "/both" => forwarding::both(exchange),
            _ => exchange.text(404, "nothing here\n"),
        }
    }
}
