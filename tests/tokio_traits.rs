//! tokio's I/O traits: what its own tests of files expect, the two steps of a seek, and its utilities on top.
//!
//! Nothing here enters a tokio runtime, except where the name of the test says so.

#![cfg(feature = "tokio")]

mod common;

use std::io::{self, Cursor, ErrorKind, IoSlice, Read, Seek, SeekFrom, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use anyfile::{AsyncFile, create_file, open_file, wrap_file};
use futures_lite::future::{block_on, poll_fn, poll_once};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt,
    ReadBuf,
};

use common::{Dir, Scripted, Step, contents, noise, text};

const HELLO: &[u8] = b"hello world...";
const OTHER: &[u8] = b"OTHER";

/// Opens a file with these contents for reading and writing.
async fn file(dir: &Dir, bytes: impl AsRef<[u8]>) -> AsyncFile {
    let path = dir.file("file", bytes);
    open_file(path).read(true).write(true).await.unwrap()
}

/// Runs a test on a file and on an object in memory.
macro_rules! on_both {
    ($bytes:expr, $test:expr) => {
        let dir = Dir::new();
        block_on(async { $test(file(&dir, $bytes).await).await });
        block_on($test(wrap_file(Cursor::new(Vec::from($bytes)))));
    };
}

/// Polls once, and drops the future.
async fn give_up<R>(future: impl Future<Output = R>) {
    let _ = poll_once(pin!(future)).await;
}

async fn rest<T: Read + Send + 'static>(file: &mut AsyncFile<T>) -> Vec<u8> {
    let mut rest = Vec::new();
    AsyncReadExt::read_to_end(file, &mut rest).await.unwrap();
    rest
}

fn start<T: Seek + Send + 'static>(file: &mut AsyncFile<T>, to: SeekFrom) -> io::Result<()> {
    Pin::new(file).start_seek(to)
}

async fn complete<T: Seek + Send + 'static>(file: &mut AsyncFile<T>) -> io::Result<u64> {
    poll_fn(|cx| Pin::new(&mut *file).poll_complete(cx)).await
}

#[test]
fn a_read_fills_the_buffer_or_ends_at_the_end() {
    async fn check<T: Read + Send + 'static>(mut file: AsyncFile<T>) {
        let mut buf = [0; 1024];
        assert_eq!(file.read(&mut []).await.unwrap(), 0);
        assert_eq!(file.read(&mut buf[..5]).await.unwrap(), 5);
        assert_eq!(&buf[..5], b"hello");
        let read = file.read(&mut buf).await.unwrap();
        assert_eq!(&buf[..read], b" world...");
        assert_eq!(file.read(&mut buf).await.unwrap(), 0);
    }
    on_both!(HELLO, check);
}

#[test]
fn bytes_go_behind_those_that_a_buffer_has() {
    async fn check<T: Read + Send + 'static>(mut file: AsyncFile<T>) {
        let mut memory = [0; 8];
        let mut buf = ReadBuf::new(&mut memory);
        buf.put_slice(b"> ");
        poll_fn(|cx| Pin::new(&mut file).poll_read(cx, &mut buf))
            .await
            .unwrap();
        assert_eq!(buf.filled(), b"> hello ");
        // No room: nothing is read, and that is not the end.
        poll_fn(|cx| Pin::new(&mut file).poll_read(cx, &mut buf))
            .await
            .unwrap();
        assert_eq!(buf.filled().len(), 8);
        assert_eq!(rest(&mut file).await, b"world...");
    }
    on_both!(HELLO, check);
}

/// Memory that is not initialized, larger than one read returns.
#[test]
fn a_read_into_spare_capacity() {
    async fn check<T: Read + Send + 'static>(mut file: AsyncFile<T>) {
        let mut read = Vec::with_capacity(4 << 20);
        while file.read_buf(&mut read).await.unwrap() > 0 {}
        assert!(read == noise(1_000_003));
    }
    on_both!(noise(1_000_003), check);
}

#[test]
fn a_failed_read_is_followed_by_a_good_one() {
    let object = Scripted::new(HELLO, [Step::Fail(ErrorKind::Other)]);
    let mut file = wrap_file(object.handle());
    let mut buf = [0; 64];
    block_on(async {
        let error = file.read(&mut buf).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(file.read(&mut buf).await.unwrap(), HELLO.len());
    });
}

