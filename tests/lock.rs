//! Locks: nothing that is read, changed and written under one is lost, and nothing is held by a future that was
//! dropped.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path as StdPath;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use anyfile::file::TryLockError;
use anyfile::{AsyncFile, Path, PathError, open_file, wrap_file};
use futures_lite::future::{self, block_on, poll_once};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use rustix::fs::{FlockOperation, flock};

use common::locked::{count, try_lock};
use common::{
    Dir, comes_true, contents, each_way, in_child, is_root, noise, poll_times, pool_threads,
    run_in_child, saturate_pool, without_hanging,
};

fn open(path: &StdPath) -> AsyncFile {
    block_on(open_file(path).read(true).write(true).create(true)).expect("a file")
}

/// A handle of std's, with which the tests see whether there is a lock.
fn std_file(path: &StdPath) -> File {
    File::options()
        .read(true)
        .write(true)
        .open(path)
        .expect("a file")
}

fn is_free(file: &File) -> bool {
    let is_free = flock(file, FlockOperation::NonBlockingLockExclusive).is_ok();
    flock(file, FlockOperation::Unlock).expect("unlocked");
    is_free
}

#[test]
fn kinds_exclude_each_other_as_those_of_flock() {
    if !each_way("kinds_exclude_each_other_as_those_of_flock") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    let operations = [
        FlockOperation::NonBlockingLockExclusive,
        FlockOperation::NonBlockingLockShared,
    ];
    for ours_shared in [false, true] {
        for theirs_shared in [false, true] {
            let operation = operations[usize::from(theirs_shared)];
            let may_both = ours_shared && theirs_shared;
            let mut file = open(&path);
            let try_ours = |file: &mut AsyncFile| try_lock(file, ours_shared);
            // Theirs first, then ours first.
            flock(&theirs, operation).unwrap();
            assert_eq!(try_ours(&mut file), may_both);
            block_on(file.unlock()).unwrap();
            flock(&theirs, FlockOperation::Unlock).unwrap();
            assert!(try_ours(&mut file));
            assert_eq!(flock(&theirs, operation).is_ok(), may_both);
            flock(&theirs, FlockOperation::Unlock).unwrap();
            block_on(file.unlock()).unwrap();
            block_on(async {
                if ours_shared {
                    file.lock_shared().await.unwrap();
                } else {
                    file.lock().await.unwrap();
                }
            });
            assert_eq!(flock(&theirs, operation).is_ok(), may_both);
            flock(&theirs, FlockOperation::Unlock).unwrap();
        }
    }
    assert!(is_free(&theirs));
}

const TASKS: usize = 64;
const ROUNDS: usize = 5;

fn count_in_tasks(path: &StdPath) {
    let executor = smol::Executor::new();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| executor.spawn(count(path, ROUNDS)))
        .collect();
    let (stop, stopped) = smol::channel::unbounded::<()>();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        block_on(executor.run(async {
            for task in tasks {
                task.await.unwrap();
            }
        }));
        drop(stop);
    });
}

#[test]
fn many_tasks_lose_nothing() {
    if !each_way("many_tasks_lose_nothing") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "0\n");
    without_hanging("64 tasks", || count_in_tasks(&path));
    assert_eq!(contents(&path), format!("{}\n", TASKS * ROUNDS).as_bytes());
}

/// All tasks on one thread, as on a single-threaded executor, with locks that are held across polls.
#[test]
fn many_tasks_on_one_thread() {
    if !each_way("many_tasks_on_one_thread") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "0\n");
    let tasks = (0..TASKS).map(|_| count(&path, ROUNDS));
    without_hanging("64 tasks", || {
        block_on(futures::future::try_join_all(tasks)).unwrap();
    });
    assert_eq!(contents(&path), format!("{}\n", TASKS * ROUNDS).as_bytes());
}

/// The child of the test below.
#[test]
fn counts() {
    if let Some(path) = std::env::var_os("ANYFILE_TEST_FILE") {
        count_in_tasks(StdPath::new(&path));
    }
}

#[test]
fn several_processes_lose_nothing() {
    let dir = Dir::new();
    let path = dir.file("file", "0\n");
    let children = (0..4).map(|number| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "counts", "--test-threads=1"]);
        child.env("ANYFILE_TEST_FILE", &path).stdout(Stdio::null());
        match number {
            0 => child.env("ANYFILE_NOWAIT", "0"),
            1 => child.env("BLOCKING_MAX_THREADS", "1"),
            _ => &mut child,
        };
        child.spawn().unwrap()
    });
    let children: Vec<_> = children.collect();
    // Another program that waits in the system.
    let script = r#"n=$(cat "$1"); echo $((n + 1)) > "$1""#;
    for _ in 0..20 {
        let mut program = Command::new("flock");
        let program = program.arg(&path).args(["sh", "-c", script, "sh"]);
        assert!(program.arg(&path).status().expect("flock").success());
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let all = 4 * TASKS * ROUNDS + 20;
    assert_eq!(contents(&path), format!("{all}\n").as_bytes());
}

