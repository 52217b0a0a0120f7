//! `iterdir`: its entries, their types, and how far it reads ahead.

#![cfg(target_os = "linux")]

mod common;

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use anyfile::{Path, PathError};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{Stream, StreamExt};

use common::filesystem::{Feature, has, has_proc};
use common::strange::Tree;
use common::{
    Dir, comes_true, in_child, open_descriptors, pool_is_empty, run_in_child, run_unprivileged,
};

#[test]
fn entries_are_those_of_read_dir() {
    let tree = Tree::new();
    for dir in [
        "", "a", "names", "dirs", "empty", "wide", "loop", "b/to-a", "loop/", "a/..",
    ] {
        let base = Path::new(tree.join(dir));
        let found = block_on(base.iterdir().try_collect::<Path, io::Error, Vec<_>>()).unwrap();
        let expected = fs::read_dir(&base).unwrap().map(|entry| entry.unwrap());
        let expected: BTreeMap<OsString, _> = expected
            .map(|entry| (entry.path().into(), entry.file_type().unwrap()))
            .collect();
        assert_eq!(found.len(), expected.len(), "{dir}");
        for path in found {
            let kind = expected
                .get(path.as_os_str())
                .unwrap_or_else(|| panic!("{path:?}"));
            let info = path.info();
            assert_eq!(info.is_symlink(), Some(kind.is_symlink()), "{path:?}");
            let unless_link = |answer| (!kind.is_symlink()).then_some(answer);
            assert_eq!(info.is_dir(), unless_link(kind.is_dir()), "{path:?}");
            assert_eq!(info.is_file(), unless_link(kind.is_file()), "{path:?}");
            assert_eq!(info.exists(), unless_link(true), "{path:?}");
        }
    }
}

/// The listing holds every type, so that a removed entry still has one.
#[test]
fn types_are_known_without_a_system_call() {
    let dir = Dir::new();
    fs::create_dir(dir.join("dir")).unwrap();
    dir.file("file", "");
    symlink("dir", dir.join("link")).unwrap();
    dir.fifo("fifo");
    let base = Path::new(dir.path());
    let entries = block_on(base.iterdir().try_collect::<Path, io::Error, Vec<_>>()).unwrap();
    drop(dir);
    let entry = |name: &str| {
        let mut entries = entries.iter();
        entries
            .find(|path| path.ends_with(name))
            .expect(name)
            .info()
    };
    assert_eq!(entry("dir").is_dir(), Some(true));
    assert_eq!(entry("file").is_file(), Some(true));
    assert_eq!(entry("link").is_symlink(), Some(true));
    assert_eq!(entry("link").is_dir(), None);
    let fifo = entry("fifo");
    assert_eq!(
        [
            fifo.is_dir(),
            fifo.is_file(),
            fifo.is_symlink(),
            fifo.exists()
        ],
        [Some(false), Some(false), Some(false), Some(true)]
    );
}

/// Types are known in a directory that can be listed and not entered.
#[test]
fn types_are_known_where_nobody_may_ask() {
    if !has(&[Feature::Types]) {
        return;
    }
    if !in_child() {
        return run_unprivileged("types_are_known_where_nobody_may_ask");
    }
    let tree = Tree::with_locks();
    let base = Path::new(tree.join("listed"));
    assert!(fs::symlink_metadata(&base / "in").is_err());
    let entries = block_on(base.iterdir().try_collect::<Path, io::Error, Vec<_>>()).unwrap();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let (info, name) = (entry.info(), entry.file_name().unwrap().to_str().unwrap());
        match name {
            "in" => assert_eq!(info.is_dir(), Some(true)),
            "main.rs" => assert_eq!(info.is_file(), Some(true)),
            "to-in" => assert_eq!(info.is_symlink(), Some(true)),
            name => panic!("{name}"),
        }
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_the_first_items_error() {
    if !in_child() {
        run_in_child(
            "a_directory_that_cannot_be_read_is_the_first_items_error",
            &[],
        );
        return run_unprivileged("a_directory_that_cannot_be_read_is_the_first_items_error");
    }
    let tree = Tree::with_locks();
    for name in [
        "missing", "a/x", "broken", "self", "a/x/y", "b/fifo", "closed", "entered", "nul\0",
    ] {
        let base = Path::new(tree.join(name));
        let Err(reason) = fs::read_dir(&base) else {
            assert!(common::is_root(), "{name}");
            continue;
        };
        let items = block_on(base.iterdir().collect::<Vec<_>>());
        let [Err(error)] = &items[..] else {
            panic!("{name}: {items:?}");
        };
        assert_eq!(error.kind(), reason.kind(), "{name}");
        let details = PathError::of(error).expect("a PathError");
        assert_eq!(details.operation(), "read directory");
        assert_eq!(details.path(), base.as_std_path());
        if name != "nul\0" {
            assert_eq!(details.original().raw_os_error(), reason.raw_os_error());
            assert_eq!(
                error.to_string(),
                format!("failed to read directory `{}`: {reason}", base.display())
            );
        }
    }
}

/// The current directory belongs to the whole process.
#[test]
fn relative_bases_and_no_base_at_all() {
    if !in_child() {
        run_in_child("relative_bases_and_no_base_at_all", &[]);
        return;
    }
    let dir = Dir::new();
    fs::create_dir(dir.join("a")).unwrap();
    dir.file("a/x", "");
    std::env::set_current_dir(dir.path()).unwrap();
    for (base, expected) in [
        ("", "a"),
        (".", "a"),
        ("a", "a/x"),
        ("./a/", "./a/x"),
        ("a/..", "a/../a"),
    ] {
        let found = block_on(
            Path::new(base)
                .iterdir()
                .try_collect::<Path, io::Error, Vec<_>>(),
        );
        let found: Vec<_> = found
            .unwrap()
            .into_iter()
            .map(Path::into_os_string)
            .collect();
        assert_eq!(found, [expected], "{base:?}");
    }
    let root = block_on(Path::new("/").iterdir().next()).unwrap().unwrap();
    assert_eq!(root.parent(), Some(Path::new("/")));
}

/// After the last item, every poll returns `None`.
#[test]
fn the_end_stays_the_end() {
    let dir = Dir::new();
    dir.file("x", "");
    let mut entries = Path::new(dir.path()).iterdir();
    assert!(block_on(entries.next()).unwrap().is_ok());
    for _ in 0..3 {
        assert!(block_on(entries.next()).is_none());
    }
    let mut missing = Path::new(dir.join("missing")).iterdir();
    assert!(block_on(missing.next()).unwrap().is_err());
    for _ in 0..3 {
        assert!(block_on(missing.next()).is_none());
    }
}

/// Counts how often its task is woken.
struct Count(AtomicUsize, std::thread::Thread);

impl Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.unpark();
    }
}

