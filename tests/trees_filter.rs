//! `copy().filter(f)`: what it copies, what it asks `f`, and what it never opens.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyfile::Path;
use futures_lite::future::block_on;
use nix::sys::inotify::AddWatchFlags;

use common::tree::{Snapshot, generate};
use common::witness::Witness;
use common::{Dir, comes_true, contents, in_child, poll_times, run_unprivileged, set_mode};

fn names(dir: &StdPath) -> Vec<String> {
    Snapshot::of(dir).paths().map(str::to_owned).collect()
}

/// The copy is what GNU `cp` makes of a tree from which everything else was removed by `find`.
#[test]
fn as_find_and_cp_do() {
    for (number, (test, refuses)) in [
        (
            "-name *1*",
            (|path| name(path).contains('1')) as fn(&Path) -> bool,
        ),
        ("-type d -name *2*", |path| {
            path.info().is_dir() == Some(true) && name(path).contains('2')
        }),
        ("-type l", |path| path.info().is_symlink() == Some(true)),
        ("-type f", |path| path.info().is_file() == Some(true)),
        ("-name *", |_| true),
        ("-name nothing", |_| false),
    ]
    .into_iter()
    .enumerate()
    {
        let dir = Dir::new();
        generate(&dir.join("tree"), 600);
        let mut copy = Command::new("cp");
        assert!(
            copy.arg("-a")
                .args([dir.join("tree"), dir.join("theirs")])
                .status()
                .unwrap()
                .success()
        );
        let words = test.split(' ');
        let mut find = Command::new("find");
        find.arg(dir.join("theirs"))
            .args(["-mindepth", "1"])
            .args(words);
        find.args(["-prune", "-exec", "rm", "-rf", "{}", "+"]);
        assert!(find.status().unwrap().success());
        // Removing entries has changed the times of their directories.
        let unlike =
            |snapshot: Snapshot| -> Vec<String> { snapshot.paths().map(str::to_owned).collect() };
        let expected = unlike(Snapshot::of(&dir.join("theirs")));
        for progress in [false, true] {
            let ours = dir.join(&format!("ours{progress}"));
            let copy = Path::new(dir.join("tree"))
                .copy(&ours)
                .follow_symlinks(false);
            let copy = copy
                .preserve_metadata(true)
                .filter(move |path| !refuses(path));
            let counts = Arc::new(Mutex::new(Vec::new()));
            let notes = counts.clone();
            let copy = if progress {
                copy.on_progress(move |progress| notes.lock().unwrap().push(progress))
            } else {
                copy
            };
            block_on(copy).unwrap();
            let snapshot = Snapshot::of(&ours);
            if number == 5 {
                snapshot.assert_is(&Snapshot::of(&dir.join("tree")));
            }
            assert_eq!(unlike(snapshot), expected, "{test}");
            // What is left out is not counted either.
            for progress in counts.lock().unwrap().iter() {
                let total = progress.total.unwrap_or(progress.done);
                assert!(
                    total.entries <= expected.len() as u64,
                    "{test}: {progress:?}"
                );
            }
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_entry_is_asked_about_once_except_the_root() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("tree/a/b")).unwrap();
    fs::create_dir_all(dir.join("tree/out/inner")).unwrap();
    dir.file("tree/a/file", "x");
    dir.fifo("tree/fifo");
    symlink("a", dir.join("tree/link")).unwrap();
    symlink("nowhere", dir.join("tree/broken")).unwrap();
    for follow in [false, true] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = asked.clone();
        let filter = move |path: &Path| {
            let info = path.info();
            let kind = if info.is_symlink() == Some(true) {
                "link"
            } else if info.is_dir() == Some(true) {
                "dir"
            } else if info.is_file() == Some(true) {
                "file"
            } else {
                "other"
            };
            notes
                .lock()
                .unwrap()
                .push((PathBuf::from(path.clone()), kind));
            !["out", "fifo", "broken"].contains(&&*name(path))
        };
        let target = dir.join(&format!("copy{follow}"));
        let copy = Path::new(dir.join("tree"))
            .copy(&target)
            .follow_symlinks(follow);
        // A FIFO that is left out is no error, nor is a broken link.
        block_on(copy.filter(filter)).unwrap();
        let mut expected = vec![
            ("a", "dir"),
            ("a/b", "dir"),
            ("a/file", "file"),
            ("broken", "link"),
            ("fifo", "other"),
            ("link", "link"),
            ("out", "dir"),
        ];
        if follow {
            expected.extend([("link/b", "dir"), ("link/file", "file")]);
        }
        let expected: BTreeSet<_> = expected
            .into_iter()
            .map(|(name, kind)| (dir.join("tree").join(name), kind))
            .collect();
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), expected.len());
        assert_eq!(asked.iter().cloned().collect::<BTreeSet<_>>(), expected);
        assert!(target.join("a/file").exists() && target.join("a/b").is_dir());
        assert_eq!(target.join("link").is_symlink(), !follow);
        for name in ["out", "fifo", "broken"] {
            assert!(fs::symlink_metadata(target.join(name)).is_err());
        }
    }
    // The source itself is copied, whatever it is.
    let file = Path::new(dir.join("tree/a/file"));
    block_on(file.copy(dir.join("file")).filter(|_| false)).unwrap();
    assert_eq!(contents(&dir.join("file")), b"x");
}

