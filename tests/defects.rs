//! Defects seen in other libraries, each prevented here.

mod common;

use std::cell::Cell;
use std::fs::File;
use std::future::Future;
use std::io::{Cursor, ErrorKind, SeekFrom};
use std::path::Path;
use std::pin::pin;

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::{block_on, poll_fn, poll_once};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{Dir, Scripted, Step, contents, noise, saturate_pool, text, until, with_one_thread};

async fn update(path: &Path) -> AsyncFile {
    open_file(path)
        .read(true)
        .write(true)
        .create(true)
        .await
        .unwrap()
}

// async-fs

/// After `sync_all` or `set_len`, the next read said that the file had ended.
#[test]
fn a_sync_or_set_len_is_not_the_end_of_the_file() {
    let dir = Dir::new();
    for len in [100, 300_000] {
        let text = text(len);
        let path = dir.file("text", &text);
        block_on(async {
            let mut file = update(&path).await;
            let mut seen = vec![0; 10];
            file.read_exact(&mut seen).await.unwrap();
            for call in 0..6 {
                match call {
                    0 => file.sync_all().await.unwrap(),
                    1 => file.sync_data().await.unwrap(),
                    2 => file.set_len(text.len() as u64).await.unwrap(),
                    3 => file.flush().await.unwrap(),
                    4 => drop(file.metadata().await.unwrap()),
                    _ => file.set_len(80).await.unwrap(),
                }
                let mut more = [0; 10];
                match call % 2 {
                    0 => file.read_exact(&mut more).await.unwrap(),
                    _ => {
                        let filled = file.fill_buf().await.unwrap();
                        more.copy_from_slice(&filled[..10]);
                        file.consume(10);
                    }
                }
                seen.extend(more);
            }
            file.read_to_end(&mut seen).await.unwrap();
            assert!(seen == text.as_bytes()[..80]);
        });
    }
}

/// A file that was written and dropped stayed empty. In tokio, bytes in flight were lost.
#[test]
fn a_drop_does_not_lose_what_was_written() {
    let dir = Dir::new();
    for len in [1, 5_000, 131_072, 131_073, 1_000_000] {
        let bytes = noise(len);
        let path = dir.join("file");
        block_on(async {
            let mut file = open_file(&path)
                .write(true)
                .create(true)
                .truncate(true)
                .await
                .unwrap();
            file.write_all(&bytes).await.unwrap();
        });
        // They are there as soon as `drop` returns.
        assert!(contents(&path) == bytes, "{len} bytes");
    }
}

/// The same without an executor and without a free thread in the pool.
#[test]
fn a_drop_needs_no_help_and_does_not_hang() {
    if !with_one_thread("a_drop_needs_no_help_and_does_not_hang") {
        return;
    }
    let dir = Dir::new();
    let mut files = Vec::new();
    for number in 0..4 {
        let path = dir.join(&number.to_string());
        let mut file = block_on(update(&path));
        block_on(file.write_all(b"hello")).unwrap();
        files.push((path, file));
    }
    let busy = saturate_pool(1);
    for (number, (path, mut file)) in files.into_iter().enumerate() {
        // A full buffer, and a flush that was given up, wait for a thread as well.
        if number > 1 {
            block_on(file.write_all(&[b'x'; 128 * 1024 - 5])).unwrap();
        }
        if number % 2 == 1 {
            assert!(block_on(poll_once(file.flush())).is_none());
        }
        block_on(async { drop(file) });
        let len = if number > 1 { 128 * 1024 } else { 5 };
        assert_eq!(contents(&path).len(), len, "file {number}");
        assert!(contents(&path).starts_with(b"hello"));
    }
    drop(busy);
}

/// Each file that was read as a stream held 8 MiB.
#[cfg(target_os = "linux")]
#[test]
fn a_streamed_file_does_not_hold_megabytes() {
    if !common::in_child() {
        for nowait in ["0", "1"] {
            let test = "a_streamed_file_does_not_hold_megabytes";
            common::run_in_child(test, &[("ANYFILE_NOWAIT", nowait)]);
        }
        return;
    }
    const FILES: usize = 60;
    let dir = Dir::new();
    let path = dir.file("text", text(4_000_000));
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        line.trim()
            .trim_end_matches(" kB")
            .parse::<usize>()
            .unwrap()
    };
    let open = || async { open_file(&path).await.unwrap().lines() };
    block_on(async {
        let mut first = open().await;
        for _ in 0..3_000 {
            first.next_line().await.unwrap();
        }
        let before = peak();
        let mut streams = Vec::new();
        for _ in 0..FILES {
            let mut lines = open().await;
            for _ in 0..3_000 {
                lines.next_line().await.unwrap().unwrap();
            }
            streams.push(lines);
        }
        let grown = (peak() - before) / FILES;
        assert!(grown <= 300, "{grown} KiB for each file");
    });
}

// futures-lite

