//! The guarantees that the crate gives, each with tests that fail without it.

mod common;

#[cfg(unix)]
use std::io::Write;
use std::io::{self, ErrorKind, Read, SeekFrom};
use std::path::Path;
use std::pin::pin;
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyfile::{AsyncFile, PathError, create_file, open_file, wrap_file};
use futures_lite::future::{self, block_on};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

#[cfg(target_os = "linux")]
use common::filesystem::has_proc;
#[cfg(unix)]
use common::filesystem::{Feature, has};
use common::{
    Dir, Scripted, Step, contents, in_child, noise, poll_times, position, run_in_child,
    saturate_pool, text, with_one_thread,
};

/// Writes, reads, seeks and iterates lines, with the same results under every executor.
async fn session(path: &Path) -> io::Result<(u64, usize, usize)> {
    let mut file = open_file(path)
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .await?;
    for line in 0..20_000 {
        file.write_all(format!("line {line}\n").as_bytes()).await?;
    }
    file.seek(SeekFrom::Start(0)).await?;
    let mut first = [0; 7];
    file.read_exact(&mut first).await?;
    assert_eq!(&first, b"line 0\n");
    let len = file.metadata().await?.len();
    let mut lines = file.lines();
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        count += usize::from(line.starts_with("line "));
    }
    let mut file = lines.into_inner();
    file.close().await?;
    let streamed = open_file(path)
        .await?
        .lines()
        .filter_map(Result::ok)
        .count()
        .await;
    Ok((len, count, streamed))
}

#[test]
fn g1_any_executor() {
    let dir = Dir::new();
    let outcomes = [
        ("futures-lite", block_on(session(&dir.join("futures-lite")))),
        ("smol", smol::block_on(session(&dir.join("smol")))),
        (
            "async-std",
            async_std::task::block_on(session(&dir.join("async-std"))),
        ),
        (
            "futures",
            futures::executor::LocalPool::new().run_until(session(&dir.join("futures"))),
        ),
        (
            "pollster",
            pollster::block_on(session(&dir.join("pollster"))),
        ),
        (
            "tokio, one thread",
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(session(&dir.join("tokio-1"))),
        ),
        (
            "tokio, many threads",
            tokio::runtime::Builder::new_multi_thread()
                .build()
                .unwrap()
                .block_on(session(&dir.join("tokio-n"))),
        ),
    ];
    for (executor, outcome) in outcomes {
        assert_eq!(outcome.unwrap(), (208_890, 19_999, 20_000), "{executor}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn g1_starts_no_thread_but_the_pools() {
    if !has_proc() {
        return;
    }
    if !in_child() {
        run_in_child("g1_starts_no_thread_but_the_pools", &[]);
        return;
    }
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    let dir = Dir::new();
    block_on(session(&dir.join("file"))).unwrap();
    // A thread of the pool may begin or end, or have no name yet, between the two counts.
    let others = || threads().saturating_sub(common::pool_threads());
    let settled = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        others() == before
    });
    assert!(
        settled,
        "{} threads beside the pool's, {before} before",
        others()
    );
}

