//! OpenDAL: objects of an S3 server as files, read by the same code as a local file beside them.

mod store;

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyfile::AsyncFile;
use anyfile_clients::{Dir, SIZES, assert_same, noise, open, run, text};
use futures::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, TryStreamExt};
use futures_lite::future;
use opendal::blocking::StdReader;
use opendal::layers::RetryLayer;
use smol::Timer;
use tokio::runtime::Builder;

use store::{Counts, Flow, Server, complete, count};

/// Runs a test under smol and under both runtimes of tokio. Under tokio, OpenDAL's blocking objects panic if they are
/// used or dropped anywhere but on the pool.
fn under_each(test: impl AsyncFn()) {
    run(test());
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.build().expect("a runtime");
        let ended = async {
            test().await;
            true
        };
        let limit = async {
            Timer::after(Duration::from_secs(30)).await;
            false
        };
        assert!(runtime.block_on(future::or(ended, limit)), "never woken");
    }
}

/// The same bytes as an object and as a local file.
struct Both {
    server: Server,
    _dir: Dir,
    path: PathBuf,
}

impl Both {
    fn with(bytes: impl AsRef<[u8]>) -> Both {
        let (server, dir) = (Server::start().expect("a server"), Dir::new());
        let path = dir.file("file", &bytes);
        server.put("file", bytes.as_ref().to_vec());
        Both {
            server,
            _dir: dir,
            path,
        }
    }

    /// Opens the object.
    async fn object(&self) -> io::Result<AsyncFile<StdReader>> {
        self.server.open("file").await
    }

    /// Reads 100,000 bytes, and lets the response break off after 300,000 more.
    async fn break_off(&self, object: &mut AsyncFile<StdReader>) {
        self.server.set_flow(Flow::StopsAt(100_000));
        object.read_exact(&mut vec![0; 100_000]).await.unwrap();
        self.server.set_flow(Flow::BreaksAt(400_000));
    }
}

/// What is read of a file in three ways.
#[derive(PartialEq, Eq)]
struct Seen {
    lines: Vec<String>,
    counts: Counts,
    chunks: Vec<u8>,
}

/// Reads a file through, from its start to its end.
async fn read_through<T: Read + Seek + Send + 'static>(mut file: AsyncFile<T>) -> io::Result<Seen> {
    let counts = count(&mut file).await?;
    file.seek(SeekFrom::Start(0)).await?;
    let mut lines = file.lines();
    let all = (&mut lines).try_collect().await?;
    let mut file = lines.into_inner();
    file.seek(SeekFrom::Start(0)).await?;
    let chunks: Vec<_> = file.chunks().try_collect().await?;
    Ok(Seen {
        lines: all,
        counts,
        chunks: chunks.concat(),
    })
}

fn read_through_with_std(path: &Path) -> io::Result<Seen> {
    let text = std::fs::read_to_string(path)?;
    let lines = BufReader::new(File::open(path)?).lines();
    Ok(Seen {
        lines: lines.collect::<io::Result<_>>()?,
        counts: Counts {
            lines: text.matches('\n').count(),
            words: text.split_ascii_whitespace().count(),
            bytes: text.len(),
        },
        chunks: text.into_bytes(),
    })
}

#[test]
fn read_as_a_local_file() {
    for len in SIZES {
        let both = Both::with(text(len));
        let expected = read_through_with_std(&both.path).unwrap();
        under_each(async || {
            let local = read_through(open(&both.path).await.unwrap()).await;
            assert!(local.unwrap() == expected, "the local file of {len} bytes");
            let object = read_through(both.object().await.unwrap()).await;
            assert!(object.unwrap() == expected, "the object of {len} bytes");
        });
    }
}

/// One way to move the cursor within the file, or none.
fn random_seek(random: u64, position: u64, len: u64) -> Option<SeekFrom> {
    let target = (random >> 8) % (len + 1);
    match random % 4 {
        0 => Some(SeekFrom::Start(target)),
        1 => Some(SeekFrom::Current(target as i64 - position as i64)),
        2 => Some(SeekFrom::End(target as i64 - len as i64)),
        _ => None,
    }
}

/// Seeks and reads at random, each compared with std's on the local file.
async fn seek_about<T>(mut file: AsyncFile<T>, path: &Path) -> io::Result<()>
where
    T: Read + Seek + Send + 'static,
{
    let mut std = BufReader::new(File::open(path)?);
    let len = std.get_ref().metadata()?.len();
    for random in noise(8 * 100).chunks_exact(8) {
        let random = u64::from_le_bytes(random.try_into().expect("eight bytes"));
        if let Some(target) = random_seek(random, std.stream_position()?, len) {
            assert_eq!(file.seek(target).await?, std.seek(target)?, "{target:?}");
        }
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        if random & 4 == 0 {
            file.read_until(b'\n', &mut got).await?;
            std.read_until(b'\n', &mut expected)?;
        } else {
            let len = random >> 32 & 0xFFFF;
            (&mut file).take(len).read_to_end(&mut got).await?;
            (&mut std).take(len).read_to_end(&mut expected)?;
        }
        assert_same(got, expected, "after a seek");
        assert_eq!(file.stream_position().await?, std.stream_position()?);
    }
    Ok(())
}

