//! Locks, with a second handle as the witness.

use std::path::Path;
use std::process::{Command, Stdio};

use anyfile::{AsyncFile, open_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::block_on;

use crate::common::locked::{count, try_lock};
use crate::common::{Dir, contents, poll_times, without_hanging};

fn open(path: &Path) -> AsyncFile {
    block_on(open_file(path).read(true).write(true).create(true)).unwrap()
}

/// Returns `true` if no handle has a lock.
#[track_caller]
fn is_free(path: &Path) -> bool {
    try_lock(&mut open(path), false)
}

#[test]
fn only_shared_locks_go_together() {
    let dir = Dir::new();
    let path = dir.file("file", "");
    for first in [false, true] {
        for second in [false, true] {
            let (mut one, mut other) = (open(&path), open(&path));
            assert!(try_lock(&mut one, first));
            assert_eq!(try_lock(&mut other, second), first && second);
            block_on(one.unlock()).unwrap();
            drop(other);
            assert!(is_free(&path));
        }
    }
}

#[test]
fn a_lock_ends_with_its_handle() {
    let dir = Dir::new();
    let path = dir.file("file", "");
    for round in 0..30 {
        let mut file = open(&path);
        block_on(file.lock()).unwrap();
        if round % 2 == 0 {
            block_on(file.write_all(b"something")).unwrap();
        }
        assert!(!is_free(&path));
        if round % 3 == 0 {
            block_on(file.close()).unwrap();
        }
        drop(file);
        assert!(is_free(&path), "round {round}");
    }
}

#[test]
fn a_future_that_was_dropped_holds_nothing() {
    let dir = Dir::new();
    let path = dir.file("file", "");
    let mut holder = open(&path);
    for round in 0..20 {
        block_on(holder.lock()).unwrap();
        let mut file = open(&path);
        assert!(poll_times(file.lock(), round % 5).is_none());
        block_on(holder.unlock()).unwrap();
        // The attempt may still have been under way.
        let free = || try_lock(&mut holder, false);
        assert!(crate::common::comes_true(free));
        block_on(holder.unlock()).unwrap();
    }
}

const ROUNDS: usize = 10;

fn count_in_tasks(path: &Path) {
    let tasks = (0..8).map(|_| count(path, ROUNDS));
    block_on(futures::future::try_join_all(tasks)).unwrap();
}

/// The child of the test below.
#[test]
fn counts() {
    if let Some(path) = std::env::var_os("ANYFILE_TEST_FILE") {
        count_in_tasks(Path::new(&path));
    }
}

#[test]
fn tasks_and_processes_lose_nothing() {
    let dir = Dir::new();
    let path = dir.file("file", "0\n");
    let child = || {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "locks::counts"]);
        child.env("ANYFILE_TEST_FILE", &path).stdout(Stdio::null());
        child.spawn().unwrap()
    };
    let children = [child(), child()];
    without_hanging("counting", || count_in_tasks(&path));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let expected = format!("{}\n", 3 * 8 * ROUNDS);
    assert_eq!(contents(&path), expected.as_bytes());
}
