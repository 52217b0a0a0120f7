//! Responses: the status, the headers, and where the body comes from.

use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::time::SystemTime;

use anyfile::AsyncFile;

use crate::page;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Status {
    Ok = 200,
    PartialContent = 206,
    MovedPermanently = 301,
    NotModified = 304,
    BadRequest = 400,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    RequestTimeout = 408,
    RangeNotSatisfiable = 416,
    HeadTooLarge = 431,
    InternalServerError = 500,
}

impl Status {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::PartialContent => "Partial Content",
            Status::MovedPermanently => "Moved Permanently",
            Status::NotModified => "Not Modified",
            Status::BadRequest => "Bad Request",
            Status::Forbidden => "Forbidden",
            Status::NotFound => "Not Found",
            Status::MethodNotAllowed => "Method Not Allowed",
            Status::RequestTimeout => "Request Timeout",
            Status::RangeNotSatisfiable => "Range Not Satisfiable",
            Status::HeadTooLarge => "Request Header Fields Too Large",
            Status::InternalServerError => "Internal Server Error",
        }
    }
}

/// The reason why a request fails. The error, if there is one, is for the log, not for the client.
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) error: Option<io::Error>,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure {
            status,
            error: None,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let status = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Status::NotFound,
            io::ErrorKind::PermissionDenied => Status::Forbidden,
            _ => Status::InternalServerError,
        };
        Failure {
            status,
            error: Some(error),
        }
    }
}

pub(crate) enum Body {
    Empty,
    Page(String),
    /// A part of a file.
    File(Box<AsyncFile>, Range<u64>),
}

impl Body {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Page(page) => page.len() as u64,
            Body::File(_, range) => range.end - range.start,
        }
    }
}

pub(crate) struct Response {
    pub(crate) status: Status,
    pub(crate) body: Body,
    /// The reason for an error status, for the log.
    pub(crate) error: Option<io::Error>,
    headers: String,
}

impl Response {
    pub(crate) fn new(status: Status, body: Body) -> Response {
        Response {
            status,
            body,
            error: None,
            headers: String::new(),
        }
    }

    /// Returns a web page. It runs no script and loads nothing.
    pub(crate) fn page(status: Status, page: String) -> Response {
        Response::new(status, Body::Page(page))
            .with("Content-Type", "text/html; charset=utf-8")
            .with("Content-Security-Policy", page::POLICY)
    }

    /// Returns a small page that names the status.
    pub(crate) fn failure(failure: impl Into<Failure>) -> Response {
        let Failure { status, error } = failure.into();
        Response {
            error,
            ..Response::page(status, page::failure(status))
        }
    }

    /// Adds a header. The value must not hold a line feed.
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Response {
        add(&mut self.headers, name, value);
        self
    }

    /// Returns the head as it is sent.
    pub(crate) fn head(&self, keep_alive: bool) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\n",
            self.status as u16,
            self.status.reason()
        );
        add(
            &mut head,
            "Date",
            httpdate::fmt_http_date(SystemTime::now()),
        );
        add(
            &mut head,
            "Server",
            concat!("anyfile/", env!("CARGO_PKG_VERSION")),
        );
        add(&mut head, "Cache-Control", "no-cache");
        add(&mut head, "X-Content-Type-Options", "nosniff");
        add(
            &mut head,
            "Connection",
            if keep_alive { "keep-alive" } else { "close" },
        );
        if self.status != Status::NotModified {
            add(&mut head, "Content-Length", self.body.len());
        }
        head.push_str(&self.headers);
        head.push_str("\r\n");
        head
    }
}

fn add(headers: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a `String` does not fail.
    let _ = write!(headers, "{name}: {value}\r\n");
}
