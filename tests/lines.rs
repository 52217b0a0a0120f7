//! `Lines`, `read_line` and `read_until` against `BufRead`, on generated inputs.

mod common;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[cfg(unix)]
use anyfile::AsyncFile;
use anyfile::{Lines, open_file, wrap_file};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_lite::future::block_on;
use futures_lite::{AsyncSeekExt, StreamExt};
use proptest::prelude::*;

use common::{Dir, Scripted, Step, text};

/// Where one chunk may end and the next begin: multiples of 16 KiB, as the sizes of all chunks are.
const CHUNKS: [usize; 7] = [
    16 << 10,
    48 << 10,
    64 << 10,
    80 << 10,
    112 << 10,
    128 << 10,
    208 << 10,
];

/// A line, or what is wrong with it.
type Line = Result<String, String>;

/// Returns the lines as the standard library splits them.
fn std_lines(bytes: &[u8], max_len: usize) -> Vec<Line> {
    let raw: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(Vec::from)
        .collect();
    let checked = bytes.lines().zip(raw).zip(1..);
    let line = |((line, raw), number): ((io::Result<String>, Vec<u8>), usize)| {
        let len = match raw.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line).len(),
            None => raw.len(),
        };
        if len > max_len {
            return Err(format!("line {number} is longer than {max_len} bytes"));
        }
        line.map_err(|_| format!("line {number} is not valid UTF-8"))
    };
    checked.map(line).collect()
}

#[derive(Debug, Clone, Copy)]
enum Style {
    NextLine,
    Stream,
    /// Both, in turns.
    Mixed,
}

const STYLES: [Style; 3] = [Style::NextLine, Style::Stream, Style::Mixed];

/// Reads every line of `lines`, and returns them with the errors, without their paths.
fn all<T: Read + Send + 'static>(mut lines: Lines<T>, style: Style) -> Vec<Line> {
    let mut seen = Vec::new();
    block_on(async {
        loop {
            let lends = match style {
                Style::NextLine => true,
                Style::Stream => false,
                Style::Mixed => seen.len() % 2 == 0,
            };
            let line = if lends {
                lines
                    .next_line()
                    .await
                    .map(|line| line.map(String::from))
                    .transpose()
            } else {
                lines.next().await
            };
            match line {
                None => break,
                Some(Ok(line)) => seen.push(Ok(line)),
                Some(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
                    let message = error.to_string();
                    seen.push(Err(message.rsplit(": ").next().unwrap().to_owned()));
                }
            }
            assert!(seen.len() <= 100_000, "no end");
        }
        assert!(
            lines.next_line().await.unwrap().is_none(),
            "a line after the end"
        );
    });
    seen
}

#[track_caller]
fn same(what: &str, bytes: &[u8], seen: &[Line], expected: &[Line]) {
    if seen == expected {
        return;
    }
    let at = seen
        .iter()
        .zip(expected)
        .position(|(a, b)| a != b)
        .unwrap_or(seen.len());
    let short = |line: Option<&Line>| {
        line.map(|line| match line {
            Ok(text) => format!(
                "{} bytes {:?}",
                text.len(),
                &text.chars().take(30).collect::<String>()
            ),
            Err(error) => error.clone(),
        })
    };
    panic!(
        "{what}: {} bytes {:?} gave {} lines, std {}; number {}: {:?}, std {:?}",
        bytes.len(),
        String::from_utf8_lossy(&bytes[..bytes.len().min(40)]),
        seen.len(),
        expected.len(),
        at + 1,
        short(seen.get(at)),
        short(expected.get(at)),
    );
}

/// Compares the lines of a file, opened and wrapped, in every style.
fn check_file(dir: &Dir, bytes: &[u8], max_len: usize) {
    let expected = std_lines(bytes, max_len);
    let path = dir.file("lines", bytes);
    for style in STYLES {
        let opened = block_on(async { open_file(&path).await }).unwrap();
        let seen = all(opened.lines().max_len(max_len), style);
        same(&format!("opened, {style:?}"), bytes, &seen, &expected);
    }
    let seen = all(
        wrap_file(File::open(&path).unwrap())
            .lines()
            .max_len(max_len),
        Style::Stream,
    );
    same("wrapped", bytes, &seen, &expected);
}

