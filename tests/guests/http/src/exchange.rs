//! A request and the answer to it.

use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// A request that was not answered yet.
pub struct Exchange {
    pub request: IncomingRequest,
    pub out: ResponseOutparam,
    target: String,
}

/// The body of a response that was begun. The stream has to be dropped before the body, and fields are dropped in
/// their order.
pub struct Answer {
    pub stream: OutputStream,
    pub body: OutgoingBody,
}

/// The body of a request, with its fields in the same order.
pub struct Received {
    pub stream: InputStream,
    pub body: IncomingBody,
}

impl Exchange {
    pub fn new(request: IncomingRequest, out: ResponseOutparam) -> Self {
        let target = request.path_with_query().unwrap_or_default();
        Self { request, out, target }
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The value of a key of the query, without any decoding.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    pub fn number(&self, name: &str) -> u64 {
        self.value(name).map_or(0, |text| text.parse().expect("a number"))
    }

    /// Begins to answer.
    pub fn answer(self, status: u16, fields: Fields) -> (IncomingRequest, Answer) {
        let response = OutgoingResponse::new(fields);
        response.set_status_code(status).expect("a status");
        let body = response.body().expect("a body");
        ResponseOutparam::set(self.out, Ok(response));
        let stream = body.write().expect("a stream");
        (self.request, Answer { stream, body })
    }

    /// Answers with a text of a declared length.
    pub fn text(self, status: u16, text: &str) {
        let fields = Fields::new();
        fields.set("content-type", &[b"text/plain".to_vec()]).expect("a field");
        fields.set("content-length", &[text.len().to_string().into_bytes()]).expect("a field");
        let (_request, answer) = self.answer(status, fields);
        // The client may have closed the connection.
        if answer.write(text.as_bytes()).is_ok() {
            let _ = answer.finish(None);
        }
    }
}

impl Answer {
    /// Writes everything, in pieces as large as the stream permits.
    pub fn write(&self, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            let permit = self.stream.check_write()?;
            if permit == 0 {
                self.stream.subscribe().block();
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(permit).unwrap_or(usize::MAX)));
            self.stream.write(now)?;
            bytes = later;
        }
        Ok(())
    }

    pub fn finish(self, trailers: Option<Fields>) -> Result<(), ErrorCode> {
        let Self { stream, body } = self;
        drop(stream);
        OutgoingBody::finish(body, trailers)
    }
}

impl Received {
    pub fn of(request: &IncomingRequest) -> Self {
        Self::new(request.consume().expect("the body is there once"))
    }

    pub fn new(body: IncomingBody) -> Self {
        let stream = body.stream().expect("the stream is there once");
        Self { stream, body }
    }

    /// The next bytes, or `None` at the end.
    pub fn next(&self) -> Result<Option<Vec<u8>>, StreamError> {
        match self.stream.blocking_read(64 << 10) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StreamError::Closed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The number of bytes.
    pub fn count(&self) -> Result<u64, StreamError> {
        let mut count = 0;
        while let Some(bytes) = self.next()? {
            count += bytes.len() as u64;
        }
        Ok(count)
    }

    /// The trailers, once all of the body was received.
    pub fn trailers(self) -> Result<Option<Fields>, ErrorCode> {
        let Self { stream, body } = self;
        drop(stream);
        let trailers = IncomingBody::finish(body);
        loop {
            if let Some(result) = trailers.get() {
                // The trailers are a child resource, so a copy is passed on.
                let found = result.expect("asked once")?;
                assert!(matches!(trailers.get(), Some(Err(()))), "the second time there is nothing");
                return Ok(found.map(|fields| fields.clone()));
            }
            trailers.subscribe().block();
        }
    }
}

/// One line for each field.
pub fn lines(fields: &Fields) -> String {
    fields
        .entries()
        .iter()
        .map(|(name, value)| format!("{}: {}\n", name.to_ascii_lowercase(), String::from_utf8_lossy(value)))
        .collect()
}

/// The content of large bodies, from any position on.
pub fn pattern(position: u64, length: usize) -> Vec<u8> {
    const PERIOD: usize = 251;
    const LONGEST: usize = 64 << 10;
    static BYTES: [u8; LONGEST + PERIOD] = {
        let mut bytes = [0; LONGEST + PERIOD];
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] = (index % PERIOD) as u8;
            index += 1;
        }
        bytes
    };
    let start = (position % PERIOD as u64) as usize;
    BYTES[start..start + length].to_vec()
}
