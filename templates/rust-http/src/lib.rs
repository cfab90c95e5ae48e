use std::io::Write;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Service;

wasip2::http::proxy::export!(Service);

impl Guest for Service {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let text = greeting(&request.path_with_query().unwrap_or_default());
        let fields = [("content-type".to_owned(), b"text/plain; charset=utf-8".to_vec())];
        let response = OutgoingResponse::new(Fields::from_list(&fields).expect("a field that may be set"));
        let body = response.body().expect("the only body");
        ResponseOutparam::set(out, Ok(response));
        // A client that has gone needs no answer.
        let _ = body.write().map(|mut stream| stream.write_all(text.as_bytes()));
        let _ = OutgoingBody::finish(body, None);
    }
}

fn greeting(path: &str) -> String {
    let name = path.trim_start_matches('/');
    format!("Hello, {}, from inside an enclave!\n", if name.is_empty() { "world" } else { name })
}

#[cfg(test)]
mod tests {
    use super::greeting;

    #[test]
    fn greets_by_name() {
        assert_eq!(greeting("/Ada"), "Hello, Ada, from inside an enclave!\n");
        assert_eq!(greeting("/"), "Hello, world, from inside an enclave!\n");
    }
}
