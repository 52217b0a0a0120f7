//! `remove_dir_all` and `remove`: what they remove, what they keep, and their errors.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path as StdPath;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyfile::path::RemoveProgress;
use anyfile::{Path, PathError};
use futures_lite::future::block_on;

use common::tree::{Snapshot, generate};
use common::{Dir, contents, in_child, poll_times, run_in_child, run_unprivileged, set_mode};

fn removed(path: impl AsRef<StdPath>) -> io::Result<()> {
    block_on(Path::new(path).remove_dir_all())
}

fn names(dir: &StdPath) -> Vec<String> {
    Snapshot::of(dir).paths().map(str::to_owned).collect()
}

#[test]
fn three_thousand_entries() {
    let dir = Dir::new();
    let outside = dir.file("outside", "kept");
    let (made, _) = generate(&dir.join("tree"), 3000);
    symlink(dir.path(), dir.join("tree/up")).unwrap();
    symlink(&outside, dir.join("tree/out")).unwrap();
    let progress = Arc::new(Mutex::new(Vec::<RemoveProgress>::new()));
    let notes = progress.clone();
    let remove = Path::new(dir.join("tree"))
        .remove_dir_all()
        .on_progress(move |progress| notes.lock().unwrap().push(progress));
    block_on(remove).unwrap();
    assert_eq!(names(dir.path()), [r#""""#, r#""outside""#]);
    assert_eq!(contents(&outside), b"kept");
    let progress = progress.lock().unwrap();
    println!("{} reports", progress.len());
    assert!(
        progress
            .windows(2)
            .all(|pair| pair[0].entries <= pair[1].entries)
    );
    assert!(progress.len() > 10);
    assert_eq!(progress.last().unwrap().entries, made + 2);
}

/// Whatever the path names, the remaining files and the kind of the error are the same as with std.
#[test]
fn as_std_does() {
    let made = || {
        let dir = Dir::new();
        fs::create_dir_all(dir.join("real/below")).unwrap();
        dir.file("real/below/file", "x");
        dir.file("file", "x");
        symlink("real", dir.join("link")).unwrap();
        symlink("nowhere", dir.join("broken")).unwrap();
        symlink("file", dir.join("soft")).unwrap();
        dir
    };
    let (ours, theirs) = (made(), made());
    for name in [
        "real/below/",
        "link",
        "broken",
        "soft",
        "file",
        "file/",
        "missing",
        "missing/",
        "file/below",
        "missing/below",
        "real",
    ] {
        // Not `Dir::join`, so that the text stays as it is written.
        let path = |dir: &Dir| format!("{}/{name}", dir.path().display());
        let result = removed(path(&ours)).map_err(|error| error.kind());
        let expected = fs::remove_dir_all(path(&theirs)).map_err(|error| error.kind());
        assert_eq!(result, expected, "{name}");
        assert_eq!(names(ours.path()), names(theirs.path()), "{name}");
    }
    let result = removed("").map_err(|error| error.kind());
    assert_eq!(result, fs::remove_dir_all("").map_err(|error| error.kind()));
}

/// std empties all of these before it fails.
#[test]
fn what_is_no_name_of_a_directory() {
    const NAME: &str = "what_is_no_name_of_a_directory";
    if !in_child() {
        // The current directory is one of them.
        run_in_child(NAME, &[]);
        return;
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("real/below")).unwrap();
    dir.file("real/below/file", "x");
    symlink("real", dir.join("link")).unwrap();
    let before = Snapshot::of(dir.path());
    std::env::set_current_dir(dir.join("real")).unwrap();
    let here = dir.path().display();
    for (path, kind) in [
        (format!("{here}/link/"), ErrorKind::NotADirectory),
        (format!("{here}/link//"), ErrorKind::NotADirectory),
        (format!("{here}/link/."), ErrorKind::InvalidInput),
        (format!("{here}/link/./"), ErrorKind::InvalidInput),
        (format!("{here}/link/.."), ErrorKind::InvalidInput),
        (format!("{here}/real/below/.."), ErrorKind::InvalidInput),
        (format!("{here}/real/."), ErrorKind::InvalidInput),
        (format!("{here}/real/./"), ErrorKind::InvalidInput),
        (format!("{here}/real//.//"), ErrorKind::InvalidInput),
        ("..".to_owned(), ErrorKind::InvalidInput),
        (".".to_owned(), ErrorKind::InvalidInput),
        ("./".to_owned(), ErrorKind::InvalidInput),
    ] {
        let error = removed(&path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(PathError::of(&error).unwrap().path(), StdPath::new(&path));
        Snapshot::of(dir.path()).assert_is(&before);
    }
    println!("{}", removed(format!("{here}/link/")).unwrap_err());
    removed(format!("{here}/real/./below//")).unwrap();
    assert!(!dir.join("real/below").exists());
    std::env::set_current_dir("/").unwrap();
}

#[test]
fn what_is_missing_may_be_fine() {
    let dir = Dir::new();
    dir.file("file", "x");
    let remove = |name: &str| {
        let remove = Path::new(dir.join(name)).remove_dir_all().missing_ok(true);
        block_on(remove).map_err(|error| error.kind())
    };
    assert_eq!(remove("missing"), Ok(()));
    assert_eq!(remove("missing/below"), Ok(()));
    assert_eq!(remove("file"), Err(ErrorKind::NotADirectory));

    let rmdir = |name: &str, missing_ok| {
        let rmdir = Path::new(dir.join(name)).rmdir().missing_ok(missing_ok);
        block_on(rmdir).map_err(|error| error.kind())
    };
    assert_eq!(rmdir("missing", false), Err(ErrorKind::NotFound));
    assert_eq!(rmdir("missing", true), Ok(()));
    assert_eq!(rmdir("file", true), Err(ErrorKind::NotADirectory));
    fs::create_dir_all(dir.join("full/inner")).unwrap();
    assert_eq!(rmdir("full", true), Err(ErrorKind::DirectoryNotEmpty));
    assert_eq!(rmdir("full/inner", true), Ok(()));
}

/// `remove` removes what `rm -r` does, and leaves what `rm -r` leaves, except that `rm -r link/` empties the directory
/// that the link leads to.
#[test]
fn whatever_is_there() {
    let made = || {
        let dir = Dir::new();
        fs::create_dir_all(dir.join("real/below")).unwrap();
        fs::create_dir(dir.join("empty")).unwrap();
        dir.file("real/below/file", "x");
        dir.file("file", "x");
        dir.fifo("fifo");
        for (link, target) in [("link", "real"), ("broken", "nowhere"), ("soft", "file")] {
            symlink(target, dir.join(link)).unwrap();
        }
        dir
    };
    let (ours, theirs) = (made(), made());
    for name in [
        "file/",
        "file/below",
        "soft/",
        "missing",
        "missing/below",
        "broken/",
        "real/below/..",
        "real/.",
        "link",
        "broken",
        "soft",
        "fifo",
        "empty/",
        "file",
        "real/below/",
        "real",
    ] {
        // Not `Dir::join`, so that the text stays as it is written.
        let path = |dir: &Dir| format!("{}/{name}", dir.path().display());
        let result = block_on(Path::new(path(&ours)).remove());
        let mut rm = Command::new("rm");
        let expected = rm.arg("-r").arg(path(&theirs)).output().unwrap();
        assert_eq!(
            result.is_ok(),
            expected.status.success(),
            "{name}: {result:?}, {expected:?}"
        );
        assert_eq!(names(ours.path()), names(theirs.path()), "{name}");
        if let Err(error) = &result {
            assert!(
                error.to_string().starts_with("failed to remove `"),
                "{error}"
            );
            assert_eq!(
                PathError::of(error).unwrap().path(),
                StdPath::new(&path(&ours))
            );
        }
        let is_missing = result.is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let result = block_on(Path::new(path(&ours)).remove().missing_ok(true));
        assert_eq!(
            is_missing || expected.status.success(),
            result.is_ok(),
            "{name}"
        );
    }
    assert_eq!(names(ours.path()), [r#""""#]);
    fs::create_dir(ours.join("real")).unwrap();
    ours.file("real/file", "x");
    symlink("real", ours.join("link")).unwrap();
    let link = Path::new(format!("{}/link/", ours.path().display()));
    let error = block_on(link.remove().missing_ok(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADirectory);
    assert_eq!(contents(&ours.join("link/file")), b"x");
    let progress = Arc::new(Mutex::new(Vec::new()));
    for (name, entries) in [("file", 1), ("real", 3)] {
        fs::create_dir_all(ours.join("real/below")).unwrap();
        ours.file("file", "x");
        let notes = progress.clone();
        let remove = Path::new(ours.join(name)).remove();
        let note = move |progress: RemoveProgress| notes.lock().unwrap().push(progress.entries);
        block_on(remove.on_progress(note)).unwrap();
        assert_eq!(progress.lock().unwrap().last(), Some(&entries));
    }
}

/// Whoever may not write to a directory removes nothing in it.
#[test]
fn what_may_not_be_removed_stays() {
    const NAME: &str = "what_may_not_be_removed_stays";
    if !in_child() {
        return run_unprivileged(NAME);
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("locked/inner")).unwrap();
    dir.file("locked/file", "x");
    symlink("file", dir.join("locked/link")).unwrap();
    set_mode(dir.join("locked"), 0o555);
    let before = names(dir.path());
    for name in ["locked/file", "locked/link", "locked/inner"] {
        let remove = Path::new(dir.join(name)).remove().missing_ok(true);
        let error = block_on(remove).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        let rmdir = Path::new(dir.join("locked/inner")).rmdir().missing_ok(true);
        assert_eq!(
            block_on(rmdir).unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
        assert_eq!(names(dir.path()), before);
    }
    set_mode(dir.join("locked"), 0o755);
}

/// After each number of polls, what is left can be removed, and nothing else is gone.
#[test]
fn dropped_at_every_poll() {
    let dir = Dir::new();
    let kept = dir.file("kept", "x");
    let mut seen = [false; 2];
    for polls in 0.. {
        for name in ["file", "tree"] {
            let made = match name {
                "file" => dir.file(name, "x"),
                _ => {
                    generate(&dir.join(name), 300);
                    dir.join(name)
                }
            };
            let done = poll_times(Path::new(&made).remove(), polls);
            let done = done.map(|result| result.unwrap()).is_some();
            seen[usize::from(done)] = true;
            assert!(!done || fs::symlink_metadata(&made).is_err());
            block_on(Path::new(&made).remove().missing_ok(true)).unwrap();
            assert!(kept.exists());
        }
        if seen[1] && polls > 10 {
            break;
        }
    }
    assert!(seen[0]);
}

#[test]
fn errors_name_what_stays() {
    const NAME: &str = "errors_name_what_stays";
    if !in_child() {
        return run_unprivileged(NAME);
    }
    let dir = Dir::new();
    for (name, mode, inside, failed) in [
        // Cannot be read, although it is empty.
        ("hidden", 0o000, None, "hidden"),
        ("hidden too", 0o300, None, "hidden too"),
        ("locked", 0o500, Some("file"), "locked/file"),
        ("unsearchable", 0o600, Some("file"), "unsearchable/file"),
    ] {
        let made = |root: &str| {
            let path = dir.join(root).join("below").join(name);
            fs::create_dir_all(&path).unwrap();
            if let Some(inside) = inside {
                fs::write(path.join(inside), "x").unwrap();
            }
            set_mode(&path, mode);
            path
        };
        let paths = ["ours", "theirs"].map(made);
        let error = removed(dir.join("ours")).unwrap_err();
        let expected = fs::remove_dir_all(dir.join("theirs")).unwrap_err();
        assert_eq!(error.kind(), expected.kind(), "{error}");
        let path = dir.join("ours/below").join(failed);
        assert_eq!(PathError::of(&error).unwrap().path(), path, "{error}");
        for path in &paths {
            set_mode(path, 0o700);
        }
        removed(dir.join("ours")).unwrap();
        fs::remove_dir_all(dir.join("theirs")).unwrap();
    }
    // Listing an empty directory does not need the permission to look up names in it.
    for root in ["ours", "theirs"] {
        fs::create_dir_all(dir.join(root).join("below")).unwrap();
        set_mode(dir.join(root).join("below"), 0o400);
    }
    fs::remove_dir_all(dir.join("theirs")).unwrap();
    removed(dir.join("ours")).unwrap();
}

/// Several threads remove the same tree. Each succeeds, although the others remove its entries too.
#[test]
fn several_remove_the_same() {
    let dir = Dir::new();
    for _ in 0..20 {
        let tree = dir.join("tree");
        for number in 0..40 {
            fs::create_dir_all(tree.join(format!("{number}/below/deep"))).unwrap();
            fs::write(tree.join(format!("{number}/below/file")), "x").unwrap();
        }
        thread::scope(|scope| {
            let remove = || {
                let remove = Path::new(&tree).remove_dir_all().missing_ok(true);
                block_on(remove).unwrap();
            };
            for _ in 0..3 {
                scope.spawn(remove);
            }
        });
        assert!(!tree.exists());
    }
}

#[test]
fn dropped_in_the_middle() {
    let dir = Dir::new();
    generate(&dir.join("tree"), 4000);
    let remove = Path::new(dir.join("tree")).remove_dir_all();
    assert!(poll_times(remove, 4).is_none());
    thread::sleep(Duration::from_millis(300));
    let left = names(&dir.join("tree")).len();
    println!("{left} are left");
    assert!(left > 1000, "{left}");
    removed(dir.join("tree")).unwrap();
}
