//! A request to a program that serves HTTP, and the expected answer.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Request, Response};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One request, and what is expected of the response.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exchange {
    /// The request's method.
    pub method: String,
    /// The request's target.
    pub target: String,
    /// The request's fields. `HTTP_SERVER` in a value stands for the address of the case's server.
    pub fields: Vec<(String, String)>,
    /// The request's body.
    pub body: String,
    /// How often it is sent, one after the other.
    pub times: usize,
    /// The response's status.
    pub status: u16,
    /// Fields that the response must have with these values; a field with an empty value must be absent.
    pub response_fields: BTreeMap<String, String>,
    /// The response's body; `None`: any.
    pub response_body: Option<String>,
    /// A text that the response's body must contain.
    pub response_contains: String,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            fields: Vec::new(),
            body: String::new(),
            times: 1,
            status: 200,
            response_fields: BTreeMap::new(),
            response_body: None,
            response_contains: String::new(),
        }
    }
}

/// Sends the requests to a server, over one connection if the server keeps it, and checks its answers.
///
/// # Errors
/// If an answer is not as expected.
pub fn all(exchanges: &[Exchange], server: &str, echo: &str) -> Result<()> {
    let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
    let agent = config.build().new_agent();
    for (index, exchange) in exchanges.iter().enumerate() {
        for _ in 0..exchange.times {
            exchange.run(&agent, server, echo).with_context(|| format!("request {index}"))?;
        }
    }
    Ok(())
}

impl Exchange {
    fn run(&self, agent: &Agent, server: &str, echo: &str) -> Result<()> {
        let mut request =
            Request::builder().method(self.method.as_str()).uri(format!("http://{server}{}", self.target));
        for (name, value) in &self.fields {
            request = request.header(name, value.replace("HTTP_SERVER", echo));
        }
        let response = if self.body.is_empty() {
            agent.run(request.body(())?)?
        } else {
            agent.run(request.body(self.body.as_str())?)?
        };
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(u64::MAX).read_to_vec().context("the response's body cannot be read")?;
        self.check(&Response::from_parts(parts, ()), &String::from_utf8_lossy(&body))
    }

    fn check(&self, response: &Response<()>, body: &str) -> Result<()> {
        let status = response.status().as_u16();
        ensure!(status == self.status, "status {status}, not {}: {body}", self.status);
        for (name, wanted) in &self.response_fields {
            let found = response.headers().get(name).map_or(Ok(""), |value| value.to_str())?;
            ensure!(found == wanted, "field {name} is {found:?}, not {wanted:?}");
        }
        ensure!(self.response_body.as_ref().is_none_or(|wanted| wanted == body), "the response's body is another one");
        ensure!(body.contains(&self.response_contains), "the response's body lacks {:?}", self.response_contains);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::echo::{Echo, Protocol};
    use super::*;

    #[test]
    fn answers_are_held_against_what_they_have_to_be() {
        let server = Echo::start(Protocol::Http1).unwrap();
        let good = Exchange {
            method: "POST".to_owned(),
            target: "/x".to_owned(),
            body: "hello".to_owned(),
            times: 2,
            response_fields: BTreeMap::from([
                ("x-wasmtime-test-method".to_owned(), "POST".to_owned()),
                ("x-wasmtime-test-uri".to_owned(), "/x".to_owned()),
                ("etag".to_owned(), String::new()),
            ]),
            response_body: Some("hello".to_owned()),
            response_contains: "ell".to_owned(),
            ..Exchange::default()
        };
        let ask = |exchange: Exchange| all(&[exchange], &server.address(), "");
        ask(good.clone()).unwrap();
        let field = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        for (bad, word) in [
            (Exchange { status: 404, ..good.clone() }, "status 200, not 404"),
            (Exchange { response_fields: field("etag", "x"), ..good.clone() }, "etag"),
            (Exchange { response_fields: field("x-wasmtime-test-uri", ""), ..good.clone() }, "x-wasmtime-test-uri"),
            (Exchange { response_body: Some(String::new()), ..good.clone() }, "another one"),
            (Exchange { response_contains: "help".to_owned(), ..good }, "lacks"),
        ] {
            let error = format!("{:#}", ask(bad).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
