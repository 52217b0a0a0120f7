//! A server of static files over HTTP/1.1: the same code with the files of every library.

use std::fs::File;
use std::future::Future;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread;

use anyfile::AsyncFile;
use compio::BufResult;
use compio::buf::IntoInner;
use compio::io::{AsyncRead as _, AsyncReadAt, AsyncWriteExt as _};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, OWN, Role, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

mod load;

use load::{CONNECTIONS, FILES, Site};

const KIB: usize = 1024;

/// The bytes of a body that are read and sent at once.
const PIECE: usize = 64 * KIB;

/// Space for a head before the first piece, so that both are sent at once, and for a request.
const HEAD: usize = KIB;

pub fn workloads() -> Vec<Workload> {
    let row = |name, title, goal, field| Workload {
        name,
        title,
        notes: "64 warm files, keep-alive, 64 connections over loopback from two client threads of this \
                process; the times are those of a request, the CPU time is that without the clients. Each \
                request opens its file, asks for its length, and sends it in pieces of 64 KiB. std, anyfile \
                and async-fs on smol, tokio on its current-thread runtime: one thread each, beside the pool.",
        goal: Goal::Limit(goal),
        kind: Kind::Load(field),
    };
    // The goals are 0.95, 0.9, 1 and 1.3 times the requests a second of std.
    vec![
        row("serve_1k", "files of 1 KiB over HTTP", 1.05, |stage| {
            servers(stage, KIB, stage.pick(2048, 8192))
        }),
        row("serve_16k", "files of 16 KiB over HTTP", 1.11, |stage| {
            servers(stage, 16 * KIB, stage.pick(2048, 8192))
        }),
        row("serve_256k", "files of 256 KiB over HTTP", 1.0, |stage| {
            servers(stage, 256 * KIB, stage.pick(512, 2048))
        }),
        row("serve_1m", "files of 1 MiB over HTTP", 0.77, |stage| {
            servers(stage, 1024 * KIB, stage.pick(256, 512))
        }),
    ]
}

/// A server of the files in a directory, which ends when its connections have.
type Server = fn(TcpListener, &'static Path) -> io::Result<()>;

fn servers(stage: &Stage, size: usize, requests: usize) -> io::Result<Field> {
    let site = Site {
        root: stage.numbered(FILES, size)?,
        size,
        requests,
    };
    let contestants: [(&str, Role, Executor, Server); 6] = [
        ("std", Role::Limit, Executor::Smol, on_smol::<File>),
        (OWN, Role::Own, Executor::Smol, on_smol::<AsyncFile>),
        (
            "anyfile, tokio current",
            Role::Own,
            Executor::TokioNet,
            on_tokio::<AsyncFile>,
        ),
        (
            "async-fs",
            Role::Peer,
            Executor::Smol,
            on_smol::<async_fs::File>,
        ),
        (
            Executor::TOKIO_NET,
            Role::Peer,
            Executor::TokioNet,
            on_tokio::<tokio::fs::File>,
        ),
        ("compio", Role::Peer, Executor::Compio, on_compio),
    ];
    let mut field = Field::new(requests as u64);
    for (name, role, executor, server) in contestants {
        field.server(name, role, executor, move |tally| {
            under_load(site, server, tally)
        });
    }
    Ok(field)
}

/// Runs a server on this thread, and its clients on others.
fn under_load(site: Site, server: Server, tally: &mut Tally) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let clients = scope.spawn(|| load::run(address, site, tally));
        let served = server(listener, site.root);
        // If the server has failed, so have they.
        let asked = clients.join().expect("the clients");
        served.and(asked)
    })
}

/// A file as the server uses it.
trait Served: Sized + Send {
    fn open(path: &Path) -> impl Future<Output = io::Result<Self>> + Send;
    fn len(&self) -> impl Future<Output = io::Result<u64>> + Send;
    fn read(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

impl Served for File {
    async fn open(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    async fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Read::read(self, buf)
    }
}

macro_rules! served {
    ($($file:ty, $open:expr, $read:path;)*) => {$(
        impl Served for $file {
            async fn open(path: &Path) -> io::Result<$file> {
                $open(path).await
            }

            async fn len(&self) -> io::Result<u64> {
                Ok(self.metadata().await?.len())
            }

            async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                $read(self, buf).await
            }
        }
    )*};
}

served! {
    AsyncFile, anyfile::open_file, AsyncReadExt::read;
    async_fs::File, async_fs::File::open, AsyncReadExt::read;
    tokio::fs::File, tokio::fs::File::open, tokio::io::AsyncReadExt::read;
}

/// The server on one thread of smol.
fn on_smol<F: Served + 'static>(listener: TcpListener, root: &'static Path) -> io::Result<()> {
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(async {
        let listener = smol::net::TcpListener::try_from(listener)?;
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tasks.push(executor.spawn(answer::<F, _>(stream, root)));
        }
        for task in tasks {
            task.await?;
        }
        Ok(())
    }))
}

