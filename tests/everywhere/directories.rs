//! `iterdir`, `walk`, `glob`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use anyfile::path::Glob;
use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use crate::common::{Dir, comes_true};
use crate::{deep, entries, tree};

/// Returns what a search finds, relative to `base`.
fn found(base: &Path, search: Glob) -> BTreeSet<PathBuf> {
    let paths = block_on(search.try_collect::<Path, io::Error, Vec<_>>()).unwrap();
    let count = paths.len();
    let relative = |path: Path| path.strip_prefix(base).unwrap().as_std_path().to_path_buf();
    let paths: BTreeSet<PathBuf> = paths.into_iter().map(relative).collect();
    assert_eq!(paths.len(), count, "twice");
    paths
}

#[test]
fn entries_as_std_lists_them() {
    let dir = Dir::new();
    let root = tree(&dir, "root");
    for name in ["", "a", "empty", "wide", "names", "Grüße"] {
        let base = Path::new(root.join(name));
        let expected: BTreeSet<_> = fs::read_dir(&base)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        for metadata in [false, true] {
            let mut count = 0;
            let mut entries = base.iterdir().metadata(metadata);
            while let Some(entry) = block_on(entries.next()) {
                let entry = entry.unwrap();
                assert!(expected.contains(entry.as_std_path()), "{entry:?}");
                let std = fs::symlink_metadata(&entry).unwrap();
                assert_eq!(entry.info().is_dir(), Some(std.is_dir()), "{entry:?}");
                assert_eq!(entry.info().is_file(), Some(std.is_file()), "{entry:?}");
                assert_eq!(entry.info().is_symlink(), Some(false), "{entry:?}");
                if metadata {
                    let known = entry.info().metadata().expect("metadata");
                    assert_eq!(known.len(), std.len(), "{entry:?}");
                    assert_eq!(known.modified().unwrap(), std.modified().unwrap());
                }
                count += 1;
            }
            assert_eq!(count, expected.len(), "{name}");
        }
    }
}

#[test]
fn a_walk_as_a_naive_one() {
    let dir = Dir::new();
    let root = tree(&dir, "root");
    deep(&root);
    let base = Path::new(&root);
    let expected = entries(&root);
    for (top_down, sort, workers) in [
        (true, false, 0),
        (true, false, 8),
        (true, true, 1),
        (false, true, 0),
        (false, false, 8),
    ] {
        let walk = base.walk().top_down(top_down).sort(sort).workers(workers);
        let listings = block_on(walk.try_collect::<_, _, Vec<_>>()).unwrap();
        let (mut dirs, mut files) = (BTreeSet::new(), BTreeSet::new());
        let mut places = Vec::new();
        for listing in listings {
            let path = listing.path.strip_prefix(&base).unwrap();
            let path = path.as_std_path();
            dirs.extend(listing.dirs.iter().map(|name| path.join(name)));
            files.extend(listing.files.iter().map(|name| path.join(name)));
            places.push(path.to_path_buf());
        }
        let (expected_files, expected_dirs): (Vec<_>, Vec<_>) = expected
            .iter()
            .partition(|(_, contents)| contents.is_some());
        assert!(dirs.iter().eq(expected_dirs.iter().map(|(path, _)| *path)));
        assert!(
            files
                .iter()
                .eq(expected_files.iter().map(|(path, _)| *path))
        );
        assert_eq!(places.len(), dirs.len() + 1);
        for (at, path) in places.iter().enumerate() {
            let Some(above) = path.parent() else { continue };
            let above = places.iter().position(|place| place == above).unwrap();
            assert_eq!(above < at, top_down, "{path:?}");
        }
    }
}

