//! `Lines::follow`: lines of a file that grows, is truncated or is renamed.

mod common;

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyfile::{Lines, open_file, wrap_file};
use futures_lite::StreamExt;
use futures_lite::future::{self, block_on, poll_once};
use smol::Timer;

use common::{Dir, each_way, text, without_hanging};

/// A log and the process that writes it.
struct Log {
    dir: Dir,
    path: PathBuf,
    writer: File,
}

impl Log {
    fn new(begin: &[u8]) -> Log {
        let dir = Dir::new();
        let path = dir.file("log", begin);
        let writer = File::options().append(true).open(&path).unwrap();
        Log { dir, path, writer }
    }

    fn append(&mut self, bytes: impl AsRef<[u8]>) {
        self.writer.write_all(bytes.as_ref()).unwrap();
    }

    async fn lines(&self) -> Lines {
        open_file(&self.path).await.unwrap().lines().follow(true)
    }
}

/// Returns the next line of a stream that must have one.
async fn next<T: Read + Send + 'static>(lines: &mut Lines<T>) -> io::Result<String> {
    lines.next().await.expect("the stream does not end")
}

async fn expect<T: Read + Send + 'static>(lines: &mut Lines<T>, expected: &[&str]) {
    for expected in expected {
        assert_eq!(next(lines).await.unwrap(), *expected);
    }
}

/// Waits for several looks at the file, and checks that no line comes.
async fn nothing_comes(lines: &mut Lines) {
    let timer = async {
        Timer::after(Duration::from_millis(250)).await;
        None
    };
    let line = future::or(async { Some(lines.next().await) }, timer).await;
    assert!(line.is_none(), "{line:?}");
}

/// Lengths of what is read before the end, with and without read-ahead.
const BEGINS: [usize; 3] = [0, 20_000, 300_000];

#[test]
fn an_unfinished_line_is_kept_back() {
    if !each_way("an_unfinished_line_is_kept_back") {
        return;
    }
    for len in BEGINS {
        let begin = text(len);
        let mut log = Log::new(format!("{begin}half ").as_bytes());
        block_on(async {
            let mut lines = log.lines().await;
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            nothing_comes(&mut lines).await;
            log.append("a line");
            nothing_comes(&mut lines).await;
            log.append("\r");
            nothing_comes(&mut lines).await;
            log.append("\nwhole\n\nunfinished");
            expect(&mut lines, &["half a line", "whole", ""]).await;
            nothing_comes(&mut lines).await;

            let mut lines = lines.follow(false);
            assert_eq!(lines.next_line().await.unwrap(), Some("unfinished"));
            assert_eq!(lines.next_line().await.unwrap(), None);
        });
    }
}

#[test]
fn a_task_that_waits_is_woken() {
    if !each_way("a_task_that_waits_is_woken") {
        return;
    }
    let mut log = Log::new(b"");
    without_hanging("a stream that waits for a line", || {
        block_on(async {
            let mut lines = log.lines().await;
            let write = async {
                for part in ["one\ntw", "o\n", "three\n"] {
                    Timer::after(Duration::from_millis(30)).await;
                    log.append(part);
                }
            };
            let read = expect(&mut lines, &["one", "two", "three"]);
            future::zip(write, read).await;
        });
    });
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    if !each_way("a_truncated_file_is_read_from_its_start") {
        return;
    }
    for len in BEGINS {
        let begin = text(len) + "last\n";
        let mut log = Log::new(format!("{begin}unfinished").as_bytes());
        block_on(async {
            let mut lines = log.lines().await;
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            nothing_comes(&mut lines).await;
            // Within the unfinished line, which is dropped.
            log.writer.set_len(begin.len() as u64 + 3).unwrap();
            for line in begin.lines() {
                assert_eq!(next(&mut lines).await.unwrap(), line);
            }
            nothing_comes(&mut lines).await;
            log.writer.set_len(0).unwrap();
            nothing_comes(&mut lines).await;
            log.append("new\nfile\n");
            expect(&mut lines, &["new", "file"]).await;
        });
    }
}

