//! `walk`: against a naive walk, `os.walk` and GNU `find`; its orders, errors and closures.

#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

use anyfile::path::{Walk, WalkEntry};
use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use futures_lite::future::{block_on, poll_once};

use common::filesystem::{Feature, has};
use common::strange::{Tree, ask_find, ask_python};
use common::{Dir, in_child, is_root, run_in_child, run_unprivileged, without_hanging};

/// Directories with the names in them.
type Listings = Vec<(OsString, Vec<OsString>, Vec<OsString>)>;

/// Returns the directories of a walk in its order, and the paths of its errors.
fn collect(walk: Walk) -> (Listings, BTreeSet<OsString>) {
    let (mut listings, mut errors) = (Vec::new(), BTreeSet::new());
    for item in block_on(walk.collect::<Vec<io::Result<WalkEntry>>>()) {
        match item {
            Ok(entry) => listings.push((entry.path.into_os_string(), entry.dirs, entry.files)),
            Err(error) => {
                let details = PathError::of(&error).expect("a PathError");
                assert_eq!(details.operation(), "read directory");
                assert!(errors.insert(details.path().into()), "twice: {error}");
            }
        }
    }
    (listings, errors)
}

/// Without any order, but each directory once.
fn unordered(listings: Listings) -> BTreeMap<OsString, [BTreeSet<OsString>; 2]> {
    let mut found = BTreeMap::new();
    for (path, dirs, files) in listings {
        let lengths = dirs.len() + files.len();
        let names = [dirs, files].map(BTreeSet::from_iter);
        assert_eq!(names[0].len() + names[1].len(), lengths, "{path:?}");
        assert!(
            found.insert(path.clone(), names).is_none(),
            "{path:?} twice"
        );
    }
    found
}

/// Returns the listings in the rows of one kind.
fn listings(rows: &[Vec<OsString>], kind: &str) -> Listings {
    let rows = rows.iter().filter(|row| row[0] == kind).map(|row| {
        let mut names = row[3..].split(|name| name == "/").map(<[_]>::to_vec);
        let (dirs, files) = (names.next().unwrap(), names.next().unwrap());
        assert_eq!(names.next(), None);
        (row[1].clone(), dirs, files)
    });
    rows.collect()
}

fn compare_with_python(tree: &Tree) {
    let base = Path::new(tree.root());
    for follow in [false, true] {
        let flag = if follow { "1" } else { "0" };
        let Some(rows) = ask_python(&["walk".into(), tree.root().into(), flag.into()]) else {
            return;
        };
        let walk = || base.walk().follow_symlinks(follow);
        for top_down in [true, false] {
            let order = if top_down { "top-down" } else { "bottom-up" };
            let expected = listings(&rows, order);
            let failed = rows
                .iter()
                .filter(|row| row[0] == "error" && row[1] == order);
            let failed: BTreeSet<_> = failed.map(|row| row[2].clone()).collect();

            let (found, errors) = collect(walk().sort(true).top_down(top_down));
            assert_eq!(found, expected, "{order}, sorted");
            assert_eq!(errors, failed, "{order}, sorted");
            let expected = unordered(expected);
            for workers in [0, 1, 8] {
                let (found, errors) = collect(walk().top_down(top_down).workers(workers));
                check_order(&found, top_down);
                assert_eq!(unordered(found), expected, "{order}");
                assert_eq!(errors, failed, "{order}");
            }
            println!(
                "{order}: {} directories, {} errors",
                expected.len(),
                failed.len()
            );
        }
        if !follow {
            assert_eq!(
                unordered(collect(walk()).0),
                unordered(listings(&rows, "os")),
                "os.walk"
            );
        }
    }
}

/// A directory comes before those in it, or after.
fn check_order(found: &Listings, top_down: bool) {
    let places: BTreeMap<&OsStr, usize> = found
        .iter()
        .enumerate()
        .map(|(place, (path, ..))| (path.as_os_str(), place))
        .collect();
    for (path, ..) in &found[..] {
        let above = std::path::Path::new(path).parent().unwrap();
        if let Some(&above) = places.get(above.as_os_str()) {
            assert_eq!(above < places[path.as_os_str()], top_down, "{path:?}");
        }
    }
}

