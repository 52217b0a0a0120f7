//! A server, and a client over plain sockets.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use tempfile::TempDir;

use crate::common;

pub(crate) fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| common::example("serve"))
}

/// A server on a temporary directory.
pub(crate) struct Server {
    pub(crate) child: Child,
    address: String,
    pub(crate) dir: TempDir,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&str]) -> Server {
        Server::start_in(tempfile::tempdir().unwrap(), options)
    }

    pub(crate) fn start_in(dir: TempDir, options: &[&str]) -> Server {
        // What lies beside the root must not be served.
        fs::create_dir(dir.path().join("root")).unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        let mut child = Command::new(example())
            .args(["--port", "0"])
            .args(options)
            .arg(dir.path().join("root"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_suffix('/').unwrap();
        let address = address.rsplit_once("http://").unwrap().1.to_owned();
        Server {
            child,
            address,
            dir,
        }
    }

    pub(crate) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.dir.path().join("root").join(name.as_ref())
    }

    pub(crate) fn write(&self, name: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Makes a big file that takes no room: a hole.
    pub(crate) fn write_hole(&self, name: &str, len: u64) {
        let file = File::create(self.path(name)).unwrap();
        file.set_len(len).unwrap();
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Client(BufReader::new(stream))
    }

    /// Asks on a new connection.
    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Response {
        self.get_with(target, &[])
    }

    #[track_caller]
    pub(crate) fn get_with(&self, target: &str, headers: &[&str]) -> Response {
        let mut client = self.connect();
        client.ask("GET", target, headers);
        client.response(true)
    }

    /// Stops the server, and returns what it wrote on standard error.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().unwrap();
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &[&str]) {
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        self.send(format!(
            "{method} {target} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"
        ));
    }

    #[track_caller]
    pub(crate) fn response(&mut self, has_body: bool) -> Response {
        let mut response = self.head();
        if has_body && response.status != 304 {
            let len = response.header("Content-Length").unwrap().parse().unwrap();
            response.body.resize(len, 0);
            self.0.read_exact(&mut response.body).unwrap();
        }
        response
    }

    #[track_caller]
    pub(crate) fn head(&mut self) -> Response {
        let mut lines = std::iter::from_fn(|| {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let line = line.strip_suffix("\r\n").expect("a whole line");
            (!line.is_empty()).then(|| line.to_owned())
        });
        let status = lines.next().expect("a status line");
        let status = status.strip_prefix("HTTP/1.1 ").unwrap();
        let status = status.split(' ').next().unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        });
        Response {
            status,
            headers: headers.collect(),
            body: Vec::new(),
        }
    }

    /// Whatever comes until the server closes the connection.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| &value[..])
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Bytes in which each place shows.
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at % 251) as u8 ^ (at >> 12) as u8)
        .collect()
}

pub(crate) fn encode(name: &[u8]) -> String {
    percent_encode(name, NON_ALPHANUMERIC).to_string()
}
