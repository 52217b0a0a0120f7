//! Dropped calls, and state that a later call makes stale.

mod common;

use std::fs;
use std::io::{self, BufWriter, Cursor, ErrorKind, SeekFrom, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc;
#[cfg(unix)]
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::{block_on, or, poll_once};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

#[cfg(target_os = "linux")]
use common::saturate_pool;
use common::{Dir, both_ways, noise};
#[cfg(unix)]
use common::{with_one_thread, without_hanging};

fn open(path: &Path) -> AsyncFile {
    let options = open_file(path).read(true).write(true).create(true);
    block_on(options).expect("a file")
}

/// A dropped read of several chunks leaves the chunks that it took to the next read, in order.
#[test]
fn a_read_of_several_chunks_that_is_dropped_loses_no_order() {
    if !both_ways("a_read_of_several_chunks_that_is_dropped_loses_no_order") {
        return;
    }
    let dir = Dir::new();
    let data = noise(2_000_000);
    let path = dir.file("file", &data);
    for round in 0..200 {
        block_on(async {
            let mut file = open(&path);
            let mut seen = vec![0; 10_000 + round];
            let mut at = 0;
            // In sequence, so that it is read ahead.
            for _ in 0..20 {
                file.read_exact(&mut seen).await.unwrap();
                at += seen.len();
            }
            let mut large = vec![0; 250_000];
            if let Some(read) = poll_once(file.read(&mut large)).await {
                at += read.unwrap();
            }
            let shown = file.fill_buf().await.unwrap().len();
            file.consume(shown);
            at += shown;
            file.read_exact(&mut large).await.unwrap();
            assert!(
                large == data[at..at + large.len()],
                "round {round}, at {at}"
            );
        });
    }
}

/// The end of a file that was seen is forgotten when a call on the same handle makes the file longer.
#[test]
fn an_end_is_forgotten_after_a_change_of_ones_own() {
    if !both_ways("an_end_is_forgotten_after_a_change_of_ones_own") {
        return;
    }
    let dir = Dir::new();
    for change in ["write_at", "set_len", "with_mut"] {
        let mut file = open(&dir.file("file", "abc"));
        block_on(async {
            // The traits' methods, which use the buffer only.
            let mut line = Vec::new();
            AsyncBufReadExt::read_until(&mut file, b'\n', &mut line)
                .await
                .unwrap();
            match change {
                "write_at" => file.write_all_at(b"def", 3).await.unwrap(),
                "set_len" => file.set_len(6).await.unwrap(),
                _ => {
                    let longer = file.with_mut(|file| file.set_len(6)).await;
                    longer.unwrap().unwrap();
                }
            }
            let shown = AsyncBufReadExt::fill_buf(&mut file).await.unwrap();
            assert_eq!(shown.len(), 3, "after {change}");
        });
    }
    let mut object = wrap_file(Cursor::new(b"abc".to_vec()));
    block_on(async {
        let mut line = Vec::new();
        AsyncBufReadExt::read_until(&mut object, b'\n', &mut line)
            .await
            .unwrap();
        object
            .with_mut(|object| object.set_position(0))
            .await
            .unwrap();
        let error = object.seek_relative(-1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        AsyncBufReadExt::read_until(&mut object, b'\n', &mut line)
            .await
            .unwrap();
        assert_eq!(line, b"abcabc");
    });
}

/// Discarding bytes leaves the object's own buffer alone: `close` still flushes it.
#[test]
fn an_object_is_still_flushed_after_bytes_were_discarded() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut file = wrap_file(BufWriter::with_capacity(1 << 20, Full));
    block_on(async {
        file.write_all(&[1; 100_000]).await.unwrap();
        // Hands everything to the object, whose own flush fails.
        file.flush().await.unwrap_err();
        file.discard_unwritten().await.unwrap();
        let error = file.close().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    });
}

/// A dropped call that still waits for a thread keeps no file open.
#[cfg(target_os = "linux")]
#[test]
fn a_call_that_was_given_up_keeps_no_file_open() {
    if !with_one_thread("a_call_that_was_given_up_keeps_no_file_open") {
        return;
    }
    let dir = Dir::new();
    let path = dir.join("file");
    for call in 0..4 {
        let mut file = open(&path);
        block_on(file.write_all(b"hello")).unwrap();
        let asleep = saturate_pool(1);
        block_on(async {
            let given_up = match call {
                0 => poll_once(file.sync_all()).await.is_none(),
                1 => poll_once(file.set_len(9)).await.is_none(),
                2 => poll_once(file.write_at(b"x", 1)).await.is_none(),
                _ => poll_once(file.close()).await.is_none(),
            };
            assert!(given_up, "call {call}");
        });
        drop(file);
        let open = common::descriptors().contains(&path);
        drop(asleep);
        assert!(!open, "call {call}");
        assert!(fs::read(&path).unwrap().starts_with(b"hello"));
    }
}

/// Dropping a full pipe takes at most a second when its other end is not read and no thread is free.
#[cfg(unix)]
#[test]
fn a_pipe_that_is_full_is_dropped_within_a_second() {
    if !with_one_thread("a_pipe_that_is_full_is_dropped_within_a_second") {
        return;
    }
    let mut child = std::process::Command::new("sleep")
        .arg("20")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("the program `sleep`");
    let stdin = std::os::fd::OwnedFd::from(child.stdin.take().unwrap());
    let mut file = AsyncFile::from(stdin);
    without_hanging("the drop of a pipe", move || {
        block_on(file.write_all(&[1; 120_000])).unwrap();
        let begun = Instant::now();
        drop(file);
        assert!(begun.elapsed() < Duration::from_secs(5));
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A change that is given up while it is made takes effect before all that is called after it.
#[test]
fn later_calls_wait_for_a_change_that_is_given_up() {
    if !both_ways("later_calls_wait_for_a_change_that_is_given_up") {
        return;
    }
    type Call = fn(&mut AsyncFile) -> Pin<Box<dyn Future<Output = io::Result<()>> + '_>>;
    let calls: [(&str, Call, &str); 10] = [
        (
            "write",
            |it| Box::pin(async { it.write_all(b"new").await }),
            "new",
        ),
        ("writelines", |it| Box::pin(it.writelines(["new"])), "new"),
        ("write_at", |it| Box::pin(it.write_all_at(b"new", 0)), "new"),
        ("set_len", |it| Box::pin(it.set_len(4)), "\0\0\0\0"),
        ("truncate", |it| Box::pin(it.truncate()), ""),
        (
            "seek",
            |it| Box::pin(async { expect(it.seek(SeekFrom::End(0)).await?, 0) }),
            "",
        ),
        (
            "read",
            |it| Box::pin(async { expect(it.read(&mut [0; 9]).await?, 0) }),
            "",
        ),
        (
            "read_at",
            |it| Box::pin(async { expect(it.read_at(&mut [0; 9], 0).await?, 0) }),
            "",
        ),
        (
            "metadata",
            |it| Box::pin(async { expect(it.metadata().await?.len(), 0) }),
            "",
        ),
        ("close", |it| Box::pin(it.close()), ""),
    ];
    let dir = Dir::new();
    for (name, call, contents) in calls {
        let path = dir.file(name, "old");
        let mut file = open(&path);
        block_on(async {
            let (begin, begun) = async_channel::bounded(1);
            let (go_on, going_on) = mpsc::channel();
            let change = file.with_mut(move |file| {
                begin.send_blocking(()).unwrap();
                going_on.recv().unwrap();
                file.set_len(0).unwrap();
            });
            let begun = async { begun.recv().await.unwrap() };
            or(async { drop(change.await) }, begun).await;
            let mut later = call(&mut file);
            assert!(poll_once(&mut later).await.is_none(), "{name} did not wait");
            go_on.send(()).unwrap();
            later.await.unwrap();
        });
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), contents, "{name}");
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> io::Result<()> {
    assert_eq!(found, expected);
    Ok(())
}
