//! Changes of a file by others are visible after a seek, and reads of a regular file are short only at its end.

mod common;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use common::strict::Random;
use common::{Dir, in_child, noise, position, run_in_child};

/// Runs the test in this process, and in a child without the no-wait calls.
fn both_ways(test: &str, body: impl FnOnce()) {
    body();
    if !in_child() {
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
    }
}

async fn read_write(path: &Path) -> AsyncFile {
    let opened = open_file(path).read(true).write(true).await;
    opened.expect("the file")
}

/// Returns a line of a status file, which repeats `text`.
fn line_of(text: &str) -> String {
    text.repeat(39) + "\n"
}

/// Returns the contents of a status file, of constant length and long enough to be read ahead.
fn status(text: &str) -> String {
    line_of(text).repeat(15_000)
}

/// Rewrites the file in place, as another process would.
fn rewrite(path: &Path, text: &str) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(status(text).as_bytes()).unwrap();
}

/// The ways to read some of a file, after which bytes may have been read ahead.
const WAYS: [&str; 9] = [
    "nothing",
    "one read",
    "fill_buf",
    "a line",
    "lines",
    "small reads in sequence",
    "large reads in sequence",
    "all of it",
    "a read that was dropped",
];

async fn read_some(file: &mut AsyncFile, way: &str) {
    let mut line = String::new();
    match way {
        "one read" => drop(file.read(&mut [0; 100]).await.unwrap()),
        "fill_buf" => drop(file.fill_buf().await.unwrap().len()),
        "a line" => drop(file.read_line(&mut line).await.unwrap()),
        "lines" => {
            for _ in 0..10_000 {
                file.read_line(&mut line).await.unwrap();
            }
        }
        "small reads in sequence" => {
            for _ in 0..5_000 {
                file.read_exact(&mut [0; 100]).await.unwrap();
            }
        }
        "large reads in sequence" => {
            for _ in 0..8 {
                file.read_exact(&mut [0; 60_000]).await.unwrap();
            }
        }
        "all of it" => drop(file.read_to_string(&mut line).await.unwrap()),
        "a read that was dropped" => {
            let _ = common::poll_times(file.read_line(&mut line), 1);
            let _ = common::poll_times(file.read(&mut [0; 100_000]), 1);
        }
        _ => {}
    }
}

/// After a seek to any position, the current contents are read.
#[test]
fn a_seek_shows_what_others_have_written() {
    both_ways("a_seek_shows_what_others_have_written", || {
        let dir = Dir::new();
        let len = status("0").len();
        let mut stale = Vec::new();
        for way in WAYS {
            for wrapped in [false, true] {
                let seeks = [
                    SeekFrom::Start(0),
                    SeekFrom::Start(40),
                    SeekFrom::End(-(len as i64)),
                ];
                for to in seeks {
                    let path = dir.file("status", status("0"));
                    let seen = block_on(async {
                        let mut file = if wrapped {
                            wrap_file(File::open(&path).unwrap())
                        } else {
                            open_file(&path).await.unwrap()
                        };
                        read_some(&mut file, way).await;
                        rewrite(&path, "1");
                        file.seek(to).await.unwrap();
                        let mut line = String::new();
                        file.read_line(&mut line).await.unwrap();
                        rewrite(&path, "2");
                        // The second seek meets the buffers that the first has left.
                        file.seek(to).await.unwrap();
                        let mut all = String::new();
                        file.read_to_string(&mut all).await.unwrap();
                        let first = line != line_of("1");
                        let then = all.bytes().any(|byte| byte == b'1' || byte == b'0');
                        let which = match (first, then) {
                            (false, false) => return None,
                            (true, _) => "after it",
                            (false, true) => "after a line",
                        };
                        Some(format!("{way}, {to:?} {which}, wrapped: {wrapped}"))
                    });
                    stale.extend(seen);
                }
            }
        }
        let some = stale.iter().step_by(5).cloned().collect::<Vec<_>>();
        assert!(
            stale.is_empty(),
            "{} are stale, such as {}",
            stale.len(),
            some.join("; ")
        );
    });
}

/// A relative seek back to the start has the same effect as an absolute one.
#[test]
fn a_seek_back_shows_what_others_have_written() {
    both_ways("a_seek_back_shows_what_others_have_written", || {
        let dir = Dir::new();
        let mut stale = Vec::new();
        for way in WAYS {
            let path = dir.file("status", status("0"));
            block_on(async {
                let mut file = open_file(&path).await.unwrap();
                read_some(&mut file, way).await;
                let here = position(&mut file).await as i64;
                if here == 0 {
                    return;
                }
                rewrite(&path, "1");
                assert_eq!(file.seek(SeekFrom::Current(-here)).await.unwrap(), 0);
                let mut line = String::new();
                file.read_line(&mut line).await.unwrap();
                if line != line_of("1") {
                    stale.push(way);
                }
            });
        }
        assert!(stale.is_empty(), "stale after {}", stale.join("; "));
    });
}

