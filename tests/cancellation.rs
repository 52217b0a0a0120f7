//! Stress tests whose operations are dropped at random polls, on several executors. Afterwards no byte is lost
//! or doubled, and no descriptor or thread is kept.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy; `ANYFILE_SEED` chooses the random numbers.

#![cfg(target_os = "linux")]

mod common;

use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use anyfile::{AsyncFile, Path, open_file, wrap_file};
use futures_lite::future::{self, block_on};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, Stream, StreamExt};

use common::{
    Dir, Scripted, Step, contents, descriptors, in_child, pool_is_empty, run_in_child, storm, until,
};

static TRIED: AtomicUsize = AtomicUsize::new(0);
static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Random numbers, the same ones for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    /// Awaits the future, or drops it after a random number of polls.
    async fn some<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut polls = [0, 1, 1, 1, 2, 2, 3, 5, usize::MAX, usize::MAX][self.below(10)];
        let mut future = pin!(future);
        TRIED.fetch_add(1, Ordering::Relaxed);
        future::poll_fn(|cx| {
            if polls > 0 {
                polls -= 1;
                if let Poll::Ready(result) = future.as_mut().poll(cx) {
                    return Poll::Ready(Some(result));
                }
            }
            match polls {
                0 => {
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                    Poll::Ready(None)
                }
                _ => Poll::Pending,
            }
        })
        .await
    }
}

const RECORD: usize = 14;

/// Returns `count` records, numbered from `from` on.
fn records(from: usize, count: usize) -> Vec<u8> {
    let records = (from..from + count).map(|number| format!("line {number:08}\n"));
    records.collect::<String>().into_bytes()
}

/// Writes, and checks that the file contains all accepted bytes and no others.
async fn writes(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("file");
    let opening = open_file(&path).read(true).write(true).create(true);
    let buffering = [100, 5_000, 128 * 1024][random.below(3)];
    let mut file = opening.truncate(true).buffering(buffering).await.unwrap();
    let mut accepted = Vec::new();
    for _ in 0..rounds {
        match random.below(10) {
            0 => drop(random.some(file.flush()).await),
            1 => drop(random.some(file.sync_data()).await),
            2 => {
                if let Some(found) = random.some(file.metadata()).await {
                    assert_eq!(found.unwrap().len(), accepted.len() as u64);
                }
            }
            3 => {
                let at = random.below(accepted.len() + 1);
                let mut read = [0; 1_000];
                if let Some(len) = random.some(file.read_at(&mut read, at as u64)).await {
                    let len = len.unwrap();
                    assert!(len > 0 || at == accepted.len());
                    assert!(read[..len] == accepted[at..at + len]);
                }
            }
            4 => {
                if let Some(end) = random.some(file.seek(SeekFrom::End(0))).await {
                    assert_eq!(end.unwrap(), accepted.len() as u64);
                }
            }
            _ => {
                let count = [1, 3, 50, 2_000][random.below(4)];
                let bytes = records(accepted.len() / RECORD, count + 1);
                let bytes = &bytes[accepted.len() % RECORD..];
                if let Some(len) = random.some(file.write(bytes)).await {
                    accepted.extend_from_slice(&bytes[..len.unwrap()]);
                }
            }
        }
    }
    match random.below(3) {
        0 => drop(file),
        1 => file.close().await.unwrap(),
        _ => drop(random.some(file.into_inner()).await),
    }
    assert!(contents(&path) == accepted, "{} bytes", accepted.len());
}

