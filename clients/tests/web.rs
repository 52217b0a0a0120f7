//! hyper on smol: uploads into files, and ranges of files as answers.

use std::convert::Infallible;
use std::io::{self, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyfile_clients::{Dir, SIZES, assert_same, contents, create, noise, open, run};
use async_net::{TcpListener, TcpStream};
use asynchronous_codec::{BytesCodec, FramedRead, FramedWrite};
use futures::{AsyncReadExt, AsyncSeekExt, StreamExt, TryStreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_RANGE, RANGE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use smol_hyper::rt::FuturesIo;

type Body = UnsyncBoxBody<Bytes, io::Error>;

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Returns `len` bytes of a file from `start` on as a body, which is read while it is sent.
async fn part(path: &Path, start: u64, len: u64) -> io::Result<Body> {
    let mut file = open(path).await?;
    file.seek(SeekFrom::Start(start)).await?;
    let bytes = FramedRead::new(file.take(len), BytesCodec);
    Ok(StreamBody::new(bytes.map_ok(Frame::data)).boxed_unsync())
}

/// Stores what is sent, to the close of the file.
async fn store(path: &Path, body: Incoming) -> io::Result<Response<Body>> {
    let file = FramedWrite::new(create(path).await?, BytesCodec);
    body.into_data_stream()
        .map_err(io::Error::other)
        .forward(file)
        .await?;
    Ok(Response::new(full(Bytes::new())))
}

/// Sends a file, or the range of it that is asked for.
async fn fetch(path: &Path, range: Option<&str>) -> io::Result<Response<Body>> {
    let len = open(path).await?.metadata().await?.len();
    let Some(range) = range else {
        return Ok(Response::new(part(path, 0, len).await?));
    };
    let bounds = range.strip_prefix("bytes=").and_then(|r| r.split_once('-'));
    let (first, last) = bounds.ok_or(io::ErrorKind::InvalidInput)?;
    let parse = |text: &str| text.parse::<u64>().map_err(io::Error::other);
    let (first, last) = match (first, last) {
        ("", count) => (len.saturating_sub(parse(count)?), len - 1),
        (first, "") => (parse(first)?, len - 1),
        (first, last) => (parse(first)?, parse(last)?.min(len - 1)),
    };
    let response = Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header(CONTENT_RANGE, format!("bytes {first}-{last}/{len}"))
        .body(part(path, first, last + 1 - first).await?);
    response.map_err(io::Error::other)
}

async fn answer(dir: &Path, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let path = dir.join(request.uri().path().trim_start_matches('/'));
    let response = match *request.method() {
        Method::PUT => store(&path, request.into_body()).await,
        _ => {
            let range = request.headers().get(RANGE);
            fetch(&path, range.and_then(|range| range.to_str().ok())).await
        }
    };
    Ok(response.unwrap_or_else(|error| {
        let mut response = Response::new(full(error.to_string()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}

/// Starts a server of the files in a directory, and returns its address. It runs until the process ends.
async fn serve(dir: PathBuf) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    smol::spawn(async move {
        while let Some(Ok(stream)) = listener.incoming().next().await {
            let dir = dir.clone();
            let service = service_fn(move |request| {
                let dir = dir.clone();
                async move { answer(&dir, request).await }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(FuturesIo::new(stream), service);
            smol::spawn(connection).detach();
        }
    })
    .detach();
    Ok(address)
}

async fn connect(address: SocketAddr) -> SendRequest<Body> {
    let stream = FuturesIo::new(TcpStream::connect(address).await.expect("connected"));
    let (client, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    smol::spawn(connection).detach();
    client
}

/// Sends a request, and gives the status and the body of the response.
async fn ask(client: &mut SendRequest<Body>, request: Request<Body>) -> (StatusCode, Bytes) {
    client.ready().await.expect("a connection");
    let response = client.send_request(request).await.expect("a response");
    let status = response.status();
    let body = response.into_body().collect().await.expect("a whole body");
    (status, body.to_bytes())
}

fn request(method: Method, name: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(format!("/{name}"))
        .header("host", "localhost")
        .body(body)
        .unwrap()
}

/// Four clients at once, each of which sends five files one after the other.
#[test]
fn uploads_are_stored() {
    const CLIENTS: usize = 4;
    let (dir, source) = (Dir::new(), Dir::new());
    let sizes = [0, 1, 4_096, 131_073, 300_000];
    let name = |client: usize, len: usize| format!("{client}-{len}");
    let mut statuses = run(async {
        let address = serve(dir.path().into()).await.unwrap();
        let uploads = (0..CLIENTS).map(|number| {
            let source = &source;
            async move {
                let (mut client, mut statuses) = (connect(address).await, Vec::new());
                for len in sizes {
                    let name = name(number, len);
                    let path = source.file(&name, &noise(len + number)[number..]);
                    // What is sent comes from a file, too.
                    let body = part(&path, 0, len as u64).await.unwrap();
                    let (status, said) = ask(&mut client, request(Method::PUT, &name, body)).await;
                    statuses.push((status, said));
                }
                statuses
            }
        });
        let all: Vec<_> = stream::iter(uploads)
            .buffer_unordered(CLIENTS)
            .collect()
            .await;
        all.concat()
    });
    let count = statuses.len();
    statuses.retain(|(status, _)| *status != StatusCode::OK);
    for number in 0..CLIENTS {
        for len in sizes {
            let stored = contents(dir.join(&name(number, len)));
            assert_same(stored, &noise(len + number)[number..], "stored");
        }
    }
    let (failed, last) = (statuses.len(), statuses.last());
    assert_eq!(count, 20);
    assert!(
        failed == 0,
        "{failed} of {count} uploads failed, the last: {last:?}"
    );
}

/// Where there is no room, the client is told.
#[cfg(target_os = "linux")]
#[test]
fn an_upload_that_cannot_be_stored_fails() {
    let dir = Dir::new();
    std::os::unix::fs::symlink("/dev/full", dir.join("full")).unwrap();
    run(async {
        let mut client = connect(serve(dir.path().into()).await.unwrap()).await;
        for len in [1, 4_096, 300_000] {
            let put = request(Method::PUT, "full", full(noise(len)));
            let (status, said) = ask(&mut client, put).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            let said = String::from_utf8_lossy(&said);
            assert!(said.contains("os error 28"), "{said}");
            // A body that was not taken to its end may have cost the connection.
            client = connect(serve(dir.path().into()).await.unwrap()).await;
        }
    });
}

#[test]
fn whole_files_are_served() {
    let dir = Dir::new();
    run(async {
        let mut client = connect(serve(dir.path().into()).await.unwrap()).await;
        for len in SIZES {
            let bytes = noise(len);
            dir.file("file", &bytes);
            let (status, body) = ask(&mut client, request(Method::GET, "file", full(""))).await;
            assert_eq!(status, StatusCode::OK);
            assert_same(body, bytes, "served");
        }
    });
}

#[test]
fn ranges_are_served() {
    let (dir, bytes) = (Dir::new(), noise(300_000));
    dir.file("file", &bytes);
    let ranges = [
        ("bytes=0-0", 0..1),
        ("bytes=0-299999", 0..300_000),
        ("bytes=100-65635", 100..65_636),
        ("bytes=131071-131072", 131_071..131_073),
        ("bytes=299999-", 299_999..300_000),
        ("bytes=150000-999999", 150_000..300_000),
        ("bytes=-70000", 230_000..300_000),
    ];
    run(async {
        let mut client = connect(serve(dir.path().into()).await.unwrap()).await;
        for (range, expected) in ranges {
            let mut request = request(Method::GET, "file", full(""));
            request.headers_mut().insert(RANGE, range.parse().unwrap());
            let (status, body) = ask(&mut client, request).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert_same(body, &bytes[expected], range);
        }
    });
}
