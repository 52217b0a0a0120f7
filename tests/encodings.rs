//! Text in other encodings than UTF-8, against Python's `open` and against `encoding_rs` on the whole text.

#![cfg(feature = "encoding")]

mod common;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Cursor, ErrorKind, Read, Write};
use std::path::Path as StdPath;
use std::pin::pin;
use std::process::Command;

use anyfile::{AsyncFile, Lines, Path, open_file, wrap_file};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE,
    UTF_16LE, WINDOWS_1252,
};
use futures_lite::StreamExt;
use futures_lite::future::{block_on, poll_once};

use common::strict::Random;
use common::{Dir, Scripted, Step};

/// Characters of each encoding. In UTF-16, some have the byte 0x0A in one of their halves, or in both.
const TESTED: [(&Encoding, &str); 8] = [
    (WINDOWS_1252, "aé€ß~"),
    (SHIFT_JIS, "aｱ日本語ソ表"),
    (EUC_JP, "a日本語"),
    (GB18030, "a中文字ĀÿЖ𠀀😀"),
    (BIG5, "a中文字功"),
    (EUC_KR, "a한국어"),
    (UTF_16LE, "aé日\u{0A0A}\u{0A00}\u{010A}\u{0A0D}\u{0D0A}😀"),
    (UTF_16BE, "aé日\u{0A0A}\u{0A00}\u{010A}\u{0A0D}\u{0D0A}😀"),
];

/// Returns lines of these characters, some of them empty, some with `\r`, the last one maybe without an end.
fn lines_of(characters: &str, len: usize, random: &mut Random) -> String {
    let characters: Vec<char> = characters.chars().collect();
    let mut text = String::new();
    while text.len() < len {
        for _ in 0..random.below(80) {
            text.push(characters[random.below(characters.len())]);
        }
        if random.percent(20) {
            text.push('\r');
        }
        text.push('\n');
    }
    if random.percent(50) {
        text.push('a');
    }
    text
}

/// Returns the lines of a text as std does.
fn std_lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n')
        .map(|line| {
            line.strip_suffix('\n')
                .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
        })
        .collect()
}

fn encode(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    if encoding == UTF_16LE {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if encoding == UTF_16BE {
        return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    }
    if encoding == ISO_2022_JP {
        return encoding.encode(text).0.into_owned();
    }
    // Each character once: the encoder searches its tables from end to end.
    let mut known = BTreeMap::new();
    let encode_one = |character: char| {
        let text = character.to_string();
        let (bytes, _, unmappable) = encoding.encode(&text);
        assert!(!unmappable, "{character} in {}", encoding.name());
        bytes.into_owned()
    };
    let mut bytes = Vec::new();
    for character in text.chars() {
        let encoded = known
            .entry(character)
            .or_insert_with(|| encode_one(character));
        bytes.extend_from_slice(encoded);
    }
    bytes
}

/// Wraps bytes in an object that returns a few of them at a time.
fn slow(bytes: &[u8], random: &mut Random) -> AsyncFile<common::ScriptedHandle> {
    let steps: Vec<Step> = (0..300).map(|_| Step::Short(1 + random.below(9))).collect();
    wrap_file(Scripted::new(bytes, steps).handle())
}

async fn all<T: Read + Send + 'static>(lines: Lines<T>) -> Vec<String> {
    lines.try_collect().await.unwrap()
}