#[test]
fn patterns_find_what_a_naive_search_finds() {
    let dir = Dir::new();
    let root = tree(&dir, "root");
    deep(&root);
    let base = &Path::new(&root);
    let all = entries(&root);
    let select = |select: &dyn Fn(&std::path::Path, bool) -> bool| -> BTreeSet<PathBuf> {
        let paths = all
            .iter()
            .map(|(path, contents)| (path, contents.is_none()));
        let paths = paths.filter(|(path, is_dir)| select(path, *is_dir));
        paths.map(|(path, _)| path.clone()).collect()
    };
    let ends = |path: &std::path::Path, end: &str| path.extension().is_some_and(|e| e == end);
    let depth = |path: &std::path::Path| path.components().count();
    assert_eq!(found(base, base.rglob("*")), select(&|_, _| true));
    assert_eq!(
        found(base, base.glob("*")),
        select(&|path, _| depth(path) == 1)
    );
    assert_eq!(
        found(base, base.glob("*/*")),
        select(&|path, _| depth(path) == 2)
    );
    assert_eq!(found(base, base.rglob("*/")), select(&|_, is_dir| is_dir));
    assert_eq!(
        found(base, base.rglob("*.txt").case_sensitive(true)),
        select(&|path, _| ends(path, "txt"))
    );
    // As the platform compares names, unless told otherwise.
    let either = select(&|path, _| ends(path, "txt") || ends(path, "TXT"));
    let upper = select(&|path, _| ends(path, "TXT"));
    assert_eq!(
        found(base, base.rglob("*.TXT").case_sensitive(false)),
        either
    );
    assert_eq!(
        found(base, base.rglob("*.TXT")),
        if cfg!(windows) { either } else { upper }
    );
    assert_eq!(
        found(base, base.glob("a/**/x.txt")),
        select(&|path, _| path.starts_with("a") && path.ends_with("x.txt"))
    );
    assert_eq!(
        found(base, base.glob("wide/?[05]*.dat")).len(),
        60,
        "the second digit is 0 or 5"
    );
    assert_eq!(
        found(base, base.glob("names/[[]x]")),
        [PathBuf::from("names").join("[x]")].into()
    );
    assert_eq!(
        found(base, base.glob("Gr*/??.txt")),
        [PathBuf::from("Grüße").join("日本.txt")].into()
    );
    assert!(found(base, base.rglob("nothing")).is_empty());
    let sorted = block_on(base.rglob("*").sort(true).try_collect::<_, _, Vec<_>>()).unwrap();
    assert!(sorted.is_sorted());
}

#[test]
fn a_base_that_is_no_directory_is_one_error() {
    let dir = Dir::new();
    dir.file("file", "");
    for name in ["missing", "file", "missing/below", "file/below"] {
        let base = Path::new(dir.join(name));
        let expected = fs::read_dir(&base).unwrap_err();
        let errors = [
            block_on(base.iterdir().next()).unwrap().err(),
            block_on(base.walk().next()).unwrap().err(),
            block_on(base.rglob("*").next()).unwrap().err(),
            block_on(base.read_dir()).err(),
        ];
        for error in errors {
            let error = error.expect("an error");
            assert_eq!(error.kind(), expected.kind(), "{name}: {error}");
            let details = PathError::of(&error).expect("a PathError");
            assert_eq!(details.operation(), "read directory");
            assert_eq!(details.path(), base.as_std_path());
        }
    }
}

/// Where an open directory cannot be removed, a stream that was dropped may hold it for no longer than its job.
#[test]
fn a_dropped_stream_lets_go_of_its_directory() {
    let dir = Dir::new();
    for polls in [1, 2, 50] {
        let root = tree(&dir, "root");
        let base = Path::new(&root);
        let mut entries = (&base / "wide").iterdir();
        let mut walk = base.walk();
        let mut glob = base.rglob("*");
        for _ in 0..polls {
            block_on(entries.next());
            block_on(walk.next());
            block_on(glob.next());
        }
        drop((entries, walk, glob));
        assert!(comes_true(|| fs::remove_dir_all(&root).is_ok()));
        assert!(comes_true(|| !root.exists()));
    }
}
