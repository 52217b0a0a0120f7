//! `metadata(true)` of the directory streams: the metadata of each entry, known without a system call.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path as StdPath;
use std::pin::Pin;

use anyfile::Path;
use futures_lite::future::{block_on, poll_once};
use futures_lite::{Stream, StreamExt, stream};

use common::{Dir, comes_true, in_child, pool_is_empty, run_in_child};

type Paths = Pin<Box<dyn Stream<Item = io::Result<Path>> + Send>>;

/// The streams that find everything in a directory that has no subdirectories with contents.
fn streams(base: &Path, metadata: bool) -> [(&'static str, Paths); 5] {
    let walk = |walk: anyfile::path::Walk| walk.metadata(metadata);
    [
        ("iterdir", Box::pin(base.iterdir().metadata(metadata))),
        ("glob", Box::pin(base.glob("*").metadata(metadata))),
        ("rglob", Box::pin(base.rglob("*").metadata(metadata))),
        ("walk", entries(walk(base.walk()))),
        ("bottom-up", entries(walk(base.walk().top_down(false)))),
    ]
}

fn entries(walk: anyfile::path::Walk) -> Paths {
    Box::pin(walk.flat_map(|item| {
        let items = match item {
            Ok(listing) => listing.entries.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(items)
    }))
}

fn all(paths: Paths) -> Vec<Path> {
    block_on(paths.try_collect()).unwrap()
}

/// Makes an entry of each type that takes no privileges. The socket exists as long as the listener.
fn of_each_type(dir: &Dir) -> UnixListener {
    fs::create_dir(dir.join("dir")).unwrap();
    dir.file("file", "contents");
    dir.file("empty", "");
    fs::hard_link(dir.join("file"), dir.join("second name")).unwrap();
    symlink("file", dir.join("link")).unwrap();
    symlink("dir", dir.join("link to dir")).unwrap();
    symlink("nowhere", dir.join("dangling")).unwrap();
    symlink("loop", dir.join("loop")).unwrap();
    dir.fifo("fifo");
    UnixListener::bind(dir.join("socket")).unwrap()
}

/// What std knows of a file. The time of the last access is left out: reading a link may change it.
fn facts(found: &Metadata) -> impl PartialEq + std::fmt::Debug + use<> {
    let times = (
        found.modified().ok(),
        found.created().ok(),
        (found.ctime(), found.ctime_nsec()),
    );
    let owner = (found.uid(), found.gid(), found.mode(), found.nlink());
    let size = (found.len(), found.blocks(), found.blksize());
    let id = (found.dev(), found.ino(), found.rdev());
    (found.file_type(), times, owner, size, id)
}

fn by_std(dir: &StdPath) -> BTreeMap<OsString, Metadata> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let metadata = fs::symlink_metadata(entry.path()).unwrap();
            (entry.path().into(), metadata)
        })
        .collect()
}

/// Everything is removed before `info` is asked, so the answers cannot come from the system.
#[test]
fn metadata_is_that_of_std_and_needs_no_system_call() {
    const KINDS: usize = 5;
    for kind in 0..KINDS {
        let dir = Dir::new();
        let listener = of_each_type(&dir);
        let expected = by_std(dir.path());
        assert_eq!(expected.len(), 10);
        let base = Path::new(dir.path());
        let (name, paths) = streams(&base, true).into_iter().nth(kind).unwrap();
        let found = all(paths);
        drop((listener, dir));
        assert_eq!(found.len(), expected.len(), "{name}");
        for path in found {
            let info = path.info();
            let metadata = info.metadata().expect("metadata");
            let by_std = &expected[path.as_os_str()];
            assert_eq!(facts(&metadata), facts(by_std), "{name}: {path:?}");
            assert_eq!(info.is_symlink(), Some(by_std.is_symlink()), "{path:?}");
            let unless_link = |answer| (!by_std.is_symlink()).then_some(answer);
            assert_eq!(info.is_dir(), unless_link(by_std.is_dir()), "{path:?}");
            assert_eq!(info.is_file(), unless_link(by_std.is_file()), "{path:?}");
        }
    }
}

#[test]
fn metadata_is_that_of_std_without_no_wait_calls() {
    if !in_child() {
        let test = "metadata_is_that_of_std_and_needs_no_system_call";
        for threads in ["1", "500"] {
            run_in_child(
                test,
                &[("ANYFILE_NOWAIT", "0"), ("BLOCKING_MAX_THREADS", threads)],
            );
        }
    }
}

/// Without the option, nothing is known but the type, and a walk has no entries.
#[test]
fn metadata_is_not_known_by_default() {
    let dir = Dir::new();
    dir.file("file", "");
    let base = Path::new(dir.path());
    for (kind, paths) in streams(&base, false) {
        let found = all(paths);
        assert_eq!(found.is_empty(), kind.starts_with(['w', 'b']), "{kind}");
        assert!(found.iter().all(|path| path.info().metadata().is_none()));
        assert!(found.iter().all(|path| path.info().is_file() == Some(true)));
    }
    assert!(base.info().metadata().is_none());
}

