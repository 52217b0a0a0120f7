//! `glob` and `rglob`: results compared with naive searches, `pathlib` and GNU `find`, and errors.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use anyfile::path::Glob;
use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use common::filesystem::{Feature, has};
use common::strange::{Tree, ask_find, ask_python};
use common::{Dir, in_child, is_root, run_in_child, run_unprivileged};

/// Patterns that mean the same for `pathlib` from 3.11 on.
const PATTERNS: &[&str] = &[
    "*",
    "?",
    "?*",
    "*.rs",
    "*.txt",
    "m*n.r?",
    "*a*",
    "[ab]",
    "[!ab]",
    "[a-c]/[!a-b]",
    "[]x]*",
    "[!]x]*",
    "[[]x[]]",
    "[*]",
    "[x]",
    "names/[x]",
    "names/[[]x]",
    "names/[?]",
    "names/\\*",
    "names/back\\slash",
    "names/é",
    "names/?",
    "names/??",
    "names/*\n*",
    "names/* *",
    "names/{a,b}",
    "names/.*",
    "names/..*",
    "names/[.]*",
    ".*",
    "a",
    "a/x",
    "a/b/c/d/lib.rs",
    "a/*/c",
    "a/*/c/",
    "a/*/*/*",
    "*/x",
    "*/*",
    "*/",
    "*/*/",
    "a/",
    "a/x/",
    "a/to-file/",
    "b/to-a/",
    "b/to-a/*",
    "b/to-a/b/*.rs",
    "empty/*",
    "empty",
    "nothing",
    "nothing/*",
    "a/x/*",
    "x/../*",
    "wide/?[05].txt",
    "..",
    "../*/a",
    "a/..",
    "*/..",
    "*/../b",
    "a/b/../*",
    "**/x",
    "**/*",
    "**/*.rs",
    "**/a/b",
    "**/b/*",
    "a/**/x",
    "a/**/b/**/*.rs",
    "**/a/**/b",
    "**/*/**/x",
    "**/.hidden/*",
    "**/.*",
    "**/[!a-z]*",
    "**/main.rs",
    "deep0/**/main.rs",
    "**/..",
    "**/../x",
    "**/",
    "a/**/",
    "**/a/a/a/**",
    "names/[*][*]",
    "**/a/../b",
    "./a//./x",
    "self/x",
    "self/*",
    "self/",
    "s*f/x",
    "b/one/**/x",
    "a/.",
    "di\nr",
];

/// Patterns that 3.11 interprets differently, and why. A slash at the end and hidden names are not among
/// them: 3.11 already treats them as 3.13 documents.
const CHANGED: &[(&str, &str)] = &[
    // "Changed in version 3.13: Patterns ending with `**` were changed to return files & directories. In
    // previous versions, only directories were returned." (documentation of `Path.glob`)
    ("**", "files too"),
    ("a/**", "files too"),
    ("*/**", "files too"),
    ("**/**", "files too"),
    ("**/b/**", "files too"),
    ("**/*/**", "files too"),
    ("b/to-a/**", "files too"),
    ("../**/a/**", "files too"),
    ("**/../**", "files too"),
    // "`**` (entire segment)" is the recursive wildcard ("Pattern language", 3.13), and two stars within a
    // segment are two of the others; 3.11 refuses them: "'**' can only be an entire path component".
    ("names/a**", "a star twice"),
    ("**/**.rs", "a star twice"),
    // Without wildcards, 3.13 calls `os.path.lexists` and 3.11 `exists`, which is false for a broken link.
    ("broken", "looked up as a link"),
    ("a/b/broken", "looked up as a link"),
    ("self", "looked up as a link"),
    ("**/broken", "looked up as a link"),
];

struct Query {
    pattern: OsString,
    anywhere: bool,
    case_sensitive: Option<bool>,
    recurse_symlinks: bool,
    /// Whether every version of `pathlib` agrees.
    agrees: bool,
}