/// Reads and seeks, and checks the position and the bytes there.
async fn reads(mut random: Random, dir: PathBuf, rounds: usize) {
    let all = records(0, 30_000);
    let path = dir.join("file");
    std::fs::write(&path, &all).unwrap();
    let mut file = open_file(&path).await.unwrap();
    let mut at = 0;
    for _ in 0..rounds {
        match random.below(9) {
            0 | 1 => {
                let mut read = vec![0; [1, 100, 5_000, 100_000][random.below(4)]];
                if let Some(len) = random.some(file.read(&mut read)).await {
                    let len = len.unwrap();
                    assert!(len > 0 || at == all.len());
                    assert!(read[..len] == all[at..at + len]);
                    at += len;
                }
            }
            2 => {
                let mut line = String::new();
                let _ = random.some(file.read_line(&mut line)).await;
                assert!(all[at..].starts_with(line.as_bytes()));
                at += line.len();
            }
            3 => {
                let mut part = Vec::new();
                let _ = random.some(file.read_until(b'7', &mut part)).await;
                assert!(all[at..].starts_with(&part));
                at += part.len();
            }
            4 => {
                if let Some(filled) = random.some(file.fill_buf()).await {
                    let filled = filled.unwrap();
                    assert!(all[at..].starts_with(filled));
                    let len = random.below(filled.len() + 1);
                    file.consume(len);
                    at += len;
                }
            }
            5 => {
                let target = random.below(all.len());
                let sought = random.some(file.seek(SeekFrom::Start(target as u64))).await;
                let now = file.seek(SeekFrom::Current(0)).await.unwrap() as usize;
                assert!(now == target || sought.is_none() && now == at);
                at = now;
            }
            6 => {
                let file = random.some(file.with_mut(|file| file.stream_position()));
                if let Some(position) = file.await {
                    assert_eq!(position.unwrap().unwrap(), at as u64);
                }
            }
            7 => drop(random.some(file.try_clone()).await),
            _ => {
                let mut lines = file.lines();
                for _ in 0..random.below(300) {
                    if let Some(line) = random.some(lines.next_line()).await {
                        let Some(line) = line.unwrap() else { break };
                        let end = at + line.len();
                        assert!(all[at..end] == *line.as_bytes() && all[end] == b'\n');
                        at = end + 1;
                    }
                }
                file = lines.into_inner();
            }
        }
    }
}

/// Writes into one end of a connection, and checks the bytes that arrive at the other.
async fn echoes(mut random: Random, _: PathBuf, rounds: usize) {
    let (writer, reader) = UnixStream::pair().unwrap();
    let (mut writer, mut reader) = (wrap_file(writer), wrap_file(reader));
    let mut reading = Random(random.0 + 1);
    let write = async {
        let mut accepted = 0;
        for _ in 0..rounds {
            let bytes = records(accepted / RECORD, [2, 20, 1_000][random.below(3)]);
            let bytes = &bytes[accepted % RECORD..];
            if let Some(len) = random.some(writer.write(bytes)).await {
                accepted += len.unwrap();
            }
            let _ = random.some(writer.flush()).await;
        }
        writer.close().await.unwrap();
        accepted
    };
    let read = async {
        let mut heard = Vec::new();
        loop {
            let mut bytes = [0; 3_000];
            match reading.some(reader.read(&mut bytes)).await {
                Some(Ok(0)) => return heard,
                Some(len) => heard.extend_from_slice(&bytes[..len.unwrap()]),
                None => drop(reading.some(reader.read_until(b'\n', &mut heard)).await),
            }
        }
    };
    let (accepted, heard) = future::zip(write, read).await;
    assert!(heard == records(0, accepted / RECORD + 1)[..accepted]);
}

/// Writes into an object that makes short writes and fails now and then.
async fn fails(mut random: Random, _: PathBuf, rounds: usize) {
    let full = || Step::Fail(ErrorKind::StorageFull);
    let steps = (0..rounds).flat_map(|_| [Step::Short(700), full(), Step::Short(1)]);
    let object = Scripted::new([], steps);
    let mut file = wrap_file(object.handle());
    let mut accepted = 0;
    for _ in 0..rounds {
        let bytes = &records(accepted / RECORD, 100)[accepted % RECORD..];
        if let Some(Ok(len)) = random.some(file.write(bytes)).await {
            accepted += len;
        }
        let _ = random.some(file.flush()).await;
    }
    object.look(|script| script.steps.clear());
    match random.below(2) {
        0 => while file.close().await.is_err() {},
        _ => drop(file),
    }
    while !object.look(|script| script.dropped) {
        future::yield_now().await;
    }
    let written = object.look(|script| std::mem::take(&mut script.data));
    assert!(written == records(0, accepted / RECORD + 1)[..accepted]);
}

