//! Names that are swapped while they are used: operations act on the files that they looked up, and touch
//! nothing outside.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path as StdPath, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyfile::Path;
use futures_lite::future::block_on;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use common::{
    Dir, contents, in_child, noise, poll_times, pool_threads, run_in_child, run_in_child_after,
    saturate_pool, storm,
};

/// Exchanges two names atomically.
fn exchange(one: &StdPath, other: &StdPath) -> bool {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

/// Runs `work` while another thread runs `other` over and over. Returns how often `other` ran, too.
fn against<R>(mut other: impl FnMut() + Send, work: impl FnOnce() -> R) -> (R, usize) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut times = 0;
            while !over.load(Ordering::Relaxed) {
                other();
                times += 1;
            }
            times
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        let times = other.join().unwrap();
        (
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            times,
        )
    })
}

/// A file is swapped for a FIFO, another file, a link or a directory at any moment. No pool thread is free, so
/// that every answer comes from a no-wait call. Each is true of a file that was there, and none waits for the
/// FIFO.
#[test]
fn names_that_are_swapped_while_they_are_looked_up() {
    const NAME: &str = "names_that_are_swapped_while_they_are_looked_up";
    if !in_child() {
        return print!("{}", run_in_child(NAME, &[("BLOCKING_MAX_THREADS", "1")]));
    }
    let dir = Dir::new();
    if !common::nowait_works(dir.path()) {
        return println!("skipped: the no-wait calls do not work here");
    }
    let (name, other) = (dir.file("name", "one"), dir.file("second", "two"));
    let path = Path::new(&name);
    block_on(async {
        path.metadata().await.unwrap();
        path.read_text().await.unwrap();
    });
    let (fifo, inner, link) = (dir.fifo("fifo"), dir.join("inner"), dir.join("link"));
    std::fs::create_dir(&inner).unwrap();
    symlink(&other, &link).unwrap();
    let asleep = saturate_pool(1);
    let mut longest = Duration::ZERO;
    for swapped in [&fifo, &other, &link, &inner] {
        let ask = || {
            let mut answers = BTreeMap::new();
            let mut note = |answer: Option<io::Result<String>>| {
                let answer = match answer {
                    None => "asks the pool".to_owned(),
                    Some(Ok(answer)) => answer,
                    Some(Err(error)) => error.kind().to_string(),
                };
                *answers.entry(answer).or_insert(0) += 1;
            };
            for _ in 0..1_500 * storm() {
                let begun = Instant::now();
                note(poll_times(path.read_text(), 1));
                let opening = path.open();
                note(poll_times(opening, 1).map(|opened| {
                    let mut text = String::new();
                    match poll_times(opened?.read_to_string(&mut text), 1) {
                        Some(result) => result.map(|_| text),
                        None => Ok("opened".to_owned()),
                    }
                }));
                let found = poll_times(path.metadata(), 1);
                note(found.map(|found| Ok(format!("{} bytes", found?.len().min(4)))));
                longest = longest.max(begun.elapsed());
            }
            answers
        };
        let (answers, times) = against(|| _ = exchange(&name, swapped), ask);
        println!(
            "{:?} {times} times: {answers:?}",
            swapped.file_name().unwrap()
        );
        for answer in answers.keys() {
            // The metadata of a FIFO or a directory are no secret. On some filesystems both have no bytes.
            let found: &[&str] = if *swapped == fifo {
                &["one", "3 bytes", "0 bytes"]
            } else if *swapped == inner {
                &["one", "3 bytes", "0 bytes", "4 bytes"]
            } else {
                &["one", "two", "3 bytes", "4 bytes"]
            };
            let other = ["opened", "asks the pool"].contains(&&**answer);
            assert!(other || found.contains(&&**answer), "{answer}");
        }
        if contents_kind(&name) != "one" {
            exchange(&name, swapped);
        }
    }
    assert_eq!(pool_threads(), 1);
    drop(asleep);
    println!("the longest round: {longest:?}");
}

/// Describes the file: its contents if it is a regular one.
fn contents_kind(path: &StdPath) -> String {
    let found = std::fs::symlink_metadata(path).unwrap();
    if found.is_file() {
        String::from_utf8(contents(path)).unwrap()
    } else {
        String::new()
    }
}