#[test]
fn a_walk_comes_through_what_os_walk_and_a_naive_one_do() {
    compare_with_python(&Tree::new());
}

#[test]
fn a_walk_comes_through_what_may_be_read() {
    if !has(&[Feature::Types]) {
        return;
    }
    if !in_child() {
        return run_unprivileged("a_walk_comes_through_what_may_be_read");
    }
    compare_with_python(&Tree::with_locks());
}

#[test]
fn gnu_find_finds_the_same() {
    let tree = Tree::new();
    let root = tree.root();
    for (option, follow) in [("-P", false), ("-L", true)] {
        let Some(mut expected) = ask_find(&[option.as_ref(), root.as_os_str()]) else {
            return;
        };
        let mut all = vec![root.clone()];
        let mut back = BTreeSet::new();
        let mut walk = Path::new(&root).walk().follow_symlinks(follow);
        while let Some(item) = block_on(walk.next()) {
            match item {
                Ok(entry) => all.extend(
                    entry
                        .dirs
                        .iter()
                        .chain(&entry.files)
                        .map(|name| entry.path.join(name).into()),
                ),
                Err(error) => {
                    back.insert(PathError::of(&error).unwrap().path().to_owned());
                }
            }
        }
        // `find` does not print what leads back or to itself: to it, these are errors only.
        let is_knot = |path: &PathBuf| {
            let mut knots = ["self", "b/one", "b/two", "far/one", "far/two"].iter();
            follow && (back.contains(path) || knots.any(|knot| path.ends_with(knot)))
        };
        all.retain(|path| !is_knot(path));
        assert_eq!(back.is_empty(), !follow);
        all.sort();
        expected.sort();
        assert_eq!(all, expected, "{option}");
    }
}

#[test]
fn links_that_lead_back_are_reported_once_each() {
    let dir = Dir::new();
    for path in ["a/b/c", "d"] {
        fs::create_dir_all(dir.join(path)).unwrap();
    }
    let links = [
        ("self", "."),
        ("a/b/c/top", "../../.."),
        ("a/b/c/a", "../../../a"),
        ("d/a", "../a"),
        ("a/d", "../d"),
        ("a/b/twice", "../d/../a/b"),
    ];
    for (link, target) in links {
        symlink(target, dir.join(link)).unwrap();
    }
    let walk = Path::new(dir.path()).walk().follow_symlinks(true);
    let items = block_on(walk.collect::<Vec<_>>());
    let errors: BTreeSet<_> = items
        .iter()
        .filter_map(|item| item.as_ref().err())
        .collect_names(&dir);
    assert_eq!(
        errors,
        [
            "a/b/c/a",
            "a/b/c/top",
            "a/b/twice",
            "a/d/a",
            "d/a/b/c/a",
            "d/a/b/c/top",
            "d/a/b/twice",
            "d/a/d",
            "self",
        ]
        .map(String::from)
        .into()
    );
    for error in items.iter().filter_map(|item| item.as_ref().err()) {
        let path = PathError::of(error).unwrap().path().display();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(
            error.to_string(),
            format!(
                "failed to read directory `{path}`: it is a symbolic link to one of its parent directories"
            )
        );
    }
    // They are named where they are met.
    let root = items
        .iter()
        .flatten()
        .find(|entry| entry.path == dir.path())
        .unwrap();
    assert!(root.dirs.contains(&"self".into()) && root.files.is_empty());
    // If links are not followed, they are files, and no error.
    let (found, errors) = collect(Path::new(dir.path()).walk());
    assert!(errors.is_empty());
    assert_eq!(
        unordered(found)[dir.path().as_os_str()][1],
        ["self".into()].into()
    );
}

#[test]
fn links_to_above_the_base_are_reported() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("outer/base/a")).unwrap();
    fs::create_dir(dir.join("outer/beside")).unwrap();
    for (link, target) in [
        ("up", ".."),
        ("a/top", "../../.."),
        ("a/root", "/"),
        ("beside", "../beside"),
    ] {
        symlink(target, dir.join("outer/base").join(link)).unwrap();
    }
    symlink("outer/base", dir.join("alias")).unwrap();
    for base in ["outer/base", "alias", "outer/base/a/.."] {
        let base = dir.join(base);
        let (found, errors) = collect(Path::new(&base).walk().sort(true).follow_symlinks(true));
        let paths: Vec<_> = found.iter().map(|(path, ..)| PathBuf::from(path)).collect();
        // One that leads aside is followed.
        assert_eq!(paths, [base.clone(), base.join("a"), base.join("beside")]);
        let expected = ["a/root", "a/top", "up"].map(|link| base.join(link).into());
        assert_eq!(errors, expected.into());
    }
}

