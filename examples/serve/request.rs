//! The head of a request.

use crate::response::Status;

/// The most headers that a request may have.
const MAX_HEADERS: usize = 64;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Method {
    Get,
    Head,
    Other,
}

/// A request, without its body: no method that this server knows has one.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: String,
    /// The request line as it is logged.
    pub(crate) line: String,
    /// Whether the connection stays open after the response.
    pub(crate) keep_alive: bool,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Parses the first request in `bytes`, and returns it with its length, or `None` if it is not complete.
    ///
    /// # Errors
    ///
    /// - The status to answer with, if this is not HTTP, or has too many headers.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Status> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        match head.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => Ok(Some((Request::new(&head)?, len))),
            Ok(httparse::Status::Partial) => Ok(None),
            Err(httparse::Error::TooManyHeaders) => Err(Status::HeadTooLarge),
            Err(_) => Err(Status::BadRequest),
        }
    }

    fn new(head: &httparse::Request<'_, '_>) -> Result<Request, Status> {
        let (method, target) = head.method.zip(head.path).ok_or(Status::BadRequest)?;
        let minor = head.version.ok_or(Status::BadRequest)?;
        let headers = head.headers.iter().map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_owned(), value)
        });
        let mut request = Request {
            method: match method {
                "GET" => Method::Get,
                "HEAD" => Method::Head,
                _ => Method::Other,
            },
            target: target.to_owned(),
            line: format!("{method} {target} HTTP/1.{minor}"),
            keep_alive: false,
            headers: headers.collect(),
        };
        if minor == 1 && request.header("Host").is_none() {
            return Err(Status::BadRequest);
        }
        // The body is not read, so what follows it cannot be found.
        request.keep_alive = !request.has_body()
            && match minor {
                0 => request.has_connection_option("keep-alive"),
                _ => !request.has_connection_option("close"),
            };
        Ok(request)
    }

    /// Returns the value of a header. The values of one that comes more than once are a list with commas.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let values: Vec<&str> = values.map(|(_, value)| value.trim()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    fn has_body(&self) -> bool {
        let len = self.header("Content-Length");
        len.is_some_and(|len| len != "0") || self.header("Transfer-Encoding").is_some()
    }

    fn has_connection_option(&self, option: &str) -> bool {
        let options = self.header("Connection").unwrap_or_default();
        options
            .split(',')
            .any(|other| other.trim().eq_ignore_ascii_case(option))
    }
}