/// A ticker on the same thread continues while a read waits for a writer that does not come.
#[cfg(unix)]
#[test]
fn g2_nobody_is_blocked_by_a_fifo() {
    if !has(&[Feature::Fifos]) {
        return;
    }
    let dir = Dir::new();
    let path = dir.fifo("fifo");
    block_on(async {
        let mut reader = pin!(async {
            let mut file = open_file(&path).await?;
            let mut line = String::new();
            file.read_line(&mut line).await?;
            io::Result::Ok(line)
        });
        for _ in 0..20 {
            assert!(future::poll_once(&mut reader).await.is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        for _ in 0..20 {
            assert!(future::poll_once(&mut reader).await.is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        writer.write_all(b"at last\n").unwrap();
        assert_eq!(reader.await.unwrap(), "at last\n");
    });
}

#[test]
fn g3_no_thread_is_held_while_idle() {
    if !in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "4")];
        run_in_child("g3_no_thread_is_held_while_idle", &threads);
        return;
    }
    let dir = Dir::new();
    let all = format!("{}\n", "x".repeat(999)).repeat(600);
    let path = dir.file("file", &all);
    block_on(async {
        // Far enough into the file that it is read ahead.
        let mut paused = Vec::new();
        for _ in 0..500 {
            let mut lines = open_file(&path).await.unwrap().lines();
            for _ in 0..300 {
                lines.next_line().await.unwrap().unwrap();
            }
            paused.push(lines);
        }
        let mut read = String::new();
        let mut file = open_file(&path).await.unwrap();
        file.read_to_string(&mut read).await.unwrap();
        assert!(read == all);
        for mut lines in paused {
            lines.next_line().await.unwrap().unwrap();
        }
    });
}

#[test]
fn g4_a_dropped_read_loses_nothing() {
    let dir = Dir::new();
    let data = noise(1_000_000);
    let path = dir.file("file", &data);
    // Through the pool, from an object that has only its own cursor.
    let inner = io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut file = wrap_file(inner);
    let mut read = Vec::new();
    for round in 0.. {
        let mut buf = vec![0; 1 + round * 37 % 5_000];
        match poll_times(file.read(&mut buf), 1 + round % 3) {
            Some(Ok(0)) => break,
            Some(len) => read.extend_from_slice(&buf[..len.unwrap()]),
            None => {}
        }
    }
    assert!(read == data);
}

#[test]
fn g4_a_dropped_line_comes_again() {
    let dir = Dir::new();
    let all = text(400_000);
    let path = dir.file("file", &all);
    let mut lines = wrap_file(io::BufReader::new(std::fs::File::open(&path).unwrap())).lines();
    let mut read = Vec::new();
    loop {
        match poll_times(lines.next_line(), 1) {
            Some(Ok(Some(line))) => read.push(line.to_owned()),
            Some(Ok(None)) => break,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    assert!(read.iter().eq(all.lines()));
}

#[test]
fn g4_accepted_bytes_stay_accepted() {
    let dir = Dir::new();
    let path = dir.join("file");
    let data = noise(1_000_000);
    block_on(async {
        let mut file = open_file(&path).write(true).create(true).await.unwrap();
        let mut rest = &data[..];
        while !rest.is_empty() {
            let len = rest.len().min(70_000);
            if let Some(written) = poll_times(file.write(&rest[..len]), 1) {
                rest = &rest[written.unwrap()..];
            }
            let _ = poll_times(file.flush(), 1);
        }
        file.close().await.unwrap();
    });
    assert!(contents(&path) == data);
}

/// While every pool thread is blocked, a dropped call is never started.
#[test]
fn g4_what_was_not_begun_is_not_carried_out() {
    if !in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "2")];
        run_in_child("g4_what_was_not_begun_is_not_carried_out", &threads);
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "untouched");
    let missing = dir.join("missing");
    let mut file = block_on(open_file(&path).read(true).write(true)).unwrap();
    let asleep = saturate_pool(2);
    assert!(poll_times(open_file(&missing).write(true).create(true), 3).is_none());
    assert!(poll_times(file.set_len(0), 3).is_none());
    assert!(poll_times(file.write_at(b"x", 0), 3).is_none());
    assert!(poll_times(file.with_mut(|file| file.set_len(1)), 3).is_none());
    drop(asleep);
    block_on(file.sync_all()).unwrap();
    assert_eq!(contents(&path), b"untouched");
    assert!(!missing.exists());
}

#[test]
fn g5_drop_has_written_everything() {
    for size in [1, 100, 5_000, 128 * 1024, 128 * 1024 + 1, 1_000_000] {
        let dir = Dir::new();
        let path = dir.join("file");
        let data = noise(size);
        block_on(async {
            let mut file = open_file(&path).write(true).create(true).await.unwrap();
            file.write_all(&data).await.unwrap();
        });
        assert!(contents(&path) == data, "{size} bytes");
    }
}