/// A future that waits is dropped after any number of polls. Then the lock becomes free.
#[test]
fn a_future_that_was_dropped_holds_nothing() {
    if !each_way("a_future_that_was_dropped_holds_nothing") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    let mut dropped = 0;
    for round in 0..200 {
        let mut file = open(&path);
        block_on(file.write_all(b"x")).unwrap();
        let holds = round % 2 == 0;
        if holds {
            flock(&theirs, FlockOperation::NonBlockingLockExclusive).unwrap();
        }
        let polls = 1 + round % 5;
        let outcome = match round % 3 {
            0 => poll_times(file.lock(), polls),
            1 => poll_times(file.lock_shared(), polls),
            _ => poll_times(file.try_lock(), polls).map(|tried| match tried {
                Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
                tried => tried.map_err(io::Error::from),
            }),
        };
        flock(&theirs, FlockOperation::Unlock).unwrap();
        match outcome {
            None => dropped += 1,
            Some(Ok(())) => {
                assert!(!holds);
                block_on(file.unlock()).unwrap();
            }
            Some(Err(error)) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        assert!(comes_true(|| is_free(&theirs)), "round {round}");
        // The same handle still works.
        block_on(file.lock()).unwrap();
        assert!(!is_free(&theirs));
        drop(file);
        assert!(is_free(&theirs), "round {round}");
    }
    assert!(dropped > 10);
}

/// A lock that is taken right after a dropped future is not given back by the end of that future's call, and belongs
/// to the later call.
#[test]
fn a_late_end_takes_no_lock_away() {
    if !each_way("a_late_end_takes_no_lock_away") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    let mut file = open(&path);
    for round in 0..500 {
        let given_up = match round % 2 {
            0 => block_on(poll_once(file.lock())),
            _ => block_on(poll_once(file.unlock())),
        };
        if round % 3 == 0 {
            std::thread::sleep(Duration::from_micros(round % 50));
        }
        drop(given_up);
        block_on(async {
            file.lock().await.unwrap();
            // What is in the pool is done by then.
            for _ in 0..3 {
                wrap_file(io::empty()).with_mut(|_| ()).await.unwrap();
            }
        });
        assert!(!is_free(&theirs), "round {round}");
        block_on(file.unlock()).unwrap();
        assert!(is_free(&theirs), "round {round}");
    }
}

/// A queued attempt that was dropped is not made.
#[test]
fn an_attempt_that_has_not_begun_is_not_made() {
    if !in_child() {
        let few = [("ANYFILE_NOWAIT", "0"), ("BLOCKING_MAX_THREADS", "1")];
        run_in_child("an_attempt_that_has_not_begun_is_not_made", &few);
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    let mut file = open(&path);
    let asleep = saturate_pool(1);
    assert!(block_on(poll_once(file.lock())).is_none());
    drop(asleep);
    block_on(wrap_file(io::empty()).with_mut(|_| ())).unwrap();
    assert!(is_free(&theirs));
}

#[test]
fn unlock_writes_first_and_lock_forgets_what_was_read() {
    if !each_way("unlock_writes_first_and_lock_forgets_what_was_read") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "old one\nold two\n");
    for buffering in [0, 100, 128 * 1024] {
        fs::write(&path, "old one\nold two\n").unwrap();
        block_on(async {
            let mut reader = open_file(&path).await.unwrap();
            let mut line = String::new();
            reader.read_line(&mut line).await.unwrap();
            let options = open_file(&path).write(true);
            let mut writer = options.buffering(buffering).await.unwrap();
            writer.lock().await.unwrap();
            writer.write_all(b"new one\nnew two\n").await.unwrap();
            writer.unlock().await.unwrap();
            assert_eq!(contents(&path), b"new one\nnew two\n");
            reader.lock_shared().await.unwrap();
            reader.read_line(&mut line).await.unwrap();
            assert_eq!(line, "old one\nnew two\n");
            // An end of file that was seen is forgotten, too.
            assert_eq!(reader.read_line(&mut line).await.unwrap(), 0);
            fs::write(&path, "new one\nnew two\nthree\n").unwrap();
            reader.try_lock_shared().await.unwrap();
            let shown = futures_lite::AsyncBufReadExt::fill_buf(&mut reader).await;
            assert_eq!(shown.unwrap(), b"three\n");
        });
    }
}

/// The lock is kept while the bytes cannot be written.
#[test]
fn unlock_on_a_full_disk() {
    if !is_root() || !each_way("unlock_on_a_full_disk") {
        return;
    }
    let Some(disk) = common::Tmpfs::new(1 << 20) else {
        return;
    };
    let path = disk.dir().join("file");
    let mut file = open(&path);
    let theirs = std_file(&path);
    disk.fill_but(0);
    block_on(async {
        file.lock().await.unwrap();
        file.write_all(&noise(10_000)).await.unwrap();
        for _ in 0..2 {
            let error = file.unlock().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
            assert!(!is_free(&theirs));
            let error = file.lock().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
        disk.make_room();
        file.unlock().await.unwrap();
    });
    assert!(is_free(&theirs));
    assert!(contents(&path) == noise(10_000));
}

#[test]
fn a_drop_gives_it_back() {
    if !each_way("a_drop_gives_it_back") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    let theirs = std_file(&path);
    let mut held = [0; 3];
    for round in 0..150 {
        let options = open_file(&path).read(true).write(round % 3 > 0);
        let mut file = block_on(options).unwrap();
        block_on(async {
            file.lock().await.unwrap();
            assert!(!is_free(&theirs));
            match round % 3 {
                0 => _ = file.read(&mut [0; 3]).await.unwrap(),
                1 => {}
                _ => file.write_all(b"something").await.unwrap(),
            }
        });
        drop(file);
        held[round % 3] += usize::from(!is_free(&theirs));
    }
    assert_eq!(
        held, [0; 3],
        "still held, of 50 each: read, unused, written"
    );
}

/// A clone shares the lock.
#[test]
fn a_clone_keeps_it() {
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    let mut file = open(&path);
    block_on(async {
        file.lock().await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        drop(file);
        assert!(!is_free(&theirs));
        clone.unlock().await.unwrap();
        assert!(is_free(&theirs));
    });
}

/// Fifty tasks wait, and hold one thread at most. Other calls go through. On a busy machine these have some more threads.
#[test]
fn waiting_holds_no_threads() {
    if !each_way("waiting_holds_no_threads") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let theirs = std_file(&path);
    flock(&theirs, FlockOperation::NonBlockingLockExclusive).unwrap();
    let mut files: Vec<_> = (0..50).map(|_| open(&path)).collect();
    let given_back = AtomicBool::new(false);
    let wait = files.iter_mut().map(|file| async {
        file.lock().await.unwrap();
        assert!(given_back.load(Ordering::Relaxed));
        file.unlock().await.unwrap();
    });
    let work = async {
        let other = Path::new(dir.join("other"));
        for round in 0..100 {
            other.write_text(round.to_string()).await.unwrap();
            assert_eq!(other.read_text().await.unwrap(), round.to_string());
        }
        let threads = pool_threads();
        assert!(threads <= 25, "{threads} threads");
        given_back.store(true, Ordering::Relaxed);
        flock(&theirs, FlockOperation::Unlock).unwrap();
    };
    without_hanging("waiting", || {
        block_on(future::zip(futures::future::join_all(wait), work));
    });
}

/// The task that holds the lock needs the only thread, while the others wait for it.
#[test]
fn a_reader_and_a_writer_in_one_task_each() {
    if !each_way("a_reader_and_a_writer_in_one_task_each") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "");
    let (mut one, mut other) = (open(&path), open(&path));
    block_on(async {
        one.lock().await.unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiting = pin!(other.lock());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        one.write_all(b"hello").await.unwrap();
        one.sync_all().await.unwrap();
        one.unlock().await.unwrap();
        waiting.await.unwrap();
    });
    assert_eq!(contents(&path), b"hello");
}

#[test]
fn errors_name_the_file() {
    let dir = Dir::new();
    let path = dir.file("file", "");
    let mut file = open(&path);
    block_on(async {
        // There is no lock.
        file.unlock().await.unwrap();
        let mut other = open(&path);
        other.lock().await.unwrap();
        let error = file.try_lock().await.unwrap_err();
        assert_eq!(error.to_string(), "another handle has a lock on the file");
        assert_eq!(io::Error::from(error).kind(), ErrorKind::WouldBlock);
        file.close().await.unwrap();
        for error in [
            file.lock().await.unwrap_err(),
            file.lock_shared().await.unwrap_err(),
            file.try_lock().await.unwrap_err().into(),
            file.try_lock_shared().await.unwrap_err().into(),
            file.unlock().await.unwrap_err(),
        ] {
            assert!(
                error.to_string().ends_with("the file has been closed"),
                "{error}"
            );
            assert_eq!(PathError::of(&error).unwrap().path(), path);
        }
    });
}