/// Compares the lines of a cursor, and of an object with these short reads.
fn check_memory(bytes: &[u8], max_len: usize, short: impl IntoIterator<Item = usize>) {
    let expected = std_lines(bytes, max_len);
    let cursor = wrap_file(Cursor::new(bytes.to_vec()));
    same(
        "cursor",
        bytes,
        &all(cursor.lines().max_len(max_len), Style::NextLine),
        &expected,
    );
    let scripted = Scripted::new(bytes, short.into_iter().map(Step::Short));
    let seen = all(
        wrap_file(scripted.handle()).lines().max_len(max_len),
        Style::Stream,
    );
    same("short reads", bytes, &seen, &expected);
}

/// Compares the lines that come through a decoder, and through a pipe.
fn check_streams(bytes: &[u8]) {
    let expected = std_lines(bytes, usize::MAX);
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    let decoder = GzDecoder::new(Cursor::new(encoder.finish().unwrap()));
    same(
        "decoder",
        bytes,
        &all(wrap_file(decoder).lines(), Style::Mixed),
        &expected,
    );

    #[cfg(unix)]
    {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let copy = bytes.to_vec();
        let writer = std::thread::spawn(move || theirs.write_all(&copy).unwrap());
        let seen = all(wrap_file(ours).lines(), Style::NextLine);
        writer.join().unwrap();
        same("socket", bytes, &seen, &expected);
        // A file that cannot seek.
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let copy = bytes.to_vec();
        let writer = std::thread::spawn(move || theirs.write_all(&copy).unwrap());
        let file = AsyncFile::from(std::os::fd::OwnedFd::from(ours));
        let seen = all(file.lines(), Style::NextLine);
        writer.join().unwrap();
        same("pipe-like file", bytes, &seen, &expected);
    }
}

/// Compares `read_line` and `read_until`, which append to their buffers.
fn check_records(dir: &Dir, bytes: &[u8]) {
    let path = dir.file("records", bytes);
    block_on(async {
        let mut file = open_file(&path).await.unwrap();
        let mut cursor = wrap_file(Cursor::new(bytes.to_vec()));
        let mut oracle = bytes;
        loop {
            let mut expected = String::from("before ");
            let result = oracle.read_line(&mut expected).map_err(|e| e.kind());
            let (mut line, mut of_cursor) = (String::from("before "), String::from("before "));
            let seen = file.read_line(&mut line).await.map_err(|e| e.kind());
            assert_eq!((seen, &line), (result, &expected));
            let seen = cursor.read_line(&mut of_cursor).await.map_err(|e| e.kind());
            assert_eq!((seen, &of_cursor), (result, &expected));
            if result == Ok(0) {
                break;
            }
        }
        for byte in [b'\n', b' ', b'\r', 0xBC] {
            let mut file = open_file(&path).await.unwrap();
            let mut cursor = wrap_file(Cursor::new(bytes.to_vec()));
            let (mut joined, mut of_cursor) = (b"before".to_vec(), b"before".to_vec());
            let (mut expected, mut oracle) = (b"before".to_vec(), bytes);
            loop {
                let len = oracle.read_until(byte, &mut expected).unwrap();
                assert_eq!(file.read_until(byte, &mut joined).await.unwrap(), len);
                assert_eq!(cursor.read_until(byte, &mut of_cursor).await.unwrap(), len);
                if len == 0 {
                    break;
                }
            }
            assert!(joined == expected && of_cursor == expected, "until {byte}");
            let split: Vec<Vec<u8>> = BufRead::split(bytes, byte).map(Result::unwrap).collect();
            let parts = joined["before".len()..].split_inclusive(|b| *b == byte);
            let parts = parts.map(|part| part.strip_suffix(&[byte]).unwrap_or(part).to_vec());
            assert!(parts.eq(split), "split at {byte}");
        }
    });
}