/// A tree is removed while its directories are swapped for links that lead outside.
#[test]
fn what_links_lead_to_is_not_removed() {
    let (dir, outside) = (Dir::new(), Dir::new());
    let canary = |number: usize| outside.join(&format!("inner/{number}"));
    std::fs::create_dir_all(outside.join("inner")).unwrap();
    for number in 0..50 {
        std::fs::write(canary(number), "alive").unwrap();
    }
    let (tree, link) = (dir.join("tree"), dir.join("link"));
    symlink(outside.path(), &link).unwrap();
    let (mut removed, mut swaps) = (0, 0);
    for _ in 0..30 * storm() {
        for number in 0..6 {
            let inner = tree.join(format!("{number}/inner"));
            std::fs::create_dir_all(&inner).unwrap();
            for number in 0..5 {
                std::fs::write(inner.join(format!("{number}")), "").unwrap();
            }
        }
        let mut number = 0;
        let swap = || {
            number = (number + 1) % 6;
            exchange(&tree.join(format!("{number}")), &link);
        };
        let remove = || block_on(Path::new(&tree).remove_dir_all());
        let (result, times) = against(swap, remove);
        removed += usize::from(result.is_ok());
        swaps += times;
        assert!((0..50).all(|number| contents(&canary(number)) == b"alive"));
        // What is in the link's place now is the next round's.
        let _ = std::fs::remove_dir_all(&tree);
        if !link.is_symlink() {
            std::fs::remove_dir_all(&link).unwrap_or_default();
            symlink(outside.path(), &link).unwrap();
        }
    }
    println!("removed {removed} times against {swaps} swaps");
}

/// While a file is replaced, no temporary file gives users other than its owner an access that they did not have.
#[test]
fn a_temporary_file_has_tight_permissions() {
    const NAME: &str = "a_temporary_file_has_tight_permissions";
    if !in_child() {
        for umask in ["umask 0", "umask 022", "umask 077"] {
            print!("{}", run_in_child_after(umask, NAME));
        }
        return;
    }
    let dir = Dir::new();
    let data = noise(200_000);
    let fresh = dir.file("fresh", "");
    let of_new = std::fs::metadata(&fresh).unwrap().mode() & 0o7777;
    std::fs::remove_file(fresh).unwrap();
    for mode in [
        None,
        Some(0o600),
        Some(0o640),
        Some(0o4711),
        Some(0o400),
        Some(0o2),
    ] {
        let name = dir.join("file");
        if let Some(mode) = mode {
            std::fs::write(&name, "old").unwrap();
            std::fs::set_permissions(&name, PermissionsExt::from_mode(mode)).unwrap();
        }
        // The owner may use the temporary file, and could change its mode in any case.
        let most = mode.unwrap_or(of_new) | 0o600;
        let (mut seen, mut extra) = (0, None);
        let watch = || {
            for entry in std::fs::read_dir(dir.path()).unwrap().flatten() {
                // `metadata` of an entry looks through no link.
                if let Ok(found) = entry.metadata() {
                    assert!(!found.is_symlink());
                    seen += usize::from(entry.file_name() != "file");
                    let mode = found.mode() & 0o7777;
                    if mode & !most != 0 {
                        extra = Some(mode);
                    }
                }
            }
        };
        against(watch, || {
            for _ in 0..5 * storm() {
                block_on(Path::new(&name).write_atomic(&data[..])).unwrap();
                if mode.is_none() {
                    std::fs::remove_file(&name).unwrap();
                }
            }
        });
        println!("{most:o}: a temporary file was seen {seen} times");
        assert_eq!(extra, None, "wider than {most:o}");
        let _ = std::fs::remove_file(&name);
    }
}

/// A directory is swapped for another while a file in it is replaced. The file is replaced in one of the two, with
/// the permissions that it has there, and no temporary file is left.
#[test]
fn a_file_is_replaced_in_one_directory() {
    let dir = Dir::new();
    let dirs = ["a", "b"].map(|name| dir.join(name));
    for (number, dir) in dirs.iter().enumerate() {
        std::fs::create_dir(dir).unwrap();
        std::fs::write(dir.join("file"), "old").unwrap();
        let mode = PermissionsExt::from_mode([0o600, 0o644][number]);
        std::fs::set_permissions(dir.join("file"), mode).unwrap();
        std::fs::write(dir.join(format!("is {number}")), "").unwrap();
    }
    let [a, b] = &dirs;
    let path = Path::new(a.join("file"));
    let rounds = 100 * storm();
    let replace = || {
        let replacing = (0..rounds).map(|_| block_on(path.write_atomic("new")));
        replacing.filter(|result| result.is_ok()).count()
    };
    let (replaced, times) = against(|| _ = exchange(a, b), replace);
    println!("replaced {replaced} of {rounds} times against {times} swaps");
    for dir in &dirs {
        let number = usize::from(dir.join("is 1").exists());
        let mut names: Vec<PathBuf> = Vec::new();
        names.extend(
            std::fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
        names.sort();
        assert_eq!(names, [dir.join("file"), dir.join(format!("is {number}"))]);
        let mode = std::fs::metadata(dir.join("file")).unwrap().mode() & 0o7777;
        assert_eq!(mode, [0o600, 0o644][number], "in directory {number}");
    }
}