impl Query {
    /// Returns queries of every pattern, from the base and at any depth, with and without the options.
    fn all() -> Vec<Query> {
        let mut queries = Vec::new();
        let agreed = PATTERNS
            .iter()
            .map(|pattern| (OsString::from(pattern), true));
        let changed = CHANGED
            .iter()
            .map(|(pattern, _)| (OsString::from(pattern), false));
        let bytes = [
            &b"names/caf\xE9"[..],
            b"**/caf?",
            b"*/\xFF[!x]",
            b"**/\xFFdir/*",
        ];
        let bytes = bytes.map(|pattern| (OsStr::from_bytes(pattern).to_owned(), true));
        let patterns = agreed.chain(changed).chain(bytes);
        for (number, (pattern, agrees)) in patterns.enumerate() {
            let rare = [
                (false, Some(false), false),
                (true, Some(true), true),
                (false, None, true),
            ];
            let common = [(false, None, false), (true, None, false)];
            for (anywhere, case_sensitive, recurse_symlinks) in
                common.into_iter().chain([rare[number % rare.len()]])
            {
                queries.push(Query {
                    pattern: pattern.clone(),
                    anywhere,
                    case_sensitive,
                    recurse_symlinks,
                    agrees,
                });
            }
        }
        queries
    }

    fn arguments(&self) -> [OsString; 5] {
        let flag = |flag| OsString::from(if flag { "1" } else { "0" });
        [
            self.pattern.clone(),
            flag(self.anywhere),
            self.case_sensitive.map_or_else(OsString::new, flag),
            flag(self.recurse_symlinks),
            flag(self.agrees),
        ]
    }

    fn search(&self, base: &Path) -> Glob {
        let found = if self.anywhere {
            base.rglob(&self.pattern)
        } else {
            base.glob(&self.pattern)
        };
        let found = match self.case_sensitive {
            Some(case_sensitive) => found.case_sensitive(case_sensitive),
            None => found,
        };
        found.recurse_symlinks(self.recurse_symlinks)
    }

    /// Returns `true` if a segment has no wildcard, so that it can be looked up.
    fn looks_up(&self) -> bool {
        let mut segments = self.pattern.as_bytes().split(|&byte| byte == b'/');
        segments.any(|segment| !segment.iter().any(|byte| b"*?[".contains(byte)))
    }

    fn name(&self) -> String {
        let Query {
            pattern,
            anywhere,
            case_sensitive,
            recurse_symlinks,
            ..
        } = self;
        let method = if *anywhere { "rglob" } else { "glob" };
        format!("{method}({pattern:?}), case {case_sensitive:?}, links {recurse_symlinks}")
    }
}

/// Returns the paths that a search finds, and those of its errors. Panics if one comes twice.
fn collect(what: &str, found: Glob) -> (BTreeSet<OsString>, BTreeSet<OsString>) {
    let (mut paths, mut errors) = (BTreeSet::new(), BTreeSet::new());
    for item in block_on(found.collect::<Vec<io::Result<Path>>>()) {
        match item {
            Ok(path) => {
                let path = path.into_os_string();
                assert!(paths.insert(path.clone()), "{what}: {path:?} twice");
            }
            Err(error) => {
                let path = PathError::of(&error).expect("a PathError").path();
                assert!(errors.insert(path.into()), "{what}: {error} twice");
            }
        }
    }
    (paths, errors)
}

/// Returns `true` if std is denied access to the path too.
fn is_closed(path: &OsString) -> bool {
    let denied = |error: io::Error| error.kind() == ErrorKind::PermissionDenied;
    fs::symlink_metadata(path).is_err_and(denied) || fs::read_dir(path).is_err_and(denied)
}

/// Describes which paths are missing and which are too many.
fn difference(found: &BTreeSet<OsString>, expected: &BTreeSet<OsString>) -> String {
    let some = |a: &BTreeSet<OsString>, b| a.difference(b).take(5).cloned().collect::<Vec<_>>();
    let (less, more) = (some(expected, found), some(found, expected));
    format!(
        "{} instead of {}, missing {less:?}, too many {more:?}",
        found.len(),
        expected.len()
    )
}

