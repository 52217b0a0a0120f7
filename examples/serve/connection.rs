//! One connection: requests come in, responses go out, in order.

use std::fmt::Display;
use std::io::{self, SeekFrom};
use std::net::Shutdown;
use std::ops::Range;
use std::time::Duration;

use anyfile::AsyncFile;
use smol::Timer;
use smol::future::{self, Future};
use smol::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use smol::net::TcpStream;

use crate::answer::answer;
use crate::request::{Method, Request};
use crate::response::{Body, Response, Status};
use crate::site::Site;

/// The longest head of a request, give or take one read.
const MAX_HEAD: usize = 16 << 10;

/// The bytes that are read from a socket at once.
const RECEIVE: usize = 4 << 10;

/// The bytes of a file that a connection holds.
const CHUNK: u64 = 128 << 10;

/// How long, and how many bytes, a connection that is to be closed still takes from its client.
const LINGER: (Duration, u64) = (Duration::from_secs(1), 1 << 20);

pub(crate) struct Connection {
    stream: TcpStream,
    /// Received, and not yet parsed.
    received: Vec<u8>,
    timeout: Duration,
}

enum Next {
    Request(Request),
    /// Something else than a request, or a part of one, to be answered with this status.
    Refused(Status),
    /// The client has sent all its requests.
    End,
}

/// A request with its response.
struct Exchange {
    /// The request line.
    line: String,
    response: Response,
    send_body: bool,
    keep_alive: bool,
}

impl Exchange {
    async fn new(request: Request, site: &Site) -> Exchange {
        Exchange {
            response: answer(&request, site).await,
            line: request.line,
            send_body: request.method != Method::Head,
            keep_alive: request.keep_alive,
        }
    }

    fn refused(status: Status) -> Exchange {
        Exchange {
            response: Response::failure(status),
            line: String::from("-"),
            send_body: true,
            keep_alive: false,
        }
    }
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, timeout: Duration) -> Connection {
        Connection {
            stream,
            received: Vec::new(),
            timeout,
        }
    }

    /// Answers all requests of a client, and logs them.
    pub(crate) async fn run(mut self, site: &Site, log: impl Fn(&dyn Display)) {
        // Without it, the last part of a response may wait until the client has acknowledged the one before.
        let _ = self.stream.set_nodelay(true);
        while let Ok(next) = self.next().await {
            let mut exchange = match next {
                Next::Request(request) => Exchange::new(request, site).await,
                Next::Refused(status) => Exchange::refused(status),
                Next::End => return,
            };
            let (status, error) = (
                exchange.response.status as u16,
                exchange.response.error.take(),
            );
            let result = self
                .send(exchange.response, exchange.send_body, exchange.keep_alive)
                .await;
            let line = format!("{:?} {status}", exchange.line);
            match (&result, error) {
                (Ok(len), None) => log(&format_args!("{line} {len}")),
                (Ok(len), Some(error)) => log(&format_args!("{line} {len}: {error}")),
                (Err(error), _) => log(&format_args!("{line} broken off: {error}")),
            }
            if result.is_err() {
                return;
            }
            if !exchange.keep_alive {
                return self.linger().await;
            }
        }
    }

    /// Waits for the next request, for as long as a client may take to send it.
    async fn next(&mut self) -> io::Result<Next> {
        match within(self.timeout, self.receive()).await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Ok(self.broken_off(Status::RequestTimeout))
            }
            next => next,
        }
    }

    async fn receive(&mut self) -> io::Result<Next> {
        loop {
            match Request::parse(&self.received) {
                Ok(Some((request, len))) => {
                    self.received.drain(..len);
                    return Ok(Next::Request(request));
                }
                Ok(None) if self.received.len() >= MAX_HEAD => {
                    return Ok(Next::Refused(Status::HeadTooLarge));
                }
                Ok(None) => {}
                Err(status) => return Ok(Next::Refused(status)),
            }
            let mut bytes = [0; RECEIVE];
            let len = self.stream.read(&mut bytes).await?;
            if len == 0 {
                return Ok(self.broken_off(Status::BadRequest));
            }
            self.received.extend_from_slice(&bytes[..len]);
        }
    }

    /// Returns what follows if no more of a request comes: between two requests, that is the usual end.
    fn broken_off(&self, status: Status) -> Next {
        if self.received.is_empty() {
            Next::End
        } else {
            Next::Refused(status)
        }
    }

    /// Sends a response, and returns the length of the body that was sent.
    async fn send(
        &mut self,
        response: Response,
        send_body: bool,
        keep_alive: bool,
    ) -> io::Result<u64> {
        let head = response.head(keep_alive).into_bytes();
        if !send_body {
            self.write(&head).await?;
            return Ok(0);
        }
        let len = response.body.len();
        match response.body {
            Body::Empty => self.write(&head).await?,
            Body::Page(page) => self.write(&[&head, page.as_bytes()].concat()).await?,
            Body::File(file, range) => self.send_file(head, *file, range).await?,
        }
        Ok(len)
    }

    /// Sends the head and a part of a file, chunk by chunk. The first chunk goes with the head.
    ///
    /// # Errors
    ///
    /// - An error, if the file has become shorter. The connection must be closed then: the client knows by that and by
    ///   `Content-Length` that something is missing.
    async fn send_file(
        &mut self,
        head: Vec<u8>,
        mut file: AsyncFile,
        range: Range<u64>,
    ) -> io::Result<()> {
        file.seek(SeekFrom::Start(range.start)).await?;
        let mut buffer = head;
        let mut remaining = range.end - range.start;
        while remaining > 0 {
            let start = buffer.len();
            buffer.resize(start + remaining.min(CHUNK) as usize, 0);
            let len = file.read(&mut buffer[start..]).await?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.write(&buffer[..start + len]).await?;
            buffer.clear();
            remaining -= len as u64;
        }
        // An empty file leaves the head.
        self.write(&buffer).await
    }

    /// Writes to the socket. The timeout is for each step, so that a slow client gets its file and a stalled one does
    /// not hold a connection.
    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let len = within(self.timeout, self.stream.write(bytes)).await?;
            bytes = &bytes[len..];
        }
        Ok(())
    }

    /// Closes the connection. Until the client closes it too, what it still sends is received: the system answers
    /// unread bytes with a reset, and the client may lose the response by that.
    async fn linger(mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let (time, bytes) = LINGER;
        let mut rest = (&mut self.stream).take(bytes);
        let _ = within(time, smol::io::copy(&mut rest, &mut smol::io::sink())).await;
    }
}

/// Gives `work` at most `time`.
async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = async {
        Timer::after(time).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(work, late).await
}
