//! Lines and records against `std::io::BufRead` on a slice.
//!
//! The input is three lines and the text that is read:
//!
//! * A byte for the longest line that is allowed, one for what is read (a digit: an object that follows
//!   the script; a letter: a file; either tells how often the text is doubled), and one that ends records.
//! * The script: `!` is `Interrupted`, `?` another error, `~` a whole read, any other byte a short one.
//! * The calls, which come round again until the text ends; see `Call`.

#![no_main]

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Read};
use std::mem;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyfile::{AsyncFile, Lines, open_file, wrap_file};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// More would take long, and show nothing else.
const LONGEST: usize = 300_000;

const MOST_CALLS: usize = 20_000;

/// What the script fails with.
const FAULT: ErrorKind = ErrorKind::StorageFull;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |&byte| byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (&[max_len, source, end], script, calls, text) = (part(), part(), part(), part()) else {
        return;
    };
    let mut text = text.to_vec();
    for _ in 0..source & 15 {
        if text.len() < LONGEST / 2 {
            text.extend_from_within(..);
        }
    }
    if calls
        .iter()
        .all(|&call| Call::from(call) == Call::Consume(0))
    {
        return;
    }
    let calls = calls.iter().copied().map(Call::from).cycle();
    let bounds = Bounds {
        max_len: max_len.into(),
        end,
    };
    if source.is_ascii_alphabetic() {
        std::fs::write(scratch(), &text).expect("a file with the text");
        let file = block_on(async { open_file(scratch()).await }).expect("an open file");
        run(file, calls, &bounds, &text);
    } else {
        let object = Scripted {
            rest: io::Cursor::new(text.clone()),
            script: script.iter().copied().collect(),
        };
        run(wrap_file(object), calls, &bounds, &text);
    }
});

struct Bounds {
    max_len: usize,
    end: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    /// `b`: `next_line`.
    NextLine,
    /// `s`: `next` of the stream.
    Next,
    /// `m`: `next_line` with the longest line that is allowed.
    BoundedLine,
    /// `d`: `next_line`, dropped after one poll.
    DroppedLine,
    ReadLine,
    ReadUntil,
    Read,
    /// `t`: `read_to_string`.
    Text,
    /// `e`: `read_to_end`.
    End,
    /// Any other byte: `fill_buf` and `consume`, of so many bytes.
    Consume(u8),
}

impl Call {
    fn is_line(self) -> bool {
        match self {
            Call::NextLine | Call::Next | Call::BoundedLine | Call::DroppedLine => true,
            Call::ReadLine | Call::ReadUntil | Call::Read => false,
            Call::Text | Call::End | Call::Consume(_) => false,
        }
    }
}

impl From<u8> for Call {
    fn from(byte: u8) -> Call {
        match byte {
            b'b' => Call::NextLine,
            b's' => Call::Next,
            b'm' => Call::BoundedLine,
            b'd' => Call::DroppedLine,
            b'l' => Call::ReadLine,
            b'u' => Call::ReadUntil,
            b'r' => Call::Read,
            b't' => Call::Text,
            b'e' => Call::End,
            byte => Call::Consume(byte),
        }
    }
}

/// What becomes of a line that was too long.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Skipping {
    #[default]
    No,
    /// The next call for a line passes it over.
    Due,
    Begun,
}

/// Reads the text by the calls, until it ends for one that can tell.
fn run<T: Read + Send + 'static>(
    mut file: AsyncFile<T>,
    calls: impl Iterator<Item = Call>,
    bounds: &Bounds,
    text: &[u8],
) {
    let mut rest = text;
    let mut calls = calls.take(MOST_CALLS).peekable();
    while calls.peek().is_some() {
        let mut lines = file.lines();
        let mut skipping = Skipping::No;
        // Where a passing over that was given up has got to is not known: it is brought to its end.
        let is_next = |call: &Call, skipping| call.is_line() || skipping == Skipping::Begun;
        while let Some(call) = calls.next_if(|call| is_next(call, skipping)) {
            let max_len = match call {
                Call::BoundedLine => bounds.max_len,
                _ => usize::MAX,
            };
            lines = lines.max_len(max_len);
            let was_empty = rest.is_empty();
            let done = line(&mut lines, call, max_len, &mut rest, &mut skipping);
            assert!(
                done,
                "{call:?} up to {} of {}",
                text.len() - rest.len(),
                text.len()
            );
            if was_empty && call != Call::DroppedLine {
                return;
            }
        }
        file = lines.into_inner();
        if let Some(call) = calls.next() {
            let was_empty = rest.is_empty();
            let done = block_on(record(&mut file, call, bounds.end, &mut rest));
            assert!(
                done,
                "{call:?} up to {} of {}",
                text.len() - rest.len(),
                text.len()
            );
            if was_empty && call != Call::Consume(0) {
                return;
            }
        }
    }
}

