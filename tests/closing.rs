//! Closing a file may block, so dropping a future never closes the file that its job has opened.
#![cfg(target_os = "linux")]

mod common;

use std::path::PathBuf;
use std::pin::Pin;

use anyfile::{Path, open_file};
use futures_lite::future::block_on;

use common::{Dir, in_child, poll_times, run_in_child, saturate_pool};

/// Returns the number of files in `dir` that this process has open.
fn open_files(dir: &Dir) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd");
    let links = open.flatten().map(|entry| std::fs::read_link(entry.path()));
    let inside = |file: &PathBuf| file.starts_with(dir.path());
    links.flatten().filter(inside).count()
}

/// Drops a future whose job is done, before it is polled again. While the pool is blocked, the files that the job
/// opened stay open.
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
    // The only pool thread runs its jobs in order.
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
    // Too large to be copied in one step, and without holes.
    std::fs::write(&big, vec![0; 40 << 20]).unwrap();

    let open = async { drop(open_file(&small).await.unwrap()) };
    closes_elsewhere("open_file", &dir, 1, Box::pin(open));

    let mut file = block_on(open_file(&small)).unwrap();
    // The first call has to settle the position.
    block_on(file.try_clone()).unwrap();
    let clone = async { drop(file.try_clone().await.unwrap()) };
    closes_elsewhere("try_clone", &dir, 2, Box::pin(clone));

    let copy = async { drop(Path::new(&big).copy(dir.join("copy")).await.unwrap()) };
    closes_elsewhere("copy", &dir, 3, Box::pin(copy));
}
