//! How codecs, sinks and buffers of other crates poll a file: in their own order, and more often than needed.

mod common;

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::{AsyncBufRead, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ready};

use common::strict::block_on;
use common::{Dir, contents, noise, poll_times};

/// Closes as `FramedWrite` and other sinks do: they flush, and then close, each time they are polled.
async fn flush_then_close<W: AsyncWrite + Unpin>(writer: &mut W) -> io::Result<()> {
    poll_fn(|cx| {
        ready!(Pin::new(&mut *writer).poll_flush(cx))?;
        Pin::new(&mut *writer).poll_close(cx)
    })
    .await
}

async fn create(path: &std::path::Path) -> AsyncFile {
    let options = open_file(path).write(true).create(true).truncate(true);
    options.await.expect("a new file")
}

/// Returns how many of the rounds failed, with the first error, or `None` if none did.
fn failures(rounds: usize, mut round: impl FnMut(usize) -> io::Result<()>) -> Option<String> {
    let results: Vec<io::Result<()>> = (0..rounds).map(&mut round).collect();
    let errors: Vec<io::Error> = results.into_iter().filter_map(Result::err).collect();
    let first = errors.first()?;
    Some(format!("{} of {rounds} failed: {first}", errors.len()))
}

#[test]
fn a_sink_that_flushes_before_every_close() {
    let dir = Dir::new();
    let path = dir.join("file");
    let failed = failures(300, |round| {
        let data = noise([1, 100, 70_000, 300_000][round % 4]);
        block_on("sink", (round % 2 == 0).then_some(round as u64), async {
            let mut file = create(&path).await;
            file.write_all(&data).await?;
            flush_then_close(&mut file).await
        })?;
        assert!(contents(&path) == data, "round {round}");
        Ok(())
    });
    assert_eq!(failed, None);
}

#[test]
fn a_sink_that_flushes_before_every_close_of_an_object() {
    let failed = failures(300, |round| {
        block_on("sink", (round % 2 == 0).then_some(round as u64), async {
            let mut file = wrap_file(Cursor::new(Vec::new()));
            file.write_all(&noise([0, 100, 70_000][round % 3])).await?;
            flush_then_close(&mut file).await
        })
    });
    assert_eq!(failed, None);
}

/// A flush succeeds if nothing is unwritten, also during and after a close.
#[test]
fn a_flush_while_a_close_is_under_way_and_after_it() {
    let dir = Dir::new();
    let path = dir.join("file");
    let failed = failures(100, |round| {
        block_on("flush and close", None, async {
            let mut file = create(&path).await;
            if round % 3 > 0 {
                file.write_all(&noise(1_000)).await?;
            }
            if round % 3 > 1 {
                file.flush().await?;
            }
            let _ = poll_times(file.close(), round % 4);
            file.flush().await?;
            file.flush().await?;
            file.close().await?;
            file.flush().await?;
            AsyncWriteExt::close(&mut file).await?;
            file.flush().await
        })
    });
    assert_eq!(failed, None);
}

/// A closed file takes no more bytes, however it was closed.
#[test]
fn a_write_after_a_close_is_refused() {
    let dir = Dir::new();
    block_on("write after close", None, async {
        let mut file = create(&dir.join("file")).await;
        file.write_all(b"written").await.unwrap();
        let _ = flush_then_close(&mut file).await;
        file.close().await.unwrap();
        let error = file.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    });
    assert_eq!(contents(&dir.join("file")), b"written");
}

/// The sinks of `futures`, which close in their own way.
#[test]
fn sinks_of_futures() {
    use futures::{AsyncWriteExt as _, SinkExt};
    let dir = Dir::new();
    let path = dir.join("file");
    let failed = failures(100, |round| {
        let data = noise(3_000);
        block_on(
            "into_sink",
            (round % 2 == 0).then_some(round as u64),
            async {
                let mut sink = create(&path).await.into_sink();
                for piece in data.chunks(700) {
                    sink.send(piece.to_vec()).await?;
                }
                sink.close().await?;
                // Generic code flushes a sink whose state it does not know.
                sink.flush().await
            },
        )?;
        assert!(contents(&path) == data, "round {round}");
        Ok(())
    });
    assert_eq!(failed, None);
}

