//! `copy`, `move_to`, `remove_dir_all`.

use std::fs::{self, File};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, UNIX_EPOCH};

use anyfile::path::CopyProgress;
use anyfile::{Path, PathError};
use futures_lite::future::block_on;

use crate::common::{Dir, comes_true, contents, noise};
use crate::{deep, entries, tree};

#[test]
fn a_copy_has_everything() {
    let dir = Dir::new();
    let source = tree(&dir, "source");
    let deep = deep(&source);
    fs::write(deep.join("file"), "deep").unwrap();
    if let Err(error) = fs::canonicalize(&deep) {
        // A copy needs to know whether it goes into itself.
        println!("skipped in part: long paths have no canonical form, as under wine: {error}");
        fs::remove_dir_all(source.join("level-0000")).unwrap();
    }
    fs::write(source.join("large"), noise(5_000_000)).unwrap();
    let last = Arc::new(Mutex::new(None::<CopyProgress>));
    let note = last.clone();
    let target = dir.join("target");
    let copy = Path::new(&source).copy(&target);
    let copy = copy.on_progress(move |progress| *note.lock().unwrap() = Some(progress));
    assert_eq!(block_on(copy).unwrap(), *target);
    let expected = entries(&source);
    assert!(entries(&target) == expected);
    let done = last.lock().unwrap().expect("a report").done;
    let bytes = expected.values().flatten().map(Vec::len).sum::<usize>();
    assert_eq!(done.bytes, bytes as u64);
    // The root counts too.
    assert_eq!(done.entries, expected.len() as u64 + 1);
}

#[test]
fn a_copy_with_metadata_has_times_and_permissions() {
    let dir = Dir::new();
    let source = tree(&dir, "source");
    let past = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let names = ["x.txt", "a/b/c/lib.rs"];
    for name in names {
        let file = File::options().write(true).open(source.join(name)).unwrap();
        file.set_modified(past).unwrap();
    }
    let locked = source.join("names/a.b.c");
    set_readonly(&locked, true);
    let target = dir.join("target");
    let copy = Path::new(&source).copy(&target).preserve_metadata(true);
    block_on(copy).unwrap();
    for name in names {
        let metadata = fs::metadata(target.join(name)).unwrap();
        assert_eq!(metadata.modified().unwrap(), past, "{name}");
    }
    let copied = target.join("names/a.b.c");
    assert!(fs::metadata(&copied).unwrap().permissions().readonly());
    // So that the directory can be removed everywhere.
    set_readonly(&locked, false);
    set_readonly(&copied, false);
}

fn set_readonly(path: &std::path::Path, readonly: bool) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(readonly);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn what_is_at_the_target_of_a_copy() {
    let dir = Dir::new();
    let (source, target) = (tree(&dir, "source"), tree(&dir, "target"));
    fs::write(target.join("x.txt"), "old and longer than the new").unwrap();
    fs::write(target.join("mine"), "kept").unwrap();
    fs::remove_dir_all(target.join("a")).unwrap();
    let copied = |to: &std::path::Path, exist_ok| {
        let copy = Path::new(&source).copy(to).exist_ok(exist_ok);
        block_on(copy).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(copied(&target, false), Err(ErrorKind::AlreadyExists));
    assert_eq!(
        copied(&target.join("mine"), true),
        Err(ErrorKind::AlreadyExists)
    );
    assert_eq!(copied(&source, true), Err(ErrorKind::InvalidInput));
    assert_eq!(
        copied(&source.join("a/new"), true),
        Err(ErrorKind::InvalidInput)
    );
    assert!(!source.join("a/new").exists());
    assert_eq!(
        copied(&dir.join("missing/target"), true),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(copied(&target, true), Ok(()));
    let mut merged = entries(&target);
    assert_eq!(
        merged.remove(std::path::Path::new("mine")),
        Some(Some(b"kept".into()))
    );
    assert!(merged == entries(&source));
}

#[test]
fn a_copy_that_is_dropped_leaves_the_source() {
    let dir = Dir::new();
    let source = tree(&dir, "source");
    let before = entries(&source);
    for polls in [0, 1, 10] {
        let target = dir.join("target");
        let mut copy = Path::new(&source).copy(&target);
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if Pin::new(&mut copy).poll(&mut cx).is_ready() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(copy);
        assert!(entries(&source) == before);
        // The step that had begun is finished, and holds no file open.
        let gone = || !target.exists() || fs::remove_dir_all(&target).is_ok();
        assert!(comes_true(gone));
    }
}

#[test]
fn trees_are_moved() {
    let dir = Dir::new();
    let source = tree(&dir, "source");
    let before = entries(&source);
    let moved = |from: &str, to: &str| {
        let moved = block_on(Path::new(dir.join(from)).move_to(dir.join(to)));
        moved.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(
        moved("source", "source/a/new"),
        Err(ErrorKind::InvalidInput)
    );
    assert_eq!(moved("missing", "new"), Err(ErrorKind::NotFound));
    assert_eq!(moved("source", "target"), Ok(()));
    assert!(!source.exists());
    assert!(entries(&dir.join("target")) == before);
    dir.file("new", "new");
    dir.file("old", "old");
    assert_eq!(moved("new", "old"), Ok(()));
    assert_eq!(contents(&dir.join("old")), b"new");
    assert!(!dir.join("new").exists());
    let into = Path::new(dir.join("old")).move_into(dir.join("target"));
    assert_eq!(block_on(into).unwrap(), *dir.join("target").join("old"));
}

#[test]
fn trees_are_removed() {
    let dir = Dir::new();
    let root = tree(&dir, "root");
    fs::write(deep(&root).join("file"), "deep").unwrap();
    block_on(Path::new(&root).remove_dir_all()).unwrap();
    assert!(!root.exists());
    let error = block_on(Path::new(&root).remove_dir_all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(PathError::of(&error).unwrap().path(), root);
    block_on(Path::new(&root).remove_dir_all().missing_ok(true)).unwrap();
    // What std does with a file, and with one that is read-only and in the way.
    let kind = |result: std::io::Result<()>| result.map_err(|error| error.kind());
    let (ours, theirs) = (dir.file("ours", ""), dir.file("theirs", ""));
    assert_eq!(
        kind(block_on(Path::new(&ours).remove_dir_all())),
        kind(fs::remove_dir_all(theirs))
    );
    let [ours, theirs] = ["our", "their"].map(|name| {
        let dir = dir.join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("file"), "").unwrap();
        set_readonly(&dir.join("file"), true);
        dir
    });
    assert_eq!(
        kind(block_on(Path::new(&ours).remove_dir_all())),
        kind(fs::remove_dir_all(&theirs))
    );
    for file in [ours, theirs].map(|dir| dir.join("file")) {
        if file.exists() {
            set_readonly(&file, false);
        }
    }
}