#[test]
fn what_a_dropped_read_took_is_read_next() {
    async fn check<T: Read + Send + 'static>(mut file: AsyncFile<T>) {
        give_up(file.read(&mut [0; 4])).await;
        let mut buf = [0; 4];
        file.read_exact(&mut buf).await.unwrap();
        let passed = usize::from(&buf != b"hell");
        // A read that was ready at once has passed its bytes.
        assert_eq!(&buf, &HELLO[passed * 4..][..4]);
    }
    on_both!(HELLO, check);
}

#[test]
fn a_write_after_a_dropped_read_is_at_the_position() {
    async fn check<T: Read + Write + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        // Objects other than files are known to be seekable from their first seek on.
        file.rewind().await.unwrap();
        file.read_exact(&mut [0; 4]).await.unwrap();
        give_up(file.fill_buf()).await;
        file.write_all(OTHER).await.unwrap();
        file.flush().await.unwrap();
        AsyncSeekExt::rewind(&mut file).await.unwrap();
        assert_eq!(rest(&mut file).await, b"hellOTHERld...");
    }
    on_both!(HELLO, check);
}

#[test]
fn a_flush_that_was_dropped_is_followed_by_a_write() {
    let dir = Dir::new();
    block_on(async {
        let mut file = create_file(dir.join("new")).await.unwrap();
        file.write_all(HELLO).await.unwrap();
        give_up(file.flush()).await;
        file.write_all(OTHER).await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(contents(&dir.join("new")), [HELLO, OTHER].concat());
}

#[test]
fn vectored_writes_and_a_shutdown() {
    let dir = Dir::new();
    block_on(async {
        let mut file = create_file(dir.join("new")).await.unwrap();
        assert!(file.is_write_vectored());
        let slices = [IoSlice::new(HELLO), IoSlice::new(OTHER)];
        let written = file.write_vectored(&slices).await.unwrap();
        assert_eq!(written, HELLO.len() + OTHER.len());
        file.shutdown().await.unwrap();
        assert!(file.is_closed());
        // Adapters do both again.
        file.flush().await.unwrap();
        file.shutdown().await.unwrap();
        assert!(file.write(HELLO).await.is_err());
        assert!(start(&mut file, SeekFrom::Start(0)).is_err());
    });
    assert_eq!(contents(&dir.join("new")), [HELLO, OTHER].concat());
}

/// Whatever follows a failed write reports it, and nothing is lost.
#[test]
fn an_error_of_a_write_is_reported_until_it_is_written() {
    type Next = fn(&mut AsyncFile<common::ScriptedHandle>) -> io::Result<()>;
    let next: [Next; 4] = [
        |file| block_on(file.flush()),
        |file| block_on(file.read(&mut [0; 8])).map(drop),
        |file| block_on(file.seek(SeekFrom::Start(0))).map(drop),
        |file| block_on(file.shutdown()),
    ];
    for next in next {
        let full = || Step::Fail(ErrorKind::StorageFull);
        let object = Scripted::new("", [full(), full()]);
        let mut file = wrap_file(object.handle());
        block_on(file.write_all(HELLO)).unwrap();
        for _ in 0..2 {
            assert_eq!(next(&mut file).unwrap_err().kind(), ErrorKind::StorageFull);
        }
        next(&mut file).unwrap();
        drop(file);
        assert_eq!(object.look(|script| script.data.clone()), HELLO);
    }
}

#[test]
fn a_seek_through_a_reader_reports_a_failed_write() {
    let object = Scripted::new("", [Step::Fail(ErrorKind::StorageFull)]);
    let mut file = tokio::io::BufReader::new(wrap_file(object.handle()));
    block_on(async {
        file.write_all(HELLO).await.unwrap();
        let error = file.seek(SeekFrom::Start(0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    });
}

#[test]
fn what_was_written_comes_before_a_sync_and_a_new_length() {
    let dir = Dir::new();
    block_on(async {
        let mut file = file(&dir, "").await;
        AsyncWriteExt::write_all(&mut file, HELLO).await.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(contents(&dir.join("file")), HELLO);
        AsyncWriteExt::write_all(&mut file, OTHER).await.unwrap();
        file.set_len(16).await.unwrap();
        assert_eq!(contents(&dir.join("file")), b"hello world...OT");
    });
}

#[test]
fn a_new_length_after_a_part_was_read() {
    let dir = Dir::new();
    block_on(async {
        let mut file = file(&dir, HELLO).await;
        AsyncBufReadExt::fill_buf(&mut file).await.unwrap();
        AsyncReadExt::read_exact(&mut file, &mut [0; 5])
            .await
            .unwrap();
        file.set_len(8).await.unwrap();
        assert_eq!(rest(&mut file).await, b" wo");
    });
}

#[test]
fn seeks_as_those_of_std() {
    async fn check<T: Read + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        let mut std = Cursor::new(HELLO);
        let seeks = [
            SeekFrom::Current(10),
            SeekFrom::Current(-3),
            SeekFrom::End(-2),
            SeekFrom::Current(0),
            SeekFrom::Start(20),
            SeekFrom::Current(-21),
            SeekFrom::Start(3),
            SeekFrom::Current(i64::MIN),
            SeekFrom::Current(1),
        ];
        for seek in seeks {
            // Read ahead, so that the object is elsewhere.
            AsyncBufReadExt::fill_buf(&mut file).await.unwrap();
            match Seek::seek(&mut std, seek) {
                Ok(position) => assert_eq!(file.seek(seek).await.unwrap(), position, "{seek:?}"),
                Err(error) => {
                    let seen = file.seek(seek).await.unwrap_err();
                    assert_eq!(seen.kind(), error.kind(), "{seek:?}");
                }
            }
            let position = Seek::stream_position(&mut std).unwrap();
            assert_eq!(
                AsyncSeekExt::stream_position(&mut file).await.unwrap(),
                position
            );
        }
        AsyncSeekExt::rewind(&mut file).await.unwrap();
        assert_eq!(rest(&mut file).await, HELLO);
    }
    on_both!(HELLO, check);
}

#[test]
fn one_seek_is_in_flight() {
    async fn check<T: Read + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        start(&mut file, SeekFrom::Start(6)).unwrap();
        let error = start(&mut file, SeekFrom::Start(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(complete(&mut file).await.unwrap(), 6);
        start(&mut file, SeekFrom::Current(-1)).unwrap();
        assert_eq!(complete(&mut file).await.unwrap(), 5);
        // Nothing is in flight: there is nothing to wait for.
        complete(&mut file).await.unwrap();
        assert_eq!(rest(&mut file).await, b" world...");
    }
    on_both!(HELLO, check);
}

/// Whatever uses the position comes after a seek that was started, whether or not somebody waits for it.
#[test]
fn a_seek_that_was_started_comes_first() {
    async fn check<T: Read + Write + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        AsyncBufReadExt::fill_buf(&mut file).await.unwrap();
        start(&mut file, SeekFrom::Start(6)).unwrap();
        let shown = AsyncBufReadExt::fill_buf(&mut file).await.unwrap();
        assert_eq!(shown, b"world...\n");
        // Its result is still there.
        assert_eq!(complete(&mut file).await.unwrap(), 6);

        start(&mut file, SeekFrom::Start(11)).unwrap();
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "...\n");

        start(&mut file, SeekFrom::Start(1)).unwrap();
        file.read_exact(&mut [0; 1]).await.unwrap();
        start(&mut file, SeekFrom::Current(2)).unwrap();
        file.seek_relative(1).await.unwrap();
        assert_eq!(file.stream_position().await.unwrap(), 5);

        // The same seek by the traits of futures-io is another one.
        start(&mut file, SeekFrom::Current(1)).unwrap();
        let again = futures_lite::AsyncSeekExt::seek(&mut file, SeekFrom::Current(1));
        assert_eq!(again.await.unwrap(), 7);

        start(&mut file, SeekFrom::Start(0)).unwrap();
        file.write_all(OTHER).await.unwrap();
        start(&mut file, SeekFrom::Start(0)).unwrap();
        assert_eq!(rest(&mut file).await, b"OTHER world...\n");

        start(&mut file, SeekFrom::Start(2)).unwrap();
        let mut inner = file.into_inner().await.unwrap();
        assert_eq!(inner.stream_position().unwrap(), 2);
    }
    on_both!(b"hello world...\n", check);
}

#[test]
fn a_seek_that_was_started_and_failed_moves_nothing() {
    async fn check<T: Read + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        file.read_exact(&mut [0; 6]).await.unwrap();
        start(&mut file, SeekFrom::Current(-7)).unwrap();
        assert_eq!(rest(&mut file).await, b"world...");
        let error = complete(&mut file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        complete(&mut file).await.unwrap();
    }
    on_both!(HELLO, check);
}

/// A seek whose future is dropped after it was started is made before the next one, once.
#[test]
fn a_dropped_seek_is_made_before_the_next() {
    async fn check<T: Read + Seek + Send + 'static>(mut file: AsyncFile<T>) {
        for expected in [2, 4, 6] {
            give_up(file.seek(SeekFrom::Current(2))).await;
            let position = file.seek(SeekFrom::Current(0)).await.unwrap();
            assert_eq!(position, expected);
        }
        assert_eq!(rest(&mut file).await, b"world...");
    }
    on_both!(HELLO, check);
}

#[test]
fn a_reader_and_a_stream_on_top() {
    async fn check<T: Read + Write + Seek + Send + 'static>(file: AsyncFile<T>) {
        let mut stream = tokio::io::BufStream::new(file);
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        stream.seek(SeekFrom::Current(2)).await.unwrap();
        stream.write_all(b"++").await.unwrap();
        stream.seek(SeekFrom::Start(0)).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"one\ntw++three\n");
    }
    on_both!(b"one\ntwo\nthree\n", check);
}

