//! The cost of the hot paths, counted in system calls and pool jobs rather than time.
//!
//! Each test runs in a child process, since `/proc/self/io` counts for the whole process. A thread pool whose
//! threads are all blocked shows that an operation makes no job: with one, it would not end.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use anyfile::{AsyncFile, Path, open_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{Dir, noise, nowait_works, saturate_pool, text, with_one_thread};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The system's counts of calls for a process or a thread.
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

    /// Counts the calls that `work` makes in the process (`self`), or in this thread alone (`thread-self`).
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

/// Runs a test in a child with one pool thread. Returns a directory in the child, if the system counts calls.
fn in_child_with_counts(test: &str) -> Option<Dir> {
    if !with_one_thread(test) {
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

/// Returns the output of a future that needs no job, even if it yields, or `None` if it waits for a job.
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

/// Tries until `attempt` succeeds with `path` cached. Other processes may drop the caches, or make the system
/// look twice for a name by a rename.
#[track_caller]
fn warm_at_last<R>(path: &Path, mut attempt: impl FnMut() -> Result<R, String>) -> R {
    let mut failure = String::new();
    for _ in 0..50 {
        fs::read(path).expect("the file can be read");
        match attempt() {
            Ok(outcome) => return outcome,
            Err(reason) => failure = reason,
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{failure}");
}

/// Returns the answer about `path`. Panics if it needs the pool.
#[track_caller]
fn ask_warm<R, F: Future<Output = R>>(path: &Path, what: &str, ask: impl Fn() -> F) -> R {
    warm_at_last(path, || {
        without_job(ask()).ok_or_else(|| format!("{what} asked the pool"))
    })
}

/// Checks that `work` makes the `expected` number of reading calls on this thread, and no job.
#[track_caller]
fn check_reads<F: Future<Output = ()>>(
    path: &Path,
    what: &str,
    expected: std::ops::RangeInclusive<u64>,
    mut work: impl FnMut() -> F,
) {
    warm_at_last(path, || {
        let mut done = None;
        let calls = Calls::of("thread-self", || done = without_job(work()));
        println!("{what}: {calls:?}, expected {expected:?}");
        match done {
            None => Err(format!("{what} asked the pool")),
            Some(()) if expected.contains(&calls.reads) => Ok(()),
            Some(()) => Err(format!("{what}: {calls:?}, expected {expected:?}")),
        }
    });
}

/// Creates a file that is in the page cache, on a filesystem whose type the library has already looked up.
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
    const READS: u64 = 1000;
    let path = warm(&dir, &noise(4 * MIB));
    let _asleep = saturate_pool(1);
    let file = ask_warm(&path, "open", || path.open()).unwrap();
    let offsets = || (0..READS).map(|number| number * 7919 % 1024 * 4096);
    check_reads(&path, "read_at", READS..=READS, || async {
        let mut buf = [0; 4096];
        for offset in offsets() {
            assert_eq!(file.read_at(&mut buf, offset).await.unwrap(), buf.len());
        }
    });
    check_reads(&path, "seek and read", READS..=READS, || async {
        let (mut file, mut buf) = (path.open().await.unwrap(), [0; 4096]);
        for offset in offsets() {
            file.seek(SeekFrom::Start(offset)).await.unwrap();
            assert_eq!(file.read(&mut buf).await.unwrap(), buf.len());
        }
    });
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
    for (len, most) in [(KIB, 512), (4 * KIB, 512), (64 * KIB, 130)] {
        check_reads(&path, &format!("{len} at a time"), 0..=most, || async {
            let mut file = path.open().await.unwrap();
            assert_eq!(read_in_pieces(&mut file, len).await.unwrap(), LEN);
        });
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
    for _ in 0..100 {
        let metadata = ask_warm(&path, "metadata", || path.metadata()).unwrap();
        assert_eq!(metadata.len(), contents.len() as u64);
        assert!(ask_warm(&path, "exists", || path.exists()));
        let mut file = ask_warm(&path, "open", || open_file(&path)).unwrap();
        let closed = without_job(file.close());
        closed.expect("close asked the pool").unwrap();
    }
    check_reads(&path, "metadata and open", 0..=0, || async {
        path.metadata().await.unwrap();
        path.open().await.unwrap();
    });
    check_reads(&path, "read_text", 1..=1, || async {
        assert_eq!(path.read_text().await.unwrap(), contents);
    });
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

#[test]
fn a_file_is_removed_in_one_job() {
    if !with_one_thread("a_file_is_removed_in_one_job") {
        return;
    }
    let dir = Dir::new();
    let (file, missing) = (dir.file("file", "text"), dir.join("missing"));
    for path in [&file, &missing] {
        let mut remove = pin!(Path::new(path).remove().missing_ok(true));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let asleep = saturate_pool(1);
        assert!(remove.as_mut().poll(&mut cx).is_pending());
        drop(asleep);
        let is_woken = || woken.0.load(Ordering::Relaxed);
        assert!(common::comes_true(is_woken));
        // A second job would begin only at the next poll.
        assert!(!path.exists());
        assert!(remove.as_mut().poll(&mut cx).is_ready());
    }
}

/// Bytes that a shared call has read ahead are never stale after a change by the same handle.
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
        // A change that does not move the cursor.
        file.write_all_at(b"changed", at as u64 + 10).await.unwrap();
        expected[at + 10..at + 17].copy_from_slice(b"changed");
        for _ in 0..20 {
            file.read_exact(&mut buf).await.unwrap();
            assert!(buf == expected[at..at + PIECE]);
            at += PIECE;
        }
        // A write at the position, and reads after it.
        file.write_all(b"written").await.unwrap();
        expected[at..at + 7].copy_from_slice(b"written");
        at += 7;
        file.read_exact(&mut buf).await.unwrap();
        assert!(buf == expected[at..at + PIECE]);
        // From the start again, up to an end that has moved in between.
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
