//! Patterns against matchers that try everything: `Path::full_match` and `Path::matches` on a path of the
//! input, `Path::glob` and `Path::rglob` on a small tree that is always the same.
//!
//! The input is a byte whose bits are the options, then a pattern up to the end of the line, then a path.

#![no_main]

mod oracle;
mod tree;

use anyfile::Path;
use libfuzzer_sys::fuzz_target;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

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
    let shown = [pattern, path].map(|bytes| bytes.escape_ascii().to_string());
    for ignore_case in [false, true] {
        let [path, pattern] = [path, pattern].map(OsStr::from_bytes);
        let path = Path::new(path);
        let full = path.full_match(pattern).case_sensitive(!ignore_case).get();
        let end = path.matches(pattern).case_sensitive(!ignore_case).get();
        // Of other letters the oracles do not know which are the same.
        if ignore_case && !(path.as_os_str().is_ascii() && pattern.is_ascii()) {
            continue;
        }
        let (pattern, path) = (pattern.as_bytes(), path.as_os_str().as_bytes());
        let expected = oracle::full_match(pattern, path, ignore_case);
        assert_eq!(full, expected, "full_match {shown:?} {ignore_case}");
        let expected = oracle::matches(pattern, path, ignore_case);
        assert_eq!(end.ok(), expected, "matches {shown:?} {ignore_case}");
    }
}