#[test]
fn numbers_begin_again_after_a_truncation() {
    let mut log = Log::new(b"one\ntwo\nthree is too long\n");
    block_on(async {
        let mut lines = log.lines().await.max_len(5);
        expect(&mut lines, &["one", "two"]).await;
        let error = next(&mut lines).await.unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        nothing_comes(&mut lines).await;
        log.writer.set_len(0).unwrap();
        log.append("\u{E9}t\u{E9}\n");
        expect(&mut lines, &["\u{E9}t\u{E9}"]).await;
        log.append(b"\xFF\n");
        let error = next(&mut lines).await.unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    });
}

#[test]
fn a_line_that_is_too_long_is_skipped_up_to_its_end() {
    for len in BEGINS {
        let begin = text(len);
        let mut log = Log::new(format!("{begin}{}", "l".repeat(1_000)).as_bytes());
        block_on(async {
            let mut lines = log.lines().await.max_len(500);
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            next(&mut lines).await.unwrap_err();
            nothing_comes(&mut lines).await;
            log.append("goes on");
            nothing_comes(&mut lines).await;
            log.append(" and on\nshort\n");
            expect(&mut lines, &["short"]).await;
        });
    }
}

#[test]
fn a_renamed_or_removed_file_is_followed() {
    let mut log = Log::new(b"one\n");
    block_on(async {
        let mut lines = log.lines().await;
        expect(&mut lines, &["one"]).await;
        let rotated = log.dir.join("log.1");
        fs::rename(&log.path, &rotated).unwrap();
        fs::write(&log.path, "of the new file\n").unwrap();
        log.append("two\n");
        expect(&mut lines, &["two"]).await;
        fs::remove_file(rotated).unwrap();
        log.append("three\n");
        expect(&mut lines, &["three"]).await;
        nothing_comes(&mut lines).await;
    });
}

#[test]
fn what_is_kept_back_stays_in_the_file() {
    for len in BEGINS {
        let begin = text(len);
        let log = Log::new(format!("{begin}unfinished").as_bytes());
        block_on(async {
            let mut lines = log.lines().await;
            for line in begin.lines() {
                assert_eq!(lines.next_line().await.unwrap(), Some(line));
            }
            nothing_comes(&mut lines).await;
            let mut rest = String::new();
            let mut file = lines.into_inner();
            assert_eq!(file.stream_position().await.unwrap(), begin.len() as u64);
            file.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "unfinished");
        });
    }
}

#[test]
fn an_object_has_an_end() {
    let mut lines = wrap_file(Cursor::new("one\nunfinished"))
        .lines()
        .follow(true);
    block_on(async {
        expect(&mut lines, &["one", "unfinished"]).await;
        assert!(lines.next().await.is_none());
    });
}

#[cfg(unix)]
#[test]
fn a_stream_has_an_end() {
    let (mut writer, reader) = std::os::unix::net::UnixStream::pair().unwrap();
    writer.write_all(b"one\nunfinished").unwrap();
    drop(writer);
    // As a `File`, which might be regular.
    let reader = File::from(std::os::fd::OwnedFd::from(reader));
    let mut lines = wrap_file(reader).lines().follow(true);
    block_on(async {
        expect(&mut lines, &["one", "unfinished"]).await;
        assert!(lines.next().await.is_none());
    });
}

/// A future is dropped at each of its polls while the file grows, byte by byte, and is truncated.
#[test]
fn dropped_at_every_poll() {
    if !each_way("dropped_at_every_poll") {
        return;
    }
    let written = "one\ntwo\r\n\nfour\n";
    let mut log = Log::new(b"");
    block_on(async {
        let mut lines = log.lines().await;
        for _ in 0..2 {
            let mut seen = Vec::new();
            for byte in written.bytes() {
                log.append([byte]);
                for _ in 0..8 {
                    if let Some(line) = poll_once(lines.next()).await {
                        seen.push(line.unwrap().unwrap());
                    }
                    Timer::after(Duration::from_millis(3)).await;
                }
            }
            while seen.len() < 4 {
                seen.push(next(&mut lines).await.unwrap());
            }
            assert_eq!(seen, ["one", "two", "", "four"]);
            log.writer.set_len(0).unwrap();
            nothing_comes(&mut lines).await;
        }
    });
}