trait Names {
    fn collect_names(self, dir: &Dir) -> BTreeSet<String>;
}

impl<'a, I: Iterator<Item = &'a io::Error>> Names for I {
    /// Returns the paths of errors below a directory, each once.
    fn collect_names(self, dir: &Dir) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for error in self {
            let path = PathError::of(error).expect("a PathError").path();
            let name = path.strip_prefix(dir.path()).unwrap().display().to_string();
            assert!(names.insert(name), "twice: {error}");
        }
        names
    }
}

#[test]
fn errors_are_items_or_go_to_whoever_takes_them() {
    if !has(&[Feature::Types]) {
        return;
    }
    if !in_child() {
        return run_unprivileged("errors_are_items_or_go_to_whoever_takes_them");
    }
    assert!(!is_root());
    let tree = Tree::with_locks();
    let base = Path::new(tree.root());
    let (expected, failed) = collect(base.walk());
    let unread = ["closed", "entered", "a/b/closed", "listed/in"];
    assert_eq!(failed, unread.map(|path| tree.join(path).into()).into());
    for (top_down, workers) in [(true, 1), (true, 8), (false, 0)] {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let take = {
            let taken = taken.clone();
            move |error| taken.lock().unwrap().push(error)
        };
        let walk = base
            .walk()
            .on_error(take)
            .top_down(top_down)
            .workers(workers);
        let (found, errors) = collect(walk);
        assert_eq!(unordered(found), unordered(expected.clone()));
        assert!(errors.is_empty());
        let taken: Vec<io::Error> = std::mem::take(&mut taken.lock().unwrap());
        assert_eq!(taken.len(), unread.len());
        for error in taken {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let details = PathError::of(&error).expect("a PathError");
            assert!(failed.contains(details.path().as_os_str()));
            assert_eq!(details.original().raw_os_error(), Some(13));
        }
    }
}

#[test]
fn a_base_that_cannot_be_walked_is_one_error() {
    let dir = Dir::new();
    dir.file("file", "");
    symlink("file", dir.join("to-file")).unwrap();
    symlink("nothing", dir.join("broken")).unwrap();
    symlink("self", dir.join("self")).unwrap();
    for name in ["missing", "file", "to-file", "broken", "self", "file/x"] {
        for top_down in [true, false] {
            let base = Path::new(dir.join(name));
            let items = block_on(base.walk().top_down(top_down).collect::<Vec<_>>());
            let [Err(error)] = &items[..] else {
                panic!("{name}: {items:?}");
            };
            let reason = fs::read_dir(&base).unwrap_err();
            assert_eq!(error.kind(), reason.kind(), "{name}");
            assert_eq!(
                error.to_string(),
                format!("failed to read directory `{}`: {reason}", base.display())
            );
        }
    }
    // A link to a directory is one.
    fs::create_dir(dir.join("real")).unwrap();
    dir.file("real/x", "");
    symlink("real", dir.join("link")).unwrap();
    let (found, errors) = collect(Path::new(dir.join("link")).walk());
    assert_eq!(found, [(dir.join("link").into(), vec![], vec!["x".into()])]);
    assert!(errors.is_empty());
}

/// The current directory belongs to the whole process.
#[test]
fn relative_bases_and_no_base_at_all() {
    if !in_child() {
        run_in_child("relative_bases_and_no_base_at_all", &[]);
        return;
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/b")).unwrap();
    symlink("../..", dir.join("a/b/top")).unwrap();
    std::env::set_current_dir(dir.path()).unwrap();
    for (base, expected) in [
        ("", ["", "a", "a/b"]),
        (".", [".", "a", "a/b"]),
        ("a/..", ["a/..", "a/../a", "a/../a/b"]),
    ] {
        let (found, errors) = collect(Path::new(base).walk().sort(true).follow_symlinks(true));
        let paths: Vec<_> = found.into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, expected, "{base:?}");
        assert_eq!(errors.len(), 1, "{base:?}");
    }
}