/// Returns every text that consists of up to `len` of these parts.
fn small_texts(len: usize) -> Vec<Vec<u8>> {
    let parts: [&[u8]; 5] = [b"a", b"\r", b"\n", "ü".as_bytes(), b"\xFF"];
    let mut texts = vec![Vec::new()];
    let mut last = texts.clone();
    for _ in 0..len {
        last = last
            .iter()
            .flat_map(|text| parts.map(|part| [text, part].concat()))
            .collect();
        texts.extend(last.iter().cloned());
    }
    texts
}

#[test]
fn small_texts_as_std() {
    let dir = Dir::new();
    for text in small_texts(3) {
        check_file(&dir, &text, usize::MAX);
        check_records(&dir, &text);
    }
    for text in small_texts(2) {
        check_streams(&text);
    }
    for text in small_texts(4) {
        for max_len in [usize::MAX, 1] {
            check_memory(&text, max_len, [1; 8]);
        }
    }
}

/// Returns texts whose parts lie around the ends of chunks.
fn texts_at(chunk: usize) -> Vec<Vec<u8>> {
    let filler = |len: usize| {
        let mut filler =
            ("a line of 400 bytes ".repeat(20)[1..].to_owned() + "\n").repeat(len / 400);
        filler.push_str(&"x".repeat(len % 400));
        filler
    };
    let mut texts = Vec::new();
    for end in ["\n", "\r\n", "\r", "\n\n", "ü", "€", "😀", "\u{FFFF}\n"] {
        for before in 0..=end.len() + 1 {
            for after in ["", "\n", "next\r\nlast"] {
                let text = filler(chunk - before) + end + after;
                texts.push(text.clone().into_bytes());
                // Enough text for large chunks to follow.
                if before == 1 {
                    texts.push((text + &filler(200_000)).into_bytes());
                }
            }
        }
    }
    texts
}

#[test]
fn lines_at_the_ends_of_chunks_as_std() {
    let dir = Dir::new();
    for chunk in CHUNKS {
        for text in texts_at(chunk).iter().step_by(3) {
            check_file(&dir, text, usize::MAX);
        }
    }
}

#[test]
fn lines_at_the_ends_of_chunks_of_objects_as_std() {
    for chunk in &CHUNKS[..2] {
        for text in texts_at(*chunk).iter().step_by(3) {
            check_memory(text, usize::MAX, []);
        }
    }
    for text in texts_at(80 * 1024).iter().step_by(7) {
        check_streams(text);
    }
}

#[test]
fn records_at_the_ends_of_chunks_as_std() {
    let dir = Dir::new();
    for chunk in CHUNKS {
        for text in texts_at(chunk).iter().step_by(23) {
            check_records(&dir, text);
        }
    }
}

#[test]
fn lines_of_about_a_chunk_as_std() {
    let dir = Dir::new();
    for chunk in CHUNKS {
        for len in chunk - 2..=chunk + 2 {
            let line = "l".repeat(len);
            let text = format!("{line}\n{line}\r\nshort\n{line}");
            check_file(&dir, text.as_bytes(), usize::MAX);
        }
        let line = "l".repeat(chunk);
        check_memory(
            format!("{line}\n{line}\r\n{line}").as_bytes(),
            usize::MAX,
            [],
        );
    }
}

#[test]
fn a_very_long_line_as_std() {
    let dir = Dir::new();
    let long = "long € ".repeat(1024 * 1024 / 9);
    let text = format!("short\n{long}\nshort again\r\n{long}");
    check_file(&dir, text.as_bytes(), usize::MAX);
    check_file(&dir, text.as_bytes(), 100_000);
    check_records(&dir, text.as_bytes());
    check_memory(text.as_bytes(), usize::MAX, [70_000, 1, 4_000]);
    check_streams(text.as_bytes());
}

#[test]
fn a_large_text_as_std() {
    let dir = Dir::new();
    let text = text(700_000);
    check_file(&dir, text.as_bytes(), usize::MAX);
    check_file(&dir, text.as_bytes(), 100);
    check_records(&dir, text.as_bytes());
    check_memory(text.as_bytes(), usize::MAX, (1..200).map(|n| n * 37));
    check_streams(text.as_bytes());
}