#[test]
fn g5_drop_does_not_wait_for_the_pool() {
    if !in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "2")];
        run_in_child("g5_drop_does_not_wait_for_the_pool", &threads);
        return;
    }
    let dir = Dir::new();
    let path = dir.join("file");
    let mut file = block_on(open_file(&path).write(true).create(true)).unwrap();
    let asleep = saturate_pool(2);
    let data = noise(4_000_000);
    // Writes as much as is accepted without the pool.
    let mut accepted = 0;
    while let Some(written) = poll_times(file.write(&data[accepted..]), 3) {
        accepted += written.unwrap();
    }
    assert!(accepted >= 64 * 1024, "only {accepted} bytes were accepted");
    assert!(
        poll_times(file.flush(), 3).is_none(),
        "the pool is not saturated"
    );
    drop(file);
    assert!(contents(&path) == data[..accepted]);
    drop(asleep);
}

#[test]
fn g5_other_objects_are_finished_on_the_pool_in_order() {
    let object = Scripted::new([], (0..50).map(|n| Step::Short(1 + n * 7)));
    let data = noise(300_000);
    block_on(async {
        let mut file = wrap_file(object.handle());
        file.write_all(&data).await.unwrap();
    });
    for _ in 0..5_000 {
        if object.look(|script| script.dropped) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    object.look(|script| {
        assert!(script.dropped && script.data == data);
        assert!(script.flushes >= 1, "not flushed");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn g6_a_failed_write_is_not_forgotten() {
    block_on(async {
        let mut file = open_file("/dev/full").write(true).await.unwrap();
        file.write_all(b"does not fit").await.unwrap();
        for _ in 0..3 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert_eq!(
                error.to_string(),
                "failed to write to file `/dev/full`: No space left on device (os error 28)"
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

/// A small filesystem is full, and then has room again: every byte is written once, in order.
#[cfg(target_os = "linux")]
#[test]
fn g6_what_did_not_fit_is_written_when_there_is_room() {
    let dir = Dir::new();
    let mount = |arguments: &[&str]| {
        let mut command = Command::new(arguments[0]);
        let command = command.args(&arguments[1..]).arg(dir.path());
        command
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"]) {
        println!("skipped: a tmpfs cannot be mounted");
        return;
    }
    let outcome = std::panic::catch_unwind(|| {
        let ballast = dir.file("ballast", noise(600_000));
        let (path, data) = (dir.join("file"), noise(900_000));
        block_on(async {
            let options = open_file(&path).write(true).create(true);
            let mut file = options.buffering(128 * 1024).await.unwrap();
            let mut rest = &data[..];
            let mut failures = 0;
            while !rest.is_empty() {
                match file.write(&rest[..rest.len().min(10_000)]).await {
                    Ok(written) => rest = &rest[written..],
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::StorageFull);
                        failures += 1;
                        if failures == 5 {
                            assert!(file.flush().await.is_err());
                            assert!(file.sync_all().await.is_err());
                            std::fs::remove_file(&ballast).unwrap();
                        }
                    }
                }
            }
            file.close().await.unwrap();
            assert!(failures >= 5, "the filesystem was never full");
        });
        assert!(contents(&path) == data);
    });
    assert!(mount(&["umount"]));
    outcome.unwrap();
}

#[test]
fn g6_faults_of_a_wrapped_object_lose_nothing() {
    let full = || Step::Fail(ErrorKind::StorageFull);
    let steps = [Step::Short(3), full(), full(), Step::Short(1), full()];
    let object = Scripted::new([], steps);
    block_on(async {
        let mut file = wrap_file(object.handle());
        file.write_all(b"once, in order").await.unwrap();
        for _ in 0..3 {
            assert_eq!(
                file.flush().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
        }
        file.flush().await.unwrap();
        assert_eq!(object.look(|script| script.data.clone()), b"once, in order");
    });
}

#[test]
fn g7_errors_say_what_and_where() {
    let dir = Dir::new();
    let path = dir.join("missing");
    block_on(async {
        let error = open_file(&path).await.unwrap_err();
        let reason = std::fs::File::open(&path).unwrap_err();
        let expected = format!("failed to open file `{}`: {reason}", path.display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let details = PathError::of(&error).unwrap();
        assert_eq!(details.path(), path);
        assert_eq!(details.operation(), "open file");
        assert_eq!(details.original().raw_os_error(), reason.raw_os_error());
        assert!(PathError::of(&reason).is_none());

        let strange = dir.join("new\nline\u{7}");
        let error = open_file(&strange).await.unwrap_err();
        assert!(error.to_string().contains("new\\nline\\u{7}`"), "{error}");

        let mut file = open_file(dir.file("file", "abc"))
            .write(true)
            .await
            .unwrap();
        let error = file.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(PathError::of(&error).unwrap().operation(), "read file");
        let error = file.seek(SeekFrom::Current(-1)).await.unwrap_err();
        assert_eq!(PathError::of(&error).unwrap().operation(), "seek in file");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        file.close().await.unwrap();
        let error = file.sync_all().await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("file`: the file has been closed"),
            "{error}"
        );
    });
}

/// Two readers share a pipe: bytes that the first did not ask for are left for the second.
#[cfg(unix)]
#[test]
fn g8_a_pipe_is_read_only_when_asked() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"0123456789").unwrap();
    drop(stdin);
    let stdout = std::fs::File::from(std::os::fd::OwnedFd::from(child.stdout.take().unwrap()));
    let mut other = stdout.try_clone().unwrap();
    block_on(async {
        let mut file = wrap_file(stdout);
        let mut buf = [0; 4];
        file.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"0123");
        child.wait().unwrap();
        let mut rest = String::new();
        other.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "456789");
    });
}

#[test]
fn g8_bytes_read_ahead_survive() {
    let object = Scripted::new("one\ntwo\nthree\n", []);
    block_on(async {
        // Its `Seek` is not known, so that it counts as an object that has none.
        let mut file = wrap_file(object.handle());
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(object.look(|script| script.cursor), 14);
        file.with_mut(|_| ()).await.unwrap();
        file.write_all(b"four\n").await.unwrap();
        file.flush().await.unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\n");
        // From here on it is known, and there is one position.
        assert_eq!(position(&mut file).await, 19 - 6);
    });
}

#[test]
fn g8_into_inner_puts_the_cursor_at_the_position() {
    let dir = Dir::new();
    let path = dir.file("file", text(500_000));
    block_on(async {
        let mut file = open_file(&path).await.unwrap();
        let mut line = String::new();
        for _ in 0..3_000 {
            file.read_line(&mut line).await.unwrap();
        }
        let mut rest = String::new();
        let mut inner = file.into_inner().await.unwrap();
        inner.read_to_string(&mut rest).unwrap();
        assert!(line + &rest == text(500_000));
    });
}

/// Between two polls of another task, a reader of cached data gets about 1 MiB or 128 answers.
#[test]
fn g9_fair() {
    let dir = Dir::new();
    let path = dir.file("file", text(8_000_000));

    struct Meter {
        polls: u64,
        bytes: u64,
        most: (u64, u64),
    }
    impl Meter {
        fn count(&mut self, bytes: usize) {
            self.polls += 1;
            self.bytes += bytes as u64;
            self.most = (self.most.0.max(self.polls), self.most.1.max(self.bytes));
        }
        fn pause(&mut self) {
            (self.polls, self.bytes) = (0, 0);
        }
    }
    /// Runs the future, and records each pause in the meter.
    fn metered<R>(meter: &std::cell::RefCell<Meter>, future: impl Future<Output = R>) -> R {
        let mut future = pin!(future);
        block_on(future::poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            if polled.is_pending() {
                meter.borrow_mut().pause();
            }
            polled
        }))
    }
    let meter = || {
        std::cell::RefCell::new(Meter {
            polls: 0,
            bytes: 0,
            most: (0, 0),
        })
    };
    for size in [100, 4096, 65536, 1 << 20] {
        let meter = meter();
        metered(&meter, async {
            let mut file = open_file(&path).await.unwrap();
            let mut buf = vec![0; size];
            loop {
                match file.read(&mut buf).await.unwrap() {
                    0 => break,
                    read => meter.borrow_mut().count(read),
                }
            }
        });
        let (polls, bytes) = meter.borrow().most;
        assert!(
            polls <= 128 && bytes <= (1 << 20) + (256 << 10),
            "{size}: {polls} {bytes}"
        );
    }
    let lines = meter();
    metered(&lines, async {
        let mut file = open_file(&path).await.unwrap().lines();
        while let Some(line) = file.next_line().await.unwrap() {
            lines.borrow_mut().count(line.len());
        }
    });
    assert!(
        lines.borrow().most.0 <= 128,
        "{} lines",
        lines.borrow().most.0
    );
    let positional = meter();
    metered(&positional, async {
        let file = open_file(&path).await.unwrap();
        for _ in 0..2_000 {
            let read = file.read_at(&mut [0; 16], 0).await.unwrap();
            positional.borrow_mut().count(read);
        }
    });
    assert!(positional.borrow().most.0 <= 128);
}

/// Calls that need a pool thread may be ready at their first poll.
#[test]
fn g9_fair_also_with_calls_on_the_pool() {
    const CALLS: usize = 6_400;
    let dir = Dir::new();
    let path = anyfile::Path::from(dir.path());
    // The calls in a row, and the longest row.
    let calls = std::cell::Cell::new((0, 0));
    let count = || {
        let (row, most) = calls.get();
        calls.set((row + 1, most.max(row + 1)));
    };
    let executor = smol::LocalExecutor::new();
    let caller = executor.spawn(async {
        for _ in 0..CALLS {
            assert!(!path.is_mount().await);
            count();
        }
        for _ in 0..CALLS {
            assert!(path.iterdir().next().await.is_none());
            count();
        }
        for _ in 0..CALLS {
            let mut file = wrap_file(io::Cursor::new(b"x"));
            assert_eq!(file.read(&mut [0; 2]).await.unwrap(), 1);
            count();
        }
    });
    let other = executor.spawn(async {
        loop {
            calls.set((0, calls.get().1));
            future::yield_now().await;
        }
    });
    block_on(executor.run(caller));
    drop(other);
    let (_, most) = calls.get();
    println!("{most} of {CALLS} calls in a row");
    assert!(most <= 128);
}

/// A chain of calls keeps its thread, but not forever where the pool has no other.
#[test]
fn others_who_use_the_pool_have_their_turn() {
    if !with_one_thread("others_who_use_the_pool_have_their_turn") {
        return;
    }
    let dir = Dir::new();
    let path = anyfile::Path::from(dir.path());
    let mut most = 0;
    for _ in 0..100 {
        let served = Arc::new(AtomicBool::new(false));
        let serve = served.clone();
        block_on(async {
            assert!(!path.is_mount().await);
            let other = blocking::unblock(move || serve.store(true, Ordering::Relaxed));
            let mut calls = 0;
            while !served.load(Ordering::Relaxed) {
                assert!(!path.is_mount().await);
                calls += 1;
            }
            other.await;
            most = most.max(calls);
        });
    }
    println!("{most} calls before another job had its turn");
    // The calls of the running worker, and of one that was about to start.
    assert!(most <= 128);
}

/// Returns the resident memory of this process, in KiB, without the code that was mapped from the program's file.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn g10_bounded_memory() {
    if !has_proc() {
        return;
    }
    if !in_child() {
        print!("{}", run_in_child("g10_bounded_memory", &[]));
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", format!("{}\n", "x".repeat(999)).repeat(4_000));
    block_on(async {
        let before = resident();
        let mut streams = Vec::new();
        for _ in 0..500 {
            streams.push(open_file(&path).await.unwrap().lines());
        }
        let idle = resident() - before;
        for lines in &mut streams {
            lines.next_line().await.unwrap().unwrap();
        }
        let first = resident() - before;
        // Far into the file, all of them are read ahead.
        for lines in &mut streams {
            for _ in 0..1_500 {
                lines.next_line().await.unwrap().unwrap();
            }
        }
        let ahead = resident() - before;
        println!("500 line streams: {idle} KiB idle, {first} after a line, {ahead} read ahead");
        assert!(idle < 2 * 1024 && first < 128 * 1024 && ahead < 128 * 1024);
    });
}

/// Writes until no more is accepted, while no thread of the pool is free. Returns the number of bytes.
fn fill(file: &mut AsyncFile<Vec<u8>>) -> usize {
    let mut accepted = 0;
    while let Some(written) = poll_times(file.write(&[b'x'; 100_000]), 3) {
        accepted += written.unwrap();
        assert!(accepted < 100_000_000);
    }
    accepted
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

#[test]
fn g10_writers_share_an_allowance() {
    if !with_one_thread("g10_writers_share_an_allowance") {
        return;
    }
    let busy = saturate_pool(1);
    let mut lone = wrap_file(Vec::new());
    let first = fill(&mut lone);
    let mut files: Vec<_> = (0..500).map(|_| wrap_file(Vec::new())).collect();
    let accepted: Vec<_> = files.iter_mut().map(fill).collect();
    // Before anything fails: each drop waits a second for a thread.
    drop(busy);
    assert_eq!(first, 2 * MIB, "a lone writer");
    assert!(accepted.iter().all(|&accepted| accepted >= 128 * KIB));
    let all = first + accepted.iter().sum::<usize>();
    println!("501 writers: {} KiB", all / KIB);
    assert!(all <= 501 * 128 * KIB + 16 * MIB, "{all} bytes in all");
    let second = accepted[0];
    assert!(second > 512 * KIB, "the first of many got {second}");

    // What is written or dropped goes back to the allowance.
    let dropped = files.split_off(300);
    block_on(async {
        lone.flush().await.unwrap();
        for file in &mut files {
            file.flush().await.unwrap();
        }
    });
    drop(dropped);
    let _busy = saturate_pool(1);
    let mut again = wrap_file(Vec::new());
    assert_eq!(fill(&mut again), 2 * MIB, "a lone writer after many");
}

#[test]
fn g10_an_own_bound_takes_nothing_of_the_allowance() {
    if !with_one_thread("g10_an_own_bound_takes_nothing_of_the_allowance") {
        return;
    }
    let dir = Dir::new();
    let mut large = block_on(create_file(dir.join("large")).buffering(32 * MIB)).unwrap();
    let mut small = block_on(create_file(dir.join("small")).buffering(1_000)).unwrap();
    let _busy = saturate_pool(1);
    let accepted = |file: &mut AsyncFile| {
        let mut accepted = 0;
        while let Some(written) = poll_times(file.write(&[b'x'; 10_000]), 3) {
            accepted += written.unwrap();
        }
        accepted
    };
    assert_eq!(accepted(&mut large), 32 * MIB);
    assert_eq!(accepted(&mut small), 1_000);
    assert_eq!(fill(&mut wrap_file(Vec::new())), 2 * MIB);
}

#[cfg(target_os = "linux")]
#[test]
fn warm_random_reads_start_no_thread() {
    if !has_proc() {
        return;
    }
    if !in_child() {
        run_in_child("warm_random_reads_start_no_thread", &[]);
        return;
    }
    let dir = Dir::new();
    if !common::nowait_works(dir.path()) {
        println!("skipped: the no-wait calls do not answer here");
        return;
    }
    let data = noise(1 << 20);
    let path = dir.file("file", &data);
    let files: Vec<_> = (0..1_000)
        .map(|_| std::fs::File::open(&path).unwrap())
        .collect();
    let files: Vec<_> = files.into_iter().map(wrap_file).collect();
    // The first call learns what the file is, on the pool.
    for file in &files {
        block_on(file.sync_data()).unwrap();
    }
    let mut files = files;
    for file in &mut files {
        block_on(file.seek(SeekFrom::Start(0))).unwrap();
    }
    while !common::pool_is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let executor = smol::LocalExecutor::new();
    let tasks: Vec<_> = files
        .into_iter()
        .enumerate()
        .map(|(number, mut file)| {
            let data = &data;
            executor.spawn(async move {
                for round in 0..20 {
                    let offset = (number * 7_919 + round * 104_729) % (data.len() - 4096);
                    let mut buf = [0; 4096];
                    file.seek(SeekFrom::Start(offset as u64)).await.unwrap();
                    file.read_exact(&mut buf).await.unwrap();
                    assert!(buf == data[offset..offset + 4096]);
                    file.read_exact_at(&mut buf, offset as u64).await.unwrap();
                }
            })
        })
        .collect();
    block_on(executor.run(async {
        for task in tasks {
            task.await;
        }
    }));
    assert!(common::pool_is_empty());
}

#[test]
fn g11_a_panic_resumes_in_the_caller_and_then_errors() {
    type Call = fn(&mut AsyncFile<common::ScriptedHandle>) -> io::Result<()>;
    let calls: [(&str, Call); 4] = [
        ("read", |file| block_on(file.read(&mut [0; 8])).map(drop)),
        ("line", |file| {
            block_on(file.read_line(&mut String::new())).map(drop)
        }),
        ("write", |file| {
            block_on(async {
                file.write_all(b"abc").await?;
                file.flush().await
            })
        }),
        ("inside", |file| {
            block_on(file.with_mut(|file| file.read(&mut [0; 8])))?.map(drop)
        }),
    ];
    for (name, call) in calls {
        let object = Scripted::new("data", [Step::Panic]);
        let mut file = wrap_file(object.handle());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&mut file)));
        let message = panicked.expect_err(name);
        assert_eq!(message.downcast_ref(), Some(&"as scripted"), "{name}");
        for _ in 0..2 {
            let error = call(&mut file).expect_err(name).to_string();
            assert_eq!(
                error, "an earlier call on the wrapped object panicked",
                "{name}"
            );
        }
    }
}