/// What is left out is neither read nor touched at the target.
#[test]
fn what_is_left_out_is_never_opened() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("tree/out/inner")).unwrap();
    fs::create_dir_all(dir.join("target/out")).unwrap();
    dir.file("tree/out/file", "new");
    dir.file("tree/secret", "new");
    dir.file("tree/file", "new");
    dir.file("target/secret", "old");
    dir.file("target/out/file", "old");
    let events = AddWatchFlags::IN_OPEN | AddWatchFlags::IN_ATTRIB;
    let watched = [
        "tree/out",
        "tree/out/inner",
        "tree/secret",
        "target/out",
        "target/secret",
    ];
    let witness = Witness::of(events, watched.map(|name| dir.join(name)));
    let copy = |out: &'static [&'static str]| {
        let copy = Path::new(dir.join("tree"))
            .copy(dir.join("target"))
            .exist_ok(true);
        let copy = copy.preserve_metadata(true).on_progress(drop);
        block_on(copy.filter(|path| !out.contains(&&*name(path)))).unwrap();
    };
    copy(&["out", "secret"]);
    assert_eq!(witness.seen(), 0);
    assert_eq!(contents(&dir.join("target/file")), b"new");
    assert_eq!(contents(&dir.join("target/secret")), b"old");
    copy(&[]);
    assert!(witness.seen() > 0);
    assert_eq!(contents(&dir.join("target/secret")), b"new");
}

#[test]
fn what_is_left_out_may_be_unreadable() {
    const NAME: &str = "what_is_left_out_may_be_unreadable";
    if !in_child() {
        return run_unprivileged(NAME);
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("tree/locked")).unwrap();
    dir.file("tree/file", "x");
    let unreadable = dir.file("tree/unreadable", "x");
    set_mode(dir.join("tree/locked"), 0);
    set_mode(&unreadable, 0);
    let tree = Path::new(dir.join("tree"));
    assert!(block_on(tree.copy(dir.join("all"))).is_err());
    let filter = |path: &Path| !["locked", "unreadable"].contains(&&*name(path));
    block_on(tree.copy(dir.join("some")).filter(filter)).unwrap();
    assert_eq!(names(&dir.join("some")), [r#""""#, r#""file""#]);
    set_mode(dir.join("tree/locked"), 0o700);
}

#[test]
fn a_panic_of_the_filter_resumes_in_the_caller() {
    let dir = Dir::new();
    fs::create_dir(dir.join("tree")).unwrap();
    dir.file("tree/file", "x");
    let tree = Path::new(dir.join("tree"));
    for progress in [false, true] {
        let copy = tree.copy(dir.join(&format!("copy{progress}")));
        let copy = copy.filter(|_| panic::resume_unwind(Box::new("on purpose")));
        let copy = if progress {
            copy.on_progress(drop)
        } else {
            copy
        };
        let copied = panic::catch_unwind(AssertUnwindSafe(|| block_on(copy)));
        assert_eq!(
            copied.unwrap_err().downcast_ref::<&str>(),
            Some(&"on purpose")
        );
    }
    block_on(tree.copy(dir.join("after"))).unwrap();
}

/// After each number of polls, what was copied is complete except for the last file, and nothing is there that was
/// left out.
#[test]
fn dropped_at_every_poll() {
    let dir = Dir::new();
    generate(&dir.join("tree"), 400);
    let mut seen = [false; 2];
    for polls in 0.. {
        let target = dir.join(&format!("copy{polls}"));
        let copy = Path::new(dir.join("tree"))
            .copy(&target)
            .follow_symlinks(false);
        let copy = copy
            .filter(|path| !name(path).contains('3'))
            .on_progress(drop);
        let done = poll_times(copy, polls)
            .map(|result| result.unwrap())
            .is_some();
        seen[usize::from(done)] = true;
        let is_left_out = |name: &String| name.contains('3');
        assert!(!names(&target).iter().any(is_left_out));
        // The slice that has begun is finished meanwhile.
        let removed = || block_on(Path::new(&target).remove().missing_ok(true)).is_ok();
        assert!(comes_true(removed));
        if done && polls > 10 {
            break;
        }
    }
    assert_eq!(seen, [true, true]);
    common::until("nothing is open", || {
        !common::descriptors()
            .iter()
            .any(|path| path.starts_with(dir.path()))
    });
}