/// Reading into a `String` that was not empty panicked, or overwrote what it held.
#[test]
fn reading_into_a_string_appends() {
    let dir = Dir::new();
    let path = dir.file("text", "grüße\nworld\nend");
    block_on(async {
        let mut file = update(&path).await;
        let mut text = String::from("ä: ");
        assert_eq!(file.read_line(&mut text).await.unwrap(), 8);
        assert_eq!(text, "ä: grüße\n");
        assert_eq!(file.read_line(&mut text).await.unwrap(), 6);
        assert_eq!(text, "ä: grüße\nworld\n");
        assert_eq!(file.read_to_string(&mut text).await.unwrap(), 3);
        assert_eq!(text, "ä: grüße\nworld\nend");
        assert_eq!(file.read_to_string(&mut text).await.unwrap(), 0);
        assert_eq!(file.read_line(&mut text).await.unwrap(), 0);
        assert_eq!(text, "ä: grüße\nworld\nend");
        let mut bytes = b"kept ".to_vec();
        file.seek(SeekFrom::Start(8)).await.unwrap();
        file.read_until(b'\n', &mut bytes).await.unwrap();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"kept world\nend");
    });
}

/// Bytes that were not UTF-8 left the `String` empty.
#[test]
fn what_is_not_text_leaves_the_string_alone() {
    block_on(async {
        let mut file = wrap_file(Cursor::new(b"\xFF\xFE\nfine\n".to_vec()));
        let mut text = String::from("kept");
        let error = file.read_to_string(&mut text).await.unwrap_err();
        assert_eq!(
            (error.kind(), text.as_str()),
            (ErrorKind::InvalidData, "kept")
        );
        let error = file.read_line(&mut text).await.unwrap_err();
        assert_eq!(
            (error.kind(), text.as_str()),
            (ErrorKind::InvalidData, "kept")
        );
        file.read_line(&mut text).await.unwrap();
        assert_eq!(text, "keptfine\n");
    });
}

/// An I/O error in the middle of a line panicked, or lost the first half of the line.
#[test]
fn an_error_in_a_line_does_not_lose_its_start() {
    let fail = || Step::Fail(ErrorKind::TimedOut);
    let steps = || [Step::Short(4), fail(), Step::Short(2), fail(), fail()];
    block_on(async {
        let mut file = wrap_file(Scripted::new("one line\nanother\n", steps()).handle());
        let mut text = String::from("> ");
        for _ in 0..3 {
            let error = file.read_line(&mut text).await.unwrap_err();
            assert_eq!((error.kind(), text.as_str()), (ErrorKind::TimedOut, "> "));
        }
        file.read_line(&mut text).await.unwrap();
        assert_eq!(text, "> one line\n");

        let mut lines = wrap_file(Scripted::new("one line\nanother\n", steps()).handle()).lines();
        for _ in 0..3 {
            let error = lines.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert_eq!(lines.next().await.unwrap().unwrap(), "one line");
        assert_eq!(lines.next().await.unwrap().unwrap(), "another");
        assert!(lines.next().await.is_none());
    });
}

// tokio

/// After a failed flush, the next one succeeded although bytes were lost.
#[test]
fn a_failed_flush_is_not_forgotten() {
    let full = || Step::Fail(ErrorKind::StorageFull);
    let steps = [Step::Short(2), full(), full(), full(), Step::Short(1)];
    let scripted = Scripted::new([], steps);
    let mut file = wrap_file(scripted.handle());
    block_on(async {
        file.write_all(b"hello").await.unwrap();
        for attempt in 0..3 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "attempt {attempt}");
            // Bytes that are accepted later come after it.
            file.write_all(attempt.to_string().as_bytes())
                .await
                .unwrap();
        }
        file.flush().await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(scripted.look(|script| script.data.clone()), b"hello012");
}

/// The same on a real file: this device never has room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_not_forgotten() {
    block_on(async {
        let mut file = open_file("/dev/full").write(true).await.unwrap();
        file.write_all(b"hello").await.unwrap();
        for _ in 0..2 {
            assert_eq!(
                file.flush().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
            assert_eq!(
                file.sync_all().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
            assert_eq!(
                file.close().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
        }
    });
}

/// A large buffer was filled with 2 MiB at most, and callers forgot about the rest.
#[test]
fn a_large_buffer_is_filled() {
    let dir = Dir::new();
    let bytes = noise(5_000_000);
    let path = dir.file("large", &bytes);
    block_on(async {
        let mut seen = vec![0; bytes.len()];
        update(&path).await.read_exact(&mut seen).await.unwrap();
        assert!(seen == bytes);
        seen.fill(0);
        update(&path)
            .await
            .read_exact_at(&mut seen, 0)
            .await
            .unwrap();
        assert!(seen == bytes);
        let other = dir.join("other");
        let mut file = update(&other).await;
        file.write_all(&bytes).await.unwrap();
        file.write_all_at(&bytes, bytes.len() as u64).await.unwrap();
        assert!(contents(&other) == bytes.repeat(2));
    });
}

/// Runs `future`, and counts how often it has to wait.
async fn counting<F: Future>(waits: &Cell<usize>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        waits.set(waits.get() + usize::from(polled.is_pending()));
        polled
    })
    .await
}

/// Every read of 4 KiB was a separate job. In AnyIO, every line was.
#[test]
fn small_reads_and_lines_are_not_a_job_each() {
    let dir = Dir::new();
    let text = text(4_000_000);
    let path = dir.file("text", &text);
    block_on(async {
        let (mut reads, waits) = (0, Cell::new(0));
        let mut file = update(&path).await;
        while counting(&waits, file.read(&mut [0; 4_096])).await.unwrap() > 0 {
            reads += 1;
        }
        assert!(reads > 900);
        assert!(waits.get() < reads / 3, "{waits:?} for {reads} reads");

        let (mut seen, waits) = (0, Cell::new(0));
        let mut lines = update(&path).await.lines();
        while counting(&waits, lines.next_line()).await.unwrap().is_some() {
            seen += 1;
        }
        assert_eq!(seen, text.lines().count());
        assert!(waits.get() < seen / 40, "{waits:?} for {seen} lines");
    });
}

// async-std

/// The message of an error did not contain the system's reason.
#[test]
fn an_error_has_the_reason_of_the_system() {
    let dir = Dir::new();
    block_on(async {
        let missing = dir.join("missing");
        let expected = File::open(&missing).unwrap_err().to_string();
        let error = open_file(&missing).await.unwrap_err().to_string();
        assert!(
            error.ends_with(&expected) && error.len() > expected.len(),
            "{error}"
        );
    });
}

// blocking

/// 200 jobs at once left 201 threads forever.
#[cfg(target_os = "linux")]
#[test]
fn the_pool_shrinks_again() {
    if !common::in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "500")];
        print!(
            "{}",
            common::run_in_child("the_pool_shrinks_again", &threads)
        );
        return;
    }
    println!("with blocking {}", common::blocking_release());
    if !common::pool_retires_threads() {
        return;
    }
    let busy = saturate_pool(200);
    assert!(
        common::pool_threads() >= 200,
        "only {} threads",
        common::pool_threads()
    );
    drop(busy);
    until("the pool has shrunk", || common::pool_threads() <= 2);
    let dir = Dir::new();
    block_on(async { update(&dir.file("file", "")).await.close().await }).unwrap();
    until("the pool is small again after use", || {
        common::pool_threads() <= 2
    });
}

