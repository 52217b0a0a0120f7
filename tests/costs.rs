//! What the hot paths cost, counted in system calls and jobs of the pool, whatever the clock says.
//!
//! Each test runs in a child process, for the counts of `/proc/self/io` are those of the process. A
//! thread pool that is asleep shows that an operation makes no job: with one, it would not end.

#![cfg(target_os = "linux")]

mod common;

use anyfile::{AsyncFile, Path, open_file};
use common::{Dir, in_child, noise, nowait_works, run_in_child, saturate_pool, text};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};
use std::fs;
use std::future::IntoFuture;
use std::io::{self, Seek, SeekFrom};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the system counts for a process or a thread; nothing where it does not.
#[derive(Debug, Clone, Copy)]
struct Calls {
    reads: u64,
    writes: u64,
}

impl Calls {
    fn count(whose: &str) -> Option<Calls> {
        let io = fs::read_to_string(format!("/proc/{whose}/io")).ok()?;
        let field = |name| {
            io.lines()
                .find_map(|line| line.strip_prefix(name)?.parse().ok())
        };
        Some(Calls {
            reads: field("syscr: ")?,
            writes: field("syscw: ")?,
        })
    }

    /// What `work` costs the process, or this thread alone: `self` or `thread-self`.
    fn of(whose: &str, work: impl FnOnce()) -> Calls {
        let count = || Calls::count(whose).expect("counted before");
        // Counting costs calls too.
        let (first, second) = (count(), count());
        work();
        let after = count();
        Calls {
            reads: (after.reads - second.reads) - (second.reads - first.reads),
            writes: (after.writes - second.writes) - (second.writes - first.writes),
        }
    }
}

/// Runs a test in a child with one pool thread; gives the child a directory, if it can be done there.
fn in_child_with_counts(test: &str) -> Option<Dir> {
    if !in_child() {
        print!("{}", run_in_child(test, &[("BLOCKING_MAX_THREADS", "1")]));
        return None;
    }
    if Calls::count("thread-self").is_none() {
        println!("skipped: the system does not count calls");
        return None;
    }
    Some(Dir::new())
}

fn answers_on_the_spot(dir: &Dir) -> bool {
    let works = nowait_works(dir.path());
    if !works {
        println!("skipped: the no-wait calls do not answer here");
    }
    works
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The outcome of a future that needs no job, even where it lets others in; nothing if it waits.
fn without_job<R>(future: impl Future<Output = R>) -> Option<R> {
    let mut future = pin!(future);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(outcome) => return Some(outcome),
            Poll::Pending if woken.0.swap(false, Ordering::Relaxed) => {}
            Poll::Pending => return None,
        }
    }
}

/// As [`without_job`]. Somebody's rename can make the system look twice for a name, so this tries again.
#[track_caller]
fn sooner_or_later<R, F: Future<Output = R>>(what: &str, ask: impl Fn() -> F) -> R {
    let outcome = (0..500).find_map(|_| {
        let outcome = without_job(ask());
        if outcome.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        outcome
    });
    outcome.unwrap_or_else(|| panic!("{what} asked the pool"))
}

/// A file that the system has cached, on a filesystem that the library has met.
fn warm(dir: &Dir, contents: &[u8]) -> Path {
    let path = Path::new(dir.file("file", contents));
    block_on(async {
        assert!(path.exists().await);
        assert_eq!(path.read_bytes().await.unwrap(), contents);
    });
    path
}

async fn read_in_pieces(file: &mut AsyncFile, len: usize) -> io::Result<usize> {
    let (mut buf, mut total) = (vec![0; len], 0);
    loop {
        match file.read(&mut buf).await? {
            0 => return Ok(total),
            read => total += read,
        }
    }
}

#[test]
fn a_warm_read_is_one_call_and_no_job() {
    let Some(dir) = in_child_with_counts("a_warm_read_is_one_call_and_no_job") else {
        return;
    };
    if !answers_on_the_spot(&dir) {
        return;
    }
    const READS: usize = 1000;
    let path = warm(&dir, &noise(4 * MIB));
    let _asleep = saturate_pool(1);
    let mut file = sooner_or_later("open", || path.open().into_future()).unwrap();
    let offsets = || (0..READS).map(|number| (number * 7919 % 1024 * 4 * KIB) as u64);
    let mut buf = [0; 4 * KIB];

    let calls = Calls::of("thread-self", || {
        let read = without_job(async {
            for offset in offsets() {
                assert_eq!(file.read_at(&mut buf, offset).await.unwrap(), buf.len());
            }
        });
        read.expect("read_at asked the pool");
    });
    println!("{READS} × read_at: {calls:?}");
    assert_eq!(calls.reads, READS as u64);

    let calls = Calls::of("thread-self", || {
        let read = without_job(async {
            for offset in offsets() {
                file.seek(SeekFrom::Start(offset)).await.unwrap();
                assert_eq!(file.read(&mut buf).await.unwrap(), buf.len());
            }
        });
        read.expect("a read asked the pool");
    });
    println!("{READS} × seek and read: {calls:?}");
    assert_eq!(calls.reads, READS as u64);
}

