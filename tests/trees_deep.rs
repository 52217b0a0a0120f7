//! Trees that are too deep for a path to their end: 20,000 levels, with 256 descriptors and stacks of 2 MiB.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use futures_lite::future::block_on;
use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

use common::{Dir, in_child, run_in_child_after};

const DEPTH: usize = 20_000;

/// The length of the longest path that Linux accepts.
const PATH_MAX: usize = 4096;

/// Runs the test in a child with few descriptors and small stacks. Returns `true` in the child.
fn is_small(test: &str) -> bool {
    if !in_child() {
        run_in_child_after("ulimit -n 256; export RUST_MIN_STACK=2097152", test);
    }
    in_child()
}

/// A directory for trees that std cannot remove, since its recursion would overflow the stack.
struct Deep(PathBuf);

impl Deep {
    fn new(dir: &Dir) -> Deep {
        Deep(dir.path().to_owned())
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let removed = Command::new("rm").arg("-rf").arg(entry.path()).status();
            assert!(removed.is_ok_and(|status| status.success()));
        }
    }
}

fn open(dir: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(openat(dir, name, flags, Mode::empty())?)
}

fn write(dir: &OwnedFd, name: &str) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(dir, name, flags, Mode::from_raw_mode(0o644)).unwrap();
    fs::File::from(file).write_all(name.as_bytes()).unwrap();
}

/// Creates nested directories, some with files whose names sort before and after the subdirectory.
fn generate(root: &StdPath, depth: usize) {
    fs::create_dir(root).unwrap();
    let mut dir = OwnedFd::from(fs::File::open(root).unwrap());
    for level in 1..depth {
        if level % 500 == 0 {
            write(&dir, "a");
            write(&dir, "z");
        }
        mkdirat(&dir, "d", Mode::from_raw_mode(0o755)).unwrap();
        dir = open(&dir, "d").unwrap();
    }
    write(&dir, "end");
}

/// Returns the number of levels of such a tree, and of the files in it.
fn measure(root: &StdPath) -> (usize, usize) {
    let mut dir = OwnedFd::from(fs::File::open(root).unwrap());
    let (mut depth, mut files) = (1, 0);
    loop {
        for name in ["a", "z", "end"] {
            files += usize::from(
                openat(&dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).is_ok(),
            );
        }
        let Ok(next) = open(&dir, "d") else {
            return (depth, files);
        };
        dir = next;
        depth += 1;
    }
}

/// Runs `work` with a deep tree `source`.
fn with_tree(dir: Dir, work: impl FnOnce(&Dir)) {
    let _deep = Deep::new(&dir);
    generate(&dir.join("source"), DEPTH);
    let begun = Instant::now();
    work(&dir);
    println!("{:?}", begun.elapsed());
}

#[test]
fn removed() {
    if !is_small("removed") {
        return;
    }
    with_tree(Dir::in_memory(), |dir| {
        let source = dir.join("source");
        block_on(Path::new(&source).remove_dir_all()).unwrap();
        assert!(!source.exists());
    });
}

#[test]
fn copied() {
    if !is_small("copied") {
        return;
    }
    with_tree(Dir::in_memory(), |dir| {
        let (source, target) = (dir.join("source"), dir.join("target"));
        let made = measure(&source);
        assert_eq!(made.0, DEPTH);
        let copy = Path::new(&source).copy(&target).preserve_metadata(true);
        block_on(copy.on_progress(drop)).unwrap();
        assert_eq!(measure(&target), made);
        fs::create_dir(dir.join("into")).unwrap();
        let copy = Path::new(&source).copy_into(dir.join("into"));
        block_on(copy.follow_symlinks(false)).unwrap();
        assert_eq!(measure(&dir.join("into/source")), made);
        // Again, into the existing target.
        let merge = Path::new(&source).copy(&target).exist_ok(true);
        block_on(merge).unwrap();
        assert_eq!(measure(&target), made);
    });
}

#[test]
fn moved_to_another_filesystem() {
    if !is_small("moved_to_another_filesystem") {
        return;
    }
    let there = Dir::in_memory();
    let _deep = Deep::new(&there);
    with_tree(Dir::new(), |dir| {
        let (source, target) = (dir.join("source"), there.join("target"));
        let made = measure(&source);
        block_on(Path::new(&source).move_to(&target)).unwrap();
        assert!(!source.exists());
        assert_eq!(measure(&target), made);
        block_on(Path::new(&target).move_into(dir.path())).unwrap();
        assert!(!target.exists());
        assert_eq!(measure(&dir.join("target")), made);
    });
}