/// The base, names that are looked up, `..`, and directories in the order of the walk.
#[test]
fn metadata_is_known_for_all_paths_that_a_search_finds() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/b/c")).unwrap();
    dir.file("a/b/file", "contents");
    symlink("a", dir.join("link")).unwrap();
    let base = Path::new(dir.path());
    let check = |what: &str, path: &Path| {
        let metadata = path.info().metadata();
        let metadata = metadata.unwrap_or_else(|| panic!("{what}: {path:?}"));
        let expected = fs::symlink_metadata(path).unwrap();
        assert_eq!(facts(&metadata), facts(&expected), "{what}: {path:?}");
    };
    for (pattern, count) in [
        ("a/b/file", 1),
        ("**", 6),
        ("**/", 4),
        ("a/*", 1),
        ("a/..", 1),
        ("link/b", 1),
        ("link/*/file", 1),
        ("*/b/../b/c", 2),
    ] {
        for follow in [false, true] {
            let glob = base.glob(pattern).recurse_symlinks(follow).metadata(true);
            let found = all(Box::pin(glob.sort(true)));
            assert!(found.len() >= count, "{pattern}: {found:?}");
            found.iter().for_each(|path| check(pattern, path));
        }
    }
    for base in [base.clone(), base.join("link"), base.join("link/b")] {
        for follow in [false, true] {
            let walk = base.walk().follow_symlinks(follow).metadata(true);
            let mut walk = walk.sort(true).prune(|dir| {
                assert!(dir.info().metadata().unwrap().is_dir() || dir.ends_with("link"));
                false
            });
            while let Some(listing) = block_on(walk.try_next()).unwrap() {
                check("walk", &listing.path);
                let listed = listing.entries.iter().map(|path| path.file_name().unwrap());
                let mut names: Vec<_> = listing.dirs.iter().chain(&listing.files).collect();
                names.sort_unstable();
                assert_eq!(listed.collect::<Vec<_>>(), names);
                listing.entries.iter().for_each(|path| check("walk", path));
            }
        }
    }
}

#[test]
fn load_keeps_what_it_learned() {
    let dir = Dir::new();
    dir.file("file", "contents");
    symlink("file", dir.join("link")).unwrap();
    block_on(async {
        let info = Path::new(dir.join("file")).info().load().await.unwrap();
        assert_eq!(info.metadata().unwrap().len(), 8);
        // The link's own, and its target's type beside it.
        let info = Path::new(dir.join("link")).info().load().await.unwrap();
        assert!(info.metadata().unwrap().is_symlink());
        assert_eq!(info.is_file(), Some(true));
        let info = Path::new(dir.join("no")).info().load().await.unwrap();
        assert!(info.metadata().is_none());
        // A listed link keeps its metadata.
        let mut links = Path::new(dir.path()).glob("link").metadata(true);
        let link = links.try_next().await.unwrap().unwrap();
        let info = link.info().load().await.unwrap();
        assert!(info.metadata().unwrap().is_symlink());
        assert_eq!(info.is_file(), Some(true));
    });
}

/// More files than a paused stream reads ahead.
const MANY: usize = 12_000;

fn many() -> Dir {
    let dir = Dir::in_memory();
    fs::create_dir(dir.join("many")).unwrap();
    for number in 0..MANY {
        File::create(dir.join(&format!("many/{number}"))).unwrap();
    }
    dir
}

/// The streams of one directory, each after its first item and with no thread at work.
fn paused(base: &Path) -> Vec<(&'static str, Paths)> {
    let mut paused = Vec::from(streams(base, true));
    // A walk reads a whole directory at once.
    paused.truncate(3);
    for (_, paths) in &mut paused {
        assert!(block_on(paths.next()).unwrap().is_ok());
    }
    assert!(comes_true(pool_is_empty));
    paused
}

/// Entries that were removed after they were listed have a type, no metadata, and do not end the stream.
#[test]
fn entries_that_are_removed_have_no_metadata() {
    if !in_child() {
        run_in_child("entries_that_are_removed_have_no_metadata", &[]);
        return;
    }
    let dir = many();
    let base = Path::new(dir.join("many"));
    let paused = paused(&base);
    for entry in fs::read_dir(&base).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (kind, paths) in paused {
        let found = all(paths);
        let known = found.iter().filter(|path| path.info().metadata().is_some());
        let (known, found_in_all) = (known.count(), found.len());
        println!("{kind}: {found_in_all} found, {known} with metadata");
        assert!(known > 0 && known < found_in_all, "{kind}");
        assert!(found.iter().all(|path| path.info().is_file() == Some(true)));
    }
}

/// With glibc, std asks relative to the open directory.
#[cfg(target_env = "gnu")]
#[test]
fn metadata_does_not_depend_on_the_path() {
    if !in_child() {
        run_in_child("metadata_does_not_depend_on_the_path", &[]);
        return;
    }
    let dir = many();
    let base = Path::new(dir.join("many"));
    let paused = paused(&base);
    fs::rename(&base, dir.join("renamed")).unwrap();
    for (kind, paths) in paused {
        let found = all(paths);
        assert_eq!(found.len(), MANY - 1, "{kind}");
        assert!(found.iter().all(|path| path.info().metadata().is_some()));
    }
}

/// A future that waits for the next item is dropped at every poll, and the stream itself after each item.
#[test]
fn nothing_is_lost_or_held_after_a_drop_at_any_poll() {
    let dir = Dir::in_memory();
    for number in 0..30 {
        fs::create_dir(dir.join(&format!("{number}"))).unwrap();
        for file in 0..30 {
            dir.file(&format!("{number}/{file}"), "x");
        }
    }
    let base = Path::new(dir.path());
    let stream = || base.rglob("*").metadata(true).workers(3);
    for items in (0..).step_by(31).take_while(|&items| items <= 930) {
        let mut paths = stream();
        let mut seen = 0;
        while seen < items {
            match block_on(poll_once(paths.next())) {
                Some(item) => {
                    assert!(item.unwrap().unwrap().info().metadata().is_some());
                    seen += 1;
                }
                None => std::thread::yield_now(),
            }
        }
        drop(paths);
    }
    let mut size = 0;
    let mut paths = stream();
    loop {
        match block_on(poll_once(paths.next())) {
            Some(Some(item)) => size += u64::from(item.unwrap().info().is_file() == Some(true)),
            Some(None) => break,
            None => std::thread::yield_now(),
        }
    }
    assert_eq!(size, 900);
}