/// The output of a child is a pipe.
#[cfg(unix)]
#[test]
fn lines_of_a_child_as_std() {
    let dir = Dir::new();
    let text = text(300_000);
    let path = dir.file("text", &text);
    let mut child = std::process::Command::new("cat")
        .arg(path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let seen = all(
        wrap_file(child.stdout.take().unwrap()).lines(),
        Style::NextLine,
    );
    child.wait().unwrap();
    same(
        "child",
        text.as_bytes(),
        &seen,
        &std_lines(text.as_bytes(), usize::MAX),
    );
}

/// One line in the first chunk, in later ones and at the end is not UTF-8: one error each, with the
/// line's number, and the next line follows.
#[test]
fn a_line_that_is_not_text_is_one_error() {
    let dir = Dir::new();
    let good: Vec<Vec<u8>> = text(300_000)
        .lines()
        .map(|line| line.as_bytes().to_vec())
        .collect();
    for at in [0, 1, 100, 1_000, 2_000, good.len() - 2, good.len() - 1] {
        for broken in [&b"\xFF"[..], b"caf\xC3", b"\xC3\r", b"\xE2\x82"] {
            for last in [&b""[..], b"\n"] {
                let mut lines = good.clone();
                lines[at] = broken.to_vec();
                let bytes = [lines.join(&b'\n'), last.to_vec()].concat();
                let expected = std_lines(&bytes, usize::MAX);
                let errors: Vec<_> = expected
                    .iter()
                    .filter_map(|line| line.as_ref().err())
                    .collect();
                assert_eq!(errors, [&format!("line {} is not valid UTF-8", at + 1)]);
                let opened = block_on(async { open_file(dir.file("text", &bytes)).await }).unwrap();
                same(
                    "file",
                    &bytes,
                    &all(opened.lines(), Style::Mixed),
                    &expected,
                );
                if at < 2 {
                    check_memory(&bytes, usize::MAX, [1, 2, 3]);
                }
            }
        }
    }
}

fn bytes_and_cuts() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    let part = prop_oneof![
        6 => "[a-z ]{0,6}".prop_map(String::into_bytes),
        4 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        2 => Just("ü€😀".as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    let bytes = prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat());
    (bytes, prop::collection::vec(1_usize..12, 0..60))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_texts_in_random_chunks_as_std(
        (bytes, cuts) in bytes_and_cuts(),
        max_len in prop_oneof![Just(usize::MAX), 0_usize..12],
    ) {
        check_memory(&bytes, max_len, cuts);
    }

    /// A read error at any byte is reported once, and loses no byte.
    #[test]
    fn an_error_in_a_line_is_reported_once(
        (bytes, cuts) in bytes_and_cuts(),
        fails in prop::collection::vec(any::<bool>(), 60),
        until in prop_oneof![Just(b'\n'), Just(b' ')],
    ) {
        let steps: Vec<Step> = cuts
            .iter()
            .zip(&fails)
            .flat_map(|(cut, fails)| {
                let fail = fails.then_some(Step::Fail(ErrorKind::TimedOut));
                fail.into_iter().chain([Step::Short(*cut)])
            })
            .collect();
        let scripted = Scripted::new(&bytes[..], steps.clone());
        let seen = survive(wrap_file(scripted.handle()).lines());
        same("errors", &bytes, &seen, &std_lines(&bytes, usize::MAX));

        let scripted = Scripted::new(&bytes[..], steps);
        let mut file = wrap_file(scripted.handle());
        let mut records = Vec::new();
        block_on(async {
            loop {
                let mut record = Vec::new();
                match file.read_until(until, &mut record).await {
                    Ok(0) => break,
                    Ok(_) => records.push(record),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::TimedOut);
                        assert!(record.is_empty());
                    }
                }
            }
        });
        let expected: Vec<_> = bytes.split_inclusive(|byte| *byte == until).collect();
        prop_assert_eq!(records, expected);
    }
}

