//! The halves of a file by `split` of futures, futures-lite and tokio, held by two tasks.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use anyfile::{AsyncFile, open_file, wrap_file};
use anyfile_clients::{Dir, assert_same, contents, noise, run, text};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::compat::{
    FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt,
};

/// The number of times that two tasks use the halves of a file: their interleaving is a matter of luck.
const TURNS: usize = 20;

/// Reads and writes that have nothing to do with each other, as those of a socket.
struct TwoWay {
    source: io::Cursor<Vec<u8>>,
    sink: Arc<Mutex<Vec<u8>>>,
}

impl Read for TwoWay {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.source.read(buf)
    }
}

impl Write for TwoWay {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Write::write(&mut *self.sink.lock().unwrap(), buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads this many bytes, or up to the end, while another task writes and flushes now and then.
async fn read_and_write(
    mut reader: impl AsyncRead + Unpin + Send + 'static,
    mut writer: impl AsyncWrite + Unpin + Send + 'static,
    reads: usize,
    bytes: Vec<u8>,
) -> Vec<u8> {
    let writing = smol::spawn(async move {
        for (number, part) in bytes.chunks(1_009).enumerate() {
            writer.write_all(part).await?;
            if number % 16 == 0 {
                writer.flush().await?;
            }
        }
        writer.flush().await
    });
    // On this thread, while the other is the executor's.
    let (mut read, mut buf) = (Vec::new(), [0; 1_013]);
    while read.len() < reads {
        match reader.read(&mut buf).await.expect("read") {
            0 => break,
            len => read.extend_from_slice(&buf[..len]),
        }
    }
    writing.await.expect("written");
    read
}

/// Both halves of an object whose reads and writes are independent, in two tasks.
#[track_caller]
fn halves_of_two_way<R, W>(split: impl Fn(AsyncFile<TwoWay>) -> (R, W))
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    for _ in 0..TURNS {
        let (source, sink) = (noise(200_000), Arc::default());
        let two_way = TwoWay {
            source: io::Cursor::new(source.clone()),
            sink: Arc::clone(&sink),
        };
        let written = text(200_000).into_bytes();
        let (reader, writer) = split(wrap_file(two_way));
        let read = run(read_and_write(reader, writer, usize::MAX, written.clone()));
        assert_same(read, source, "read");
        assert_same(&*sink.lock().unwrap(), written, "written");
    }
}

/// Both halves of a regular file, in two tasks. It has one position: what one of them reads or writes, the
/// other passes by. So the file has, in this order, what was read and what was written.
#[track_caller]
fn halves_of_file<R, W>(split: impl Fn(AsyncFile) -> (R, W))
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    const HIGH: u8 = 0x80;
    let dir = Dir::new();
    let old: Vec<u8> = noise(600_000)
        .into_iter()
        .map(|byte| byte & !HIGH)
        .collect();
    let new: Vec<u8> = noise(100_000).into_iter().map(|byte| byte | HIGH).collect();
    for _ in 0..TURNS {
        let path = dir.file("file", &old);
        let read = run(async {
            let file = open_file(&path).read(true).write(true).await.unwrap();
            let (reader, writer) = split(file);
            read_and_write(reader, writer, 200_000, new.clone()).await
        });
        let after = contents(&path);
        let end = read.len() + new.len();
        assert_same(&after[end..], &old[end..], "behind the position");
        let (written, passed): (Vec<u8>, Vec<u8>) = after[..end].iter().partition(|b| **b >= HIGH);
        assert_same(written, &new, "written");
        assert_same(passed, read, "read");
    }
}

#[test]
fn halves_of_a_wrapped_object_by_futures() {
    halves_of_two_way(AsyncReadExt::split);
}

#[test]
fn halves_of_a_wrapped_object_by_futures_lite() {
    halves_of_two_way(futures_lite::io::split);
}

#[test]
fn halves_of_a_wrapped_object_by_tokio() {
    halves_of_two_way(|file| {
        let (reader, writer) = tokio::io::split(FuturesAsyncReadCompatExt::compat(file));
        (
            TokioAsyncReadCompatExt::compat(reader),
            writer.compat_write(),
        )
    });
}

#[test]
fn halves_of_a_file_by_futures() {
    halves_of_file(AsyncReadExt::split);
}

#[test]
fn halves_of_a_file_by_futures_lite() {
    halves_of_file(futures_lite::io::split);
}

#[test]
fn halves_of_a_file_by_tokio() {
    halves_of_file(|file| {
        let (reader, writer) = tokio::io::split(FuturesAsyncReadCompatExt::compat(file));
        (
            TokioAsyncReadCompatExt::compat(reader),
            writer.compat_write(),
        )
    });
}