/// Asking for the position does not discard the buffer.
#[test]
fn the_question_for_the_position_keeps_the_buffer() {
    both_ways("the_question_for_the_position_keeps_the_buffer", || {
        let dir = Dir::new();
        let path = dir.file("status", status("0"));
        block_on(async {
            let mut file = open_file(&path).await.unwrap();
            let mut line = String::new();
            file.read_line(&mut line).await.unwrap();
            let buffered = file.fill_buf().await.unwrap().len();
            rewrite(&path, "1");
            assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 40);
            let kept = file.fill_buf().await.unwrap();
            assert_eq!(kept.len(), buffered);
            assert!(kept.iter().all(|&byte| byte != b'1'));
        });
    });
}

/// A file of the kernel whose contents differ at each read.
#[cfg(target_os = "linux")]
#[test]
fn the_clock_of_the_kernel_goes_on() {
    both_ways("the_clock_of_the_kernel_goes_on", || {
        let path = Path::new("/proc/uptime");
        if !path.exists() {
            return println!("skipped: there is no {path:?}");
        }
        let mut standing = Vec::new();
        for way in ["one read", "fill_buf", "a line", "all of it"] {
            for wrapped in [false, true] {
                block_on(async {
                    let mut file = if wrapped {
                        wrap_file(File::open(path).unwrap())
                    } else {
                        open_file(path).await.unwrap()
                    };
                    let mut seen = Vec::new();
                    for _ in 0..3 {
                        file.seek(SeekFrom::Start(0)).await.unwrap();
                        let mut line = String::new();
                        match way {
                            "one read" => {
                                let mut buf = [0; 100];
                                let read = file.read(&mut buf).await.unwrap();
                                line = String::from_utf8(buf[..read].to_vec()).unwrap();
                            }
                            "fill_buf" => {
                                let filled = file.fill_buf().await.unwrap();
                                line = String::from_utf8(filled.to_vec()).unwrap();
                            }
                            "a line" => drop(file.read_line(&mut line).await.unwrap()),
                            _ => drop(file.read_to_string(&mut line).await.unwrap()),
                        }
                        assert!(!line.is_empty(), "{way}");
                        seen.push(line);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                    }
                    if seen[0] == seen[1] || seen[1] == seen[2] {
                        standing.push(format!("{way}, wrapped: {wrapped}"));
                    }
                });
            }
        }
        assert!(standing.is_empty(), "stands still: {}", standing.join("; "));
    });
}

/// A read at an offset does not use the buffer, so that it sees changes without a seek.
#[test]
fn a_read_at_an_offset_shows_what_others_have_written() {
    both_ways("a_read_at_an_offset_shows_what_others_have_written", || {
        let dir = Dir::new();
        let path = dir.file("status", status("0"));
        block_on(async {
            let file = open_file(&path).await.unwrap();
            for text in ["1", "2", "3"] {
                rewrite(&path, text);
                let mut seen = [0; 2];
                file.read_exact_at(&mut seen, 0).await.unwrap();
                assert_eq!(std::str::from_utf8(&seen).unwrap(), text.repeat(2));
            }
        });
    });
}

/// Reads of a regular file that are shorter than they should be.
struct Short {
    data: Vec<u8>,
    reads: usize,
    short: Vec<String>,
}

impl Short {
    fn new(data: Vec<u8>) -> Short {
        Short {
            data,
            reads: 0,
            short: Vec::new(),
        }
    }

    /// Records a read if it is short before the end of the file.
    fn note(&mut self, what: &str, at: usize, buf: &[u8], read: usize) {
        let rest = &self.data[at.min(self.data.len())..];
        assert!(buf[..read] == rest[..read], "{what} at {at}: wrong bytes");
        let expected = buf.len().min(rest.len());
        self.reads += 1;
        if read != expected {
            self.short
                .push(format!("{what} at {at}: {read} of {expected}"));
        }
    }

    #[track_caller]
    fn check(self) {
        let first = self.short.first();
        assert_eq!(
            first,
            None,
            "{} of {} are short",
            self.short.len(),
            self.reads
        );
    }
}

const MOST: usize = 256 * 1024;