/// Compares every query with the naive search, and with `pathlib` if `may_ask_pathlib` is set.
fn compare_with_python(tree: &Tree, may_ask_pathlib: bool) {
    let queries = Query::all();
    let mut arguments = vec!["glob".into(), tree.root().into()];
    arguments.extend(queries.iter().flat_map(Query::arguments));
    let Some(rows) = ask_python(&arguments) else {
        return;
    };
    let found_by = |who: &str, number: usize| {
        let rows = rows
            .iter()
            .filter(|row| row[0] == who && *row[1] == *number.to_string());
        rows.map(|row| row[2].clone()).collect::<BTreeSet<_>>()
    };
    let (mut wrong, mut held_against_pathlib, mut empty) = (Vec::new(), 0, 0);
    for (number, query) in queries.iter().enumerate() {
        let name = query.name();
        let (mut paths, mut errors) = collect(&name, query.search(&Path::new(tree.root())));
        let expected = found_by("naive", number);
        if query.looks_up() {
            // A name can be listed in a directory where it cannot be looked up.
            paths.retain(|path| expected.contains(path) || !is_closed(path));
        }
        if paths != expected {
            wrong.push(format!("{name}: {}", difference(&paths, &expected)));
        }
        let mut expected = found_by("error", number);
        if query.looks_up() {
            // The contents of a closed directory are unknown, and each search tries in its own way.
            expected.retain(|path| fs::symlink_metadata(path).is_ok());
            errors.retain(|path| expected.contains(path) || !is_closed(path));
        }
        if errors != expected {
            wrong.push(format!(
                "{name}: errors: {}",
                difference(&errors, &expected)
            ));
        }
        let mut expected = found_by("pathlib", number);
        if may_ask_pathlib && expected.remove(OsStr::new("")) {
            held_against_pathlib += 1;
            if paths != expected {
                wrong.push(format!(
                    "{name}: pathlib: {}",
                    difference(&paths, &expected)
                ));
            }
        }
        empty += usize::from(paths.is_empty());
    }
    let total = queries.len();
    println!("{total} searches, {held_against_pathlib} by pathlib too, {empty} found nothing");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(empty < total / 2);
}

#[test]
fn patterns_find_what_a_naive_search_and_pathlib_find() {
    compare_with_python(&Tree::new(), true);
}

/// `pathlib` 3.11 gives up a directory when it cannot look up an entry in it: "Changed in version 3.13:
/// Any OSError exceptions raised from scanning the filesystem are suppressed."
#[test]
fn patterns_find_what_may_be_read() {
    if !has(&[Feature::Types]) {
        return;
    }
    if !in_child() {
        return run_unprivileged("patterns_find_what_may_be_read");
    }
    compare_with_python(&Tree::with_locks(), false);
}

fn found(found: Glob) -> BTreeSet<OsString> {
    let (paths, errors) = collect("search", found);
    assert!(errors.is_empty(), "{errors:?}");
    paths
}