fn poll_fill_buf<T: io::Read + Send + 'static>(file: &mut AsyncFile<T>) -> Poll<usize> {
    let mut cx = Context::from_waker(Waker::noop());
    let polled = Pin::new(file).poll_fill_buf(&mut cx);
    polled.map(|filled| filled.expect("no error").len())
}

/// Reads to the end with `futures`, then asks for more as `futures_lite` does: twice for one answer, of
/// which the second must be as ready as the first.
async fn to_the_end_and_on<T: io::Read + Send + 'static>(what: &str, mut file: AsyncFile<T>) {
    let mut seen = Vec::new();
    while futures::AsyncBufReadExt::read_until(&mut file, b'\n', &mut seen)
        .await
        .unwrap()
        > 0
    {}
    for _ in 0..5 {
        let filled = futures_lite::AsyncBufReadExt::fill_buf(&mut file).await;
        assert!(filled.unwrap().is_empty(), "{what}");
    }
}

#[test]
fn the_end_of_a_file_stays_an_answer() {
    let dir = Dir::new();
    for len in [0, 1, 1_000, 300_000] {
        let data = noise(len);
        let path = dir.file("file", &data);
        for seed in [None, Some(1), Some(2)] {
            block_on("to the end", seed, async {
                let cursor = Cursor::new(data.clone());
                to_the_end_and_on("cursor", wrap_file(cursor.clone())).await;
                to_the_end_and_on("reader", wrap_file(BufReader::new(cursor))).await;
                let std = File::open(&path).unwrap();
                to_the_end_and_on("reader of a file", wrap_file(BufReader::new(std))).await;
                to_the_end_and_on("file", open_file(&path).await.unwrap()).await;
            });
        }
    }
}

/// `fill_buf` of futures-lite polls twice, and panics if the second answer is an error. The first answer, given
/// while a read for more was in flight, is given again even if that read has failed since.
#[test]
fn an_end_that_stays_is_not_followed_by_an_error_at_once() {
    /// First reports its end. Then each read waits for a signal, and fails.
    struct Growing {
        is_new: bool,
        go_on: mpsc::Receiver<()>,
    }
    impl Read for Growing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.is_new) {
                return Ok(0);
            }
            let _ = self.go_on.recv();
            Err(ErrorKind::StorageFull.into())
        }
    }
    let (go, go_on) = mpsc::channel();
    let is_new = true;
    let mut file = wrap_file(Growing { is_new, go_on });
    let poll = |file: &mut AsyncFile<Growing>| {
        let polled = Pin::new(file).poll_fill_buf(&mut Context::from_waker(Waker::noop()));
        polled.map(|buf| buf.map(<[u8]>::len).map_err(|error| error.kind()))
    };
    let end = Poll::Ready(Ok(0));
    while poll(&mut file) != end {
        std::thread::yield_now();
    }
    assert_eq!(poll(&mut file), end, "the end again");
    assert_eq!(poll(&mut file), end, "while a look for more is under way");
    go.send(()).unwrap();
    // Usually the job is over by then. If not, this checks nothing.
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(poll(&mut file), end, "what was given before");
    let fails = (0..2_000).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        poll(&mut file) == Poll::Ready(Err(ErrorKind::StorageFull))
    });
    assert!(fails, "the error comes after that");
}

