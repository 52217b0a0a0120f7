//! asynchronous-codec and tokio-util: frames written to a file and read from it, to the close.

use std::fmt::Debug;
use std::io::{self, SeekFrom};
use std::pin::{Pin, pin};

use anyfile::AsyncFile;
use anyfile_clients::{
    Dir, SIZES, assert_same, contents, create, create_both, noise, open, run, text,
};
use asynchronous_codec as codec;
use futures::future::poll_fn;
use futures::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use futures::{Sink, SinkExt, Stream, StreamExt, TryStreamExt, ready};
use tokio_util::bytes::Bytes;
use tokio_util::codec as tokio_codec;
use tokio_util::compat::{FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt};
use tokio_util::io::{ReaderStream, StreamReader};

/// The number of tries of each close: whether a job ends before the next poll is a matter of luck.
const TURNS: usize = 300;

/// Frames of the sizes that matter, none of them empty.
fn frames() -> Vec<Bytes> {
    let sizes = SIZES.into_iter().filter(|len| *len > 0);
    sizes.map(|len| noise(len).into()).collect()
}

/// Sends frames into a file, and closes the sink.
async fn send<S, T, E>(sink: impl FnOnce(AsyncFile) -> S, file: AsyncFile, frames: Vec<T>)
where
    S: Sink<T, Error = E>,
    E: Debug,
{
    let mut sink = pin!(sink(file));
    for frame in frames {
        sink.feed(frame).await.expect("sent");
    }
    sink.close().await.expect("closed");
}

/// Says how often something failed, and how it failed the last time.
#[track_caller]
fn assert_all_succeed(results: impl IntoIterator<Item = io::Result<()>>) {
    let results: Vec<_> = results.into_iter().collect();
    let failed: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    let last = failed.last();
    assert!(
        failed.is_empty(),
        "{} of {} failed, the last: {last:?}",
        failed.len(),
        results.len()
    );
}

/// Closes a writer as the sinks of asynchronous-codec, tokio-util and others do: each poll
/// flushes before it closes, also those after the close has begun.
async fn flush_and_close<W: AsyncWrite + Unpin>(writer: &mut W) -> io::Result<()> {
    poll_fn(|cx| {
        ready!(Pin::new(&mut *writer).poll_flush(cx))?;
        Pin::new(&mut *writer).poll_close(cx)
    })
    .await
}

#[test]
fn each_poll_of_a_close_may_flush_before() {
    let (dir, bytes) = (Dir::new(), noise(1_000));
    let turn = |turn: usize| {
        let (path, bytes) = (dir.join("file"), &bytes[..turn]);
        let closed = run(async {
            let mut file = create(&path).await?;
            file.write_all(bytes).await?;
            flush_and_close(&mut file).await
        });
        assert_same(contents(&path), bytes, "the file");
        closed
    };
    assert_all_succeed((0..TURNS).map(turn));
}

#[test]
fn each_poll_of_a_close_may_flush_a_wrapped_object_before() {
    let turn = |_| {
        run(async {
            let mut file = anyfile::wrap_file(Vec::new());
            file.write_all(b"some bytes").await?;
            flush_and_close(&mut file).await
        })
    };
    assert_all_succeed((0..TURNS).map(turn));
}

#[test]
fn a_file_that_is_closed_is_flushed_and_closed_again() {
    let dir = Dir::new();
    run(async {
        let mut file = create(dir.join("file")).await?;
        file.write_all(b"some bytes").await?;
        AsyncWriteExt::close(&mut file).await?;
        flush_and_close(&mut file).await?;
        flush_and_close(&mut file).await
    })
    .expect("nothing is unwritten");
    assert_same(contents(dir.join("file")), b"some bytes", "the file");
}