/// The server on tokio's current-thread runtime.
fn on_tokio<F: Served + 'static>(listener: TcpListener, root: &'static Path) -> io::Result<()> {
    Executor::TokioNet.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tasks.push(tokio::spawn(answer::<F, _>(stream.compat(), root)));
        }
        for task in tasks {
            task.await??;
        }
        Ok(())
    })
}

/// Answers the requests of one connection.
async fn answer<F, S>(mut stream: S, root: &Path) -> io::Result<()>
where
    F: Served,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buf = vec![0; HEAD + PIECE];
    let mut asked = 0;
    loop {
        match stream.read(&mut buf[asked..HEAD]).await? {
            0 => return Ok(()),
            len => asked += len,
        }
        let Some(path) = requested(root, &buf[..asked])? else {
            continue;
        };
        asked = 0;
        let mut file = F::open(&path).await?;
        let mut left = file.len().await?;
        let head = head(left);
        let mut filled = head.len();
        buf[..filled].copy_from_slice(head.as_bytes());
        while left > 0 {
            let piece = left.min(PIECE as u64) as usize;
            let len = file.read(&mut buf[filled..filled + piece]).await?;
            if len == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            stream.write_all(&buf[..filled + len]).await?;
            left -= len as u64;
            filled = 0;
        }
    }
}

/// The server on compio, which passes buffers by value.
fn on_compio(listener: TcpListener, root: &'static Path) -> io::Result<()> {
    Executor::Compio.block_on(async {
        let listener = compio::net::TcpListener::from_std(listener)?;
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tasks.push(compio::runtime::spawn(answer_compio(stream, root)));
        }
        for task in tasks {
            task.await.expect("a task")?;
        }
        Ok(())
    })
}

async fn answer_compio(mut stream: compio::net::TcpStream, root: &Path) -> io::Result<()> {
    use compio::buf::IoBuf;

    let mut buf = Vec::with_capacity(HEAD + PIECE);
    let mut request = Vec::with_capacity(HEAD);
    loop {
        let len = request.len();
        let BufResult(read, slice) = stream.read(request.slice(len..)).await;
        request = slice.into_inner();
        if read? == 0 {
            return Ok(());
        }
        let Some(path) = requested(root, &request)? else {
            continue;
        };
        request.clear();
        let file = compio::fs::File::open(&path).await?;
        let size = file.metadata().await?.len();
        buf.clear();
        buf.extend_from_slice(head(size).as_bytes());
        let mut place = 0;
        while place < size {
            let (filled, piece) = (buf.len(), (size - place).min(PIECE as u64) as usize);
            let slice = buf.slice(filled..filled + piece);
            let BufResult(read, slice) = file.read_at(slice, place).await;
            match read? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                len => place += len as u64,
            }
            let BufResult(written, sent) = stream.write_all(slice.into_inner()).await;
            written?;
            buf = sent;
            buf.clear();
        }
    }
}

/// Returns the path of the file that a request asks for, or `None` if there is more of it to come.
fn requested(root: &Path, request: &[u8]) -> io::Result<Option<PathBuf>> {
    if !request.ends_with(b"\r\n\r\n") {
        let has_space = request.len() < HEAD;
        return has_space.then_some(None).ok_or_else(bad_request);
    }
    let line = str::from_utf8(request)
        .ok()
        .and_then(|text| text.lines().next());
    let name = line.and_then(|line| line.strip_prefix("GET /")?.strip_suffix(" HTTP/1.1"));
    let name = name
        .filter(|name| !name.contains('/'))
        .ok_or_else(bad_request)?;
    Ok(Some(root.join(name)))
}

fn bad_request() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "bad request")
}

fn head(size: u64) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: keep-alive\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::{load::FILES, requested, servers};
    use crate::stage::Stage;
    use crate::tally::Tally;
    use std::path::Path;

    #[test]
    fn every_server_sends_the_files() {
        let dir = tempfile::tempdir().unwrap();
        // Not a whole number of pieces.
        let size = 100_000;
        let mut field = servers(&Stage::new(dir.path(), true), size, 1000).unwrap();
        for server in &mut field.contestants {
            let tally = server.run(Tally::new(true)).unwrap();
            // Over each of the 64 connections, and then each of the 64 files.
            let items = 64 + FILES as u64;
            let (bytes, seen, _) = tally.answer();
            assert_eq!((bytes, seen), (items * size as u64, items));
            assert!(tally.clocked().p99.unwrap() <= tally.clocked().wall.unwrap());
        }
    }

    #[test]
    fn requests_name_a_file_of_the_directory() {
        let ask = |request: &str| requested(Path::new("/site"), request.as_bytes());
        let path = ask("GET /7 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_eq!(path.unwrap(), Path::new("/site/7"));
        assert_eq!(ask("GET /7 HTTP/1.1\r\n").unwrap(), None);
        assert!(ask("PUT /7 HTTP/1.1\r\n\r\n").is_err());
        assert!(ask("GET //etc/passwd HTTP/1.1\r\n\r\n").is_err());
        assert!(ask(&"x".repeat(1024)).is_err());
    }
}