#[test]
fn seeks_and_reads_as_std() {
    for len in [1, 400_000] {
        let both = Both::with(text(len));
        under_each(async || {
            let local = open(&both.path).await.unwrap();
            seek_about(local, &both.path).await.unwrap();
            let object = both.object().await.unwrap();
            seek_about(object, &both.path).await.unwrap();
        });
    }
}

/// As in std, the file ends there.
#[test]
fn a_seek_beyond_the_end() {
    let both = Both::with(text(10_000));
    under_each(async || {
        let mut object = both.object().await.unwrap();
        let position = object.seek(SeekFrom::End(5)).await.unwrap();
        assert_eq!(position, 10_005);
        assert_eq!(object.read(&mut [0; 10]).await.unwrap(), 0);

        object.seek(SeekFrom::Start(0)).await.unwrap();
        let error = object.seek(SeekFrom::Current(-1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let mut bytes = Vec::new();
        object.read_to_end(&mut bytes).await.unwrap();
        assert_same(bytes, text(10_000), "read");
    });
}

/// One request serves a file that is read through, and each seek begins another.
#[test]
fn requests() {
    let both = Both::with(text(1_000_003));
    let mut before = 0;
    let mut new = |expected, what: &str| {
        let reads = both.server.reads();
        assert_eq!(reads - before, expected, "{what}");
        before = reads;
    };
    run(async {
        let mut object = both.object().await.unwrap();
        new(0, "opened");
        count(&mut object).await.unwrap();
        new(1, "read through");

        let mut piece = [0; 100];
        for target in [0, 500_000, 250_000] {
            object.seek(SeekFrom::Start(target)).await.unwrap();
            new(0, "a seek");
            object.read_exact(&mut piece).await.unwrap();
            new(1, "a read after a seek");
        }
        let mut line = Vec::new();
        object.read_until(b'\n', &mut line).await.unwrap();
        object.seek_relative(10).await.unwrap();
        object.read_exact(&mut piece).await.unwrap();
        new(0, "a seek within the buffer");
    });
}

/// The first read finds out.
#[test]
fn an_object_that_does_not_exist() {
    let server = Server::start().unwrap();
    under_each(async || {
        let mut file = server.open("none").await.unwrap();
        let error = file.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = file.seek(SeekFrom::End(0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        file.close().await.unwrap();
    });
}

/// Reads until there is an error, and returns it with the bytes before it.
async fn read_until_error(file: &mut AsyncFile<StdReader>) -> (Vec<u8>, io::Error) {
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 20_000]);
    loop {
        match file.read(&mut piece).await {
            Ok(0) => panic!("the end of the file after {} bytes", bytes.len()),
            Ok(len) => bytes.extend_from_slice(&piece[..len]),
            Err(error) => return (bytes, error),
        }
    }
}

/// The response breaks off in the middle. OpenDAL's reader goes on after a seek to another position.
#[test]
fn a_connection_that_breaks() {
    let bytes = noise(1_000_003);
    let both = Both::with(&bytes);
    under_each(async || {
        let mut object = both.object().await.unwrap();
        both.break_off(&mut object).await;
        let (rest, error) = read_until_error(&mut object).await;
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        let len = 100_000 + rest.len();
        assert!(len <= 400_000, "{len} bytes, then {error}");
        assert_same(&rest, &bytes[100_000..len], "before the error");
        // OpenDAL does not go on by itself.
        object.read(&mut [0; 10]).await.unwrap_err();

        object.seek(SeekFrom::Start(0)).await.unwrap();
        let mut all = Vec::new();
        object.read_to_end(&mut all).await.unwrap();
        assert_same(all, &bytes, "after the error");
    });
}

/// With OpenDAL's layer for retries, the reader asks for the rest.
#[test]
fn a_connection_that_breaks_is_resumed() {
    let bytes = noise(1_000_003);
    let both = Both::with(&bytes);
    let retry = RetryLayer::new().with_min_delay(Duration::from_millis(1));
    let operator = both.server.operator().clone().layer(retry);
    under_each(async || {
        let mut object = store::open(operator.clone(), "file").await.unwrap();
        both.break_off(&mut object).await;
        let mut rest = Vec::new();
        object.read_to_end(&mut rest).await.unwrap();
        assert_same(rest, &bytes[100_000..], "the rest");
    });
}

#[test]
fn a_server_that_stops() {
    let bytes = noise(1_000_003);
    under_each(async || {
        let both = Both::with(&bytes);
        both.server.set_flow(Flow::StopsAt(400_000));
        let mut object = both.object().await.unwrap();
        let mut first = vec![0; 400_000];
        object.read_exact(&mut first).await.unwrap();
        assert_same(&first, &bytes[..400_000], "read");
        let mut piece = [0; 100];
        assert!(future::poll_once(object.read(&mut piece)).await.is_none());

        drop(both);
        object.read(&mut piece).await.unwrap_err();
        assert!(!object.is_closed());
        object.seek(SeekFrom::Start(0)).await.unwrap();
        object.read(&mut piece).await.unwrap_err();
        object.close().await.unwrap();
    });
}

/// Every future is dropped after its first poll.
#[test]
fn dropped_reads_lose_nothing() {
    let all = text(300_000);
    let both = Both::with(&all);
    under_each(async || {
        let (mut dropped, mut limit) = (0, 0);
        let mut wait = async || {
            dropped += 1;
            limit += 5_000;
            both.server.set_flow(Flow::StopsAt(limit));
            Timer::after(Duration::from_millis(1)).await;
        };
        both.server.set_flow(Flow::StopsAt(0));
        let mut object = both.object().await.unwrap();
        let (mut got, mut piece) = (Vec::new(), vec![0; 3_000]);
        while got.len() < 100_000 {
            match future::poll_once(object.read(&mut piece)).await {
                Some(len) => got.extend_from_slice(&piece[..len.unwrap()]),
                None => wait().await,
            }
        }
        let mut lines = object.lines();
        loop {
            match future::poll_once(lines.next_line()).await {
                Some(line) => match line.unwrap() {
                    Some(line) => got.extend_from_slice(format!("{line}\n").as_bytes()),
                    None => break,
                },
                None => wait().await,
            }
        }
        if !all.ends_with('\n') {
            got.pop();
        }
        assert_same(got, &all, "read");
        assert!(dropped > 50, "only {dropped} futures were dropped");
    });
}

/// The response goes on only after the executor's thread has run a ticker.
#[test]
fn the_executor_goes_on_while_the_server_is_slow() {
    let bytes = noise(300_000);
    let both = Both::with(&bytes);
    under_each(async || {
        both.server.set_flow(Flow::StopsAt(100_000));
        let read = async {
            let (mut object, mut got) = (both.object().await?, Vec::new());
            object.read_to_end(&mut got).await?;
            Ok(got)
        };
        let ticker = async {
            for _ in 0..50 {
                Timer::after(Duration::from_millis(1)).await;
            }
            both.server.set_flow(Flow::Free);
            io::Result::Ok(())
        };
        let (got, ()) = future::try_zip(read, ticker).await.unwrap();
        assert_same(got, &bytes, "read");
    });
}

/// The large one is sent in parts.
#[test]
fn uploads_come_back() {
    let server = Server::start().unwrap();
    for len in [0, 1, 131_073, 6 << 20] {
        let bytes = noise(len);
        under_each(async || {
            let mut file = server.create("upload").await.unwrap();
            for piece in bytes.chunks(70_001) {
                file.write_all(piece).await.unwrap();
            }
            complete(file).await.unwrap();
            let stored = server.object("upload").expect("an object");
            assert_same(stored, &bytes, "stored");

            let mut read = Vec::new();
            let mut object = server.open("upload").await.unwrap();
            object.read_to_end(&mut read).await.unwrap();
            assert_same(read, &bytes, "read");
        });
    }
}

/// Closing the file drops OpenDAL's writer, which then discards the object.
#[test]
fn an_upload_that_is_only_closed_or_dropped_is_discarded() {
    let server = Server::start().unwrap();
    under_each(async || {
        let mut file = server.create("upload").await.unwrap();
        file.write_all(&noise(300_000)).await.unwrap();
        file.close().await.unwrap();
        assert!(server.object("upload").is_none());

        let mut file = server.create("upload").await.unwrap();
        file.write_all(&noise(300_000)).await.unwrap();
        drop(file);
        assert!(server.object("upload").is_none());
    });
}

#[test]
fn an_upload_to_a_server_that_stopped_fails() {
    under_each(async || {
        let server = Server::start().unwrap();
        let mut small = server.create("small").await.unwrap();
        let mut large = server.create("large").await.unwrap();
        small.write_all(b"small").await.unwrap();
        large.write_all(b"large").await.unwrap();
        drop(server);
        complete(small).await.unwrap_err();

        // Parts are sent before the object is complete.
        let written = async {
            large.write_all(&noise(11 << 20)).await?;
            large.flush().await
        };
        written.await.unwrap_err();
        large.discard_unwritten().await.unwrap();
        large.close().await.unwrap();
    });
}