#[test]
fn g11_strange_counts_are_errors() {
    block_on(async {
        let object = Scripted::new("data", [Step::Lie(1)]);
        let error = wrap_file(object.handle())
            .read(&mut [0; 8])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let message = "the wrapped object's `read` reported 9 bytes for a buffer of 8";
        assert_eq!(error.to_string(), message);

        let object = Scripted::new("", [Step::Lie(1)]);
        let mut file = wrap_file(object.handle());
        file.write_all(b"abc").await.unwrap();
        assert_eq!(
            file.flush().await.unwrap_err().kind(),
            ErrorKind::InvalidData
        );

        let object = Scripted::new("", [Step::Short(0)]);
        let mut file = wrap_file(object.handle());
        file.write_all(b"abc").await.unwrap();
        assert_eq!(file.flush().await.unwrap_err().kind(), ErrorKind::WriteZero);
        file.flush().await.unwrap();
        assert_eq!(object.look(|script| script.data.clone()), b"abc");
    });
}

#[test]
fn g11_interrupted_is_retried() {
    let interrupted = || Step::Fail(ErrorKind::Interrupted);
    let object = Scripted::new("data", [interrupted(), Step::Short(1), interrupted()]);
    block_on(async {
        let mut file = wrap_file(object.handle());
        let mut all = String::new();
        file.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "data");
        object.look(|script| {
            script
                .steps
                .extend([interrupted(), Step::Short(2), interrupted()])
        });
        file.write_all(b" and more").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(object.look(|script| script.data.clone()), b"data and more");
        // Nothing to read or write is no reason to make a call.
        object.look(|script| script.steps.push_back(Step::Panic));
        assert_eq!(file.read(&mut []).await.unwrap(), 0);
        assert_eq!(file.write(&[]).await.unwrap(), 0);
    });
}