/// Reads one line. Returns `true` if `std` finds the same line and reports it alike, or if a scripted fault
/// came first.
fn line<T: Read + Send + 'static>(
    lines: &mut Lines<T>,
    call: Call,
    max_len: usize,
    rest: &mut &[u8],
    skipping: &mut Skipping,
) -> bool {
    if *skipping == Skipping::Due {
        *skipping = Skipping::Begun;
    }
    let found = match call {
        Call::Next => block_on(lines.next()).transpose(),
        Call::DroppedLine => match block_on(poll_once(lines.next_line())) {
            Some(line) => line.map(|line| line.map(String::from)),
            None => return true,
        },
        _ => block_on(lines.next_line()).map(|line| line.map(String::from)),
    };
    if fault(&found) {
        return true;
    }
    let mut bytes = Vec::new();
    if mem::take(skipping) == Skipping::Begun {
        BufRead::read_until(rest, b'\n', &mut bytes).expect("a slice");
        bytes.clear();
    }
    let before = *rest;
    BufRead::read_until(rest, b'\n', &mut bytes).expect("a slice");
    let expected = BufRead::lines(&bytes[..]).next().transpose();
    let len = match bytes.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line).len(),
        None => bytes.len(),
    };
    if len > max_len {
        // It is passed over by the next call, if there is one.
        *rest = before;
        *skipping = Skipping::Due;
        return matches!(found, Err(error) if error.to_string().contains("longer"));
    }
    match (found, expected) {
        (Ok(found), Ok(expected)) => found == expected,
        (Err(found), Err(expected)) => found.kind() == expected.kind(),
        _ => false,
    }
}

/// Makes a call of the file itself. Returns `true` if it finds what `std` does.
async fn record<T: Read + Send + 'static>(
    file: &mut AsyncFile<T>,
    call: Call,
    end: u8,
    rest: &mut &[u8],
) -> bool {
    let (mut bytes, mut text) = (b"> ".to_vec(), String::from("> "));
    let (mut expected_bytes, mut expected_text) = (bytes.clone(), text.clone());
    let (found, expected) = match call {
        Call::ReadLine => {
            let found = file.read_line(&mut text).await;
            if fault(&found) {
                return text == expected_text;
            }
            (found, BufRead::read_line(rest, &mut expected_text))
        }
        Call::ReadUntil => {
            let found = file.read_until(end, &mut bytes).await;
            if fault(&found) {
                return bytes == expected_bytes;
            }
            (found, BufRead::read_until(rest, end, &mut expected_bytes))
        }
        Call::Read => {
            bytes.resize(2 + usize::from(end) * 9, b' ');
            let found = file.read(&mut bytes[2..]).await;
            if fault(&found) {
                return true;
            }
            let read = *found.as_ref().unwrap_or(&0);
            bytes.truncate(2 + read);
            // Of a non-empty rest at least one byte, if there is room for it.
            if read == 0 && !rest.is_empty() && end > 0 {
                return false;
            }
            let expected = Read::read_to_end(
                &mut Read::take(&mut *rest, read as u64),
                &mut expected_bytes,
            );
            (found, expected)
        }
        Call::End => {
            let mut found = file.read_to_end(&mut bytes).await;
            while fault(&found) {
                found = file.read_to_end(&mut bytes).await;
            }
            let expected = Read::read_to_end(rest, &mut expected_bytes);
            (found.map(|_| bytes.len() - 2), expected)
        }
        Call::Text => {
            let found = file.read_to_string(&mut text).await;
            if fault(&found) {
                // What was read before is there.
                let (read, left) = rest.split_at(text.len() - 2);
                *rest = left;
                return text.as_bytes()[2..] == *read;
            }
            let mut all = *rest;
            let expected = Read::read_to_string(&mut all, &mut expected_text);
            if expected.is_ok() {
                *rest = all;
            }
            (found, expected)
        }
        _ => {
            let Call::Consume(most) = call else {
                return false;
            };
            let found = file.fill_buf().await.map(<[u8]>::to_vec);
            if fault(&found) {
                return true;
            }
            let Ok(found) = found else {
                return false;
            };
            let same = rest.starts_with(&found) && found.is_empty() == rest.is_empty();
            let len = found.len().min(most.into());
            file.consume(len);
            *rest = &rest[len..];
            return same;
        }
    };
    let same = match (&found, &expected) {
        (Ok(found), Ok(expected)) => found == expected,
        (Err(found), Err(expected)) => found.kind() == expected.kind(),
        _ => false,
    };
    same && bytes == expected_bytes && text == expected_text
}

fn fault<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == FAULT)
}

/// Reads as its script says, then without a fault.
struct Scripted {
    rest: io::Cursor<Vec<u8>>,
    script: VecDeque<u8>,
}

impl Read for Scripted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = match self.script.pop_front() {
            Some(b'!') => return Err(ErrorKind::Interrupted.into()),
            Some(b'?') => return Err(FAULT.into()),
            Some(b'~') | None => buf.len(),
            Some(short) => buf.len().min(usize::from(short).max(1)),
        };
        Read::read(&mut self.rest, &mut buf[..most])
    }
}

/// Returns the path of a scratch file, in memory if that is possible.
fn scratch() -> &'static PathBuf {
    static FILE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.expect("a temporary directory");
        let path = dir.path().join("text");
        (dir, path)
    };
    &FILE.get_or_init(make).1
}
