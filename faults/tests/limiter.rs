//! A filesystem that hangs holds as many threads as its limiter has turns. Everything else goes on in the other
//! threads of the pool, and what waits for a turn can be given up.
#![cfg(target_os = "linux")]

use std::fs::FileTimes;
use std::io;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, Limiter, Path, named_temp_file};
use anyfile_faults::{Caching, Mount};
use futures_lite::future::{Boxed, block_on};
use futures_lite::{AsyncWriteExt, StreamExt};

/// Longer than the test takes.
const HANG: Duration = Duration::from_secs(300);

/// Turns of the limiter, of the eight threads of the pool.
const TURNS: usize = 4;

/// Operations on the filesystem that hangs, at once and in the storm.
const MANY: usize = 500;

/// A drop waits for a second; the machine may be busy.
const DROP: Duration = Duration::from_secs(3);

#[test]
fn a_filesystem_that_hangs_stops_only_its_turns() {
    const CHILD: &str = "ANYFILE_TEST_CHILD";
    if let Some(reason) = Mount::impossible() {
        return println!("skipped: {reason}");
    }
    if std::env::var_os(CHILD).is_some() {
        return limited();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--nocapture", "--exact"])
        .arg("a_filesystem_that_hangs_stops_only_its_turns")
        .env(CHILD, "1")
        .env("BLOCKING_MAX_THREADS", "8")
        .status();
    assert!(child.unwrap().success());
}

/// The drop of a temporary file is one job for the file, which waits for no other one.
#[test]
fn a_drop_takes_one_turn_at_a_time() {
    if let Some(reason) = Mount::impossible() {
        return println!("skipped: {reason}");
    }
    let mount = Mount::new(env!("CARGO_BIN_EXE_hangfs"), Caching::Nothing).unwrap();
    let limiter = Limiter::new(1);
    let share = Path::new(mount.path()).with_limiter(&limiter);
    let most_jobs = |jobs: usize| {
        until("it is at rest", || {
            let left = limiter.in_use() + limiter.waiting();
            assert!(left <= jobs, "{limiter:?}");
            left == 0
        });
    };
    let named = named_temp_file().dir(&share).limiter(&limiter);
    let mut named = block_on(named).unwrap();
    let atomic = || block_on((&share / "file").open_atomic()).unwrap();
    let (mut dropped, mut discarded) = (atomic(), atomic());
    for file in [&mut dropped, &mut discarded] {
        block_on(file.write_all(&[1; 100])).unwrap();
    }
    block_on(named.write_all(&[1; 100])).unwrap();
    most_jobs(0);
    drop(named);
    // The other one removes the name.
    most_jobs(2);
    drop(dropped);
    most_jobs(1);
    block_on(discarded.discard()).unwrap();
    most_jobs(1);
    assert_eq!(std::fs::read_dir(mount.path()).unwrap().count(), 0);
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns one of the operations on the filesystem. None of them has an effect.
fn operation(share: &Path, number: usize) -> Boxed<io::Result<()>> {
    let path = share / "file";
    match number % 8 {
        0 => Box::pin(async move { path.symlink_metadata().await.map(drop) }),
        1 => Box::pin(async move { path.read_text().await.map(drop) }),
        2 => Box::pin(async move { path.open().write(true).await.map(drop) }),
        3 => Box::pin(async move { path.canonicalize().await.map(drop) }),
        4 => Box::pin(async move { path.set_times(FileTimes::new()).await }),
        5 => {
            let mut entries = share.iterdir();
            Box::pin(async move { entries.try_next().await.map(drop) })
        }
        6 => {
            let mut found = share.rglob("*");
            Box::pin(async move { found.try_next().await.map(drop) })
        }
        _ => Box::pin(async move { path.with_name("none")?.unlink().missing_ok(true).await }),
    }
}

fn poll<T>(future: &mut Boxed<T>) -> bool {
    let cx = &mut Context::from_waker(Waker::noop());
    future.as_mut().poll(cx).is_ready()
}

/// Makes calls that need the pool, on a filesystem that does not hang.
async fn work_elsewhere(dir: &Path) -> io::Result<()> {
    let one = |number: usize| async move {
        let path = dir / number.to_string();
        for round in 0..20 {
            path.write_text(round.to_string()).await?;
            path.set_times(FileTimes::new()).await?;
            assert_eq!(path.read_text().await?, round.to_string());
        }
        path.unlink().await
    };
    let mut all = pin!(futures_all((0..20).map(one)));
    all.as_mut().await
}

/// Runs futures at once.
async fn futures_all(
    calls: impl Iterator<Item = impl Future<Output = io::Result<()>>>,
) -> io::Result<()> {
    let executor = smol::LocalExecutor::new();
    let tasks: Vec<_> = calls.map(|call| executor.spawn(call)).collect();
    let all = async {
        for task in tasks {
            task.await?;
        }
        Ok(())
    };
    executor.run(all).await
}

fn limited() {
    let mount = Mount::new(env!("CARGO_BIN_EXE_hangfs"), Caching::Nothing).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = Path::new(elsewhere.path());
    let limiter = Limiter::new(TURNS);
    let share = Path::new(mount.path()).with_limiter(&limiter);
    let mut written: AsyncFile = block_on(async {
        (&share / "file").write_text("contents\n").await.unwrap();
        let mut written = (&share / "written").create().await.unwrap();
        written.write_all(b"accepted").await.unwrap();
        written
    });
    until("it is at rest", || limiter.in_use() == 0);

    mount.hang("all", HANG);
    mount.forget();
    let mut calls: Vec<_> = (0..MANY).map(|number| operation(&share, number)).collect();
    for call in &mut calls {
        assert!(!poll(call));
    }
    assert_eq!((limiter.in_use(), limiter.waiting()), (TURNS, MANY - TURNS));
    until("all turns hang", || mount.counts().hanging == TURNS as u64);
    let begun = Instant::now();
    block_on(work_elsewhere(&elsewhere)).unwrap();
    println!("1220 calls elsewhere took {:?}", begun.elapsed());
    assert_eq!(mount.counts().hanging, TURNS as u64);

    // What is given up leaves the queue, whatever it was. What has begun keeps its turn.
    let mut seed = 1_usize;
    for number in 0..10 * MANY {
        seed = seed.wrapping_mul(0x5DEE_CE66_D1CE_4E5B).wrapping_add(11);
        let mut call = operation(&share, number);
        for _ in 0..(seed >> 40) % 3 {
            assert!(!poll(&mut call));
        }
        let given_up = (seed >> 20) % MANY;
        drop(std::mem::replace(&mut calls[given_up], call));
    }
    assert!(limiter.waiting() <= MANY);
    drop(calls);
    assert_eq!((limiter.in_use(), limiter.waiting()), (TURNS, 0));
    block_on(work_elsewhere(&elsewhere)).unwrap();

    // A file that was written waits for its turn, and is not lost. `close` does not block.
    {
        let close = pin!(written.close());
        let polled = close.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let begun = Instant::now();
    drop(written);
    assert!(
        begun.elapsed() < DROP,
        "the drop took {:?}",
        begun.elapsed()
    );
    assert_eq!(limiter.waiting(), 1);
    block_on(work_elsewhere(&elsewhere)).unwrap();
    assert_eq!(mount.counts().hanging, TURNS as u64);

    mount.release();
    until("it is at rest", || {
        limiter.in_use() + limiter.waiting() == 0
    });
    let text = block_on((&share / "written").read_text());
    assert_eq!(text.unwrap(), "accepted");
}
