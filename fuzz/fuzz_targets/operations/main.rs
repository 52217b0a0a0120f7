//! Sequences of operations on an open file against a file in memory, with futures dropped at any poll.
//!
//! The input is a byte whose bits say how the file is opened (see `Open`), then four bytes for each
//! operation: a letter (see `Run::step`), a digit if its future is dropped after so many polls, and two
//! for a number: the first one, shifted by the low four bits of the second one.

#![no_main]

mod model;

use std::fs::{self, OpenOptions};
use std::io::{IoSlice, IoSliceMut, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::{block_on, zip};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

use model::{States, first_line};

/// More would take long, and show nothing else.
const MOST: usize = 60;

/// No number is larger.
const LARGEST: usize = 300_000;

fuzz_target!(|data: &[u8]| {
    let Some((&options, operations)) = data.split_first() else {
        return;
    };
    let size = if options & Open::LARGE == 0 {
        300
    } else {
        200_000
    };
    let contents = bytes(size, b'-');
    fs::write(scratch(), &contents).expect("a file with contents");
    let open = Open(options);
    let mut run = Run {
        file: open.open(),
        open,
        states: States::new(contents, options & Open::THROUGH != 0),
        letter: b'A',
    };
    for operation in operations.chunks_exact(4).take(MOST) {
        let &[letter, polls, base, shift] = operation else {
            unreachable!("four bytes");
        };
        let polls = polls.is_ascii_digit().then(|| polls - b'0');
        let number = (usize::from(base) << (shift & 15)).min(LARGEST);
        run = run.step(letter, polls, number);
    }
    run.end(operations.len() % 2 == 0);
});

/// How the file is opened.
#[derive(Clone, Copy)]
struct Open(u8);

impl Open {
    /// Each write waits until the system has it.
    const THROUGH: u8 = 1;
    const SMALL_BUFFER: u8 = 2;
    const LARGE: u8 = 4;
    /// By `wrap_file`.
    const WRAPPED: u8 = 8;

    fn open(self) -> AsyncFile {
        if self.0 & (Open::WRAPPED | Open::THROUGH) == Open::WRAPPED {
            let file = OpenOptions::new().read(true).write(true).open(scratch());
            return wrap_file(file.expect("an open file"));
        }
        let mut open = open_file(scratch()).read(true).write(true);
        if self.0 & Open::SMALL_BUFFER != 0 {
            open = open.buffering(100);
        }
        if self.0 & Open::THROUGH != 0 {
            open = open.buffering(0);
        }
        block_on(async { open.await }).expect("an open file")
    }
}

struct Run {
    file: AsyncFile,
    open: Open,
    states: States,
    /// What is written next.
    letter: u8,
}

impl Run {
    fn step(mut self, letter: u8, polls: Option<u8>, number: usize) -> Run {
        if self.states.are_many() {
            self.flush(None);
            self.seek(SeekFrom::Current(0), None);
        }
        match letter {
            b'r' | b'v' | b'f' | b'x' => self.read(letter, polls, number),
            b'l' | b'n' | b'e' | b't' => return self.read_record(letter, polls),
            b'w' | b'W' => self.write(letter, polls, number),
            b's' => self.seek(SeekFrom::Start(number as u64), polls),
            b'c' => self.seek(SeekFrom::Current(number as i64), polls),
            b'b' => self.seek(SeekFrom::Current(-(number as i64)), polls),
            b'z' => self.seek(SeekFrom::End(-(number as i64)), polls),
            b'Z' => self.seek(SeekFrom::End(number as i64), polls),
            b'F' => self.flush(polls),
            b'R' | b'Q' | b'P' | b'L' | b'm' | b'S' => self.positional(letter, polls, number),
            b'g' => self.grow(number),
            b'i' => return self.unwrap_and_wrap(),
            b'o' => return self.reopen(),
            // Other letters stand for the most common ones.
            other => return self.step(b"rlnwsbFf"[usize::from(other) % 8], polls, number),
        }
        self
    }

    fn read(&mut self, letter: u8, polls: Option<u8>, number: usize) {
        let mut buf = vec![0; number];
        let result = match letter {
            b'r' => drive(self.file.read(&mut buf), polls),
            b'v' => {
                let (first, second) = buf.split_at_mut(number / 3);
                let mut bufs = [IoSliceMut::new(first), IoSliceMut::new(second)];
                drive(self.file.read_vectored(&mut bufs), polls)
            }
            b'f' => {
                let filled = drive(self.file.fill_buf(), polls);
                let found = filled.map(|filled| {
                    filled.map(|found| {
                        let len = found.len().min(number);
                        buf[..len].copy_from_slice(&found[..len]);
                        len
                    })
                });
                if let Some(Ok(len)) = found {
                    self.file.consume(len);
                }
                found
            }
            // Without an end: it is taken piece by piece, so a drop would leave the position open.
            _ => {
                let mut read = 0;
                Some(loop {
                    match block_on(self.file.read(&mut buf[read..])) {
                        Ok(0) => break Ok(read),
                        Ok(more) => read += more,
                        Err(error) => break Err(error),
                    }
                })
            }
        };
        let found = result.map(|len| len.map(|len| &buf[..len]));
        self.states.read(found, |rest, found| match letter {
            b'x' => (found == &rest[..rest.len().min(number)]).then_some(found.len()),
            _ => {
                let ended = rest.is_empty() || number == 0;
                let fits = rest.starts_with(found) && found.is_empty() == ended;
                fits.then_some(found.len())
            }
        });
    }

    fn read_record(mut self, letter: u8, polls: Option<u8>) -> Run {
        let mut buf = Vec::new();
        let result = match letter {
            b'l' => drive(self.file.read_until(b'\n', &mut buf), polls),
            b'n' => {
                let mut lines = self.file.lines();
                let line = drive(lines.next_line(), polls);
                let line = line.map(|line| {
                    line.map(|line| {
                        // Its end is put back, so that it differs from no line.
                        buf.extend(
                            line.into_iter()
                                .flat_map(|line| [line, "\n"].concat().into_bytes()),
                        );
                        buf.len()
                    })
                });
                self.file = lines.into_inner();
                line
            }
            b'e' => Some(block_on(self.file.read_to_end(&mut buf))),
            _ => {
                // NUL bytes and letters: it is text.
                let mut text = String::new();
                let result = block_on(self.file.read_to_string(&mut text));
                buf = text.into_bytes();
                Some(result)
            }
        };
        let found = result.map(|len| len.map(|_| &buf[..]));
        self.states.read(found, |rest, found| {
            let line = first_line(rest);
            match letter {
                b'l' => (found == line).then_some(line.len()),
                b'n' if line.ends_with(b"\n") || line.is_empty() => {
                    (found == line).then_some(line.len())
                }
                b'n' => (found.strip_suffix(b"\n") == Some(line)).then_some(line.len()),
                _ => (found == rest).then_some(rest.len()),
            }
        });
        self
    }

    fn write(&mut self, letter: u8, polls: Option<u8>, number: usize) {
        let data = self.next_bytes(number);
        // A write that was dropped may have taken the first buffer that is not empty.
        let (written, first) = match letter {
            b'w' => (drive(self.file.write(&data), polls), &data[..]),
            _ => {
                let (first, second) = data.split_at(number / 3);
                let bufs = [IoSlice::new(first), IoSlice::new(second)];
                let written = drive(self.file.write_vectored(&bufs), polls);
                (written, if first.is_empty() { second } else { first })
            }
        };
        match written {
            Some(written) => self.states.write(written, &data),
            None => self.states.dropped_write(first),
        }
    }

    fn seek(&mut self, to: SeekFrom, polls: Option<u8>) {
        let result = drive(self.file.seek(to), polls);
        self.states.seek(result, to);
    }

    /// What takes `&self`. Where it changes the file, a drop would leave open when it takes effect: then the
    /// future is dropped before its first poll, or not at all.
    fn positional(&mut self, letter: u8, polls: Option<u8>, number: usize) {
        if self.open.0 & Open::THROUGH != 0 {
            // A write through that was given up is at work until something waits for it.
            self.flush(None);
        }
        let unpolled = polls.filter(|polls| *polls == 0);
        let (len, offset) = (number % 10_000, number as u64 / 3);
        match letter {
            b'R' => {
                let mut buf = vec![0; len];
                let read = drive(self.file.read_at(&mut buf, offset), polls);
                self.states.read_at(read, &buf, offset);
            }
            b'Q' => {
                let (mut first, mut second) = (vec![0; len], vec![0; 50]);
                let both = zip(
                    self.file.read_at(&mut first, offset),
                    self.file.read_at(&mut second, 7),
                );
                let (a, b) = drive(both, polls).unzip();
                self.states.read_at(a, &first, offset);
                self.states.read_at(b, &second, 7);
            }
            b'P' => {
                let data = self.next_bytes(len);
                let written = drive(self.file.write_at(&data, offset), unpolled);
                self.states.write_at(written, &data, offset);
            }
            b'L' => {
                let result = drive(self.file.set_len(number as u64), unpolled);
                self.states.set_len(result, number);
            }
            b'm' => {
                let metadata = drive(self.file.metadata(), polls);
                let size = metadata.map(|metadata| metadata.map(|metadata| metadata.len()));
                self.states.size(size);
            }
            _ => {
                let synced = drive(self.file.sync_data(), polls);
                self.states.done(synced, scratch());
            }
        }
    }

    fn flush(&mut self, polls: Option<u8>) {
        let flushed = drive(self.file.flush(), polls);
        self.states.done(flushed, scratch());
    }

    /// Somebody else writes at the end.
    fn grow(&mut self, number: usize) {
        self.flush(None);
        let data = self.next_bytes(number);
        let mut file = OpenOptions::new()
            .append(true)
            .open(scratch())
            .expect("the file");
        file.write_all(&data).expect("room");
        self.states.grow(&data);
    }

    fn unwrap_and_wrap(mut self) -> Run {
        self.flush(None);
        let mut file = block_on(self.file.into_inner()).expect("all is written");
        let position = file.stream_position();
        self.states.seek(Some(position), SeekFrom::Current(0));
        self.file = wrap_file(file);
        self
    }

    fn reopen(mut self) -> Run {
        if self.open.0 & Open::THROUGH != 0 {
            block_on(self.file.close()).expect("no fault");
        }
        drop(self.file);
        self.states.contents(scratch());
        self.states.rewind();
        self.file = self.open.open();
        self
    }

    fn end(mut self, close: bool) {
        if close || self.open.0 & Open::THROUGH != 0 {
            block_on(self.file.close()).expect("no fault");
        }
        drop(self.file);
        self.states.contents(scratch());
    }

    fn next_bytes(&mut self, len: usize) -> Vec<u8> {
        self.letter = if self.letter == b'Z' {
            b'A'
        } else {
            self.letter + 1
        };
        bytes(len, self.letter)
    }
}

/// Lines of one letter.
fn bytes(len: usize, letter: u8) -> Vec<u8> {
    let byte = |at| if at % 61 == 60 { b'\n' } else { letter };
    (0..len).map(byte).collect()
}

/// Awaits the future, or drops it after so many polls.
fn drive<R>(future: impl Future<Output = R>, polls: Option<u8>) -> Option<R> {
    let Some(polls) = polls else {
        return Some(block_on(future));
    };
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => {
            std::thread::yield_now();
            None
        }
    })
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
        let path = dir.path().join("file");
        (dir, path)
    };
    &FILE.get_or_init(make).1
}
