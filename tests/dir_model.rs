//! Random trees, and random patterns against a naive search of them that shares nothing with the library, and
//! against `pathlib`.

#![cfg(unix)]

mod common;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::ErrorKind::PermissionDenied;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path as StdPath, PathBuf};
use std::{env, iter};

use anyfile::Path;
use futures_lite::StreamExt;
use futures_lite::future::block_on;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use common::strange::ask_python_about;
use common::{Dir, in_child, run_unprivileged, storm};

const NAMES: &[&str] = &["a", "b", "ab", "A", ".a", "[x]", "é", "a.b", "*", "-"];

const TARGETS: &[&str] = &[
    "..", ".", "a", "b", "../a", "../b", "../..", "a/b", "none", "ab/..",
];

const SEGMENTS: &[&str] = &[
    "**", "*", "?", "a", "b", "a*", "*b", "*.*", ".*", "??", "[ab]", "[!a]", "[a-c]*", "[[]x]",
    "é", "..", "[é]", "**b", "[*]", "A", "[]-]", "[", ".a",
];

/// The kind of an entry of the tree, below a path of directories.
#[derive(Debug, Clone)]
enum Node {
    Dir,
    File,
    Link(&'static str),
}

fn trees() -> impl Strategy<Value = Vec<(Vec<&'static str>, Node)>> {
    let path = prop::collection::vec(select(NAMES), 1..5);
    let node = prop_oneof![
        2 => Just(Node::Dir),
        3 => Just(Node::File),
        2 => select(TARGETS).prop_map(Node::Link),
    ];
    prop::collection::vec((path, node), 1..25)
}

fn patterns() -> impl Strategy<Value = String> {
    let segments = prop::collection::vec(select(SEGMENTS), 1..5);
    let ends = prop_oneof![4 => Just(""), 1 => Just("/")];
    (segments, ends).prop_map(|(segments, end)| segments.join("/") + end)
}

/// Creates the tree, without entries whose paths are taken by others.
fn make(root: &StdPath, tree: &[(Vec<&str>, Node)]) {
    fs::create_dir_all(root).unwrap();
    for (path, node) in tree {
        let (name, above) = path.split_last().unwrap();
        let mut dir = root.to_path_buf();
        for name in above {
            dir.push(name);
            let _ = fs::create_dir(&dir);
            // Links lead out of the tree and in circles.
            if !dir.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                break;
            }
        }
        let _ = match node {
            Node::Dir => fs::create_dir(dir.join(name)),
            Node::File => fs::File::create_new(dir.join(name)).map(drop),
            Node::Link(target) => symlink(target, dir.join(name)),
        };
    }
}

/// Returns `true` if a segment of a pattern matches a name, compared character by character.
fn describes(pattern: &[char], name: &[char], ignore_case: bool) -> bool {
    let fold = |c: char| {
        if ignore_case {
            c.to_lowercase().next().unwrap()
        } else {
            c
        }
    };
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => {
            (0..=name.len()).any(|taken| describes(rest, &name[taken..], ignore_case))
        }
        ['?', rest @ ..] => !name.is_empty() && describes(rest, &name[1..], ignore_case),
        ['[', set @ ..] => {
            let (negated, set) = match set {
                ['!', set @ ..] => (true, set),
                set => (false, set),
            };
            // A bracket at the start is part of the set.
            let close = set.iter().skip(1).position(|&c| c == ']');
            let Some(close) = close.map(|close| close + 1) else {
                return name.first() == Some(&'[')
                    && describes(&pattern[1..], &name[1..], ignore_case);
            };
            let has = |c: char| match set[..close] {
                [low, '-', high, ..] if close >= 3 => {
                    (low..=high).contains(&c) || set[3..close].contains(&c)
                }
                _ => set[..close].contains(&c),
            };
            let Some((&first, after)) = name.split_first() else {
                return false;
            };
            let both = [fold(first), first.to_uppercase().next().unwrap()];
            let found = has(first) || ignore_case && both.into_iter().any(has);
            found != negated && describes(&set[close + 1..], after, ignore_case)
        }
        [one, rest @ ..] => {
            name.first().is_some_and(|&c| fold(c) == fold(*one))
                && describes(rest, &name[1..], ignore_case)
        }
    }
}

/// The options of a search.
#[derive(Debug, Clone, Copy)]
struct Options {
    case_sensitive: Option<bool>,
    recurse_symlinks: bool,
}

fn entries(dir: &StdPath) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect()
}

