//! Stress tests whose operations are dropped at random polls, on several executors. Afterwards no byte is lost
//! or doubled, no lock is held, and no descriptor, thread or temporary file is kept.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy; `ANYFILE_SEED` chooses the random numbers.

#![cfg(target_os = "linux")]

mod common;
#[path = "cancellation/files.rs"]
mod files;
#[path = "cancellation/held.rs"]
mod held;
#[path = "cancellation/paths.rs"]
mod paths;

use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use anyfile::{AsyncFile, open_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{self, block_on};

use common::{Dir, contents, descriptors, in_child, pool_is_empty, run_in_child, storm, until};

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
        let polls = [0, 1, 1, 1, 2, 2, 3, 5, usize::MAX, usize::MAX][self.below(10)];
        self.for_polls(polls, future).await
    }

    /// Same as [`some`](Random::some), for a future that need not be ready.
    async fn given_up<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let polls = self.below(4);
        self.for_polls(polls, future).await
    }

    async fn for_polls<F: Future>(&mut self, mut polls: usize, future: F) -> Option<F::Output> {
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
        boxed(files::writes),
        boxed(files::reads),
        boxed(files::echoes),
        boxed(files::follows),
        boxed(files::fails),
        boxed(paths::paths),
        boxed(paths::searches),
        boxed(files::opens),
        boxed(held::locks),
        #[cfg(feature = "tempfile")]
        boxed(held::temporaries),
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
    for number in 0..paths::MANY {
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
    until("no temporary file is left", || {
        let entries = |dir: PathBuf| std::fs::read_dir(dir).unwrap().flatten();
        let mut all = entries(dir.path().to_owned()).flat_map(|own| entries(own.path()));
        !all.any(|entry| entry.file_name().as_encoded_bytes().starts_with(b".tmp"))
    });
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