#[test]
fn pruned_directories_are_named_and_left_out() {
    let dir = Dir::new();
    for path in ["a/deep/x/y", "b/deep/z", "deep"] {
        fs::create_dir_all(dir.join(path)).unwrap();
    }
    symlink("..", dir.join("b/deep/up")).unwrap();
    symlink("..", dir.join("b/loop")).unwrap();
    let base = Path::new(dir.path());
    for (top_down, sort, workers) in [
        (true, false, 1),
        (true, false, 8),
        (false, false, 0),
        (true, true, 0),
        (false, true, 0),
    ] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let prune = {
            let asked = asked.clone();
            move |dir: &Path| {
                asked.lock().unwrap().push(dir.clone());
                dir.ends_with("deep") || dir.ends_with("loop")
            }
        };
        let walk = base
            .walk()
            .follow_symlinks(true)
            .top_down(top_down)
            .sort(sort);
        let (mut found, errors) = collect(walk.workers(workers).prune(prune));
        assert!(
            errors.is_empty(),
            "a pruned link is not followed: {errors:?}"
        );
        check_order(&found, top_down);
        found.sort();
        let paths: Vec<_> = found.iter().map(|(path, ..)| path.clone()).collect();
        assert_eq!(paths, [dir.path().to_owned(), dir.join("a"), dir.join("b")]);
        assert_eq!(found[1].1, ["deep"]);
        // Each once, the base not at all, nothing below what was left out.
        let mut asked = std::mem::take(&mut *asked.lock().unwrap());
        asked.sort();
        let expected = ["a", "a/deep", "b", "b/deep", "b/loop", "deep"];
        assert_eq!(asked, expected.map(|path| &base / path));
        for dir in &asked {
            let is_link = dir.ends_with("loop");
            assert_eq!(dir.info().is_symlink(), Some(is_link), "{dir:?}");
        }
    }
}

#[test]
fn sorting_and_options_set_twice() {
    let tree = Tree::new();
    let base = Path::new(tree.root());
    let (sorted, _) = collect(base.walk().sort(true));
    let (again, _) = collect(
        base.walk()
            .top_down(false)
            .sort(true)
            .top_down(true)
            .workers(8),
    );
    assert_eq!(again, sorted);
    for (_, dirs, files) in &sorted {
        assert!(dirs.is_sorted() && files.is_sorted());
    }
    // Depth first, and the next one in order.
    let mut paths: Vec<_> = sorted
        .iter()
        .map(|(path, ..)| Path::from(path.clone()))
        .collect();
    let in_order = paths.clone();
    paths.sort();
    assert_eq!(in_order, paths);
}

#[test]
fn a_directory_that_has_gone_ends_nothing() {
    let dir = Dir::new();
    for number in 0..200 {
        fs::create_dir_all(dir.join(&format!("{number:03}/below"))).unwrap();
    }
    for top_down in [true, false] {
        let base = Path::new(dir.path());
        let mut walk = base.walk().sort(true).top_down(top_down).prune({
            let root = dir.path().to_owned();
            move |found| {
                // When the first is to be entered, some that come later go.
                if found.ends_with("000/below") {
                    for number in 100..150 {
                        let _ = fs::remove_dir_all(root.join(format!("{number:03}")));
                    }
                }
                false
            }
        });
        let (mut through, mut gone) = (0, Vec::new());
        while let Some(item) = block_on(walk.next()) {
            match item {
                Ok(_) => through += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NotFound);
                    gone.push(PathError::of(&error).unwrap().path().to_owned());
                }
            }
        }
        assert_eq!(
            (through, gone.len()),
            (1 + 2 * 150, 50),
            "top-down: {top_down}"
        );
        assert!(gone.contains(&dir.join("149")));
        for number in 100..150 {
            fs::create_dir_all(dir.join(&format!("{number:03}/below"))).unwrap();
        }
    }
}