/// Returns `true` if a link leads to a directory above it: one in its own path, up to the root or a `..`, or one
/// above that.
fn leads_back(link: &StdPath, root: &StdPath) -> bool {
    let target = fs::canonicalize(link).unwrap();
    let mut above = link.to_path_buf();
    while above != root && !above.ends_with("..") {
        above.pop();
        if fs::canonicalize(&above).unwrap() == target {
            return true;
        }
    }
    fs::canonicalize(&above).unwrap().starts_with(&target)
}

/// Adds the paths that match the segments below a path.
fn search(
    root: &StdPath,
    path: &StdPath,
    segments: &[&str],
    options: Options,
    found: &mut BTreeSet<PathBuf>,
) {
    let Some((&segment, rest)) = segments.split_first() else {
        if path.symlink_metadata().is_ok() {
            found.insert(path.to_path_buf());
        }
        return;
    };
    match segment {
        "" if path.is_dir() => drop(found.insert(path.to_path_buf())),
        "" => {}
        ".." => search(root, &path.join(".."), rest, options, found),
        "**" if path.is_dir() => {
            search(root, path, rest, options, found);
            for entry in entries(path) {
                let is_link_to_dir = entry.is_symlink() && entry.is_dir();
                let goes_in = if is_link_to_dir {
                    options.recurse_symlinks && !leads_back(&entry, root)
                } else {
                    entry.is_dir()
                };
                if goes_in {
                    search(root, &entry, segments, options, found);
                } else if rest.is_empty()
                    || rest == [""] && options.recurse_symlinks && is_link_to_dir
                {
                    found.insert(entry);
                }
            }
        }
        "**" => {}
        segment if options.case_sensitive.is_none() && !segment.contains(['*', '?', '[']) => {
            search(root, &path.join(segment), rest, options, found);
        }
        segment => {
            let pattern: Vec<char> = segment.chars().collect();
            for entry in entries(path) {
                let name: Vec<char> = entry
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .chars()
                    .collect();
                if describes(&pattern, &name, options.case_sensitive == Some(false))
                    && (rest.is_empty() || entry.is_dir())
                {
                    search(root, &entry, rest, options, found);
                }
            }
        }
    }
}

fn split(pattern: &str, anywhere: bool) -> Vec<&str> {
    let mut segments: Vec<_> = pattern.split('/').collect();
    if anywhere {
        segments.insert(0, "**");
    }
    segments
}

/// A search that was made, and what it found.
struct Asked {
    root: PathBuf,
    pattern: String,
    anywhere: bool,
    options: Options,
    found: BTreeSet<PathBuf>,
}

impl Asked {
    /// Returns the row that `dir_oracle.py` reads.
    fn row(&self, locks: Locks) -> Vec<OsString> {
        let flag = |flag: bool| if flag { "1" } else { "0" };
        let Options {
            case_sensitive,
            recurse_symlinks,
        } = self.options;
        let cells = [
            self.pattern.as_str(),
            flag(self.anywhere),
            case_sensitive.map_or("", flag),
            flag(recurse_symlinks),
            flag(self.agrees(locks)),
        ];
        let cells = cells.into_iter().map(OsString::from);
        iter::once(self.root.clone().into()).chain(cells).collect()
    }

    /// Returns `true` if Python before 3.13 finds the same: see `CHANGED` of `dir_glob.rs`. It does not find
    /// broken links, and gives up a directory if it cannot stat one of its entries.
    fn agrees(&self, locks: Locks) -> bool {
        let is_same = !self.pattern.contains("**b") && !self.pattern.ends_with("**");
        locks == Locks::Open && is_same && self.found.iter().all(|path| path.exists())
    }
}

/// Whether some directories are unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Locks {
    Open,
    Closed,
}

/// Makes some directories unreadable, and some of these unsearchable, and returns them.
fn lock(root: &StdPath) -> Vec<PathBuf> {
    let (mut dirs, mut rest) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(dir) = rest.pop() {
        let below = entries(&dir).into_iter();
        rest.extend(below.filter(|path| path.is_dir() && !path.is_symlink()));
        dirs.push(dir);
    }
    dirs.sort();
    let locked: Vec<PathBuf> = dirs.into_iter().skip(2).step_by(3).collect();
    // Lower ones come first, while they can still be reached.
    for (number, dir) in locked.iter().enumerate().rev() {
        let mode = [0o311, 0o000][number % 2];
        fs::set_permissions(dir, Permissions::from_mode(mode)).unwrap();
    }
    locked
}

fn unlock(locked: &[PathBuf]) {
    for dir in locked {
        fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    }
}