/// While many streams wait, the only thread of the pool serves others.
#[test]
fn waiting_holds_no_thread() {
    if !each_way("waiting_holds_no_thread") {
        return;
    }
    let mut log = Log::new(b"");
    let other = log.dir.file("other", "contents");
    without_hanging("streams that wait", || {
        block_on(async {
            let mut waiting = Vec::new();
            for _ in 0..100 {
                let mut lines = log.lines().await;
                waiting.push(async move { next(&mut lines).await.unwrap() });
            }
            let write = async {
                for _ in 0..20 {
                    let bytes = anyfile::Path::new(&other).read_bytes().await.unwrap();
                    assert_eq!(bytes, b"contents");
                }
                log.append("a line\n");
            };
            let (lines, ()) = future::zip(futures::future::join_all(waiting), write).await;
            assert_eq!(lines, ["a line"; 100]);
        });
    });
}

#[cfg(feature = "encoding")]
mod encoded {
    use encoding_rs::{SHIFT_JIS, UTF_16LE};

    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn characters_and_lines_that_are_cut() {
        if !each_way("encoded::characters_and_lines_that_are_cut") {
            return;
        }
        for len in BEGINS {
            let begin = text(len);
            let mut log = Log::new(&[b"\xFF\xFE", &utf16(&begin)[..]].concat());
            block_on(async {
                let mut lines = log.lines().await.encoding(SHIFT_JIS);
                for line in begin.lines() {
                    assert_eq!(lines.next_line().await.unwrap(), Some(line));
                }
                let mut seen = Vec::new();
                for byte in utf16("one\r\nt\u{1F600}o\n") {
                    log.append([byte]);
                    for _ in 0..4 {
                        let line = poll_once(lines.next()).await;
                        seen.extend(line.map(|line| line.unwrap().unwrap()));
                        Timer::after(Duration::from_millis(10)).await;
                    }
                }
                while seen.len() < 2 {
                    seen.push(next(&mut lines).await.unwrap());
                }
                assert_eq!(seen, ["one", "t\u{1F600}o"]);
            });
        }
    }

    #[test]
    fn a_mark_that_is_cut() {
        for (mark, encoded) in [
            (&b"\xEF\xBB\xBF"[..], "\u{E9}\n".as_bytes()),
            (b"\xFF\xFE", &utf16("\u{E9}\n")),
        ] {
            let mut log = Log::new(&mark[..1]);
            block_on(async {
                let mut lines = log.lines().await.encoding(SHIFT_JIS);
                nothing_comes(&mut lines).await;
                log.append(&mark[1..]);
                nothing_comes(&mut lines).await;
                log.append(encoded);
                expect(&mut lines, &["\u{E9}"]).await;
            });
        }
    }

    /// Each new file begins with its own mark, or with none.
    #[test]
    fn a_truncated_file_begins_with_a_mark() {
        let mut log = Log::new(b"\xEF\xBB\xBF\xC3\xA9\nunfinished");
        block_on(async {
            let mut lines = log.lines().await.encoding(SHIFT_JIS);
            expect(&mut lines, &["\u{E9}"]).await;
            nothing_comes(&mut lines).await;
            log.writer.set_len(0).unwrap();
            log.append(b"\xFF\xFE");
            log.append(utf16("\u{E9}\n"));
            expect(&mut lines, &["\u{E9}"]).await;
            nothing_comes(&mut lines).await;
            log.writer.set_len(0).unwrap();
            log.append(b"\x83\x5C\n");
            expect(&mut lines, &["\u{30BD}"]).await;
            nothing_comes(&mut lines).await;
        });
    }

    #[test]
    fn a_line_that_is_too_long() {
        let mut log = Log::new(&utf16(&"l".repeat(3_000)));
        block_on(async {
            let mut lines = log.lines().await.encoding(UTF_16LE).max_len(500);
            next(&mut lines).await.unwrap_err();
            nothing_comes(&mut lines).await;
            // Half of a unit.
            log.append(b"\x0D");
            nothing_comes(&mut lines).await;
            log.append(b"\x00\x0A\x00");
            log.append(utf16("short\n"));
            expect(&mut lines, &["short"]).await;
        });
    }
}