/// Reads every line, and goes on after timeouts.
fn survive<T: Read + Send + 'static>(mut lines: Lines<T>) -> Vec<Line> {
    let mut seen = Vec::new();
    block_on(async {
        loop {
            match lines.next().await {
                None => return,
                Some(Err(error)) if error.kind() == ErrorKind::TimedOut => {}
                Some(line) => seen.push(line.map_err(|error| error.to_string())),
            }
        }
    });
    seen
}

#[test]
fn an_error_at_any_byte_leaves_the_line_whole() {
    let bytes = "first\nsecond\r\nthürd".as_bytes();
    for cut in 1..=bytes.len() {
        let fail = || Step::Fail(ErrorKind::TimedOut);
        let scripted = Scripted::new(bytes, [Step::Short(cut), fail(), fail(), Step::Short(1)]);
        let mut file = wrap_file(scripted.handle());
        block_on(async {
            let mut errors = 0;
            let mut joined = String::from("kept ");
            loop {
                let before = joined.clone();
                match file.read_line(&mut joined).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::TimedOut);
                        assert_eq!(joined, before);
                        errors += 1;
                    }
                }
            }
            assert_eq!(joined, "kept first\nsecond\r\nthürd", "cut at {cut}");
            assert_eq!(errors, 2, "cut at {cut}");
        });
    }
}

/// After a failed search for one delimiter, the same bytes are searched from the start for another.
#[test]
fn an_error_in_a_field_leaves_the_line_to_be_found() {
    let bytes = b"one\ntwo;three\n";
    for cut in 1..bytes.len() {
        let steps = [Step::Short(cut), Step::Fail(ErrorKind::TimedOut)];
        let mut file = wrap_file(Scripted::new(&bytes[..], steps).handle());
        block_on(async {
            let mut field = Vec::new();
            let mut line = String::new();
            if file.read_until(b';', &mut field).await.is_err() {
                assert!(field.is_empty());
                file.read_line(&mut line).await.unwrap();
                assert_eq!(line, "one\n", "cut at {cut}");
            } else {
                assert_eq!(field, b"one\ntwo;", "cut at {cut}");
            }
        });
    }
}

/// The same for a file, with a dropped future instead of the error.
#[test]
fn a_dropped_search_leaves_the_line_to_be_found() {
    let dir = Dir::new();
    let text = text(500_000);
    let path = dir.file("text", &text);
    for polls in [1, 2, 3, 5, 10, 20, 40] {
        block_on(async {
            let mut file = open_file(&path).await.unwrap();
            let mut field = Vec::new();
            {
                let mut search = Box::pin(file.read_until(0, &mut field));
                for _ in 0..polls {
                    if futures_lite::future::poll_once(&mut search).await.is_some() {
                        return;
                    }
                }
            }
            for line in text.split_inclusive('\n').take(2_500) {
                let mut seen = String::new();
                file.read_line(&mut seen).await.unwrap();
                assert!(seen == line, "{} bytes after {polls} polls", seen.len());
            }
        });
    }
}

/// Lines around the limit, with each end, and around the chunks.
#[test]
fn max_len_is_exact() {
    let dir = Dir::new();
    for max_len in [
        0_usize,
        1,
        10,
        16 * 1024 - 1,
        16 * 1024,
        64 * 1024 - 1,
        64 * 1024,
        100_000,
    ] {
        let lens = [
            max_len.saturating_sub(1),
            max_len,
            max_len + 1,
            max_len + 2,
            max_len * 2 + 3,
        ];
        let mut bytes = Vec::new();
        for end in ["\n", "\r\n", "\r\r\n", "\r\n\n"] {
            for len in lens {
                bytes.extend("l".repeat(len).bytes().chain(end.bytes()));
            }
        }
        let expected = std_lines(&bytes, max_len);
        assert!(expected.iter().any(Result::is_ok) && expected.iter().any(Result::is_err));
        check_file(&dir, &bytes, max_len);
        check_memory(&bytes, max_len, [1, 2, 3, 1_000]);
        for last in lens {
            for end in ["", "\r", "\n", "\r\n"] {
                let bytes = ["l".repeat(last).as_bytes(), end.as_bytes()].concat();
                // Also with a chunk that ends between `\r` and `\n`.
                for cut in last..=last + 1 {
                    check_memory(&bytes, max_len, [cut.max(1)]);
                }
            }
        }
    }
}