/// After the end of file, further polls are ready with an empty buffer until there is data.
#[test]
fn after_an_end_the_buffer_stays_ready() {
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    let check = |what: &str, mut poll: Box<dyn FnMut() -> Poll<usize>>| {
        let ended = (0..2_000).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            poll() == Poll::Ready(0)
        });
        assert!(ended, "{what}: no end");
        for round in 0..100 {
            assert_eq!(poll(), Poll::Ready(0), "{what}, poll {round} after the end");
        }
    };
    let read_all = |mut file| {
        let mut text = String::new();
        block_on(
            "read",
            None,
            AsyncReadExt::read_to_string(&mut file, &mut text),
        )
        .unwrap();
        file
    };
    let mut file = wrap_file(Cursor::new(b"contents".to_vec()));
    block_on("read", None, file.read_exact(&mut [0; 8])).unwrap();
    check("cursor", Box::new(move || poll_fill_buf(&mut file)));
    let mut file = read_all(wrap_file(File::open(&path).unwrap()));
    check("file", Box::new(move || poll_fill_buf(&mut file)));
}

/// A file that grows after its end was seen, read in each way.
#[test]
fn a_file_that_grows_after_its_end() {
    let dir = Dir::new();
    let path = dir.file("file", "one\n");
    let mut grown = File::options().append(true).open(&path).unwrap();
    for seed in [None, Some(1), Some(2)] {
        block_on("a growing file", seed, async {
            let mut file = open_file(&path).await.unwrap();
            let mut reader = wrap_file(BufReader::new(File::open(&path).unwrap()));
            let len = contents(&path).len();
            file.read_exact(&mut vec![0; len]).await.unwrap();
            reader.read_exact(&mut vec![0; len]).await.unwrap();
            for round in 0..20 {
                let filled = futures_lite::AsyncBufReadExt::fill_buf(&mut file).await;
                assert!(filled.unwrap().is_empty());
                let filled = futures_lite::AsyncBufReadExt::fill_buf(&mut reader).await;
                assert!(filled.unwrap().is_empty());
                let added = format!("line {round}\n");
                grown.write_all(added.as_bytes()).unwrap();
                grows(&mut file, added.as_bytes()).await;
                grows(&mut reader, added.as_bytes()).await;
            }
        });
    }
}

/// Waits until the added bytes can be read. The buffer may be empty for a while.
async fn grows<R: AsyncBufRead + Unpin>(reader: &mut R, added: &[u8]) {
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        let filled = futures_lite::AsyncBufReadExt::fill_buf(reader).await;
        let filled = filled.unwrap();
        seen.extend_from_slice(filled);
        let len = filled.len();
        futures_lite::AsyncBufReadExt::consume(reader, len);
        if seen.len() >= added.len() {
            assert_eq!(seen, added);
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{} of {} bytes", seen.len(), added.len());
}

/// Buffers and copies of other crates on top of a file, to the last byte.
#[test]
fn buffers_and_copies_of_other_crates() {
    let dir = Dir::new();
    let data = noise(500_000);
    let (from, to) = (dir.file("from", &data), dir.join("to"));
    for seed in 0..8 {
        block_on("copies", Some(seed), async {
            let reader = open_file(&from).await.unwrap();
            let mut writer = create(&to).await;
            match seed % 4 {
                0 => {
                    let copied = futures_lite::io::copy(reader, &mut writer).await;
                    assert_eq!(copied.unwrap(), 500_000);
                }
                1 => {
                    let mut writer = futures::io::BufWriter::with_capacity(3_000, &mut writer);
                    let copied = futures::io::copy_buf(reader, &mut writer).await;
                    assert_eq!(copied.unwrap(), 500_000);
                    writer.flush().await.unwrap();
                }
                2 => {
                    let mut reader = futures_lite::io::BufReader::with_capacity(1_000, reader);
                    let mut buf = vec![0; 700];
                    loop {
                        let read = poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, &mut buf));
                        match read.await.unwrap() {
                            0 => break,
                            read => writer.write_all(&buf[..read]).await.unwrap(),
                        }
                    }
                }
                _ => {
                    let mut reader = futures::io::BufReader::new(reader);
                    let copied = futures::io::copy(&mut reader, &mut writer).await;
                    assert_eq!(copied.unwrap(), 500_000);
                }
            }
            flush_then_close(&mut writer).await.unwrap();
        });
        assert!(contents(&to) == data, "seed {seed}");
    }
}