/// Reads at random positions, in sequence, after lines, and at offsets, from a file in any state.
async fn read_here_and_there(file: &mut AsyncFile, short: &mut Short, seed: u64, calls: usize) {
    let mut random = Random::new(seed);
    let len = short.data.len();
    let mut position = 0;
    let mut buf = vec![0; MOST];
    for _ in 0..calls {
        let most = [100, 5_000, 70_000, MOST][random.below(4)];
        let size = 1 + random.below(most);
        match random.below(12) {
            0..4 => {
                let read = file.read(&mut buf[..size]).await.unwrap();
                short.note("read", position, &buf[..size], read);
                position += read;
            }
            4..7 => {
                position = random.below(len + 100);
                file.seek(SeekFrom::Start(position as u64)).await.unwrap();
                let read = file.read(&mut buf[..size]).await.unwrap();
                short.note("read after a seek", position, &buf[..size], read);
                position += read;
            }
            7..9 => {
                let at = random.below(len + 100);
                let read = file.read_at(&mut buf[..size], at as u64).await.unwrap();
                short.note("read_at", at, &buf[..size], read);
            }
            9 => {
                let mut line = Vec::new();
                position += file.read_until(b'\n', &mut line).await.unwrap();
            }
            10 => {
                let filled = file.fill_buf().await.unwrap().len();
                let some = filled.min(size / 2);
                file.consume(some);
                position += some;
            }
            _ => {
                let (one, other) = buf[..size].split_at_mut(size / 3);
                let bufs = &mut [io::IoSliceMut::new(one), io::IoSliceMut::new(other)];
                let read = file.read_vectored(bufs).await.unwrap();
                short.note("read_vectored", position, &buf[..size], read);
                position += read;
            }
        }
    }
}

#[test]
fn a_read_is_short_only_at_the_end() {
    both_ways("a_read_is_short_only_at_the_end", || {
        let dir = Dir::new();
        let mut short = Short::new(noise(3_000_001));
        let path = dir.file("file", &short.data);
        for seed in 0..10 {
            block_on(async {
                let mut file = match seed % 2 {
                    0 => open_file(&path).await.unwrap(),
                    _ => wrap_file(File::open(&path).unwrap()),
                };
                read_here_and_there(&mut file, &mut short, seed, 400).await;
            });
        }
        short.check();
    });
}

/// The same for a small file, whose end is never far.
#[test]
fn a_read_is_short_only_at_the_end_of_small_files() {
    both_ways("a_read_is_short_only_at_the_end_of_small_files", || {
        let dir = Dir::new();
        for len in [1, 4_095, 16_384, 16_385, 262_144, 262_145] {
            let mut short = Short::new(noise(len));
            let path = dir.file("file", &short.data);
            for seed in 0..4 {
                block_on(async {
                    let mut file = open_file(&path).await.unwrap();
                    read_here_and_there(&mut file, &mut short, seed, 60).await;
                });
            }
            short.check();
        }
    });
}

/// Some pages are cached and some are not: a read must not end with the cached ones.
#[cfg(target_os = "linux")]
#[test]
fn a_read_of_a_file_that_is_partly_cached() {
    use rustix::fs::{Advice, fadvise};
    use std::num::NonZeroU64;
    both_ways("a_read_of_a_file_that_is_partly_cached", || {
        let dir = Dir::new();
        let mut short = Short::new(noise(3_000_001));
        let path = dir.file("file", &short.data);
        let std = File::open(&path).unwrap();
        std.sync_all().unwrap();
        let mut random = Random::new(7);
        for seed in 0..40 {
            for _ in 0..30 {
                let at = random.below(short.data.len()) as u64 / 4096 * 4096;
                let pages = 1 + random.below(16) as u64;
                let len = NonZeroU64::new(pages * 4096);
                fadvise(&std, at, len, Advice::DontNeed).expect("advice");
            }
            block_on(async {
                let mut file = open_file(&path).await.unwrap();
                read_here_and_there(&mut file, &mut short, seed, 25).await;
            });
        }
        short.check();
    });
}

/// Reads are short only at the end, also while writes of the same handle are in flight.
#[test]
fn a_read_after_writes_is_short_only_at_the_end() {
    both_ways("a_read_after_writes_is_short_only_at_the_end", || {
        let dir = Dir::new();
        let mut short = Short::new(noise(1_500_000));
        let path = dir.file("file", &short.data);
        let mut random = Random::new(3);
        block_on(async {
            let mut file = read_write(&path).await;
            let mut buf = vec![0; MOST];
            for _ in 0..200 {
                let (at, len) = (random.below(1_400_000), random.below(90_000));
                file.seek(SeekFrom::Start(at as u64)).await.unwrap();
                file.write_all(&noise(len)).await.unwrap();
                short.data[at..at + len].copy_from_slice(&noise(len));
                let position = at + len;
                let size = 1 + random.below(MOST);
                let read = file.read(&mut buf[..size]).await.unwrap();
                short.note("read after a write", position, &buf[..size], read);
            }
            let mut std = file.into_inner().await.unwrap();
            std.rewind().unwrap();
        });
        short.check();
    });
}