/// Returns the paths found, relative to `base`.
fn names(base: &Path, found: Glob) -> Vec<String> {
    let paths = block_on(found.collect::<Vec<_>>()).into_iter();
    let names = paths.map(|path| {
        path.unwrap()
            .strip_prefix(base)
            .unwrap()
            .display()
            .to_string()
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

#[test]
fn gnu_find_finds_the_same() {
    let tree = Tree::new();
    let root = tree.root();
    let base = Path::new(&root);
    let find = |first: &[&str], tests: &[&str]| {
        let mut arguments: Vec<&OsStr> = first.iter().map(OsStr::new).collect();
        arguments.push(root.as_os_str());
        arguments.extend(["-mindepth", "1"].map(OsStr::new));
        arguments.extend(tests.iter().map(OsStr::new));
        let paths = ask_find(&arguments)?;
        Some(
            paths
                .into_iter()
                .map(OsString::from)
                .collect::<BTreeSet<_>>(),
        )
    };
    let Some(all) = find(&[], &[]) else { return };
    let same = |what: &str, ours: Glob, theirs: Option<BTreeSet<OsString>>| {
        let (ours, theirs) = (found(ours), theirs.unwrap());
        assert_eq!(ours, theirs, "{what}: {}", difference(&ours, &theirs));
    };
    assert!(all.len() > 150);
    same("all", base.rglob("*"), Some(all));
    same("directories", base.rglob("**/"), {
        let dirs = find(&[], &["-type", "d"]);
        dirs.map(|dirs| dirs.into_iter().chain([root.clone().into()]).collect())
    });
    same("links too", base.rglob("*/"), find(&[], &["-xtype", "d"]));
    same("one level", base.glob("*"), find(&[], &["-maxdepth", "1"]));
    for name in [
        "*.rs", "?", "[a-c]*", "[!a-z]*", "main.rs", ".*", "*x*", "a*", "[[]*",
    ] {
        same(name, base.rglob(name), find(&[], &["-name", name]));
    }
    for name in ["main.rs", "*.rs", "UP*"] {
        let ours = base.rglob(name).case_sensitive(false);
        same(name, ours, find(&[], &["-iname", name]));
    }
}

#[test]
fn case_counts_as_it_is_told_to() {
    let dir = Dir::new();
    for name in ["Notes", "notes"] {
        fs::create_dir(dir.join(name)).unwrap();
        for file in ["a.TXT", "a.txt", "É.txt"] {
            dir.file(&format!("{name}/{file}"), "");
        }
    }
    let base = &Path::new(dir.path());
    assert_eq!(
        names(base, base.glob("notes/*.txt")),
        ["notes/a.txt", "notes/É.txt"]
    );
    assert_eq!(
        names(base, base.glob("notes/*.txt").case_sensitive(true)),
        ["notes/a.txt", "notes/É.txt"]
    );
    assert_eq!(
        names(base, base.glob("notes/*.txt").case_sensitive(false)).len(),
        6
    );
    assert_eq!(
        names(base, base.glob("NOTES/é*").case_sensitive(false)),
        ["Notes/É.txt", "notes/É.txt"]
    );
    assert_eq!(
        names(base, base.glob("NOTES/A.txt").case_sensitive(false)),
        ["Notes/a.TXT", "Notes/a.txt", "notes/a.TXT", "notes/a.txt"]
    );
    assert!(names(base, base.glob("NOTES/a.txt").case_sensitive(true)).is_empty());
    assert_eq!(
        names(base, base.rglob("[A-Z].txt").case_sensitive(false)).len(),
        4
    );
}

#[test]
fn links_are_followed_as_they_are_told_to_be() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("real/below")).unwrap();
    dir.file("real/below/x", "");
    for (link, target) in [
        ("link", "real"),
        ("real/self", "."),
        ("real/below/top", "../.."),
        ("broken", "x"),
    ] {
        symlink(target, dir.join(link)).unwrap();
    }
    let base = &Path::new(dir.path());
    assert_eq!(names(base, base.rglob("x")), ["real/below/x"]);
    assert_eq!(
        names(base, base.rglob("x").recurse_symlinks(true)),
        ["link/below/x", "real/below/x"]
    );
    // Found where they are, and not followed.
    assert_eq!(
        names(base, base.glob("real/**").recurse_symlinks(true)),
        [
            "real",
            "real/below",
            "real/below/top",
            "real/below/x",
            "real/self"
        ]
    );
    assert_eq!(
        names(base, base.rglob("*/").recurse_symlinks(true)).len(),
        names(base, base.rglob("**/").recurse_symlinks(true)).len() - 1
    );
    // A segment other than `**` also matches a link.
    assert_eq!(names(base, base.glob("link/self/self/below/*")).len(), 2);
    assert_eq!(
        names(base, base.glob("l*/s*/s*/b*/x")),
        ["link/self/self/below/x"]
    );
}

#[test]
fn sorted_paths_come_in_the_order_of_paths() {
    let tree = Tree::new();
    let base = Path::new(tree.root());
    for pattern in ["**", "*", "*/", "a/**/*", "../**"] {
        let unsorted = block_on(base.rglob(pattern).try_collect::<_, _, Vec<_>>()).unwrap();
        let mut expected = unsorted.clone();
        expected.sort();
        let sorted = block_on(base.rglob(pattern).sort(true).try_collect::<_, _, Vec<_>>());
        assert_eq!(sorted.unwrap(), expected, "{pattern}");
    }
    let not_sorted = block_on(base.rglob("*").sort(true).sort(false).count());
    assert_eq!(not_sorted, block_on(base.rglob("*").count()));
}

#[test]
fn any_number_of_workers_finds_the_same() {
    let tree = Tree::new();
    let base = Path::new(tree.root());
    let expected = found(base.rglob("*"));
    for workers in [0, 1, 2, 3, 8, 64, usize::MAX] {
        assert_eq!(
            found(base.rglob("*").workers(workers)),
            expected,
            "{workers}"
        );
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
    fs::create_dir_all(dir.join("a/b")).unwrap();
    dir.file("a/b/x", "");
    symlink("..", dir.join("a/b/up")).unwrap();
    std::env::set_current_dir(dir.path()).unwrap();
    let all = |base: &str, pattern: &str| {
        let found = Path::new(base).glob(pattern).recurse_symlinks(true);
        let paths = block_on(found.sort(true).try_collect::<Path, _, Vec<_>>()).unwrap();
        paths
            .iter()
            .map(|path| path.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(all("", "*"), ["a"]);
    assert_eq!(all("", "**"), ["", "a", "a/b", "a/b/up", "a/b/x"]);
    assert_eq!(all("", "a/../*"), ["a/../a"]);
    assert_eq!(all(".", "**/x"), ["a/b/x"]);
    assert_eq!(all("./", "*"), ["a"]);
    assert_eq!(all(".", "a/../*"), ["a/../a"]);
    assert_eq!(all(".", "**"), [".", "a", "a/b", "a/b/up", "a/b/x"]);
    assert_eq!(all("./a/.", "*/x"), ["./a/./b/x"]);
    assert_eq!(
        all("a/b/..", "**"),
        ["a/b/..", "a/b/../b", "a/b/../b/up", "a/b/../b/x"]
    );
    assert_eq!(all("a//", "**/x"), ["a//b/x"]);
    let root = block_on(Path::new("/").glob("et[c]").try_next()).unwrap();
    assert_eq!(root, Some(Path::new("/etc")));
}

#[test]
fn everywhere_and_nothing_more() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/b")).unwrap();
    dir.file("a/x", "");
    let base = &Path::new(dir.path());
    // They equal `**/` and `**`, as `pathlib` joins them.
    for (pattern, same) in [("", "**/"), ("./", "**/"), (".", "**"), ("./.", "**")] {
        let everywhere = names(base, base.rglob(pattern));
        assert_eq!(everywhere, names(base, base.glob(same)), "{pattern:?}");
        let count = if same == "**" { 4 } else { 3 };
        assert_eq!(everywhere.len(), count, "{pattern:?}");
    }
}

#[test]
fn a_link_to_itself_leads_to_nothing_named_or_matched() {
    let dir = Dir::new();
    for (link, target) in [("self", "self"), ("one", "two"), ("two", "one")] {
        symlink(target, dir.join(link)).unwrap();
    }
    let base = &Path::new(dir.path());
    for pattern in [
        "self/x",
        "s*/x",
        "self/",
        "s*/",
        "self/*",
        "s*/*",
        "self/../x",
        "self/**",
        "one/two",
        "**/self/x",
        "self/x/y",
    ] {
        let found = base.glob(pattern).recurse_symlinks(true);
        assert!(names(base, found).is_empty(), "{pattern}");
    }
    assert_eq!(names(base, base.glob("self")), ["self"]);
    assert_eq!(names(base, base.glob("*")), ["one", "self", "two"]);
}

#[test]
fn links_to_above_the_base_are_found_and_not_followed() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("outer/base/a")).unwrap();
    dir.file("outer/x", "");
    dir.file("outer/base/x", "");
    for (link, target) in [("up", ".."), ("a/top", "../../.."), ("a/root", "/")] {
        symlink(target, dir.join("outer/base").join(link)).unwrap();
    }
    symlink("outer/base", dir.join("alias")).unwrap();
    for (base, pattern, expected) in [
        ("outer/base", "**/x", vec!["x"]),
        // The place of the base counts, not the path that leads to it.
        ("alias", "**/x", vec!["x"]),
        ("outer/base/a/..", "**/x", vec!["x"]),
        ("outer/base/a", "../**/x", vec!["../x"]),
        ("outer/base", "**/", vec!["", "a", "a/root", "a/top", "up"]),
    ] {
        let base = &Path::new(dir.join(base));
        let found = names(base, base.glob(pattern).recurse_symlinks(true));
        assert_eq!(found, expected, "{base:?} {pattern}");
    }
}

/// Returns the kinds and messages of the errors of a search that finds nothing.
fn failures(found: Glob) -> Vec<(ErrorKind, String)> {
    let items = block_on(found.collect::<Vec<_>>());
    let failed = items.into_iter().map(|item| {
        let error = item.expect_err("a path was found");
        (error.kind(), error.to_string())
    });
    failed.collect()
}

#[test]
fn patterns_that_mean_nothing_are_refused() {
    let dir = Dir::new();
    let base = Path::new(dir.path());
    let shown = base.display();
    for (pattern, said, why) in [
        ("", "", "the pattern is empty"),
        (".", ".", "the pattern is empty"),
        ("./.", "./.", "the pattern is empty"),
        ("./", "./", "the pattern is empty"),
        ("/", "/", "the pattern is not relative"),
        ("/etc/*", "/etc/*", "the pattern is not relative"),
        ("//a", "//a", "the pattern is not relative"),
        ("a\0b", "a\\u{0}b", "the pattern contains a NUL byte"),
        ("*/\0", "*/\\u{0}", "the pattern contains a NUL byte"),
    ] {
        // `rglob` accepts an empty pattern.
        let is_empty = why == "the pattern is empty";
        for &anywhere in &[false, true][..if is_empty { 1 } else { 2 }] {
            for sort in [false, true] {
                let search = if anywhere {
                    base.rglob(pattern)
                } else {
                    base.glob(pattern)
                };
                let message = format!("failed to match entries of `{shown}` to `{said}`: {why}");
                let expected = [(ErrorKind::InvalidInput, message)];
                assert_eq!(failures(search.sort(sort)), expected, "{pattern:?}");
            }
        }
    }
    let error = block_on(base.glob("/x").try_next()).unwrap_err();
    let error = PathError::of(&error).expect("a PathError");
    assert_eq!(error.operation(), "match entries of");
    assert_eq!(
        (error.path(), error.target()),
        (dir.path(), Some("/x".as_ref()))
    );
}

#[test]
fn a_base_that_cannot_be_searched_is_one_error() {
    let dir = Dir::new();
    dir.file("file", "");
    for (name, kind) in [
        ("missing", ErrorKind::NotFound),
        ("file", ErrorKind::NotADirectory),
    ] {
        let base = Path::new(dir.join(name));
        let reason = fs::read_dir(&base).unwrap_err();
        let message = format!("failed to read directory `{}`: {reason}", base.display());
        for search in [
            base.glob("*"),
            base.rglob("x"),
            base.glob("**"),
            base.rglob("*/../a/"),
        ] {
            assert_eq!(failures(search), [(kind, message.clone())]);
        }
        // A name that is looked up is there or not, without an error.
        for pattern in ["a", "a/b/", "..", "a/*"] {
            assert_eq!(failures(base.glob(pattern)), [], "{name} {pattern}");
        }
    }
}

#[test]
fn what_may_not_be_read_is_an_error_and_the_search_goes_on() {
    if !has(&[Feature::Types]) {
        return;
    }
    if !in_child() {
        return run_unprivileged("what_may_not_be_read_is_an_error_and_the_search_goes_on");
    }
    assert!(!is_root());
    let tree = Tree::with_locks();
    let said = |words: &str, path: &str| {
        let denied = io::Error::from_raw_os_error(13);
        format!(
            "failed to {words} `{}`: {denied}",
            tree.join(path).display()
        )
    };
    let errors = |found: Glob| {
        let items = block_on(found.collect::<Vec<_>>());
        let errors = items
            .into_iter()
            .filter_map(|item| Some(item.err()?.to_string()));
        errors.collect::<BTreeSet<_>>()
    };
    let base = Path::new(tree.root());
    let unread = ["closed", "entered", "a/b/closed", "listed/in"];
    assert_eq!(
        errors(base.rglob("*")),
        unread.map(|path| said("read directory", path)).into()
    );
    let closed = Path::new(tree.join("closed"));
    assert_eq!(failures(closed.glob("*")).len(), 1);
    assert_eq!(
        errors(base.glob("closed/main.rs")),
        [said("query metadata of symbolic link", "closed/main.rs")].into()
    );
    assert_eq!(
        names(&base, base.glob("entered/main.rs")),
        ["entered/main.rs"]
    );
    assert_eq!(names(&base, base.glob("entered/in/*")), ["entered/in/x"]);
    assert_eq!(names(&base, base.glob("listed/*")).len(), 3);
    // A base in a directory that cannot be entered.
    let below = Path::new(tree.join("closed/in"));
    assert_eq!(
        failures(below.rglob("*")),
        [(
            ErrorKind::PermissionDenied,
            said("read directory", "closed/in")
        )]
    );
}

/// Directories that cannot match are not read, so that unreadable ones cause no error.
#[test]
fn directories_that_cannot_contribute_are_not_read() {
    if !in_child() {
        return run_unprivileged("directories_that_cannot_contribute_are_not_read");
    }
    let tree = Tree::with_locks();
    let base = &Path::new(tree.root());
    // Reading one of the others would be an error.
    assert_eq!(names(base, base.glob("a/*/c/**/l*.rs")), ["a/b/c/d/lib.rs"]);
    assert_eq!(names(base, base.glob("[!cel]*/x")), ["a/x", "b/x"]);
    assert_eq!(names(base, base.glob("*s/*/main.rs")).len(), 5);
    assert_eq!(
        names(base, base.glob("*")).len(),
        fs::read_dir(tree.root()).unwrap().count()
    );
}
