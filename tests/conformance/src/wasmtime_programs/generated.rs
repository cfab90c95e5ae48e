//! Cases that are too long for the file of cases.

use crate::suite::{Case, Exchange, Protocol};
use std::collections::BTreeMap;

/// The cases, by name.
pub fn cases() -> Vec<(String, Case)> {
    const WRITTEN: usize = 1 << 18;
    let mut cases = Vec::new();
    for program in ["p1_cli_much_stdout", "p2_cli_much_stdout"] {
        for length in (10..15).map(|bits| 1 << bits) {
            let args = vec!["a".repeat(length), (WRITTEN / length).to_string()];
            let case = Case { args, stdout: Some("a".repeat(WRITTEN)), ..Case::default() };
            cases.push((format!("{program} {length}"), case));
        }
    }
    // Megabytes in both directions at once; the second program passes them on to a server.
    for (way, fields) in [("echo", vec![]), ("double-echo", vec![("url".to_owned(), "http://HTTP_SERVER/".to_owned())])]
    {
        let body = (0..WRITTEN).map(|index| format!("{index:03x}")).collect::<String>();
        let exchange = Exchange {
            method: "POST".to_owned(),
            target: format!("/{way}"),
            fields: [fields, vec![("content-type".to_owned(), "text/plain".to_owned())]].concat(),
            body: body.clone(),
            response_fields: BTreeMap::from([("content-type".to_owned(), "text/plain".to_owned())]),
            response_body: Some(body),
            ..Exchange::default()
        };
        let case = Case {
            build: vec!["--entry".to_owned(), "http".to_owned()],
            run: vec!["--net".to_owned()],
            server: Some(Protocol::Http1),
            requests: vec![exchange],
            ..Case::default()
        };
        cases.push((format!("p2_api_proxy_streaming {way}"), case));
    }
    let variable = |index| (format!("KEY{index}"), "x".repeat(1024));
    let case = Case { env: (0..512).map(variable).collect(), ..Case::default() };
    cases.push(("p2_cli_large_env".to_owned(), case));
    cases
}