#[test]
fn every_close_of_framed_write_succeeds() {
    let (dir, bytes) = (Dir::new(), noise(1_000));
    let turn = |turn: usize| {
        let (path, bytes) = (dir.join("file"), &bytes[..turn]);
        let closed = run(async {
            let mut sink = codec::FramedWrite::new(create(&path).await?, codec::BytesCodec);
            sink.send(Bytes::copy_from_slice(bytes)).await?;
            sink.close().await
        });
        assert_same(contents(&path), bytes, "the file");
        closed
    };
    assert_all_succeed((0..TURNS).map(turn));
}

#[test]
fn every_close_of_tokio_framed_write_succeeds() {
    let (dir, bytes) = (Dir::new(), noise(1_000));
    let turn = |turn: usize| {
        let (path, bytes) = (dir.join("file"), &bytes[..turn]);
        let closed = run(async {
            let file = create(&path).await?.compat_write();
            let mut sink = tokio_codec::FramedWrite::new(file, tokio_codec::BytesCodec::new());
            sink.send(Bytes::copy_from_slice(bytes)).await?;
            SinkExt::<Bytes>::close(&mut sink).await
        });
        assert_same(contents(&path), bytes, "the file");
        closed
    };
    assert_all_succeed((0..TURNS).map(turn));
}

/// Forwards bytes from one file into another, and closes the latter.
async fn forward(
    source: impl Stream<Item = io::Result<Bytes>>,
    sink: impl Sink<Bytes, Error = io::Error>,
) -> io::Result<()> {
    source.forward(sink).await
}

#[test]
fn bytes_forwarded_from_file_to_file() {
    let dir = Dir::new();
    let turn = |len| {
        let (path, bytes) = (dir.join("copy"), noise(len));
        let source = dir.file("source", &bytes);
        let forwarded = run(async {
            let source = codec::FramedRead::new(open(source).await?, codec::BytesCodec);
            let sink = codec::FramedWrite::new(create(&path).await?, codec::BytesCodec);
            forward(source, sink).await
        });
        assert_same(contents(path), bytes, "the copy");
        forwarded
    };
    assert_all_succeed(SIZES.into_iter().cycle().take(10 * SIZES.len()).map(turn));
}

#[test]
fn bytes_forwarded_from_file_to_file_by_tokio() {
    let dir = Dir::new();
    let turn = |len| {
        let (path, bytes) = (dir.join("copy"), noise(len));
        let source = dir.file("source", &bytes);
        let forwarded = run(async {
            let source = ReaderStream::new(open(source).await?.compat());
            let sink = create(&path).await?.compat_write();
            let sink = tokio_codec::FramedWrite::new(sink, tokio_codec::BytesCodec::new());
            forward(source, sink).await
        });
        assert_same(contents(path), bytes, "the copy");
        forwarded
    };
    assert_all_succeed(SIZES.into_iter().cycle().take(10 * SIZES.len()).map(turn));
}

#[test]
fn frames_by_length() {
    let (dir, frames) = (Dir::new(), frames());
    let path = dir.join("file");
    run(async {
        let sink = |file| codec::FramedWrite::new(file, codec::LengthCodec);
        send(sink, create(&path).await.unwrap(), frames.clone()).await;
        let mut source = codec::FramedRead::new(open(&path).await.unwrap(), codec::LengthCodec);
        for frame in &frames {
            assert_same(source.next().await.unwrap().unwrap(), frame, "a frame");
        }
        assert!(source.next().await.is_none());
    });
    let expected = frames
        .iter()
        .flat_map(|frame| [&(frame.len() as u64).to_be_bytes()[..], frame].concat());
    assert_same(contents(path), expected.collect::<Vec<u8>>(), "the file");
}

#[test]
fn frames_by_length_with_tokio() {
    let (dir, frames) = (Dir::new(), frames());
    let path = dir.join("file");
    run(async {
        let codec = tokio_codec::LengthDelimitedCodec::new;
        let sink = |file: AsyncFile| tokio_codec::FramedWrite::new(file.compat_write(), codec());
        send(sink, create(&path).await.unwrap(), frames.clone()).await;
        let source = open(&path).await.unwrap().compat();
        let mut source = tokio_codec::FramedRead::new(source, codec());
        for frame in &frames {
            assert_same(source.next().await.unwrap().unwrap(), frame, "a frame");
        }
        assert!(source.next().await.is_none());
    });
    let expected = frames
        .iter()
        .flat_map(|frame| [&(frame.len() as u32).to_be_bytes()[..], frame].concat());
    assert_same(contents(path), expected.collect::<Vec<u8>>(), "the file");
}

