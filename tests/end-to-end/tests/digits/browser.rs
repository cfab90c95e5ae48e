//! A headless browser, driven over [WebDriver]: the parts of that protocol that the test needs.
//!
//! [WebDriver]: https://www.w3.org/TR/webdriver2/

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use ureq::Agent;
use wasmstone_test_support::processes::InTime;

/// How long the browser waits for an element, in milliseconds: the server is an interpreter.
const PATIENCE: u64 = 120_000;

/// The name that the protocol gives to references to elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What the browser must not do: draw on a screen, send requests of its own to the network, or look up names. Its
/// sandbox refuses to start as root, and the only page that it shows is ours.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A browser with one window; it ends when this is dropped.
pub struct Browser {
    driver: Child,
    /// Kept open, since the driver may write more.
    _stdout: BufReader<ChildStdout>,
    agent: Agent,
    /// The URL of the session; before there is a session, the URL of the driver.
    url: String,
    has_session: bool,
    _home: TempDir,
}

/// An element of the page.
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

impl Browser {
    /// Starts the driver, on a port of its choice, and makes it start a browser without a history.
    pub fn start() -> Self {
        let home = TempDir::new().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("HOME", home.path()).env("TMPDIR", home.path());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn_in_time();
        let mut stdout = BufReader::new(driver.stdout.take().unwrap());
        let port = port(&mut stdout);
        let config = Agent::config_builder().timeout_global(Some(Duration::from_millis(2 * PATIENCE))).proxy(None);
        let agent = config.http_status_as_error(false).build().new_agent();
        let profile = format!("--user-data-dir={}", home.path().join("profile").display());
        let url = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, _stdout: stdout, agent, url, has_session: false, _home: home };

        let arguments: Vec<_> = OPTIONS.into_iter().chain([profile.as_str()]).collect();
        let wanted = json!({
            "timeouts": { "implicit": PATIENCE, "pageLoad": PATIENCE },
            "goog:chromeOptions": { "args": arguments },
        });
        let session = browser.post("", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.url = format!("{}/{}", browser.url, session["sessionId"].as_str().unwrap());
        browser.has_session = true;
        browser
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// The first element that an XPath expression finds; waits until there is one.
    pub fn find(&self, path: &str) -> Element<'_> {
        let found = self.post("/element", &json!({ "using": "xpath", "value": path }));
        Element { browser: self, id: found[ELEMENT].as_str().unwrap().to_owned() }
    }

    /// Draws a line with the mouse through points of an element, counted from its middle.
    pub fn draw(&self, on: &Element<'_>, points: &[(i32, i32)]) {
        let origin = json!({ ELEMENT: on.id });
        let moves = points.iter().map(|(x, y)| json!({ "type": "pointerMove", "origin": origin, "x": x, "y": y }));
        let mut actions: Vec<_> = moves.collect();
        actions.insert(1, json!({ "type": "pointerDown", "button": 0 }));
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        self.post("/actions", &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }));
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.url)).content_type("application/json");
        let mut response = request.send(body.to_string()).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).expect(&text);
        assert!(response.status() == 200, "{path} {body}: {}", answer["value"]["message"]);
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if self.has_session {
            // This ends the browser.
            let _ = self.agent.delete(&self.url).call();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Element<'_> {
    /// Clicks on the element.
    pub fn click(&self) {
        self.browser.post(&format!("/element/{}/click", self.id), &json!({}));
    }

    /// Types into the element; a field for files takes a path.
    pub fn type_in(&self, text: &str) {
        self.browser.post(&format!("/element/{}/value", self.id), &json!({ "text": text }));
    }
}

/// The port at which the driver listens, from its output.
fn port(stdout: &mut impl BufRead) -> u16 {
    let mut said = String::new();
    loop {
        let start = said.len();
        assert!(stdout.read_line(&mut said).unwrap() > 0, "the driver ended: {said}");
        if let Some((_, port)) = said[start..].split_once("started successfully on port ") {
            return port.trim_end_matches(['.', '\n']).parse().expect(&said);
        }
    }
}