/// Encodes a text with Python, and returns the bytes, its lines, and what it reads. `None` without Python.
fn python(dir: &Dir, text: &str, encoding: &str) -> Option<(Vec<u8>, Vec<String>, String)> {
    let (source, encoded) = (dir.file("source", text), dir.join("encoded"));
    let (lines, whole) = (dir.join("lines"), dir.join("whole"));
    let script = StdPath::new(env!("CARGO_MANIFEST_DIR")).join("tests/encodings.py");
    let files = [&encoded, &lines, &whole];
    let mut command = Command::new("python3");
    command.arg(script).arg(source).arg(encoding).args(files);
    let Ok(output) = command.output() else {
        println!("skipped: there is no python3");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{encoding}: {said}");
    let read = |path| std::fs::read_to_string(path).unwrap();
    let lines = read(lines)
        .split_terminator('\n')
        .map(String::from)
        .collect();
    Some((std::fs::read(encoded).unwrap(), lines, read(whole)))
}

#[test]
fn as_python_reads_and_writes() {
    let dir = Dir::new();
    let random = &mut Random::new(1);
    let unicode = "aé日\u{0A0A}\u{0A00}😀";
    // Python's name, the encoding that is given, the characters, and whether it writes a byte order mark.
    let cases: [(&str, &'static Encoding, &str, bool); 9] = [
        ("latin-1", WINDOWS_1252, "aéÿ¿~", false),
        ("cp1252", WINDOWS_1252, "aé€ß~", false),
        ("utf-16-le", UTF_16LE, unicode, false),
        ("utf-16-be", UTF_16BE, unicode, false),
        // The mark has precedence over what is given.
        ("utf-16", UTF_16BE, unicode, true),
        ("utf-16", WINDOWS_1252, unicode, true),
        ("utf-8-sig", SHIFT_JIS, unicode, true),
        ("shift_jis", SHIFT_JIS, "aｱ日本語ソ表", false),
        ("gb18030", GB18030, "a中文字ĀÿЖ𠀀😀", false),
    ];
    for (name, encoding, characters, has_mark) in cases {
        let texts = [
            String::new(),
            "\n".into(),
            "a\r\n\r\r\n\nb".into(),
            characters.repeat(30_000),
            lines_of(characters, 300_000, random),
        ];
        for text in texts {
            let Some((bytes, lines, whole)) = python(&dir, &text, name) else {
                return;
            };
            let path = Path::new(dir.file("file", &bytes));
            block_on(async {
                let file = open_file(&path).await.unwrap();
                let what = format!("{name}, {} bytes", bytes.len());
                assert!(
                    all(file.lines().encoding(encoding)).await == lines,
                    "{what}"
                );
                let slow = slow(&bytes, random).lines().encoding(encoding);
                assert!(all(slow).await == lines, "{what}, slowly");
                let read = path.read_text().encoding(encoding).await.unwrap();
                assert!(read == whole, "{what}, as a whole");
                if !has_mark {
                    path.write_text(&text).encoding(encoding).await.unwrap();
                    assert!(path.read_bytes().await.unwrap() == bytes, "{what}, written");
                }
            });
        }
    }
}

#[test]
fn lines_at_the_ends_of_chunks() {
    let dir = Dir::new();
    for (encoding, characters) in TESTED {
        for seed in 0..4 {
            let random = &mut Random::new(seed);
            // The first line moves all others.
            let text = "a".repeat(random.below(200)) + "\n";
            let text = text + &lines_of(characters, 100_000 + random.below(300_000), random);
            let bytes = encode(encoding, &text);
            let path = dir.file("file", &bytes);
            let expected = std_lines(&text);
            block_on(async {
                let mut lines = open_file(&path).await.unwrap().lines().encoding(encoding);
                for line in &expected {
                    assert_eq!(lines.next_line().await.unwrap(), Some(*line));
                }
                assert_eq!(lines.next_line().await.unwrap(), None);
                let slow = all(slow(&bytes, random).lines().encoding(encoding)).await;
                assert!(slow == expected, "{}", encoding.name());
            });
        }
    }
}

/// After any number of lines, the file is positioned after the last of them.
#[test]
fn into_inner_is_after_the_last_line() {
    let dir = Dir::new();
    let random = &mut Random::new(2);
    for (encoding, characters) in TESTED {
        let text = lines_of(characters, 300_000, random);
        let bytes = encode(encoding, &text);
        let path = dir.file("file", &bytes);
        let total = std_lines(&text).len();
        for count in [0, 1, 2, 7, total / 2, total - 1, total, total + 1] {
            let passed: String = text.split_inclusive('\n').take(count).collect();
            let at = encode(encoding, &passed).len();
            block_on(async {
                let mut of_file = open_file(&path).await.unwrap().lines().encoding(encoding);
                let mut of_object = slow(&bytes, random).lines().encoding(encoding);
                for _ in 0..count {
                    of_file.next_line().await.unwrap();
                    of_object.next_line().await.unwrap();
                }
                let mut file = of_file.into_inner();
                assert_eq!(file.stream_position().await.unwrap(), at as u64);
                let (mut of_file, mut of_cursor) = (Vec::new(), Vec::new());
                file.read_to_end(&mut of_file).await.unwrap();
                of_object
                    .into_inner()
                    .read_to_end(&mut of_cursor)
                    .await
                    .unwrap();
                let what = format!("{} after {count} lines", encoding.name());
                assert!(of_file == bytes[at..] && of_cursor == bytes[at..], "{what}");
            });
        }
    }
}

/// The encoding may be declared in the text itself, as in HTML.
#[test]
fn an_encoding_can_be_set_between_two_lines() {
    block_on(async {
        let file = wrap_file(Cursor::new(b"charset=windows-1252\ncaf\xE9\n\x93\xFA\n"));
        let mut lines = file.lines();
        let first = lines.next_line().await.unwrap().unwrap();
        let label = first.strip_prefix("charset=").unwrap();
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let mut lines = lines.encoding(encoding);
        assert_eq!(lines.next_line().await.unwrap(), Some("café"));
        let mut lines = lines.encoding(SHIFT_JIS);
        assert_eq!(lines.next_line().await.unwrap(), Some("日"));
    });
}

/// Lines that a worker has decoded ahead are decoded again if the encoding, or the treatment of malformed sequences, is
/// another one by the time they are read.
#[test]
fn what_was_decoded_ahead_is_not_taken_for_something_else() {
    let encodings = [SHIFT_JIS, WINDOWS_1252, GB18030, EUC_JP, BIG5];
    let random = &mut Random::new(7);
    let mut bytes = Vec::new();
    while bytes.len() < 3_000_000 {
        let is_clean = random.percent(90);
        for _ in 0..random.below(90) {
            bytes.push(match random.below(10) {
                _ if is_clean => b'a',
                0 => 0x81 + random.below(0x7e) as u8,
                _ => b'a' + random.below(26) as u8,
            });
        }
        bytes.push(b'\n');
    }
    let dir = Dir::new();
    let path = dir.file("mixed", &bytes);
    block_on(async {
        let mut lines = open_file(&path).await.unwrap().lines();
        let (mut by, mut lossy) = (UTF_8, false);
        for (at, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            // Seldom enough that chunks are decoded ahead in between.
            if at % 1000 == 0 {
                (by, lossy) = (encodings[random.below(encodings.len())], random.percent(50));
                lines = lines.encoding(by).lossy(lossy);
            }
            let line = &line[..line.len() - 1];
            let expected = if lossy {
                Some(by.decode_without_bom_handling(line).0)
            } else {
                by.decode_without_bom_handling_and_without_replacement(line)
            };
            let got = lines.next_line().await;
            assert_eq!(got.ok().flatten(), expected.as_deref(), "line {at}");
        }
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
}

/// Each malformed line is one error with its number, and the lines around it are there.
#[test]
fn a_malformed_line_is_one_error() {
    let dir = Dir::new();
    for (encoding, characters) in TESTED {
        let fault: &[u8] = match encoding {
            _ if encoding == WINDOWS_1252 => continue,
            _ if encoding == UTF_16LE => b"\x00\xD8",
            _ if encoding == UTF_16BE => b"\xD8\x00",
            // A first half before the end of its line.
            _ => b"\x81",
        };
        let random = &mut Random::new(3);
        let text = lines_of(characters, 200_000, random) + "\n";
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            bytes.extend(encode(encoding, line.trim_end_matches(['\r', '\n'])));
            let is_broken = random.percent(if number % 500 < 20 { 50 } else { 1 });
            let name = encoding.name();
            if is_broken {
                bytes.extend(fault);
                expected.push(Err(format!("line {number} is not valid {name}")));
            } else {
                expected.push(Ok(std_lines(line)[0].trim_end_matches('\r').to_owned()));
            }
            bytes.extend(encode(encoding, "\n"));
        }
        let path = dir.file("file", &bytes);
        block_on(async {
            let lines = open_file(&path).await.unwrap().lines().encoding(encoding);
            let read: Vec<_> = lines.collect().await;
            assert_eq!(read.len(), expected.len());
            for (read, expected) in read.into_iter().zip(&expected) {
                match expected {
                    Ok(line) => assert_eq!(&read.unwrap(), line),
                    Err(message) => {
                        let error = read.unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::InvalidData);
                        assert!(error.to_string().ends_with(message), "{error}");
                    }
                }
            }
            // The same, replaced.
            let lines = wrap_file(Cursor::new(bytes.clone())).lines();
            let read = all(lines.encoding(encoding).lossy(true)).await;
            let (whole, _) = encoding.decode_without_bom_handling(&bytes);
            assert!(read == std_lines(&whole), "{}", encoding.name());
        });
    }
}

#[test]
fn after_an_error_the_file_is_after_its_line() {
    block_on(async {
        let file = wrap_file(Cursor::new(b"one\ntwo\nth\x81\nfour\nfive\n"));
        let mut lines = file.lines().encoding(SHIFT_JIS);
        assert_eq!(lines.next_line().await.unwrap(), Some("one"));
        assert_eq!(lines.next_line().await.unwrap(), Some("two"));
        assert!(lines.next_line().await.is_err());
        let mut rest = String::new();
        lines.into_inner().read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "four\nfive\n");
    });
}

/// A last line may be cut within a character.
#[test]
fn a_character_that_is_cut_at_the_end() {
    for (encoding, bytes) in [(UTF_16LE, &b"a\0\n\0b\0c"[..]), (SHIFT_JIS, b"a\nb\x93")] {
        block_on(async {
            let mut lines = wrap_file(Cursor::new(bytes)).lines().encoding(encoding);
            assert_eq!(lines.next_line().await.unwrap(), Some("a"));
            let error = lines.next_line().await.unwrap_err();
            let message = format!("line 2 is not valid {}", encoding.name());
            assert_eq!(error.to_string(), message);
            assert_eq!(lines.next_line().await.unwrap(), None);
            let lines = wrap_file(Cursor::new(bytes)).lines().encoding(encoding);
            assert_eq!(all(lines.lossy(true)).await, ["a", "b\u{FFFD}"]);
        });
    }
}

/// A line of ISO-2022-JP begins in ASCII, even if the line before did not return to it.
#[test]
fn a_state_ends_with_its_line() {
    let bytes = b"\x1B$BF|K\\\x1B(B!\n\x1B$BF|\nascii\n";
    block_on(async {
        let mut lines = wrap_file(Cursor::new(bytes)).lines().encoding(ISO_2022_JP);
        assert_eq!(lines.next_line().await.unwrap(), Some("日本!"));
        assert!(lines.next_line().await.is_err());
        assert_eq!(lines.next_line().await.unwrap(), Some("ascii"));
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
}

#[test]
fn a_limit_is_that_of_the_text() {
    let long = "日".repeat(50_000);
    let text = format!("日日\n日日a\r\n{long}\nab\n{long}");
    for (encoding, _) in [
        (UTF_16LE, 0),
        (UTF_16BE, 0),
        (SHIFT_JIS, 0),
        (ISO_2022_JP, 0),
    ] {
        let bytes = encode(encoding, &text);
        block_on(async {
            let file = wrap_file(Cursor::new(bytes.clone()));
            let mut lines = file.lines().encoding(encoding).max_len(6);
            assert_eq!(lines.next_line().await.unwrap(), Some("日日"));
            for number in [2, 3] {
                let error = lines.next_line().await.unwrap_err();
                let message = format!("line {number} is longer than 6 bytes");
                assert_eq!(error.to_string(), message);
            }
            assert_eq!(lines.next_line().await.unwrap(), Some("ab"));
            assert!(lines.next_line().await.is_err());
            assert_eq!(lines.next_line().await.unwrap(), None);
        });
        // The file still has a line that was too long.
        for (begin, count) in [("日日\n", 1), ("日日\n日日a\r\n", 2)] {
            let at = encode(encoding, begin).len();
            block_on(async {
                let file = wrap_file(Cursor::new(bytes.clone()));
                let mut lines = file.lines().encoding(encoding).max_len(6);
                for _ in 0..count {
                    let _ = lines.next_line().await;
                }
                assert!(lines.next_line().await.is_err());
                let mut rest = Vec::new();
                lines.into_inner().read_to_end(&mut rest).await.unwrap();
                assert!(rest == bytes[at..], "{} after {count}", encoding.name());
            });
        }
    }
}

#[test]
fn marks() {
    let cases: [(&[u8], &[&str]); 7] = [
        (b"\xEF\xBB\xBFcaf\xC3\xA9\n", &["café"]),
        (b"\xFF\xFEh\0\n\0i\0", &["h", "i"]),
        (b"\xFE\xFF\0h\0\n\0i", &["h", "i"]),
        // No marks: a part of one, and one that is not at the beginning.
        (b"\xEF\xBB\n", &["ï»"]),
        (b"\xFE", &["þ"]),
        (b"\n\xFF\xFE", &["", "ÿþ"]),
        (b"", &[]),
    ];
    for (bytes, expected) in cases {
        block_on(async {
            let lines = wrap_file(Cursor::new(bytes)).lines().encoding(WINDOWS_1252);
            assert_eq!(all(lines).await, expected);
            // In pieces of one byte.
            let object = Scripted::new(bytes, vec![Step::Short(1); bytes.len()]);
            let lines = wrap_file(object.handle()).lines().encoding(WINDOWS_1252);
            assert_eq!(all(lines).await, expected);
        });
        let dir = Dir::new();
        let path = Path::new(dir.file("file", bytes));
        let whole = block_on(path.read_text().encoding(WINDOWS_1252).into_future()).unwrap();
        assert_eq!(std_lines(&whole), expected);
    }
    block_on(async {
        let text = "\u{FEFF}caf\u{E9}\n".as_bytes();
        let lines = wrap_file(Cursor::new(text)).lines();
        assert_eq!(all(lines.encoding(UTF_8)).await, ["café"]);
        let lines = wrap_file(Cursor::new(text)).lines();
        assert_eq!(all(lines).await, ["\u{FEFF}café"]);
    });
}

/// A peer that waits for an answer to its first line gets it, although more bytes might be a mark.
#[cfg(unix)]
#[test]
fn a_short_line_is_returned_before_more_bytes_come() {
    use std::os::unix::net::UnixStream;

    common::without_hanging("the first line of a socket", || {
        let (mut peer, own) = UnixStream::pair().unwrap();
        peer.write_all(b"\xE9\n").unwrap();
        let mut lines = wrap_file(own).lines().encoding(WINDOWS_1252);
        assert_eq!(block_on(lines.next_line()).unwrap(), Some("é"));
    });
}

#[test]
fn a_file_that_grows_is_followed() {
    let dir = Dir::new();
    let path = dir.file("log", b"");
    let mut log = OpenOptions::new().append(true).open(&path).unwrap();
    block_on(async {
        let mut lines = open_file(&path).await.unwrap().lines().encoding(UTF_16LE);
        assert_eq!(lines.next_line().await.unwrap(), None);
        for text in [
            "\u{FEFF}one\ntwo\n",
            "three\n",
            &"long".repeat(50_000),
            "\n",
        ] {
            log.write_all(&encode(UTF_16LE, text)).unwrap();
            let text = text.trim_start_matches('\u{FEFF}');
            for line in std_lines(text) {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            assert_eq!(lines.next_line().await.unwrap(), None);
        }
    });
}

#[test]
fn an_error_and_a_dropped_future_lose_nothing() {
    let random = &mut Random::new(4);
    for (encoding, characters) in TESTED {
        let text = lines_of(characters, 100_000, random);
        let bytes = encode(encoding, &text);
        let steps = (0..200).map(|number| match number % 3 {
            0 => Step::Fail(ErrorKind::Other),
            _ => Step::Short(1 + number % 7),
        });
        let object = Scripted::new(bytes, steps);
        block_on(async {
            let mut lines = wrap_file(object.handle()).lines().encoding(encoding);
            let mut read = Vec::new();
            loop {
                let polled = poll_once(pin!(lines.try_next())).await;
                let next = match polled {
                    Some(next) => next,
                    None => lines.try_next().await,
                };
                match next {
                    Ok(Some(line)) => read.push(line),
                    Ok(None) => break,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Other),
                }
            }
            assert!(read == std_lines(&text), "{}", encoding.name());
        });
    }
}

#[test]
fn errors_of_whole_files() {
    let dir = Dir::new();
    let path = Path::new(dir.file("file", b"caf\x81\n"));
    block_on(async {
        let read = || path.read_text().encoding(SHIFT_JIS);
        let error = read().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let message = error.to_string();
        assert!(
            message.ends_with("invalid Shift_JIS at byte 3"),
            "{message}"
        );
        assert_eq!(read().lossy(true).await.unwrap(), "caf\u{FFFD}\n");

        // Far from the beginning, and after a mark.
        let bytes = [&b"\xFF\xFE"[..], &[b'a', 0].repeat(100_000), b"\x00\xD8"].concat();
        path.write_bytes(bytes).await.unwrap();
        let message = path
            .read_text()
            .encoding(UTF_8)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with("invalid UTF-16LE at byte 200002"),
            "{message}"
        );

        path.write_text("old").await.unwrap();
        let write = |encoding| path.write_text("caf€ 😀").encoding(encoding);
        let error = write(WINDOWS_1252).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let message = error.to_string();
        assert!(
            message.ends_with("U+1F600 cannot be encoded in windows-1252"),
            "{message}"
        );
        assert!(write(REPLACEMENT).await.is_err());
        assert_eq!(path.read_text().await.unwrap(), "old");
        write(WINDOWS_1252).lossy(true).await.unwrap();
        assert_eq!(path.read_bytes().await.unwrap(), b"caf\x80 ?");
        write(UTF_8).await.unwrap();
        assert_eq!(path.read_text().await.unwrap(), "caf€ 😀");
    });
}

/// A substitute is written in the state of the encoding that it needs.
#[test]
fn a_character_is_replaced_within_a_state() {
    let dir = Dir::new();
    let path = Path::new(dir.join("file"));
    block_on(async {
        let write = path.write_text("日😀本").encoding(ISO_2022_JP).lossy(true);
        write.await.unwrap();
        let read = path.read_text().encoding(ISO_2022_JP).await.unwrap();
        assert_eq!(read, "日?本");
    });
}

#[test]
#[should_panic(expected = "an option was set after the first poll")]
fn an_encoding_is_not_set_too_late() {
    let path = Path::new("none");
    let mut read = path.read_text();
    block_on(async {
        let _ = poll_once(&mut read).await;
        drop(read.encoding(UTF_16LE));
    });
}
