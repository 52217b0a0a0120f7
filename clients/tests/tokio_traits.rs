//! tokio's traits of files without an adapter: tokio-util's codecs to the close, and hyper on a tokio runtime.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use anyfile_clients::{Dir, SIZES, assert_same, contents, create, noise, open, run, text};
use futures::{SinkExt, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use smol_hyper::rt::FuturesIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::codec::{
    BytesCodec, Framed, FramedRead, FramedWrite, LengthDelimitedCodec, LinesCodec,
};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};
use tokio_util::io::{ReaderStream, StreamReader};

/// The number of tries of each close: whether a job ends before the next poll is a matter of luck.
const TURNS: usize = 300;

#[test]
fn every_close_of_framed_write_succeeds() {
    let (dir, bytes) = (Dir::new(), noise(1_000));
    for turn in 0..TURNS {
        let (path, bytes) = (dir.join("file"), &bytes[..turn]);
        let closed: io::Result<()> = run(async {
            let mut sink = FramedWrite::new(create(&path).await?, BytesCodec::new());
            sink.send(Bytes::copy_from_slice(bytes)).await?;
            SinkExt::<Bytes>::close(&mut sink).await
        });
        closed.unwrap_or_else(|error| panic!("turn {turn}: {error}"));
        assert_same(contents(&path), bytes, "the file");
    }
}

#[test]
fn lines_and_frames_come_back() {
    let (dir, text) = (Dir::new(), text(300_000) + "\n");
    let path = dir.join("file");
    run(async {
        let mut sink = FramedWrite::new(create(&path).await.unwrap(), LinesCodec::new());
        for line in text.lines() {
            sink.feed(line).await.unwrap();
        }
        SinkExt::<&str>::close(&mut sink).await.unwrap();
        let source = FramedRead::new(open(&path).await.unwrap(), LinesCodec::new());
        let lines: Vec<String> = source.try_collect().await.unwrap();
        assert!(lines.iter().eq(text.lines()));
    });
    assert_same(contents(&path), &text, "the file");

    let frames: Vec<Bytes> = SIZES.into_iter().map(|len| noise(len).into()).collect();
    run(async {
        let file = anyfile_clients::create_both(&path).await.unwrap();
        let mut framed = Framed::new(file, LengthDelimitedCodec::new());
        for frame in &frames {
            framed.send(frame.clone()).await.unwrap();
        }
        framed.get_mut().rewind().await.unwrap();
        for frame in &frames {
            assert_same(framed.next().await.unwrap().unwrap(), frame, "a frame");
        }
        assert!(framed.next().await.is_none());
    });
}

#[test]
fn stream_and_reader() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let (source, path) = (dir.file("source", &bytes), dir.join("copy"));
    run(async {
        let stream = ReaderStream::with_capacity(open(source).await?, 10_007);
        let mut file = create(&path).await?;
        tokio::io::copy(&mut StreamReader::new(stream), &mut file).await?;
        file.shutdown().await
    })
    .unwrap();
    assert_same(contents(path), bytes, "the copy");
}

/// Chunks are read again as a file is.
#[test]
fn chunks_and_reader() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let source = dir.file("source", &bytes);
    run(async {
        let chunks = open(source).await.unwrap().chunks().map_ok(Bytes::from);
        let mut read = Vec::new();
        let mut reader = StreamReader::new(chunks);
        reader.read_to_end(&mut read).await.unwrap();
        assert_same(read, bytes, "the chunks");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_every_close() {
    let dir = Dir::new();
    std::os::unix::fs::symlink("/dev/full", dir.join("full")).unwrap();
    run(async {
        let file = create(dir.join("full")).await.unwrap();
        let mut sink = FramedWrite::new(file, BytesCodec::new());
        let sent = sink.send(Bytes::from(noise(300_000))).await;
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::StorageFull);
        for _ in 0..3 {
            let closed = SinkExt::<Bytes>::close(&mut sink).await;
            assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    });
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// Returns a file as a body, which is read while it is sent. Its length is the one that it has now.
async fn body(path: &Path) -> io::Result<Body> {
    let file = open(path).await?;
    let len = file.metadata().await?.len();
    let frames = file
        .chunks()
        .limit(len)
        .map_ok(|chunk| Frame::data(chunk.into()));
    Ok(StreamBody::new(frames).boxed_unsync())
}

/// Stores what is sent, to the close of the file.
async fn store(path: &Path, body: Incoming) -> io::Result<()> {
    let file = FramedWrite::new(create(path).await?, BytesCodec::new());
    body.into_data_stream()
        .map_err(io::Error::other)
        .forward(file)
        .await
}

async fn answer(dir: &Path, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let path = dir.join(request.uri().path().trim_start_matches('/'));
    let body = match *request.method() {
        Method::PUT => store(&path, request.into_body()).await.map(|()| empty())?,
        _ => body(&path).await?,
    };
    Ok(Response::new(body))
}

/// Serves the files of a directory on one end of a connection, and gives the client the other.
async fn connect(dir: PathBuf) -> SendRequest<Body> {
    let io =
        |end: DuplexStream| -> FuturesIo<Compat<DuplexStream>> { FuturesIo::new(end.compat()) };
    let (client, server) = tokio::io::duplex(16 * 1024);
    let service = service_fn(move |request| {
        let dir = dir.clone();
        async move {
            let response = answer(&dir, request).await.unwrap_or_else(|error| {
                println!("{error}");
                let mut response = Response::new(empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            });
            Ok::<_, Infallible>(response)
        }
    });
    let server = hyper::server::conn::http1::Builder::new().serve_connection(io(server), service);
    tokio::spawn(server);
    let (client, connection) = hyper::client::conn::http1::handshake(io(client))
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// Sends files up, and takes them down again.
async fn there_and_back(dir: &Dir) {
    let mut client = connect(dir.path().into()).await;
    for len in SIZES {
        let bytes = noise(len);
        let path = dir.file("source", &bytes);
        let mut ask = async |method, name: &str, body| {
            let request = Request::builder().method(method).uri(name);
            let request = request.header("host", "localhost").body(body).unwrap();
            client.ready().await.unwrap();
            let response = client.send_request(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            response.into_body().collect().await.unwrap().to_bytes()
        };
        ask(Method::PUT, "/stored", body(&path).await.unwrap()).await;
        assert_same(contents(dir.join("stored")), &bytes, "stored");
        let got = ask(Method::GET, "/stored", empty()).await;
        assert_same(got, &bytes, "served");
    }
}

#[test]
fn hyper_on_each_flavor_of_tokio() {
    let single = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    single.block_on(there_and_back(&Dir::new()));
    let several = tokio::runtime::Runtime::new().unwrap();
    several.block_on(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| tokio::spawn(async { there_and_back(&Dir::new()).await }))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}