#[test]
fn lines() {
    let (dir, text) = (Dir::new(), text(300_000) + "\n");
    let path = dir.join("file");
    let lines: Vec<String> = text.split_inclusive('\n').map(String::from).collect();
    run(async {
        let sink = |file| codec::FramedWrite::new(file, codec::LinesCodec);
        send(sink, create(&path).await.unwrap(), lines.clone()).await;
        let source = codec::FramedRead::new(open(&path).await.unwrap(), codec::LinesCodec);
        assert!(source.try_collect::<Vec<_>>().await.unwrap() == lines);
    });
    assert_same(contents(path), text, "the file");
}

#[test]
fn lines_with_tokio() {
    let (dir, text) = (Dir::new(), text(300_000) + "\n");
    let path = dir.join("file");
    let lines: Vec<String> = text.lines().map(String::from).collect();
    run(async {
        let codec = tokio_codec::LinesCodec::new;
        let sink = |file: AsyncFile| tokio_codec::FramedWrite::new(file.compat_write(), codec());
        send(sink, create(&path).await.unwrap(), lines.clone()).await;
        let source = open(&path).await.unwrap().compat();
        let source = tokio_codec::FramedRead::new(source, codec());
        assert!(source.try_collect::<Vec<_>>().await.unwrap() == lines);
    });
    assert_same(contents(path), text, "the file");
}

/// Both halves of a codec on one file: what was written is read again after a seek.
#[test]
fn one_codec_for_both_directions() {
    let (dir, frames) = (Dir::new(), frames());
    run(async {
        let file = create_both(dir.join("file")).await.unwrap();
        let mut framed = codec::Framed::new(file, codec::LengthCodec);
        for frame in &frames {
            framed.send(frame.clone()).await.unwrap();
        }
        framed.seek(SeekFrom::Start(0)).await.unwrap();
        for frame in &frames {
            let read = framed.next().await.unwrap().unwrap();
            assert_same(read, frame, "a frame");
        }
        framed.close().await.unwrap();
    });
}

/// A stream of bytes read as a file is, and a file read as a stream of bytes.
#[test]
fn stream_and_reader() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let (source, path) = (dir.file("source", &bytes), dir.join("copy"));
    run(async {
        let stream = ReaderStream::with_capacity(open(source).await?.compat(), 10_007);
        let mut file = create(&path).await?.compat_write();
        tokio::io::copy(&mut StreamReader::new(stream), &mut file).await?;
        tokio::io::AsyncWriteExt::shutdown(&mut file).await
    })
    .unwrap();
    assert_same(contents(path), bytes, "the copy");
}

/// A codec hands on what its file says: nothing is taken for written that is not.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_every_close() {
    let dir = Dir::new();
    std::os::unix::fs::symlink("/dev/full", dir.join("full")).unwrap();
    for len in SIZES.into_iter().filter(|len| *len > 0) {
        let bytes = Bytes::from(noise(len));
        run(async {
            let file = create(dir.join("full")).await.unwrap();
            let mut sink = codec::FramedWrite::new(file, codec::BytesCodec);
            let sent = sink.send(bytes.clone()).await;
            assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::StorageFull);
            for _ in 0..3 {
                let closed = sink.close().await;
                assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::StorageFull);
            }

            let file = create(dir.join("full")).await.unwrap().compat_write();
            let mut sink = tokio_codec::FramedWrite::new(file, tokio_codec::BytesCodec::new());
            let sent = sink.send(bytes).await;
            assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::StorageFull);
            for _ in 0..3 {
                let closed = SinkExt::<Bytes>::close(&mut sink).await;
                assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::StorageFull);
            }
        });
    }
}