#[test]
fn warm_reads_in_sequence_share_their_calls() {
    let Some(dir) = in_child_with_counts("warm_reads_in_sequence_share_their_calls") else {
        return;
    };
    if !answers_on_the_spot(&dir) {
        return;
    }
    const LEN: usize = 8 * MIB;
    let path = warm(&dir, &noise(LEN));
    let _asleep = saturate_pool(1);
    for (len, most) in [
        (KIB, LEN / KIB / 16),
        (4 * KIB, LEN / KIB / 16),
        (64 * KIB, 130),
    ] {
        let mut file = sooner_or_later("open", || path.open().into_future()).unwrap();
        let calls = Calls::of("thread-self", || {
            let read = without_job(read_in_pieces(&mut file, len));
            assert_eq!(read.expect("a read asked the pool").unwrap(), LEN);
        });
        println!("{LEN} bytes, {len} at a time: {calls:?}");
        assert!(calls.reads <= most as u64, "{len}: {calls:?}");
    }
}

#[test]
fn warm_paths_make_no_job() {
    let Some(dir) = in_child_with_counts("warm_paths_make_no_job") else {
        return;
    };
    if !answers_on_the_spot(&dir) {
        return;
    }
    let contents = text(2 * KIB);
    let path = warm(&dir, contents.as_bytes());
    let _asleep = saturate_pool(1);
    let mut fewest = u64::MAX;
    for _ in 0..200 {
        let metadata = sooner_or_later("metadata", || path.metadata()).unwrap();
        assert_eq!(metadata.len(), contents.len() as u64);
        assert!(sooner_or_later("exists", || path.exists()));
        let mut file = sooner_or_later("open", || open_file(&path).into_future()).unwrap();
        without_job(file.close())
            .expect("close asked the pool")
            .unwrap();
        let calls = Calls::of("thread-self", || {
            let read = sooner_or_later("read_text", || path.read_text()).unwrap();
            assert_eq!(read, contents);
        });
        fewest = fewest.min(calls.reads);
    }
    assert_eq!(fewest, 1, "calls to read a small file");
}

/// A job reads at least once, so there are no more jobs than reads.
#[test]
fn a_line_stream_is_a_read_for_each_chunk() {
    let Some(dir) = in_child_with_counts("a_line_stream_is_a_read_for_each_chunk") else {
        return;
    };
    const CHUNK: usize = 64 * KIB;
    let contents = text(16 * MIB);
    let path = dir.file("file", &contents);
    let most = (contents.len() / CHUNK + contents.len() / CHUNK / 64 + 8) as u64;
    let expected = contents.lines().count();

    let calls = Calls::of("self", || {
        let lines = block_on(async { open_file(&path).await.unwrap().lines().count().await });
        assert_eq!(lines, expected);
    });
    println!(
        "{} bytes in lines: {calls:?}, at most {most}",
        contents.len()
    );
    assert!(calls.reads <= most, "{calls:?}");
}

#[test]
fn small_writes_share_their_calls() {
    let Some(dir) = in_child_with_counts("small_writes_share_their_calls") else {
        return;
    };
    const LEN: usize = 8 * MIB;
    let path = dir.join("file");
    let data = noise(LEN);
    let calls = Calls::of("self", || {
        block_on(async {
            let file = open_file(&path).write(true).create_new(true);
            let mut file = file.await.unwrap();
            for piece in data.chunks(100) {
                file.write_all(piece).await.unwrap();
            }
            file.close().await.unwrap();
        });
    });
    println!("{LEN} bytes, 100 at a time: {calls:?}");
    assert!(calls.writes <= (LEN / (32 * KIB) + 1) as u64, "{calls:?}");
    assert!(fs::read(&path).unwrap() == data);
}

/// Bytes that came with a shared call are as if nobody had read them.
#[test]
fn what_a_shared_call_brought_is_current() {
    let dir = Dir::new();
    const LEN: usize = 400 * KIB;
    const PIECE: usize = 3 * KIB;
    let mut expected = noise(LEN);
    let path = dir.file("file", &expected);
    block_on(async {
        let mut file = open_file(&path).read(true).write(true).await.unwrap();
        let mut buf = [0; PIECE];
        let mut at = 0;
        for _ in 0..70 {
            file.read_exact(&mut buf).await.unwrap();
            assert!(buf == expected[at..at + PIECE]);
            at += PIECE;
        }
        // A change behind the cursor's back.
        file.write_all_at(b"changed", at as u64 + 10).await.unwrap();
        expected[at + 10..at + 17].copy_from_slice(b"changed");
        for _ in 0..20 {
            file.read_exact(&mut buf).await.unwrap();
            assert!(buf == expected[at..at + PIECE]);
            at += PIECE;
        }
        // A write at the position, and on from there.
        file.write_all(b"written").await.unwrap();
        expected[at..at + 7].copy_from_slice(b"written");
        at += 7;
        file.read_exact(&mut buf).await.unwrap();
        assert!(buf == expected[at..at + PIECE]);
        // From the start again, up to an end that has moved meanwhile.
        file.seek(SeekFrom::Start(0)).await.unwrap();
        for at in (0..60 * PIECE).step_by(PIECE) {
            file.read_exact(&mut buf).await.unwrap();
            assert!(buf == expected[at..at + PIECE]);
        }
        let end = 60 * PIECE + 100;
        file.set_len(end as u64).await.unwrap();
        assert_eq!(read_in_pieces(&mut file, PIECE).await.unwrap(), 100);
        // The cursor of the file itself is where the position is.
        file.seek(SeekFrom::Start(0)).await.unwrap();
        for _ in 0..50 {
            file.read_exact(&mut buf).await.unwrap();
        }
        let mut inner = file.into_inner().await.unwrap();
        assert_eq!(inner.stream_position().unwrap(), 50 * PIECE as u64);
    });
}