/// Compares 2,400 searches of 200 random trees with the naive search, and then with `pathlib`.
fn compare(locks: Locks) {
    let cases = 200 * u32::try_from(storm()).unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    // The cases are the same each time, unless a seed is given.
    let seed = env::var("ANYFILE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u8 = seed.unwrap_or(0);
    println!("ANYFILE_SEED={seed}");
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let queries = prop::collection::vec((patterns(), any::<(bool, Option<bool>, bool)>()), 12);
    let (asked, dirs) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&(trees(), queries), |(tree, queries)| {
        let dir = Dir::in_memory();
        // Links and patterns climb out of the tree, but not that far.
        let root = dir.join(&"o/".repeat(20)).join("root");
        make(&root, &tree);
        let locked = match locks {
            Locks::Open => Vec::new(),
            Locks::Closed => lock(&root),
        };
        let outcome = queries.into_iter().try_for_each(|(pattern, options)| {
            let (anywhere, case_sensitive, recurse_symlinks) = options;
            let options = Options {
                case_sensitive,
                recurse_symlinks,
            };
            let found = find(&root, &pattern, anywhere, options, locks)?;
            asked.borrow_mut().push(Asked {
                root: root.clone(),
                pattern,
                anywhere,
                options,
                found,
            });
            Ok(())
        });
        dirs.borrow_mut().push((dir, locked));
        outcome
    });
    let asked = asked.into_inner();
    let compared = outcome.is_ok().then(|| compare_with_pathlib(&asked, locks));
    for (_, locked) in dirs.borrow().iter() {
        unlock(locked);
    }
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let (searches, compared) = (asked.len(), compared.unwrap_or_default());
    let something = asked.iter().filter(|asked| !asked.found.is_empty()).count();
    println!("{searches} searches, {something} found something, {compared} by pathlib too");
    assert!(something > searches / 4);
}

/// Returns the paths found. Fails if the naive search does not find the same.
fn find(
    root: &StdPath,
    pattern: &str,
    anywhere: bool,
    options: Options,
    locks: Locks,
) -> Result<BTreeSet<PathBuf>, TestCaseError> {
    let mut expected = BTreeSet::new();
    search(
        root,
        root,
        &split(pattern, anywhere),
        options,
        &mut expected,
    );
    let base = Path::new(root);
    let paths = if anywhere {
        base.rglob(pattern)
    } else {
        base.glob(pattern)
    };
    let paths = match options.case_sensitive {
        Some(case_sensitive) => paths.case_sensitive(case_sensitive),
        None => paths,
    };
    let paths = paths.recurse_symlinks(options.recurse_symlinks).workers(2);
    let mut found = BTreeSet::new();
    for path in block_on(paths.collect::<Vec<_>>()) {
        let path = match path {
            // `pathlib` suppresses this error.
            Err(error) if locks == Locks::Closed && error.kind() == PermissionDenied => continue,
            path => path.map_err(|error| TestCaseError::fail(error.to_string()))?,
        };
        let path = PathBuf::from(path.into_os_string());
        let twice = !found.insert(path.clone());
        prop_assert!(!twice, "{pattern} {options:?}: {path:?} twice");
    }
    prop_assert_eq!(&found, &expected, "{} {} {:?}", pattern, anywhere, options);
    Ok(found)
}

/// Compares searches with the installed Python, as far as it agrees with a new one. Returns how many it compared.
fn compare_with_pathlib(asked: &[Asked], locks: Locks) -> usize {
    let queries: Vec<_> = asked.iter().map(|asked| asked.row(locks)).collect();
    let arguments = ["queries".into(), "-".into()];
    let rows = ask_python_about(&arguments, &queries).unwrap_or_default();
    let mut answers: BTreeMap<usize, BTreeSet<PathBuf>> = BTreeMap::new();
    for row in &rows {
        let number = row[1].to_str().unwrap().parse().unwrap();
        let found = answers.entry(number).or_default();
        let path = PathBuf::from(&row[2]);
        // An empty path shows that the search was run. Python reports `closed/..` without looking it up.
        if path.symlink_metadata().is_ok() {
            found.insert(path);
        }
    }
    for (&number, theirs) in &answers {
        let Asked {
            pattern,
            anywhere,
            options,
            found,
            ..
        } = &asked[number];
        assert_eq!(found, theirs, "{pattern} {anywhere} {options:?} {locks:?}");
    }
    answers.len()
}

#[test]
fn random_patterns_find_what_naive_searches_and_pathlib_find() {
    compare(Locks::Open);
}

#[test]
fn random_patterns_find_what_may_be_read() {
    if !in_child() {
        return run_unprivileged("random_patterns_find_what_may_be_read");
    }
    compare(Locks::Closed);
}