/// After following a link, `..` does not lead back to the directory of the link.
#[test]
fn copied_through_links() {
    if !is_small("copied_through_links") {
        return;
    }
    let dir = Dir::new();
    let _deep = Deep::new(&dir);
    let source = dir.join("source");
    fs::create_dir(&source).unwrap();
    for tree in ["1", "2", "3"] {
        generate(&dir.join(tree), 100);
    }
    // From the end of each tree to the next.
    for (from, to) in [("source", "1"), ("1", "2"), ("2", "3")] {
        let end = match from {
            "source" => source.clone(),
            tree => dir.join(tree).join(["d"; 99].join("/")),
        };
        std::os::unix::fs::symlink(dir.join(to), end.join("d")).unwrap();
        fs::write(end.join("z"), "z").unwrap();
    }
    let target = dir.join("target");
    block_on(Path::new(&source).copy(&target)).unwrap();
    let (depth, files) = measure(&target);
    assert_eq!((depth, files), (301, 6));
}

/// Entries that are too deep for a path cannot be queried, but everything above them is found.
#[test]
fn streamed() {
    if !is_small("streamed") {
        return;
    }
    with_tree(Dir::in_memory(), |dir| {
        let source = Path::new(dir.join("source"));
        let ends = |name: &str, found: Vec<io::Result<()>>| {
            let errors = found.iter().filter_map(|item| item.as_ref().err());
            let codes: Vec<Option<i32>> = errors.map(PathError::raw_os_error).collect();
            println!("{name}: {} items, {codes:?}", found.len());
            // Not its kind, which is not stable in the oldest Rust that is supported.
            let expected = |code: &Option<i32>| *code == Some(Errno::NAMETOOLONG.raw_os_error());
            assert!(!codes.is_empty() && codes.iter().all(expected), "{name}");
            // Each level adds two bytes.
            assert!(found.len() > PATH_MAX / 2 - 100, "{name}");
        };
        block_on(async {
            let walk = source.walk().map(|item| item.map(drop));
            ends("walk", walk.collect().await);
            let walk = source.walk().top_down(false).map(|item| item.map(drop));
            ends("walk from the bottom up", walk.collect().await);
            let walk = source.walk().follow_symlinks(true);
            ends(
                "walk along links",
                walk.map(|item| item.map(drop)).collect().await,
            );
            for pattern in ["**", "**/d"] {
                let glob = source.glob(pattern).map(|item| item.map(drop));
                ends(pattern, glob.collect().await);
            }
            let glob = source.rglob("*").map(|item| item.map(drop));
            ends("rglob", glob.collect().await);
            let glob = source.rglob("*").metadata(true).map(|item| item.map(drop));
            ends("rglob with metadata", glob.collect().await);
            let long = vec!["d"; DEPTH - 1].join("/");
            let listed: Vec<_> = (&source / long).iterdir().collect().await;
            assert!(matches!(&listed[..], [Err(_)]));
            let listed: Vec<_> = source.iterdir().collect().await;
            assert!(matches!(&listed[..], [Ok(_)]));
        });
    });
}

/// At each link, its target is compared with all directories above.
#[test]
fn streamed_along_links() {
    let dir = Dir::new();
    let _deep = Deep::new(&dir);
    let outside = dir.join("outside");
    fs::create_dir(&outside).unwrap();
    let source = dir.join("source");
    let mut deep = source.clone();
    // As deep as directories can be created by their full path.
    while deep.as_os_str().len() < PATH_MAX - 10 {
        fs::create_dir(&deep).unwrap();
        std::os::unix::fs::symlink(&outside, deep.join("l")).unwrap();
        deep.push("d");
    }
    let levels = deep.strip_prefix(&source).unwrap().iter().count();
    block_on(async {
        let begun = Instant::now();
        let walk = Path::new(&source).walk().follow_symlinks(true);
        // Each level, and the target of its link. One of those is too deep for a path.
        let walked = walk.count().await;
        println!("{walked} in {:?}", begun.elapsed());
        let begun = Instant::now();
        let glob = Path::new(&source).rglob("*").recurse_symlinks(true);
        let found = glob.count().await;
        println!("{found} in {:?}", begun.elapsed());
        for count in [walked, found] {
            assert!(count.abs_diff(2 * levels) < 5, "{count} of {levels} levels");
        }
    });
}
