//! The load on a server: two threads, each of which asks over many connections and waits with epoll, as wrk
//! does. They let the kernel discard the bodies: they are on the server's machine, and should not cost it much.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::net::{RecvFlags, recv};
use rustix::time::ClockId;

use crate::measure::cpu_time;
use crate::tally::{Clocked, Tally};

/// Connections that are open at once.
pub const CONNECTIONS: usize = 64;

/// Files in the directory. Their names are their numbers.
pub const FILES: usize = 64;

const THREADS: usize = 2;
/// The bytes that are read at once while a head is expected: an answer of 1 KiB is read whole.
const FIRST: usize = 2 * 1024;

/// The bytes of a body that are read or discarded at once.
const NEXT: usize = 256 * 1024;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The files that are asked for.
#[derive(Clone, Copy)]
pub struct Site {
    /// The directory.
    pub root: &'static Path,
    /// The size of each file.
    pub size: usize,
    /// The number of requests, over all connections.
    pub requests: usize,
}

/// Sends all requests, and tells the tally the figures of the server. A thorough tally compares each answer
/// with its file.
pub fn run(address: SocketAddr, site: Site, tally: &mut Tally) -> io::Result<()> {
    let (begin, empty) = (Barrier::new(THREADS), *tally);
    let shares = thread::scope(|scope| {
        let spawn = |i| {
            let begin = &begin;
            scope.spawn(move || client(address, site, i, begin, empty))
        };
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        let join = |thread: thread::ScopedJoinHandle<_>| thread.join().expect("a client");
        threads
            .into_iter()
            .map(join)
            .collect::<io::Result<Vec<Share>>>()
    })?;
    tally.clock_all(figures(&shares));
    for share in shares {
        tally.merge(share.tally);
    }
    Ok(())
}

/// The part of one thread.
struct Share {
    tally: Tally,
    wall: Range<Instant>,
    /// The CPU time of the process at those instants.
    process: Range<Duration>,
    own_cpu: Duration,
    latencies: Vec<Duration>,
}

/// Returns the time of all requests, the CPU time without that of the clients, and the 99th percentile.
fn figures(shares: &[Share]) -> Clocked {
    let start = shares.iter().map(|share| share.wall.start).min();
    let end = shares.iter().map(|share| share.wall.end).max();
    let cpu_start = shares.iter().map(|share| share.process.start).min();
    let cpu_end = shares.iter().map(|share| share.process.end).max();
    let clients: Duration = shares.iter().map(|share| share.own_cpu).sum();
    let mut latencies: Vec<_> = shares.iter().flat_map(|share| &share.latencies).collect();
    latencies.sort_unstable();
    Clocked {
        wall: end.zip(start).map(|(end, start)| end - start),
        cpu: cpu_end
            .zip(cpu_start)
            .map(|(end, start)| (end - start).saturating_sub(clients)),
        p99: latencies.get(latencies.len() * 99 / 100).copied().copied(),
    }
}

fn client(
    address: SocketAddr,
    site: Site,
    i: usize,
    begin: &Barrier,
    tally: Tally,
) -> io::Result<Share> {
    // One request over each connection comes before the measured time.
    let client = Client::connect(address, site, tally).and_then(|mut client| {
        client.ask(0..CONNECTIONS / THREADS)?;
        client.latencies.clear();
        Ok(client)
    });
    // The other thread waits, even if this one has failed.
    begin.wait();
    let mut client = client?;
    let (cpu, own) = (ClockId::ProcessCPUTime, ClockId::ThreadCPUTime);
    let (start, cpu_start, own_start) = (Instant::now(), cpu_time(cpu), cpu_time(own));
    // To compare each file once is enough.
    let requests = if tally.is_thorough() {
        FILES
    } else {
        site.requests
    };
    let part = requests / THREADS;
    client.ask(i * part..(i + 1) * part)?;
    Ok(Share {
        own_cpu: cpu_time(own) - own_start,
        process: cpu_start..cpu_time(cpu),
        wall: start..Instant::now(),
        tally: client.tally,
        latencies: client.latencies,
    })
}

struct Client {
    site: Site,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    buf: Vec<u8>,
    tally: Tally,
    latencies: Vec<Duration>,
}

struct Connection {
    stream: TcpStream,
    answer: Answer,
    sent: Instant,
}