/// A job that was dropped while it was queued never ran: the last write and the close were lost.
#[test]
fn a_last_write_that_is_queued_is_carried_out() {
    if !with_one_thread("a_last_write_that_is_queued_is_carried_out") {
        return;
    }
    let bytes = noise(4_000_000);
    for given_up in 0..4 {
        let scripted = Scripted::new([], []);
        let mut file = wrap_file(scripted.handle());
        let busy = saturate_pool(1);
        let len = if given_up == 0 { 10 } else { 100_000 };
        block_on(file.write_all(&bytes[..len])).unwrap();
        match given_up {
            1 => assert!(block_on(poll_once(file.flush())).is_none()),
            2 => assert!(block_on(poll_once(file.close())).is_none()),
            3 => assert!(block_on(poll_once(file.write_all(&bytes[len..]))).is_none()),
            _ => {}
        }
        drop(file);
        assert!(!scripted.look(|script| script.dropped));
        drop(busy);
        until("the object is closed", || {
            scripted.look(|script| script.dropped)
        });
        let seen = scripted.look(|script| script.data.clone());
        match given_up {
            // Part of the second write was accepted.
            3 => assert!(seen.len() >= len && bytes.starts_with(&seen)),
            _ => assert!(seen == bytes[..len], "{} bytes", seen.len()),
        }
        assert!(scripted.look(|script| script.flushes) > 0);
    }
}

/// The same with nothing to write: the wrapped object is closed.
#[test]
fn a_close_that_is_queued_is_carried_out() {
    if !with_one_thread("a_close_that_is_queued_is_carried_out") {
        return;
    }
    for closes in [false, true] {
        let scripted = Scripted::new([], []);
        let mut file = wrap_file(scripted.handle());
        let busy = saturate_pool(1);
        if closes {
            assert!(block_on(poll_once(file.close())).is_none());
        }
        drop(file);
        drop(busy);
        until("the object is closed", || {
            scripted.look(|script| script.dropped)
        });
    }
}

/// A queued operation whose future is dropped is not carried out later.
#[test]
fn a_queued_operation_that_is_given_up_is_not_carried_out() {
    if !with_one_thread("a_queued_operation_that_is_given_up_is_not_carried_out") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    block_on(async {
        let mut file = update(&path).await;
        let busy = saturate_pool(1);
        let made = dir.join("made");
        let mut opening = Box::pin(async { update(&made).await });
        assert!(poll_once(&mut opening).await.is_none());
        drop(opening);
        assert!(poll_once(file.set_len(1)).await.is_none());
        assert!(poll_once(file.write_at(b"J", 0)).await.is_none());
        assert!(
            poll_once(file.with_mut(|file| file.set_len(2)))
                .await
                .is_none()
        );
        drop(busy);
        // Runs after all queued jobs.
        assert_eq!(file.metadata().await.unwrap().len(), 5);
        file.sync_all().await.unwrap();
        assert_eq!(contents(&path), b"hello");
        assert!(!made.exists());
    });
}
