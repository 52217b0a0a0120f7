//! To close a file may wait: what a job has opened is never closed by whoever drops its future.
#![cfg(target_os = "linux")]

mod common;

use std::path::PathBuf;
use std::pin::Pin;

use anyfile::{Path, open_file};
use futures_lite::future::block_on;

use common::{Dir, in_child, poll_times, run_in_child, saturate_pool};

/// Files in `dir` that this process has open.
fn open_files(dir: &Dir) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd");
    let links = open.flatten().map(|entry| std::fs::read_link(entry.path()));
    let inside = |file: &PathBuf| file.starts_with(dir.path());
    links.flatten().filter(inside).count()
}

/// Drops a future whose job has been done, before it is polled again. With the pool asleep, the files that
/// are open then stay so.
#[track_caller]
fn closes_elsewhere(
    what: &str,
    dir: &Dir,
    open: usize,
    mut future: Pin<Box<dyn Future<Output = ()> + '_>>,
) {
    let asleep = saturate_pool(1);
    assert!(poll_times(future.as_mut(), 1).is_none(), "{what}");
    drop(asleep);
    // The one thread takes its jobs in order.
    let asleep = saturate_pool(1);
    assert_eq!(open_files(dir), open, "{what}");
    drop(future);
    assert_eq!(open_files(dir), open, "{what}, dropped");
    drop(asleep);
}

#[test]
fn what_a_job_has_opened_is_closed_on_the_pool() {
    if !in_child() {
        let test = "what_a_job_has_opened_is_closed_on_the_pool";
        run_in_child(
            test,
            &[("BLOCKING_MAX_THREADS", "1"), ("ANYFILE_NOWAIT", "0")],
        );
        return;
    }
    let dir = Dir::new();
    let (small, big) = (dir.file("small", "contents"), dir.join("big"));
    // More than is copied in one go, and no hole.
    std::fs::write(&big, vec![0; 40 << 20]).unwrap();

    let open = async { drop(open_file(&small).await.unwrap()) };
    closes_elsewhere("open_file", &dir, 1, Box::pin(open));

    let mut file = block_on(open_file(&small)).unwrap();
    // The first time, there is the position to be settled.
    block_on(file.try_clone()).unwrap();
    let clone = async { drop(file.try_clone().await.unwrap()) };
    closes_elsewhere("try_clone", &dir, 2, Box::pin(clone));

    let copy = async { drop(Path::new(&big).copy(dir.join("copy")).await.unwrap()) };
    closes_elsewhere("copy", &dir, 3, Box::pin(copy));
}