/// What has come of an answer.
#[derive(Default)]
struct Answer {
    file: usize,
    head: Vec<u8>,
    /// The bytes of the body that are still to come, once the head is there.
    left: Option<usize>,
    /// The body, if it is compared.
    body: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr, site: Site, tally: Tally) -> io::Result<Client> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let connect = |i| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            let data = epoll::EventData::new_u64(i as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            Ok(Connection {
                stream,
                answer: Answer::default(),
                sent: Instant::now(),
            })
        };
        let connections = (0..CONNECTIONS / THREADS).map(connect);
        Ok(Client {
            site,
            connections: connections.collect::<io::Result<_>>()?,
            epoll,
            buf: vec![0; NEXT],
            tally,
            latencies: Vec::with_capacity(site.requests),
        })
    }

    /// Asks for the files of these numbers, over whichever connection has its last answer.
    fn ask(&mut self, numbers: Range<usize>) -> io::Result<()> {
        let mut numbers = numbers.map(|number| number % FILES);
        let mut open = 0;
        for (connection, file) in self.connections.iter_mut().zip(&mut numbers) {
            connection.ask(file)?;
            open += 1;
        }
        let mut events = Vec::with_capacity(CONNECTIONS);
        while open > 0 {
            events.clear();
            epoll::wait(&self.epoll, spare_capacity(&mut events), None)?;
            for event in &events {
                let i = event.data.u64() as usize;
                if self.receive(i)? {
                    match numbers.next() {
                        Some(file) => self.connections[i].ask(file)?,
                        None => open -= 1,
                    }
                }
            }
        }
        Ok(())
    }

    /// Receives once from a connection. Returns `true` if that was the end of an answer.
    fn receive(&mut self, i: usize) -> io::Result<bool> {
        let is_thorough = self.tally.is_thorough();
        let Connection {
            stream,
            answer,
            sent,
        } = &mut self.connections[i];
        let (limit, flags) = match answer.left {
            None => (FIRST, RecvFlags::empty()),
            Some(_) if is_thorough => (NEXT, RecvFlags::empty()),
            Some(_) => (NEXT, RecvFlags::TRUNC),
        };
        let (_, len) = recv(stream, &mut self.buf[..limit], flags)?;
        if len == 0 {
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the server hung up",
            ));
        }
        let body = answer.add(&self.buf[..len], self.site.size)?;
        if is_thorough {
            answer.body.extend_from_slice(body);
        }
        if answer.left != Some(0) {
            return Ok(false);
        }
        self.latencies.push(sent.elapsed());
        if is_thorough && answer.body != fs::read(self.site.root.join(answer.file.to_string()))? {
            return Err(wrong("another body than the file"));
        }
        self.tally.item(&answer.body);
        Ok(true)
    }
}

impl Connection {
    fn ask(&mut self, file: usize) -> io::Result<()> {
        self.answer = Answer {
            file,
            ..Answer::default()
        };
        self.sent = Instant::now();
        let request = format!("GET /{file} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.write_all(request.as_bytes())
    }
}

impl Answer {
    /// Takes the next bytes of an answer whose body should have `size` bytes. Returns those of its body.
    fn add<'a>(&mut self, bytes: &'a [u8], size: usize) -> io::Result<&'a [u8]> {
        let mut len = 0;
        while self.left.is_none() && len < bytes.len() {
            self.head.push(bytes[len]);
            len += 1;
            if self.head.ends_with(END_OF_HEAD) {
                self.left = body_len(&self.head);
                if self.left != Some(size) {
                    return Err(wrong("another head than expected"));
                }
            }
        }
        let body = &bytes[len..];
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(body.len())
                .ok_or_else(|| wrong("more bytes than the file has"))?;
        }
        Ok(body)
    }
}

/// Returns the length of the body that a head announces.
fn body_len(head: &[u8]) -> Option<usize> {
    let head = str::from_utf8(head).ok()?.strip_prefix("HTTP/1.1 200 ")?;
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("Content-Length: "))?;
    length.parse().ok()
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::Answer;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

    #[test]
    fn an_answer_comes_in_any_pieces() {
        let whole = [HEAD, b"body"].concat();
        for cut in 0..whole.len() {
            let mut answer = Answer::default();
            let (first, second) = whole.split_at(cut);
            let mut body = answer.add(first, 4).unwrap().to_vec();
            assert_ne!(answer.left, Some(0));
            body.extend(answer.add(second, 4).unwrap());
            assert_eq!((&body[..], answer.left), (&b"body"[..], Some(0)));
        }
    }

    #[test]
    fn wrong_answers_are_refused() {
        assert!(Answer::default().add(HEAD, 5).is_err());
        assert!(
            Answer::default()
                .add(b"HTTP/1.1 404 No\r\n\r\n", 4)
                .is_err()
        );
        let long = [HEAD, b"bodies"].concat();
        assert!(Answer::default().add(&long, 4).is_err());
    }
}