/// A chunk that ends between `\r` and `\n` does not make the line longer.
#[test]
fn max_len_is_exact_at_the_ends_of_chunks() {
    let dir = Dir::new();
    for max_len in CHUNKS.map(|chunk| chunk - 1) {
        for len in [max_len, max_len + 1] {
            let text = "l".repeat(len) + "\r\nnext";
            check_file(&dir, text.as_bytes(), max_len);
            check_memory(text.as_bytes(), max_len, []);
        }
    }
}

/// A seek back forgets how far the bytes were searched.
#[test]
fn a_line_that_was_too_long_is_read_after_a_seek_back() {
    let dir = Dir::new();
    let long = "l".repeat(40_000);
    let path = dir.file("text", format!("one\ntwo\n{long}\nlast"));
    block_on(async {
        let mut lines = open_file(&path).await.unwrap().lines().max_len(10);
        assert_eq!(lines.next_line().await.unwrap(), Some("one"));
        assert_eq!(lines.next_line().await.unwrap(), Some("two"));
        lines.next_line().await.unwrap_err();
        let mut file = lines.into_inner();
        for (back, expected) in [(4, "two\n"), (8, "one\n")] {
            let mut line = String::new();
            let start = file.seek(SeekFrom::Start(8 - back)).await.unwrap();
            assert_eq!(start, 8 - back);
            file.read_line(&mut line).await.unwrap();
            assert_eq!(line, expected);
        }
        let mut rest = String::new();
        file.read_to_string(&mut rest).await.unwrap();
        assert!(rest == format!("two\n{long}\nlast"));
    });
}

/// A line that was too long can still be read, whether or not all of it was in memory by then.
#[test]
fn a_line_that_was_too_long_has_not_been_taken_from_the_file() {
    let dir = Dir::new();
    for len in [11, 100, 40_000, 300_000] {
        let long = "l".repeat(len);
        let text = format!("one\n{long}\nlast");
        let path = dir.file("text", &text);
        block_on(async {
            let opened = open_file(&path).await.unwrap();
            check(opened.lines(), &long).await;
            let object = Scripted::new(text.as_bytes(), [Step::Short(6), Step::Short(20)]);
            check(wrap_file(object.handle()).lines(), &long).await;
        });
    }

    async fn check<T: Read + Send + 'static>(lines: Lines<T>, long: &str) {
        let mut lines = lines.max_len(10);
        assert_eq!(lines.next_line().await.unwrap(), Some("one"));
        lines.next_line().await.unwrap_err();
        let mut file = lines.into_inner();
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        assert!(line == format!("{long}\n"), "{} bytes", line.len());
        let mut lines = file.lines().max_len(3);
        lines.next_line().await.unwrap_err();
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
}

/// Yields one endless line until it is told to end, then a short one.
struct Endless {
    left: usize,
    tail: &'static [u8],
    reads: Arc<AtomicUsize>,
    largest: Arc<AtomicUsize>,
}

