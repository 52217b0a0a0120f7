//! Random trees, and random patterns against a naive search of them that shares nothing with the library.

#![cfg(unix)]

mod common;

use anyfile::Path;
use common::Dir;
use futures_lite::StreamExt;
use futures_lite::future::block_on;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path as StdPath, PathBuf};

const NAMES: &[&str] = &["a", "b", "ab", "A", ".a", "[x]", "é", "a.b", "*", "-"];

const TARGETS: &[&str] = &[
    "..", ".", "a", "b", "../a", "../b", "../..", "a/b", "none", "ab/..",
];

const SEGMENTS: &[&str] = &[
    "**", "*", "?", "a", "b", "a*", "*b", "*.*", ".*", "??", "[ab]", "[!a]", "[a-c]*", "[[]x]",
    "é", "..", "[é]", "**b", "[*]", "A", "[]-]", "[", ".a",
];

/// How a name comes into the tree, below a path that is made of directories.
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

/// Makes as much of the tree as there is room for.
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

/// Whether one segment describes a name, character by character.
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
            // A bracket in front is one of the set.
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

/// What a pattern asks for beside its segments.
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

/// Whether a link leads to a directory on the way to it, which ends at a `..`.
fn leads_back(link: &StdPath, root: &StdPath) -> bool {
    let target = fs::canonicalize(link).unwrap();
    let mut above = link.to_path_buf();
    while above != root && !above.ends_with("..") {
        above.pop();
        if fs::canonicalize(&above).unwrap() == target {
            return true;
        }
    }
    false
}

/// Adds what the segments lead to from a path.
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
                let goes_in = match is_link_to_dir {
                    true => options.recurse_symlinks && !leads_back(&entry, root),
                    false => entry.is_dir(),
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

#[test]
fn random_patterns_find_what_a_naive_search_finds() {
    // The same cases each time.
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let queries = prop::collection::vec((patterns(), any::<(bool, Option<bool>, bool)>()), 12);
    let (searches, found_something) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&(trees(), queries), |(tree, queries)| {
        let dir = Dir::in_memory();
        // Links and patterns climb out of the tree, but not that far.
        let root = dir.join(&"o/".repeat(20)).join("root");
        make(&root, &tree);
        for (pattern, (anywhere, case_sensitive, recurse_symlinks)) in queries {
            let options = Options {
                case_sensitive,
                recurse_symlinks,
            };
            let mut expected = BTreeSet::new();
            search(
                &root,
                &root,
                &split(&pattern, anywhere),
                options,
                &mut expected,
            );
            let base = Path::new(&root);
            let paths = if anywhere {
                base.rglob(&pattern)
            } else {
                base.glob(&pattern)
            };
            let paths = match case_sensitive {
                Some(case_sensitive) => paths.case_sensitive(case_sensitive),
                None => paths,
            };
            let paths = paths.recurse_symlinks(recurse_symlinks).workers(2);
            let mut found = BTreeSet::new();
            for path in block_on(paths.collect::<Vec<_>>()) {
                // A knot of links may be looked at; whatever else fails is a defect.
                let path = match path {
                    Ok(path) => PathBuf::from(path.into_os_string()),
                    Err(error) if error.to_string().contains("Too many levels") => continue,
                    Err(error) => return Err(TestCaseError::fail(error.to_string())),
                };
                prop_assert!(
                    found.insert(path.clone()),
                    "{pattern} {options:?}: {path:?} twice"
                );
            }
            prop_assert_eq!(
                &found,
                &expected,
                "{} anywhere {} {:?}",
                pattern,
                anywhere,
                options
            );
            found_something.set(found_something.get() + usize::from(!found.is_empty()));
            searches.set(searches.get() + 1);
        }
        Ok(())
    });
    let (searches, found_something) = (searches.get(), found_something.get());
    println!("{searches} searches, {found_something} found something");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(found_something > searches / 4);
}