const MANY: usize = 200_000;

/// The number of entries that may be read ahead: a few parts of the directory.
const AHEAD: usize = 6_000;

/// The first entry is taken and the rest of the directory removed: only entries that were read ahead follow.
#[test]
fn a_large_directory_is_read_as_it_is_consumed() {
    if !has_proc() {
        return;
    }
    if !in_child() {
        let output = run_in_child("a_large_directory_is_read_as_it_is_consumed", &[]);
        let figures = output.lines().filter(|line| line.contains("entries"));
        figures.for_each(|line| println!("{line}"));
        return;
    }
    let dir = Dir::in_memory();
    for number in 0..MANY {
        // Hard links are created faster than files, but a file cannot have this many.
        let first = dir.join(&(number - number % 10_000).to_string());
        match number % 10_000 {
            0 => drop(File::create(first).unwrap()),
            _ => fs::hard_link(first, dir.join(&number.to_string())).unwrap(),
        }
    }
    let base = Path::new(dir.path());

    let descriptors = open_descriptors();
    let mut entries = base.iterdir();
    assert_eq!(
        open_descriptors(),
        descriptors,
        "nothing happens before the first poll"
    );
    block_on(entries.next()).unwrap().unwrap();
    // The pool becomes idle although much is left to read, and the directory stays open.
    assert!(comes_true(pool_is_empty));
    assert_eq!(open_descriptors(), descriptors + 1);
    drop(entries);
    assert!(comes_true(|| open_descriptors() == descriptors));

    // All of it, with the turns of the task counted.
    let count = std::sync::Arc::new(Count(AtomicUsize::new(0), std::thread::current()));
    let waker = Waker::from(count.clone());
    let mut entries = pin!(base.iterdir());
    let mut seen = HashSet::new();
    loop {
        match entries.as_mut().poll_next(&mut Context::from_waker(&waker)) {
            Poll::Ready(Some(entry)) => {
                assert!(seen.insert(entry.unwrap().into_os_string()));
            }
            Poll::Ready(None) => break,
            Poll::Pending => std::thread::park(),
        }
    }
    assert_eq!(seen.len(), MANY);
    let hops = count.0.load(Ordering::Relaxed);
    println!(
        "{MANY} entries in {hops} turns: {} entries for each hop",
        MANY / hops.max(1)
    );
    // Even where each of them is a part of the directory.
    assert!(hops < MANY / 100, "{hops}");

    let mut entries = base.iterdir();
    block_on(entries.next()).unwrap().unwrap();
    assert!(comes_true(pool_is_empty));
    for entry in fs::read_dir(&base).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    // A directory that is removed is at its end, without an error.
    fs::remove_dir(&base).unwrap();
    let ahead = block_on(entries.map(|entry| entry.unwrap()).count());
    println!("{ahead} entries of {MANY} were read ahead");
    assert!((1..AHEAD).contains(&ahead), "{ahead}");
}

/// Dropping a stream after any poll ends its work and closes the directory.
#[test]
fn a_dropped_stream_leaves_nothing_behind() {
    if !has_proc() {
        return;
    }
    if !in_child() {
        run_in_child("a_dropped_stream_leaves_nothing_behind", &[]);
        return;
    }
    let dir = Dir::new();
    for number in 0..3_000 {
        dir.file(&format!("{number:0200}"), "");
    }
    let base = Path::new(dir.path());
    let descriptors = open_descriptors();
    for polls in 0..60 {
        let mut entries = base.iterdir();
        for _ in 0..polls * polls {
            match block_on(poll_once(entries.next())) {
                Some(Some(entry)) => assert!(entry.is_ok()),
                Some(None) => break,
                None => std::thread::yield_now(),
            }
        }
    }
    assert!(comes_true(
        || pool_is_empty() && open_descriptors() == descriptors
    ));
}