#[test]
fn lines_as_those_of_std() {
    async fn check<T: Read + Send + 'static>(file: AsyncFile<T>) {
        let mut lines = tokio::io::BufReader::new(file).lines();
        for line in text(300_000).lines() {
            assert_eq!(lines.next_line().await.unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
    on_both!(text(300_000).into_bytes(), check);

    async fn check_directly<T: Read + Send + 'static>(file: AsyncFile<T>) {
        let mut lines = AsyncBufReadExt::lines(file);
        for line in text(300_000).lines() {
            assert_eq!(lines.next_line().await.unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
    on_both!(text(300_000).into_bytes(), check_directly);
}

#[test]
fn copies() {
    let dir = Dir::new();
    for len in [0, 1, 8_192, 65_537, 1_000_003] {
        let (source, bytes) = (dir.join("source"), noise(len));
        std::fs::write(&source, &bytes).unwrap();
        block_on(async {
            let mut to = create_file(dir.join("copy")).await.unwrap();
            let mut from = open_file(&source).await.unwrap();
            let copied = tokio::io::copy(&mut from, &mut to).await.unwrap();
            assert_eq!(copied, len as u64);
            AsyncSeekExt::rewind(&mut from).await.unwrap();
            let copied = tokio::io::copy_buf(&mut from, &mut to).await.unwrap();
            assert_eq!(copied, len as u64);
            to.shutdown().await.unwrap();
        });
        assert!(contents(&dir.join("copy")) == [&bytes[..], &bytes].concat());
    }
}

/// The halves of a file have one position: what one reads or writes, the other passes by.
async fn halves(dir: &Dir) {
    const HIGH: u8 = 0x80;
    let old: Vec<u8> = noise(300_000).iter().map(|byte| byte & !HIGH).collect();
    let new: Vec<u8> = noise(100_000).iter().map(|byte| byte | HIGH).collect();
    let (mut reader, mut writer) = tokio::io::split(file(dir, &old).await);
    let read = async {
        let mut read = vec![0; 150_000];
        for part in read.chunks_mut(1_000) {
            reader.read_exact(part).await.unwrap();
            futures_lite::future::yield_now().await;
        }
        read
    };
    let written = async {
        for part in new.chunks(1_009) {
            writer.write_all(part).await.unwrap();
            writer.flush().await.unwrap();
        }
    };
    let (read, ()) = futures_lite::future::zip(read, written).await;
    let after = contents(&dir.join("file"));
    let end = read.len() + new.len();
    let (written, passed): (Vec<u8>, Vec<u8>) = after[..end].iter().partition(|b| **b >= HIGH);
    assert!(written == new && passed == read && after[end..] == old[end..]);
}

#[test]
fn halves_of_a_file() {
    block_on(halves(&Dir::new()));
}

#[test]
fn halves_of_a_file_on_each_flavor_of_tokio() {
    let single = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    single.block_on(halves(&Dir::new()));
    let several = tokio::runtime::Runtime::new().unwrap();
    several.block_on(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| tokio::spawn(async { halves(&Dir::new()).await }))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// A task that only reads cached data lets others in.
#[test]
fn a_reader_of_cached_data_yields() {
    let dir = Dir::new();
    block_on(async {
        let mut file = file(&dir, HELLO).await;
        let mut endless = pin!(async {
            loop {
                AsyncSeekExt::rewind(&mut file).await.unwrap();
                AsyncReadExt::read(&mut file, &mut [0; 64]).await.unwrap();
            }
        });
        let cx = &mut Context::from_waker(Waker::noop());
        let polled: Poll<()> = endless.as_mut().poll(cx);
        assert!(polled.is_pending());
    });
}

/// The traits are there for each type that has the blocking counterpart, also as objects.
#[test]
fn objects_of_the_traits() {
    let dir = Dir::new();
    block_on(async {
        let mut reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(file(&dir, HELLO).await);
        let mut writer: Box<dyn AsyncWrite + Send + Unpin> = Box::new(wrap_file(io::sink()));
        let copied = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        assert_eq!(copied, HELLO.len() as u64);
    });
}
