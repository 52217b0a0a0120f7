//! Text that is not valid UTF-8, replaced by U+FFFD where the caller asked for it.

mod common;

use std::io::{Cursor, Read};

use anyfile::{Lines, Path, open_file, wrap_file};
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use common::{Dir, noise, text};

/// Text with malformed sequences of each kind in some lines.
fn broken(len: usize) -> Vec<u8> {
    let faults = [
        &b"\xFF"[..],
        b"\xC3",
        b"\xE2\x82",
        b"\xF0\x9F\x98",
        b"\xED\xA0\x80",
        b"\xC0\x80",
    ];
    let mut bytes = Vec::new();
    for (line, random) in text(len).split_inclusive('\n').zip(noise(len)) {
        if random % 3 == 0 {
            bytes.extend(faults[usize::from(random) % faults.len()]);
        }
        bytes.extend(line.as_bytes());
    }
    bytes
}

/// The lines as std replaces them, each by itself.
fn std_lines(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let line = |line: &[u8]| {
        let line = line
            .strip_suffix(b"\n")
            .map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        String::from_utf8_lossy(line).into_owned()
    };
    lines.map(line).collect()
}

async fn check<T: Read + Send + 'static>(lines: Lines<T>, expected: &[String]) {
    let mut lines = lines.lossy(true);
    // Half of them borrowed, and half as a stream.
    for line in &expected[..expected.len() / 2] {
        assert_eq!(lines.next_line().await.unwrap(), Some(line.as_str()));
    }
    let rest: Vec<String> = lines.try_collect().await.unwrap();
    assert!(rest == expected[expected.len() / 2..]);
}

#[test]
fn lines_are_replaced_as_by_std() {
    let dir = Dir::new();
    for len in [0, 1, 100, 400_000] {
        let bytes = broken(len);
        let path = dir.file("text", &bytes);
        let expected = std_lines(&bytes);
        block_on(async {
            check(open_file(&path).await.unwrap().lines(), &expected).await;
            check(wrap_file(Cursor::new(bytes)).lines(), &expected).await;
        });
    }
}

#[test]
fn lossy_can_be_set_between_two_lines() {
    block_on(async {
        let mut lines = wrap_file(Cursor::new(b"a\xFF\nb\xFF\nc\n")).lines();
        let error = lines.next_line().await.unwrap_err();
        assert_eq!(error.to_string(), "line 1 is not valid UTF-8");
        let mut lines = lines.lossy(true);
        assert_eq!(lines.next_line().await.unwrap(), Some("b\u{FFFD}"));
        let mut lines = lines.lossy(false);
        assert_eq!(lines.next_line().await.unwrap(), Some("c"));
    });
}

#[test]
fn a_limit_is_that_of_the_bytes_in_the_file() {
    block_on(async {
        let file = wrap_file(Cursor::new(b"\xFF\xFF\n\xFF\xFF\xFF\nx\n"));
        let mut lines = file.lines().lossy(true).max_len(2);
        assert_eq!(lines.next_line().await.unwrap(), Some("\u{FFFD}\u{FFFD}"));
        assert!(lines.next_line().await.is_err());
        assert_eq!(lines.next_line().await.unwrap(), Some("x"));
    });
}

#[test]
fn a_whole_file_is_replaced_as_by_std() {
    let dir = Dir::new();
    for len in [0, 1, 100, 400_000] {
        let bytes = broken(len);
        let path = Path::new(dir.file("text", &bytes));
        let read = block_on(path.read_text().lossy(true).into_future()).unwrap();
        assert!(read == String::from_utf8_lossy(&bytes));
        let strict = block_on(path.read_text().lossy(false).into_future());
        assert_eq!(strict.ok(), String::from_utf8(bytes).ok());
    }
}