/// The panic of what is called on the pool is the consumer's, once.
#[test]
fn a_panic_of_a_closure_resumes_in_the_consumer() {
    let dir = Dir::new();
    for number in 0..50 {
        fs::create_dir_all(dir.join(&format!("{number}/below"))).unwrap();
    }
    let base = Path::new(dir.path());
    let prune = |_: &Path| -> bool { panic!("not this one") };
    let missing = &base / "missing";
    let walks: [(&str, Walk); 4] = [
        ("prune", base.walk().prune(prune)),
        ("prune, many", base.walk().prune(prune).workers(8)),
        ("prune, bottom-up", base.walk().prune(prune).top_down(false)),
        (
            "on_error",
            missing.walk().on_error(|_| panic!("not this one")),
        ),
    ];
    for (what, mut walk) in walks {
        without_hanging(what, || {
            let mut items = 0;
            let panic = loop {
                let next = panic::catch_unwind(AssertUnwindSafe(|| block_on(walk.next())));
                match next {
                    Ok(Some(item)) => {
                        item.unwrap();
                        items += 1;
                    }
                    Ok(None) => panic!("{what}: no panic after {items} items"),
                    Err(panic) => break panic,
                }
            };
            assert_eq!(panic.downcast_ref(), Some(&"not this one"), "{what}");
            for _ in 0..3 {
                assert!(block_on(walk.next()).is_none(), "{what}");
            }
        });
    }
    // Nothing else was hurt.
    assert_eq!(block_on(base.walk().count()), 101);
    assert_eq!(block_on(base.rglob("below").count()), 50);
}

/// Later, in the middle of other work, and while others of the crew are at theirs.
#[test]
fn a_late_panic_comes_after_what_was_found() {
    let dir = Dir::new();
    for number in 0..2000 {
        fs::create_dir(dir.join(&number.to_string())).unwrap();
    }
    fs::create_dir_all(dir.join("first/last")).unwrap();
    let base = Path::new(dir.path());
    for workers in [1, 4] {
        without_hanging("a late panic", || {
            let walk = base.walk().workers(workers).prune(|dir| {
                assert!(!dir.ends_with("last"), "the last one");
                false
            });
            let found = Mutex::new(0);
            let all = walk.for_each(|entry| {
                entry.unwrap();
                *found.lock().unwrap() += 1;
            });
            let panic = panic::catch_unwind(AssertUnwindSafe(|| block_on(all))).unwrap_err();
            assert!(
                panic
                    .downcast_ref::<&str>()
                    .unwrap()
                    .contains("the last one")
            );
            assert!(*found.lock().unwrap() <= 2001);
        });
    }
}

/// The directory that a worker is at is the last one.
#[test]
fn a_dropped_walk_goes_no_further() {
    let dir = Dir::new();
    for number in 0..10 {
        fs::create_dir_all(dir.join(&format!("{number}/below"))).unwrap();
    }
    let (asks, asked) = mpsc::channel();
    let (drops, dropped) = mpsc::channel::<()>();
    let walk = Path::new(dir.path()).walk().workers(1);
    let mut walk = walk.prune(move |dir| {
        let is_below = dir.ends_with("below");
        asks.send(is_below).unwrap();
        if is_below {
            let _ = dropped.recv();
        }
        false
    });
    without_hanging("a dropped walk", || {
        assert!(block_on(poll_once(walk.next())).is_none_or(|item| item.is_some()));
        while !asked.recv().unwrap() {}
        drop(walk);
        drop(drops);
        // Until the closure has gone, with the last of the workers.
        assert_eq!(asked.iter().count(), 0);
    });
}

#[test]
fn entries_can_be_cloned_compared_and_shown() {
    let dir = Dir::new();
    dir.file("x", "");
    let walk = || Path::new(dir.path()).walk();
    let entry = block_on(walk().next()).unwrap().unwrap();
    assert_eq!(entry.clone(), entry);
    assert!(format!("{entry:?}").contains("files: [\"x\"]"));
    assert_eq!(format!("{:?}", walk()), "Walk { .. }");
    assert_eq!(format!("{:?}", Path::new("").rglob("*")), "Glob { .. }");
    assert_eq!(format!("{:?}", Path::new("").iterdir()), "Iterdir { .. }");
}