impl Endless {
    fn new(left: usize) -> Endless {
        Endless {
            left,
            tail: b"\nshort\n",
            reads: Arc::default(),
            largest: Arc::default(),
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.largest.fetch_max(buf.len(), Ordering::Relaxed);
        if self.left == 0 {
            return self.tail.read(buf);
        }
        let len = buf.len().min(self.left);
        buf[..len].fill(b'x');
        self.left -= len;
        Ok(len)
    }
}

const HUGE: usize = 64 * 1024 * 1024;

#[test]
fn a_huge_line_is_passed_over_in_chunks() {
    let endless = Endless::new(HUGE);
    let (reads, largest) = (endless.reads.clone(), endless.largest.clone());
    let mut lines = wrap_file(endless).lines().max_len(1_000);
    block_on(async {
        let error = lines.next_line().await.unwrap_err();
        assert_eq!(error.to_string(), "line 1 is longer than 1000 bytes");
        // The error comes as soon as the limit is passed.
        assert!(reads.load(Ordering::Relaxed) < 4, "{reads:?} reads");
        assert_eq!(lines.next_line().await.unwrap(), Some("short"));
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
    let largest = largest.load(Ordering::Relaxed);
    assert!(largest <= 256 * 1024, "one read of {largest} bytes");
    assert!(reads.load(Ordering::Relaxed) >= HUGE / largest);
}

/// Returns the peak of this process's resident memory, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_huge_line_takes_little_memory() {
    if !common::in_child() {
        common::run_in_child("a_huge_line_takes_little_memory", &[]);
        return;
    }
    let dir = Dir::new();
    // The first pool thread takes memory of its own.
    block_on(async { open_file(dir.file("first", "")).await }).unwrap();
    let before = peak_memory();
    let mut lines = wrap_file(Endless::new(HUGE)).lines().max_len(100_000);
    let path = dir.join("sparse");
    File::create(&path).unwrap().set_len(HUGE as u64).unwrap();
    block_on(async {
        lines.next_line().await.unwrap_err();
        assert_eq!(lines.next_line().await.unwrap(), Some("short"));
        let mut lines = open_file(&path).await.unwrap().lines().max_len(100_000);
        lines.next_line().await.unwrap_err();
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
    let grown = peak_memory() - before;
    assert!(grown < 4 * 1024, "{grown} KiB for a line of {HUGE} bytes");
}

/// After any number of lines, the file from `into_inner` is positioned after the last of them.
#[test]
fn into_inner_is_after_the_last_line() {
    let dir = Dir::new();
    let text = text(400_000);
    let path = dir.file("text", &text);
    let total = text.lines().count();
    let counts = [
        0,
        1,
        2,
        3,
        150,
        151,
        500,
        1_500,
        2_500,
        total - 1,
        total,
        total + 1,
    ];
    for count in counts {
        let rest: String = text.split_inclusive('\n').skip(count).collect();
        let at = (text.len() - rest.len()) as u64;
        block_on(async {
            let mut lines = open_file(&path).await.unwrap().lines();
            let mut of_cursor = wrap_file(Cursor::new(text.clone().into_bytes())).lines();
            for _ in 0..count {
                lines.next_line().await.unwrap();
                of_cursor.next_line().await.unwrap();
            }
            assert!(format!("{:?}", lines.get_ref()).contains("AsyncFile"));
            let (mut file, mut cursor) = (lines.into_inner(), of_cursor.into_inner());
            let (mut of_file, mut from_cursor) = (String::new(), String::new());
            match count % 2 {
                0 => {
                    file.read_to_string(&mut of_file).await.unwrap();
                    cursor.read_to_string(&mut from_cursor).await.unwrap();
                }
                _ => {
                    let mut file = file.into_inner().await.unwrap();
                    assert_eq!(file.stream_position().unwrap(), at);
                    file.read_to_string(&mut of_file).unwrap();
                    let mut cursor = cursor.into_inner().await.unwrap();
                    assert_eq!(cursor.position(), at);
                    cursor.read_to_string(&mut from_cursor).unwrap();
                }
            }
            assert!(of_file == rest, "after {count} lines");
            assert!(from_cursor == rest, "after {count} lines of the cursor");
        });
    }
}

/// Follows a growing file, with `BufReader` on the same file as the oracle.
fn follow(begin: &str, reads_before: usize, pieces: &[&str]) {
    let dir = Dir::new();
    let path = dir.file("log", begin);
    let mut writer = File::options().append(true).open(&path).unwrap();
    let mut oracle = BufReader::new(File::open(&path).unwrap()).lines();
    block_on(async {
        let mut lines = open_file(&path).await.unwrap().lines();
        for number in 0..reads_before {
            let expected = oracle.next().map(Result::unwrap);
            let line = lines.next_line().await.unwrap();
            assert_eq!(line, expected.as_deref(), "line {number}");
        }
        for piece in pieces {
            writer.write_all(piece.as_bytes()).unwrap();
            loop {
                let expected = oracle.next().map(Result::unwrap);
                let line = lines.next_line().await.unwrap();
                assert_eq!(line, expected.as_deref(), "after {piece:?} was appended");
                if expected.is_none() {
                    break;
                }
            }
        }
    });
}

const PIECES: [&str; 5] = ["one\n", "two\nthree\n", "half", " of a line\n", "\n\n"];

#[test]
fn lines_that_are_appended_after_the_end_follow() {
    follow("", 1, &PIECES);
    follow("begin\n", 2, &PIECES);
    for len in [20_000, 100_000, 300_000, 600_000] {
        let begin = text(len);
        follow(&begin, begin.lines().count() + 1, &PIECES);
    }
}

/// An end of file that was met while reading ahead is checked again when the line is requested.
#[test]
fn lines_that_are_appended_before_the_end_was_reported_follow() {
    for len in [20_000, 100_000, 300_000, 600_000] {
        let begin = text(len);
        let total = begin.lines().count();
        for reads in [total, total - 1] {
            follow(&begin, reads, &PIECES);
        }
    }
}

/// The last line is whole if its rest was written before it is requested.
#[test]
fn the_rest_of_the_last_line_is_seen() {
    for len in [20_000, 100_000, 300_000, 600_000] {
        let begin = text(len) + "the start of a line";
        let total = begin.lines().count();
        follow(&begin, total - 1, &[" and its end\n", "one\n"]);
    }
}

/// An end of file that was met after the start of a line is checked again when the rest of the line has been
/// written.
#[test]
fn the_rest_of_a_last_line_that_was_too_long_is_passed_over() {
    let dir = Dir::new();
    for len in [0, 20_000, 300_000] {
        let begin = text(len);
        let path = dir.file("log", format!("{begin}{}", "l".repeat(1_000)));
        let mut writer = File::options().append(true).open(&path).unwrap();
        block_on(async {
            let mut lines = open_file(&path).await.unwrap().lines().max_len(500);
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            lines.next_line().await.unwrap_err();
            writer.write_all(b"and its end\nnext\n").unwrap();
            assert_eq!(
                lines.next_line().await.unwrap(),
                Some("next"),
                "{len} bytes"
            );
            assert_eq!(lines.next_line().await.unwrap(), None);
        });
    }
}

/// The same for a custom object, which is not read ahead.
#[test]
fn an_object_that_grows_is_followed() {
    #[derive(Clone, Default)]
    struct Growing(Arc<Mutex<Vec<u8>>>);

    impl Read for Growing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let mut bytes = self.0.lock().unwrap();
            let len = bytes.len().min(buf.len());
            buf[..len].copy_from_slice(&bytes[..len]);
            bytes.drain(..len);
            Ok(len)
        }
    }

    let growing = Growing::default();
    let mut lines = wrap_file(growing.clone()).lines();
    block_on(async {
        for number in 0..5 {
            assert_eq!(lines.next_line().await.unwrap(), None);
            writeln!(growing.0.lock().unwrap(), "line {number}").unwrap();
            let line = lines.next_line().await.unwrap();
            assert_eq!(line, Some(&*format!("line {number}")));
        }
    });
}

/// An end of file that was found for a dropped future is checked again later, if that needs no pool thread.
/// Otherwise it may be reported once.
#[test]
fn lines_that_are_appended_after_a_dropped_future_follow() {
    let dir = Dir::new();
    #[cfg(target_os = "linux")]
    let on_the_spot = common::nowait_works(dir.path());
    #[cfg(not(target_os = "linux"))]
    let on_the_spot = false;
    for len in [0, 20_000, 300_000] {
        let begin = text(len);
        let path = dir.file("log", &begin);
        let mut writer = File::options().append(true).open(&path).unwrap();
        block_on(async {
            let mut lines = open_file(&path).await.unwrap().lines();
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            for number in 0..3 {
                // Pending if it needs the pool, which then has time to find the end.
                if futures_lite::future::poll_once(lines.next_line())
                    .await
                    .is_none()
                {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                writeln!(writer, "line {number}").unwrap();
                let mut line = lines.next_line().await.unwrap().map(String::from);
                if line.is_none() && !on_the_spot {
                    line = lines.next_line().await.unwrap().map(String::from);
                }
                assert_eq!(line, Some(format!("line {number}")), "{len} bytes");
            }
        });
    }
}
