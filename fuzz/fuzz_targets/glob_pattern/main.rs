//! Patterns against matchers that try everything: `Pattern`, `Path::full_match` and `Path::matches` on a path
//! of the input, `Path::glob` and `Path::rglob` on a small tree that is always the same.
//!
//! The input is a byte whose bits are the options, then a pattern up to the end of the line, then a path.

#![no_main]

mod oracle;
mod tree;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use anyfile::{Path, Pattern};
use libfuzzer_sys::fuzz_target;

/// More would make the tries too many.
const LONGEST: usize = 100;

fuzz_target!(|data: &[u8]| {
    let Some((&options, rest)) = data.split_first() else {
        return;
    };
    let mut lines = rest.splitn(2, |&byte| byte == b'\n');
    let (pattern, path) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    if pattern.len().max(path.len()) > LONGEST {
        return;
    }
    match_path(pattern, path);
    tree::search(pattern, options);
});

fn match_path(pattern: &[u8], path: &[u8]) {
    let compiled = Pattern::new(OsStr::from_bytes(pattern));
    check_path(pattern, path, compiled.as_ref().ok());
    let refused = pattern.contains(&0) || oracle::matches(pattern, path, false).is_none();
    assert_eq!(compiled.is_err(), refused, "{:?}", pattern.escape_ascii());
    let Ok(compiled) = compiled else { return };
    for ignore_case in [false, true] {
        // Of other letters the oracles do not know which are the same.
        if ignore_case && !(path.is_ascii() && pattern.is_ascii()) {
            continue;
        }
        let compiled = compiled.clone().case_sensitive(!ignore_case);
        let shown = [pattern, path].map(|bytes| bytes.escape_ascii().to_string());
        let found = compiled.full_match(OsStr::from_bytes(path));
        let expected = oracle::full_match(pattern, path, ignore_case);
        assert_eq!(found, expected, "full_match {shown:?} {ignore_case}");
        let found = compiled.matches(OsStr::from_bytes(path));
        let expected = oracle::matches(pattern, path, ignore_case);
        assert_eq!(Some(found), expected, "matches {shown:?} {ignore_case}");
    }
}

/// The path's own methods, which take the pattern as it is.
fn check_path(pattern: &[u8], path: &[u8], compiled: Option<&Pattern>) {
    let shown = [pattern, path].map(|bytes| bytes.escape_ascii().to_string());
    let (text, path) = (
        OsStr::from_bytes(pattern),
        Path::new(OsStr::from_bytes(path)),
    );
    let expected = oracle::full_match(pattern, path.as_os_str().as_bytes(), false);
    assert_eq!(path.full_match(text), expected, "full_match {shown:?}");
    let expected = compiled.is_some_and(|pattern| pattern.matches(&path));
    assert_eq!(path.matches(text), expected, "matches {shown:?}");
}