/// Changes files by their paths, and checks that contents are whole.
async fn paths(mut random: Random, dir: PathBuf, rounds: usize) {
    let dir = Path::new(dir);
    for round in 0..rounds {
        let [a, b] = [0, 0].map(|_| &dir / ["a", "b", "c"][random.below(3)]);
        let version = round.to_string().repeat(1 + random.below(2_000));
        match random.below(21) {
            0 => drop(random.some(a.write_atomic(version)).await),
            16 => drop(
                random
                    .some((&dir / "dir/p/q").write_text(version).parents(true))
                    .await,
            ),
            17 => drop(random.some(a.rename(&dir / "dir/r/s").parents(true)).await),
            18 => {
                let copy = dir
                    .copy(dir.with_extension("copy"))
                    .exist_ok(true)
                    .follow_symlinks(false);
                // Without temporary files.
                let copy =
                    copy.filter(|path| ["a", "b", "c"].iter().any(|name| path.ends_with(name)));
                drop(random.some(copy).await);
            }
            19 => {
                let remove = dir.with_extension("copy").remove().missing_ok(true);
                drop(random.some(remove).await);
            }
            20 => drop(random.some((&dir / "dir/p").rmdir().missing_ok(true)).await),
            14 => {
                if let Some(Ok(mut file)) = random.some(a.open_atomic().sync(false)).await {
                    let _ = random.some(file.write_all(version.as_bytes())).await;
                    let _ = random.some(file.discard()).await;
                }
            }
            15 => {
                if let Some(Ok(mut file)) = random.some(a.open_atomic()).await {
                    if let Some(Ok(())) = random.some(file.write_all(version.as_bytes())).await {
                        let _ = random.some(file.commit()).await;
                    }
                }
            }
            1 => {
                if let Some(Ok(text)) = random.some(a.read_text()).await {
                    let number = (1..6).filter_map(|len| text.get(..len));
                    let whole = |number: &str| {
                        text.len() % number.len() == 0 && {
                            text == number.repeat(text.len() / number.len())
                        }
                    };
                    assert!(text.is_empty() || number.into_iter().any(whole), "{text}");
                }
            }
            2 => drop(random.some(a.metadata()).await),
            3 => drop(random.some(a.exists()).await),
            4 => drop(random.some(a.touch()).await),
            5 => drop(random.some(a.unlink().missing_ok(true)).await),
            6 => drop(random.some((&dir / "dir/x/y").mkdir().parents(true)).await),
            7 => drop(random.some((&dir / "dir").remove_dir_all()).await),
            8 => {
                let rename = a.rename(&b).no_replace(random.below(2) == 0);
                drop(random.some(rename).await);
            }
            9 => drop(random.some(a.hardlink_to(&b)).await),
            10 => drop(random.some((&dir / "link").symlink_to("a")).await),
            11 => drop(random.some(a.chmod(0o640)).await),
            12 => drop(random.some((&dir / "link").resolve()).await),
            _ => drop(random.some(a.is_mount()).await),
        }
    }
}

/// The number of entries in a directory that is too large to be read ahead as a whole.
const MANY: usize = 5_000;

/// Runs streams to their end, or drops them after some items.
async fn searches(mut random: Random, dir: PathBuf, rounds: usize) {
    async fn take(random: &mut Random, mut stream: Pin<Box<impl Stream>>, all: usize) {
        let most = [0, 1, 10, 1_000][random.below(4)];
        let mut seen = 0;
        while seen < most {
            match random.some(stream.next()).await {
                Some(Some(_)) => seen += 1,
                Some(None) => return assert_eq!(seen, all),
                None => {}
            }
        }
    }
    for number in 0..12 {
        let inner = dir.join(format!("{number}/inner"));
        std::fs::create_dir_all(&inner).unwrap();
        for number in 0..20 {
            std::fs::write(inner.join(format!("{number}")), "").unwrap();
        }
    }
    let many = Path::new(dir.with_file_name("many"));
    let dir = Path::new(dir);
    for _ in 0..rounds {
        match random.below(11) {
            0 => take(&mut random, Box::pin(dir.iterdir()), 12).await,
            8 => take(&mut random, Box::pin(dir.rglob("*").max_depth(2)), 24).await,
            9 => take(&mut random, Box::pin(dir.rglob("*").exclude("inner")), 12).await,
            10 => {
                let walk = dir.walk().same_file_system(true);
                take(
                    &mut random,
                    Box::pin(walk.prune(|dir| dir.ends_with("inner"))),
                    13,
                )
                .await;
            }
            1 => take(&mut random, Box::pin(dir.rglob("*")), 264).await,
            2 => take(&mut random, Box::pin(dir.glob("*/*/1?")), 120).await,
            3 => take(&mut random, Box::pin(dir.walk().top_down(false)), 25).await,
            4 => take(&mut random, Box::pin(many.iterdir()), MANY).await,
            5 => take(&mut random, Box::pin(many.iterdir().metadata(true)), MANY).await,
            6 => take(&mut random, Box::pin(dir.rglob("*").metadata(true)), 264).await,
            _ => take(&mut random, Box::pin(dir.walk().workers(3)), 25).await,
        }
    }
}

