//! Fairness of many files and many futures of one task, between two turns of the executor.
//!
//! A task that reads cached data is as fair from a thousand files as from one: the executor gets its turn, so
//! that other tasks run, and not only the next future of the same task.

mod common;

use std::cell::Cell;
use std::io::SeekFrom;
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, Path, open_file};
use futures::stream::{self, FuturesUnordered};
use futures_lite::future::{self, block_on};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{Dir, in_child, run_in_child, text};

/// A generous limit: the budget is 128 answers or 1 MiB, and calls in flight may be finished.
const MOST_ANSWERS: usize = 400;
/// Half of it is for `for_each_concurrent`, which polls new futures while others yield.
const MOST_BYTES: usize = 8 << 20;

/// Counts the answers between two turns of another task.
#[derive(Default)]
struct Meter {
    answers: Cell<usize>,
    bytes: Cell<usize>,
    most_answers: Cell<usize>,
    most_bytes: Cell<usize>,
    all: Cell<usize>,
    last: Cell<Option<Instant>>,
    longest: Cell<Duration>,
}

impl Meter {
    fn count(&self, bytes: usize) {
        self.all.set(self.all.get() + 1);
        self.answers.set(self.answers.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        let most = self.most_answers.get().max(self.answers.get());
        self.most_answers.set(most);
        self.most_bytes
            .set(self.most_bytes.get().max(self.bytes.get()));
    }

    /// Ends a turn: the other task runs.
    fn pause(&self) {
        self.answers.set(0);
        self.bytes.set(0);
        let now = Instant::now();
        if let Some(last) = self.last.replace(Some(now)) {
            self.longest.set(self.longest.get().max(now - last));
        }
    }
}

/// Runs the work beside another task on an executor of one thread.
fn metered(what: &str, work: impl AsyncFnOnce(&Meter)) -> Result<(), String> {
    let meter = Meter::default();
    let executor = smol::LocalExecutor::new();
    let other = executor.spawn(async {
        loop {
            meter.pause();
            future::yield_now().await;
        }
    });
    block_on(executor.run(executor.spawn(work(&meter))));
    drop(other);
    let (answers, bytes) = (meter.most_answers.get(), meter.most_bytes.get());
    let said = format!(
        "{what}: {answers} answers, {} KiB in one turn, {} in all; the longest turn took {:?}",
        bytes / 1024,
        meter.all.get(),
        meter.longest.get()
    );
    println!("{said}");
    if answers <= MOST_ANSWERS && bytes <= MOST_BYTES {
        Ok(())
    } else {
        Err(said)
    }
}

#[track_caller]
fn check(results: impl IntoIterator<Item = Result<(), String>>) {
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Opens one file many times; each has its own position, and all are cached.
fn open_all(path: &std::path::Path, count: usize) -> Vec<AsyncFile> {
    let open = || block_on(open_file(path)).expect("the file");
    (0..count).map(|_| open()).collect()
}

/// Reads a file to its end in pieces.
async fn read_all(meter: &Meter, mut file: AsyncFile, piece: usize) {
    let mut buf = vec![0; piece];
    loop {
        match file.read(&mut buf).await.unwrap() {
            0 => break,
            read => meter.count(read),
        }
    }
}

#[test]
fn many_files_in_turn() {
    let dir = Dir::new();
    let path = dir.file("file", text(200_000));
    let in_turn = |piece: usize| {
        let files = open_all(&path, 300);
        metered(&format!("{piece} bytes of each"), async |meter| {
            for file in files {
                read_all(meter, file, piece).await;
            }
        })
    };
    let round_about = metered("a piece of each in turn", async |meter| {
        let mut files = open_all(&path, 300);
        let mut buf = vec![0; 4096];
        for _ in 0..40 {
            for file in &mut files {
                meter.count(file.read(&mut buf).await.unwrap());
            }
        }
    });
    check([
        in_turn(4096),
        in_turn(65_536),
        in_turn(1 << 20),
        round_about,
    ]);
}

#[test]
fn many_files_at_offsets() {
    let dir = Dir::new();
    let path = dir.file("file", text(1_000_000));
    let at_offsets = |len: usize| {
        let files = open_all(&path, 300);
        metered(&format!("read_at of {len} bytes"), async |meter| {
            let mut buf = vec![0; len];
            for round in 0..20 {
                for file in &files {
                    let at = round * 40_000;
                    meter.count(file.read_at(&mut buf, at).await.unwrap());
                }
            }
        })
    };
    let written = metered("write_at of 100000 bytes", async |meter| {
        let file = open_file(dir.path().join("written"))
            .write(true)
            .create(true);
        let file = file.await.unwrap();
        let buf = vec![0; 100_000];
        for _ in 0..2_000 {
            meter.count(file.write_at(&buf, 0).await.unwrap());
        }
    });
    check([at_offsets(16), at_offsets(100_000), written]);
}

#[test]
fn seeks_and_buffers_of_many_files() {
    let dir = Dir::new();
    let path = dir.file("file", text(1_000_000));
    let seeks = metered("seeks", async |meter| {
        let mut files = open_all(&path, 300);
        for round in 0..40 {
            for file in &mut files {
                file.seek(SeekFrom::Start(round * 1_000)).await.unwrap();
                meter.count(0);
            }
        }
    });
    let buffers = metered("fill_buf", async |meter| {
        let mut files = open_all(&path, 300);
        for _ in 0..40 {
            for file in &mut files {
                let filled = file.fill_buf().await.unwrap().len();
                file.consume(filled.min(100));
                meter.count(0);
            }
        }
    });
    check([seeks, buffers]);
}

#[test]
fn small_writes_to_many_files() {
    let dir = Dir::new();
    let files: Vec<AsyncFile> = (0..300)
        .map(|number| {
            let options = open_file(dir.join(&number.to_string())).write(true);
            block_on(options.create(true)).unwrap()
        })
        .collect();
    let written = metered("small writes", async |meter| {
        let mut files = files;
        for _ in 0..100 {
            for file in &mut files {
                meter.count(file.write(b"ten bytes\n").await.unwrap());
            }
        }
        for file in &mut files {
            file.close().await.unwrap();
        }
    });
    check([written]);
    for number in 0..300 {
        let len = common::contents(&dir.join(&number.to_string())).len();
        assert_eq!(len, 1_000);
    }
}

#[test]
fn many_files_line_by_line() {
    let dir = Dir::new();
    let lines: String = (0..300).map(|line| format!("line {line}\n")).collect();
    let path = dir.file("file", lines);
    let merged = metered("a merge of 500 files", async |meter| {
        let mut files: Vec<_> = open_all(&path, 500)
            .into_iter()
            .map(AsyncFile::lines)
            .collect();
        for _ in 0..300 {
            for lines in &mut files {
                let line = lines.next_line().await.unwrap().expect("a line");
                meter.count(line.len());
            }
        }
    });
    let as_streams = metered("a merge of 500 streams", async |meter| {
        let files = open_all(&path, 500);
        let mut all = stream::select_all(files.into_iter().map(AsyncFile::lines));
        while let Some(line) = all.next().await {
            meter.count(line.unwrap().len());
        }
    });
    check([merged, as_streams]);
}

/// Returns how many bytes this thread has read so far, if the system counts them.
#[cfg(target_os = "linux")]
fn read_by_this_thread() -> Option<usize> {
    let io = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    io.lines()
        .find_map(|line| line.strip_prefix("rchar: ")?.parse().ok())
}

/// A small answer may need a whole chunk, which is read on the caller's thread: what counts is the chunk.
#[cfg(target_os = "linux")]
#[test]
fn chunks_of_many_files_for_small_answers() {
    /// The limit is 1 MiB. The last chunk, and what the test itself reads, come on top.
    const MOST: usize = 3 << 19;
    const FILES: usize = 300;
    if read_by_this_thread().is_none() {
        println!("skipped: the system does not count what a thread reads");
        return;
    }
    let dir = Dir::new();
    let line = format!("{}\n", "x".repeat(1_999));
    let path = dir.file("file", line.repeat(150));
    let turns = |what: &str, work: &dyn Fn() -> future::BoxedLocal<()>| {
        let (last, most) = (Cell::new(read_by_this_thread()), Cell::new(0));
        let executor = smol::LocalExecutor::new();
        let other = executor.spawn(async {
            loop {
                let now = read_by_this_thread();
                let read = now.unwrap_or(0) - last.replace(now).unwrap_or(0);
                most.set(most.get().max(read));
                future::yield_now().await;
            }
        });
        block_on(executor.run(executor.spawn(work())));
        drop(other);
        println!("{what}: {} KiB in one turn", most.get() / 1024);
        assert!(
            most.get() <= MOST,
            "{what}: {} bytes in one turn",
            most.get()
        );
    };
    let open = || open_all(&path, FILES);
    turns("lines", &|| {
        let files = open();
        Box::pin(async {
            let mut files: Vec<_> = files.into_iter().map(AsyncFile::lines).collect();
            for _ in 0..150 {
                for lines in &mut files {
                    lines.next_line().await.unwrap().expect("a line");
                }
            }
        })
    });
    turns("reads of 4 KiB", &|| {
        let mut files = open();
        Box::pin(async move {
            let mut buf = [0; 4096];
            for _ in 0..70 {
                for file in &mut files {
                    file.read_exact(&mut buf).await.unwrap();
                }
            }
        })
    });
    turns("fill_buf", &|| {
        let mut files = open();
        Box::pin(async move {
            for _ in 0..4 {
                for file in &mut files {
                    let filled = file.fill_buf().await.unwrap().len();
                    file.consume(filled);
                }
            }
        })
    });
}

/// Many futures of one task: when one of them yields, all must.
#[test]
fn many_futures_of_one_task() {
    let dir = Dir::new();
    let path = dir.file("file", text(200_000));
    let joined = |count: usize| {
        let files = open_all(&path, count);
        metered(&format!("join_all of {count}"), async |meter| {
            let reads = files.into_iter().map(|file| read_all(meter, file, 4096));
            futures::future::join_all(reads).await;
        })
    };
    let unordered = metered("FuturesUnordered", async |meter| {
        let files = open_all(&path, 300);
        let reads = files.into_iter().map(|file| read_all(meter, file, 4096));
        let mut reads: FuturesUnordered<_> = reads.collect();
        while reads.next().await.is_some() {}
    });
    let buffered = metered("buffer_unordered", async |meter| {
        let files = open_all(&path, 300);
        let reads = files.into_iter().map(|file| read_all(meter, file, 4096));
        let reads = futures::StreamExt::buffer_unordered(stream::iter(reads), 64);
        reads.count().await;
    });
    let for_each = metered("for_each_concurrent", async |meter| {
        let files = open_all(&path, 300);
        let each = futures::StreamExt::for_each_concurrent(stream::iter(files), 50, |file| {
            read_all(meter, file, 65_536)
        });
        each.await;
    });
    check([joined(20), joined(300), unordered, buffered, for_each]);
}

/// Futures that are ready at their first poll, each for a different file.
#[test]
fn short_futures_of_one_task() {
    let dir = Dir::new();
    let path = dir.file("file", text(1_000_000));
    let files = open_all(&path, 300);
    let unordered = metered("FuturesUnordered of read_at", async |meter| {
        let mut reads = FuturesUnordered::new();
        for number in 0..6_000_usize {
            let file = &files[number % 300];
            reads.push(async move {
                let at = (number * 37 % 900_000) as u64;
                meter.count(file.read_at(&mut [0; 100], at).await.unwrap());
            });
        }
        while reads.next().await.is_some() {}
    });
    let buffered = metered("buffer_unordered of read_at", async |meter| {
        let reads = stream::iter(0..6_000_usize).map(|number| {
            let file = &files[number % 300];
            async move {
                let at = (number * 37 % 900_000) as u64;
                meter.count(file.read_at(&mut [0; 100], at).await.unwrap());
            }
        });
        futures::StreamExt::buffer_unordered(reads, 32)
            .count()
            .await;
    });
    check([unordered, buffered]);
}

/// Paths and files share one budget.
#[test]
fn paths_and_files_together() {
    let dir = Dir::new();
    let file = dir.file("file", text(20_000));
    let path = Path::new(&file);
    let mixed = metered("metadata, open, read", async |meter| {
        for _ in 0..3_000 {
            meter.count(path.metadata().await.unwrap().len() as usize / 1_000);
            let mut opened = path.open().await.unwrap();
            meter.count(0);
            let mut buf = [0; 4096];
            meter.count(opened.read(&mut buf).await.unwrap());
        }
    });
    let whole = metered("read_text", async |meter| {
        for _ in 0..3_000 {
            meter.count(path.read_text().await.unwrap().len());
        }
    });
    check([mixed, whole]);
}

#[test]
fn the_same_without_the_no_wait_calls() {
    if in_child() {
        return;
    }
    for test in [
        "many_files_in_turn",
        "many_files_at_offsets",
        "seeks_and_buffers_of_many_files",
        "small_writes_to_many_files",
        "many_files_line_by_line",
        "many_futures_of_one_task",
        "short_futures_of_one_task",
        "paths_and_files_together",
    ] {
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
    }
}
