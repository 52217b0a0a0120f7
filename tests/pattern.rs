//! `Pattern` as a type. `path_pathlib.rs` tests the meaning of each pattern against Python's `pathlib`.

mod common;

use std::io::ErrorKind;
use std::thread;

use anyfile::{Path, PathError, Pattern};
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use common::Dir;

#[test]
fn what_describes_nothing_is_refused_by_name() {
    for (text, shown, reason) in [
        ("", "", "the pattern is empty"),
        (".", ".", "the pattern is empty"),
        ("./.", "./.", "the pattern is empty"),
        ("./", "./", "the pattern is empty"),
        ("a/\0*", "a/\\u{0}*", "the pattern contains a NUL byte"),
    ] {
        for error in [
            Pattern::new(text).unwrap_err(),
            text.parse::<Pattern>().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let message = format!("failed to compile pattern `{shown}`: {reason}");
            assert_eq!(error.to_string(), message);
            let details = PathError::of(&error).expect("a PathError");
            assert_eq!(details.path().as_os_str(), text);
        }
        for path in ["", ".", "a", "/", "a/b", text] {
            assert!(!Path::new(path).matches(text), "{path:?} {text:?}");
        }
    }
    for text in ["/", "//", "..", "**", "[", "\\", "{", " ", "a/.", "./a"] {
        assert!(Pattern::new(text).is_ok(), "{text:?}");
    }
}

#[test]
fn what_is_refused_has_a_full_match_all_the_same() {
    for pattern in ["", ".", "./."] {
        for (path, expected) in [("", true), (".", true), ("a", false), ("/", false)] {
            let found = Path::new(path).full_match(pattern);
            assert_eq!(found, expected, "{path:?} {pattern:?}");
        }
    }
    assert!(Path::new("a\0b").full_match("a?b"));
}

#[test]
fn case_differs_as_was_said_last() {
    let pattern = Pattern::new("A/[b-c]*.É").unwrap();
    let path = "a/Bx.é";
    assert_eq!(pattern.full_match(path), cfg!(windows));
    let either = pattern.case_sensitive(false);
    assert!(either.full_match(path) && either.matches(path));
    let sensitive = either.clone().case_sensitive(true);
    assert!(!sensitive.full_match(path) && !sensitive.matches(path));
    let again = sensitive.case_sensitive(false);
    assert_eq!(again, either);
    assert!(again.full_match(path));
}

#[test]
fn the_text_stays_as_it_was() {
    let text = ".//a/*\n[é]/";
    let pattern: Pattern = text.parse().unwrap();
    assert_eq!(pattern.as_os_str(), text);
    assert_eq!(pattern.to_string(), text);
    assert_eq!(format!("{pattern:>14}"), format!("{text:>14}"));
    let pattern = pattern.case_sensitive(false);
    assert_eq!(pattern.as_os_str(), text);
    let shown = format!("Pattern {{ text: {text:?}, case_sensitive: false }}");
    assert_eq!(format!("{pattern:?}"), shown);

    assert_ne!(pattern, pattern.clone().case_sensitive(true));
    assert_ne!(pattern, Pattern::new("a").unwrap().case_sensitive(false));
}

#[cfg(unix)]
#[test]
fn a_pattern_need_not_be_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let text = OsStr::from_bytes(b"\xFF[\xFE\xC3]?");
    let pattern = Pattern::new(text).unwrap();
    assert_eq!(pattern.as_os_str(), text);
    assert_eq!(pattern.to_string(), "\u{FFFD}[\u{FFFD}\u{FFFD}]?");
    assert!(pattern.matches(OsStr::from_bytes(b"a/\xFF\xC3\xC3\xA9")));
    assert!(!pattern.matches(OsStr::from_bytes(b"a/\xFE\xC3\xC3\xA9")));
}

#[test]
fn threads_share_one() {
    let pattern = Pattern::new("**/*.r[a-s]").unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert!(pattern.full_match("a/b/c.rs") && pattern.matches("b/c.rs"));
                    assert!(!pattern.full_match("a/b/c.rt") && !pattern.matches("c.rs"));
                }
            });
        }
    });
}

/// A search uses the same segments. It differs at the end: a `**` there also finds the directory itself.
#[test]
fn a_search_finds_what_the_pattern_describes() {
    let dir = Dir::new();
    let tree = [
        "a/b/c.rs",
        "a/b.rs",
        "A/B.rs",
        "é/É.rs",
        ".a/.b",
        "a/[b]/c",
        "a/b-c/d.rs/e",
    ];
    for path in tree {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let base = Path::new(dir.path());
    let all = block_on(base.rglob("*").sort(true).try_collect::<_, _, Vec<_>>()).unwrap();
    let mut most = 0;
    for text in [
        "*",
        "*/*",
        "**/*.rs",
        "a/**/c*",
        "**/[a-b]*",
        "**/?.rs",
        "**/[[]b]/*",
        "**/[!a]*/*",
        "?/?.[r]s",
        "**/[é]*",
        "**/.*",
        "a/*-*/**/e",
        "**/**/b/c.rs",
        "none",
    ] {
        for case_sensitive in [true, false] {
            let pattern = Pattern::new(text).unwrap().case_sensitive(case_sensitive);
            let describes = |path: &&Path| pattern.full_match(path.relative_to(&base).unwrap());
            let expected: Vec<_> = all.iter().filter(describes).cloned().collect();
            let search = base.glob(text).case_sensitive(case_sensitive).sort(true);
            let found = block_on(search.try_collect::<_, _, Vec<_>>()).unwrap();
            assert_eq!(found, expected, "{pattern:?}");
            most = most.max(found.len());
        }
    }
    assert!(most > 5 && most < all.len());
}