/// Opens and closes files, or drops the futures that do so.
async fn opens(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("file");
    std::fs::write(&path, records(0, 10)).unwrap();
    for _ in 0..rounds {
        let opening = match random.below(3) {
            0 => open_file(&path),
            1 => open_file(dir.join("new")).write(true).create(true),
            _ => open_file(dir.join("other")).append(true).create(true),
        };
        let Some(Ok(mut file)) = random.some(opening).await else {
            continue;
        };
        let _ = random.some(file.write(b"bytes")).await;
        let _ = random.some(file.read(&mut [0; 50])).await;
        match random.below(4) {
            0 => drop(random.some(file.close()).await),
            1 => drop(random.some(file.into_inner()).await),
            2 => drop(std::thread::spawn(move || drop(file))),
            _ => drop(file),
        }
    }
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Returns every kind of work, each in its own directory.
fn works(dir: &Dir) -> Vec<Work> {
    fn boxed<F, W>(work: W) -> Box<dyn Fn(Random, PathBuf) -> Work>
    where
        F: Future<Output = ()> + Send + 'static,
        W: Fn(Random, PathBuf, usize) -> F + 'static,
    {
        Box::new(move |random, dir| Box::pin(work(random, dir, 80 * storm())))
    }
    let kinds = [
        boxed(writes),
        boxed(reads),
        boxed(echoes),
        boxed(fails),
        boxed(paths),
        boxed(searches),
        boxed(opens),
    ];
    let seed = std::env::var("ANYFILE_SEED").ok();
    let seed: u64 = seed.map_or(1, |seed| seed.parse().unwrap());
    let begin = |number: usize| {
        let own = dir.join(&number.to_string());
        std::fs::create_dir(&own).unwrap();
        let random = Random((seed * 1_000 + number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        kinds[number % kinds.len()](random, own)
    };
    let many = dir.join("many");
    std::fs::create_dir(&many).unwrap();
    for number in 0..MANY {
        std::fs::write(many.join(number.to_string()), "").unwrap();
    }
    (0..3 * kinds.len()).map(begin).collect()
}

/// Runs all work in a child process, then checks that no descriptor, thread or temporary file is left.
fn storm_on(test: &str, run: impl FnOnce(Vec<Work>)) {
    if !in_child() {
        return print!("{}", run_in_child(test, &[("BLOCKING_MAX_THREADS", "8")]));
    }
    let dir = Dir::new();
    let before = descriptors();
    let (over, end) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let patience = Duration::from_secs(200 * storm() as u64);
        if end.recv_timeout(patience) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("it hangs, with {TRIED:?} operations tried");
            std::process::exit(1);
        }
    });
    run(works(&dir));
    drop(over);
    println!("{TRIED:?} operations, {DROPPED:?} of them dropped");
    assert!(DROPPED.load(Ordering::Relaxed) > 500);
    until("no descriptor is left open", || descriptors() == before);
    until("the pool is at rest", pool_is_empty);
    let names = |dir: PathBuf| std::fs::read_dir(dir).unwrap().flatten();
    for own in names(dir.path().to_owned()) {
        let is_temporary = |name: String| name.starts_with(".tmp");
        assert!(
            !names(own.path()).any(|entry| is_temporary(entry.file_name().into_string().unwrap()))
        );
    }
    // The crate still works.
    let path = dir.join("after");
    block_on(async {
        let mut file: AsyncFile = open_file(&path).write(true).create(true).await.unwrap();
        file.write_all(b"calm").await.unwrap();
        file.close().await.unwrap();
    });
    assert_eq!(contents(&path), b"calm");
}

#[test]
fn a_storm_on_smol() {
    storm_on("a_storm_on_smol", |works| {
        let executor = Arc::new(smol::Executor::new());
        let tasks: Vec<_> = works.into_iter().map(|work| executor.spawn(work)).collect();
        let all = async {
            for task in tasks {
                task.await;
            }
        };
        let (stop, stopped) = smol::channel::unbounded::<()>();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| block_on(executor.run(stopped.recv())));
            }
            block_on(executor.run(all));
            drop(stop);
        });
    });
}

#[test]
fn a_storm_on_tokio() {
    storm_on("a_storm_on_tokio", |works| {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(4).build().unwrap();
        let tasks: Vec<_> = works.into_iter().map(|work| runtime.spawn(work)).collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_storm_on_one_thread() {
    storm_on("a_storm_on_one_thread", |works| {
        let mut pool = futures::executor::LocalPool::new();
        let tasks = works.into_iter();
        pool.run_until(futures::future::join_all(tasks));
    });
}
