//! Any two operations in a row, and many longer sequences, do what `std::fs::File` does.
//!
//! The oracle is a standard file, or `Cursor`, with a copy of the contents. Each sequence is followed
//! by a read to the end, or by `into_inner`, `close` or a drop, and a look at the file from outside.

mod common;

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::LazyLock;

use anyfile::open::OpenFile;
use anyfile::{AsyncFile, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use common::{Dir, contents, text, with_seek_kind};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    /// Reads up to this many bytes, in as many reads as it takes.
    Read(usize),
    ReadLines(usize),
    ReadUntil(u8),
    /// Looks at the buffer, and consumes up to this many bytes of it.
    Fill(usize),
    Write(usize),
    Seek(SeekFrom),
    Flush,
    WithMutSeek(SeekFrom),
    WithMutRead(usize),
    // From here on: operations that only files have.
    SyncAll,
    SyncData,
    SetLen(u64),
    ReadAt(usize, u64),
    WriteAt(usize, u64),
    Len,
    /// A clone is made, reads a little, and is dropped.
    Clone(usize),
}

impl Op {
    fn is_write(self) -> bool {
        matches!(self, Op::Write(_))
    }

    fn is_sync(self) -> bool {
        matches!(self, Op::SyncAll | Op::SyncData)
    }
}

/// Returns the operations that any object has. `len` is its initial size.
fn common_ops(len: usize) -> Vec<Op> {
    let end = len as i64;
    let mut ops = vec![
        Op::Read(1),
        Op::Read(30),
        Op::Read(5_000),
        Op::Read(200_000),
        Op::ReadLines(1),
        Op::ReadUntil(b' '),
        Op::Fill(0),
        Op::Fill(3),
        Op::Fill(usize::MAX),
        Op::Write(7),
        Op::Write(150_000),
        Op::Flush,
        Op::WithMutSeek(SeekFrom::Start(4)),
        Op::WithMutSeek(SeekFrom::End(-2)),
        Op::WithMutRead(5),
    ];
    let starts = [0, 20, 70_000].map(SeekFrom::Start);
    let currents = [-4, 0, 9, -1_000_000].map(SeekFrom::Current);
    let ends = [0, -13, 50, -end - 10].map(SeekFrom::End);
    ops.extend(starts.into_iter().chain(currents).chain(ends).map(Op::Seek));
    ops
}

fn file_ops(len: usize) -> Vec<Op> {
    let mut ops = common_ops(len);
    ops.extend([
        Op::SyncAll,
        Op::SyncData,
        Op::SetLen(len as u64 / 2),
        Op::SetLen(len as u64 + 100),
        Op::ReadAt(10, 5),
        Op::ReadAt(40_000, len as u64 / 2),
        Op::WriteAt(6, 8),
        Op::WriteAt(5, len as u64 + 3),
        Op::Len,
        Op::Clone(12),
    ]);
    ops
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Done,
    Number(u64),
    Bytes(Vec<u8>),
    Error(ErrorKind),
}

impl Outcome {
    fn of<R>(result: io::Result<R>, ok: impl FnOnce(R) -> Outcome) -> Outcome {
        result.map_or_else(|error| Outcome::Error(error.kind()), ok)
    }

    fn done<R>(result: io::Result<R>) -> Outcome {
        Outcome::of(result, |_| Outcome::Done)
    }

    /// Returns a short form for messages, which also distinguishes outcomes.
    fn short(&self) -> String {
        match self {
            Outcome::Bytes(bytes) => {
                let some = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]);
                format!("{} bytes {some:?}", bytes.len())
            }
            other => format!("{other:?}"),
        }
    }
}

/// Returns the bytes of a write, which differ from step to step.
fn payload(len: usize, step: usize) -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> =
        LazyLock::new(|| b"ABCDEFGH IJKLMNOPQRS\nTUVWXYZ".repeat(6_000));
    &BYTES[step * 5..][..len]
}

/// Runs `op` asynchronously. Returns `None` if only files have it.
async fn apply<T>(file: &mut AsyncFile<T>, op: Op, step: usize) -> Option<Outcome>
where
    T: Read + Write + Seek + Send + 'static,
{
    Some(match op {
        Op::Read(len) => {
            let mut bytes = vec![0; len];
            let mut filled = 0;
            let end = loop {
                match file.read(&mut bytes[filled..]).await {
                    Ok(read) if filled + read < len && read > 0 => filled += read,
                    end => break end,
                }
            };
            Outcome::of(end, |last| {
                bytes.truncate(filled + last);
                Outcome::Bytes(bytes)
            })
        }
        Op::ReadLines(count) => {
            let mut lines = String::new();
            for _ in 0..count {
                if let Err(error) = file.read_line(&mut lines).await {
                    return Some(Outcome::Error(error.kind()));
                }
            }
            Outcome::Bytes(lines.into())
        }
        Op::ReadUntil(byte) => {
            let mut bytes = Vec::new();
            let read = file.read_until(byte, &mut bytes).await;
            Outcome::of(read, |read| {
                assert_eq!(read, bytes.len());
                Outcome::Bytes(bytes)
            })
        }
        Op::Fill(most) => {
            let filled = file
                .fill_buf()
                .await
                .map(|bytes| bytes[..bytes.len().min(most)].to_vec());
            if let Ok(bytes) = &filled {
                file.consume(bytes.len());
            }
            Outcome::of(filled, Outcome::Bytes)
        }
        Op::Write(len) => Outcome::done(file.write_all(payload(len, step)).await),
        Op::Seek(to) => Outcome::of(file.seek(to).await, Outcome::Number),
        Op::Flush => Outcome::done(file.flush().await),
        Op::WithMutSeek(to) => {
            let result = file.with_mut(move |object| object.seek(to)).await;
            Outcome::of(result.and_then(|inner| inner), Outcome::Number)
        }
        Op::WithMutRead(len) => {
            let result = file.with_mut(move |object| read_up_to(object, len)).await;
            Outcome::of(result.and_then(|inner| inner), Outcome::Bytes)
        }
        _ => return None,
    })
}

async fn apply_to_file(file: &mut AsyncFile, op: Op, step: usize) -> Outcome {
    if let Some(outcome) = apply(file, op, step).await {
        return outcome;
    }
    match op {
        Op::SyncAll => Outcome::done(file.sync_all().await),
        Op::SyncData => Outcome::done(file.sync_data().await),
        Op::SetLen(len) => Outcome::done(file.set_len(len).await),
        Op::ReadAt(len, offset) => {
            let mut bytes = vec![0; len];
            let read = file.read_at(&mut bytes, offset).await;
            Outcome::of(read, |read| Outcome::Bytes(bytes[..read].to_vec()))
        }
        Op::WriteAt(len, offset) => {
            let written = file.write_at(payload(len, step), offset).await;
            Outcome::of(written, |written| Outcome::Number(written as u64))
        }
        Op::Len => Outcome::of(file.metadata().await, |metadata| {
            Outcome::Number(metadata.len())
        }),
        Op::Clone(len) => {
            let clone = async {
                let mut bytes = Vec::new();
                let clone = file.try_clone().await?;
                clone.take(len as u64).read_to_end(&mut bytes).await?;
                Ok(bytes)
            };
            Outcome::of(clone.await, Outcome::Bytes)
        }
        op => unreachable!("{op:?}"),
    }
}

fn read_up_to(object: &mut impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    object
        .take(len as u64)
        .read_to_end(&mut bytes)
        .map(|_| bytes)
}

/// Reads through a buffer, and puts the cursor exactly after what was taken from it.
fn buffered<T, R>(object: &mut T, read: impl FnOnce(&mut BufReader<&mut T>) -> R) -> R
where
    T: Read + Seek,
{
    let mut reader = BufReader::new(object);
    let result = read(&mut reader);
    let position = reader.stream_position().unwrap();
    reader.into_inner().seek(SeekFrom::Start(position)).unwrap();
    result
}

/// Runs `op` with the standard library.
///
/// How much a buffer holds is up to the implementation, so this takes the amount from `seen`.
fn apply_std<T>(object: &mut T, op: Op, step: usize, seen: &Outcome) -> Outcome
where
    T: Read + Write + Seek,
{
    match op {
        Op::Read(len) | Op::WithMutRead(len) => {
            Outcome::of(read_up_to(object, len), Outcome::Bytes)
        }
        Op::ReadLines(count) => {
            let mut lines = String::new();
            let mut reads = |reader: &mut BufReader<&mut T>| {
                (0..count).try_for_each(|_| reader.read_line(&mut lines).map(drop))
            };
            Outcome::of(buffered(object, &mut reads), |()| {
                Outcome::Bytes(lines.into())
            })
        }
        Op::ReadUntil(byte) => {
            let mut bytes = Vec::new();
            let read = buffered(object, |reader| reader.read_until(byte, &mut bytes));
            Outcome::of(read, |_| Outcome::Bytes(bytes))
        }
        Op::Fill(most) => {
            let len = match seen {
                Outcome::Bytes(bytes) if !bytes.is_empty() => bytes.len(),
                // An empty buffer is the end of the file.
                _ => most.min(1),
            };
            Outcome::of(read_up_to(object, len), Outcome::Bytes)
        }
        Op::Write(len) => Outcome::done(object.write_all(payload(len, step))),
        Op::Seek(to) => Outcome::of(object.seek(to).map_err(with_seek_kind), Outcome::Number),
        Op::WithMutSeek(to) => Outcome::of(object.seek(to), Outcome::Number),
        Op::Flush => Outcome::done(object.flush()),
        op => unreachable!("{op:?}"),
    }
}

fn apply_std_file(file: &mut File, op: Op, step: usize, seen: &Outcome) -> Outcome {
    match op {
        // The oracle's disk does not matter.
        Op::SyncAll | Op::SyncData => Outcome::Done,
        Op::SetLen(len) => Outcome::done(file.set_len(len)),
        Op::ReadAt(len, offset) => {
            let mut bytes = vec![0; len];
            let read = keeping_cursor(file, |file| read_at(file, &mut bytes, offset));
            Outcome::of(read, |read| Outcome::Bytes(bytes[..read].to_vec()))
        }
        Op::WriteAt(len, offset) => {
            let written = keeping_cursor(file, |file| write_at(file, payload(len, step), offset));
            Outcome::of(written, |written| Outcome::Number(written as u64))
        }
        Op::Len => Outcome::of(file.metadata(), |metadata| Outcome::Number(metadata.len())),
        Op::Clone(len) => {
            let read = keeping_cursor(file, |file| read_up_to(&mut file.try_clone()?, len));
            Outcome::of(read, Outcome::Bytes)
        }
        op => apply_std(file, op, step, seen),
    }
}

#[cfg(unix)]
use std::os::unix::fs::FileExt;

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buf, offset)
}

#[cfg(unix)]
fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(buf, offset)
}

#[cfg(windows)]
use std::os::windows::fs::FileExt;

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buf, offset)
}

#[cfg(windows)]
fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    file.seek_write(buf, offset)
}

fn keeping_cursor<R>(file: &mut File, f: impl FnOnce(&mut File) -> R) -> R {
    let position = file.stream_position().unwrap();
    let result = f(file);
    file.seek(SeekFrom::Start(position)).unwrap();
    result
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Update,
    Append,
    Read,
}

impl Mode {
    fn options(self) -> OpenOptions {
        let mut options = File::options();
        options
            .read(true)
            .write(self == Mode::Update)
            .append(self == Mode::Append);
        options
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Opened,
    Buffering(usize),
    Wrapped,
}

/// The step after a sequence, before the file is checked from outside.
#[derive(Debug, Clone, Copy)]
enum Ending {
    ReadToEnd,
    IntoInner,
    Close,
    Drop,
}

/// Runs sequences on one pair of files, and counts the outcomes.
struct Bench<'a> {
    dir: &'a Dir,
    begin: &'a [u8],
    mode: Mode,
    how: How,
    /// Whether the files have to be created again.
    is_changed: bool,
    runs: usize,
    outcomes: HashSet<String>,
    errors: usize,
    failures: Vec<String>,
}

impl<'a> Bench<'a> {
    fn new(dir: &'a Dir, begin: &'a [u8], mode: Mode, how: How) -> Bench<'a> {
        Bench {
            dir,
            begin,
            mode,
            how,
            is_changed: true,
            runs: 0,
            outcomes: HashSet::new(),
            errors: 0,
            failures: Vec::new(),
        }
    }

    /// Returns the operations that can be compared. Writes that a buffer accepts and that fail later are left
    /// out.
    fn ops(&self) -> Vec<Op> {
        let mut ops = file_ops(self.begin.len());
        let late = self.mode == Mode::Read && self.how != How::Buffering(0);
        ops.retain(|op| !(late && op.is_write()));
        if self.how == How::Buffering(10) {
            // A job for every ten bytes: 150,000 of them take too long.
            let large = ops.iter_mut().filter(|op| **op == Op::Write(150_000));
            large.for_each(|op| *op = Op::Write(500));
        }
        ops
    }

    fn run(&mut self, ops: &[Op], ending: Ending) {
        let name = |side: &str| format!("{side} {:?} {:?}", self.mode, self.how);
        let (ours, theirs) = (self.dir.join(&name("ours")), self.dir.join(&name("theirs")));
        if self.is_changed {
            for path in [&ours, &theirs] {
                std::fs::write(path, self.begin).unwrap_or_else(|e| panic!("write {path:?}: {e}"));
            }
        }
        self.is_changed = true;
        let result = self.run_on(&ours, &theirs, ops, ending);
        self.runs += 1;
        if let Err(failure) = result {
            let (mode, how, len) = (self.mode, self.how, self.begin.len());
            let setting = format!("{len} bytes {mode:?} {how:?}");
            self.failures
                .push(format!("{setting} {ops:?} then {ending:?}: {failure}"));
        }
    }

    fn run_on(
        &mut self,
        ours: &Path,
        theirs: &Path,
        ops: &[Op],
        ending: Ending,
    ) -> Result<(), String> {
        let options = self.mode.options();
        let mut oracle = options.open(theirs).unwrap();
        block_on(async {
            let mut file = match self.how {
                How::Opened => OpenFile::with_options(ours, options).await.unwrap(),
                How::Buffering(bytes) => OpenFile::with_options(ours, options)
                    .buffering(bytes)
                    .await
                    .unwrap(),
                How::Wrapped => wrap_file(options.open(ours).unwrap()),
            };
            for (step, op) in ops.iter().enumerate() {
                let seen = apply_to_file(&mut file, *op, step).await;
                let expected = apply_std_file(&mut oracle, *op, step, &seen);
                self.count(&expected);
                same(&format!("{op:?}"), &seen, &expected)?;
            }
            match ending {
                Ending::ReadToEnd => {
                    let (mut seen, mut expected) = (Vec::new(), Vec::new());
                    let result = file.read_to_end(&mut seen).await;
                    let seen = Outcome::of(result, |_| Outcome::Bytes(seen));
                    let result = oracle.read_to_end(&mut expected);
                    let expected = Outcome::of(result, |_| Outcome::Bytes(expected));
                    same("read_to_end", &seen, &expected)?;
                    file.flush().await.unwrap();
                }
                Ending::IntoInner => {
                    let seen = file.into_inner().await.unwrap().stream_position().unwrap();
                    let expected = oracle.stream_position().unwrap();
                    same("cursor", &Outcome::Number(seen), &Outcome::Number(expected))?;
                }
                Ending::Close => file.close().await.unwrap(),
                Ending::Drop => drop(file),
            }
            let (seen, expected) = (contents(ours), contents(theirs));
            self.is_changed = expected != self.begin;
            same(
                "from outside",
                &Outcome::Bytes(seen),
                &Outcome::Bytes(expected),
            )
        })
    }

    fn count(&mut self, outcome: &Outcome) {
        self.outcomes.insert(outcome.short());
        self.errors += usize::from(matches!(outcome, Outcome::Error(_)));
    }

    /// Fails with the sequences that went wrong, or if there was little to compare.
    #[track_caller]
    fn finish(self, runs: usize, outcomes: usize) {
        let failed = self.failures.len();
        let some: Vec<_> = self.failures.into_iter().take(8).collect();
        assert!(
            some.is_empty(),
            "{failed} sequences differ:\n{}",
            some.join("\n")
        );
        assert_eq!(self.runs, runs);
        let seen = self.outcomes.len();
        assert!(seen >= outcomes, "only {seen} different outcomes");
        assert!(self.errors > 0, "no operation failed");
    }
}

fn same(what: &str, seen: &Outcome, expected: &Outcome) -> Result<(), String> {
    if seen == expected {
        return Ok(());
    }
    Err(format!(
        "{what} gave {}, std {}",
        seen.short(),
        expected.short()
    ))
}

const SMALL: &[u8] =
    b"one line\nand another one\n\na third, longer line of text\r\nm\xC3\xBCde\nno end";

/// Returns a text that is longer than any read-ahead.
fn large() -> String {
    text(400 * 1024)
}

const MODES: [Mode; 3] = [Mode::Update, Mode::Append, Mode::Read];

const HOWS: [How; 4] = [
    How::Opened,
    How::Buffering(0),
    How::Buffering(10),
    How::Wrapped,
];

/// Runs every pair of operations.
fn pairs(begin: &[u8], settings: impl IntoIterator<Item = (How, Mode)>, outcomes: usize) {
    let dir = Dir::new();
    for (how, mode) in settings {
        let mut bench = Bench::new(&dir, begin, mode, how);
        let ops = bench.ops();
        for first in &ops {
            for second in &ops {
                // Slow on a disk, and the same on either side of it.
                if !(first.is_sync() && second.is_sync()) {
                    bench.run(&[*first, *second], Ending::ReadToEnd);
                }
            }
        }
        bench.finish(ops.len().pow(2) - 4, outcomes);
    }
}

fn all_settings() -> impl Iterator<Item = (How, Mode)> {
    HOWS.into_iter()
        .flat_map(|how| MODES.map(|mode| (how, mode)))
}

/// Here and below some settings are left out, since all would take too long: see `long_sequences`.
#[test]
fn pairs_on_a_small_file() {
    let settings = MODES.map(|mode| (How::Opened, mode)).into_iter().chain([
        (How::Buffering(0), Mode::Update),
        (How::Buffering(0), Mode::Read),
        (How::Buffering(10), Mode::Append),
        (How::Wrapped, Mode::Update),
    ]);
    pairs(SMALL, settings, 100);
}

#[test]
fn pairs_on_an_empty_file() {
    pairs(b"", HOWS.into_iter().zip(MODES.into_iter().cycle()), 10);
}

#[test]
fn pairs_on_a_large_file() {
    let settings = [(How::Opened, Mode::Update), (How::Wrapped, Mode::Append)];
    pairs(large().as_bytes(), settings, 100);
}

/// Runs every pair with each of the other endings.
#[test]
fn pairs_and_other_endings() {
    let dir = Dir::new();
    for ending in [Ending::IntoInner, Ending::Close, Ending::Drop] {
        let mut bench = Bench::new(&dir, SMALL, Mode::Update, How::Opened);
        let ops: Vec<Op> = bench.ops().into_iter().filter(|op| !op.is_sync()).collect();
        for first in &ops {
            for second in &ops {
                bench.run(&[*first, *second], ending);
            }
        }
        bench.finish(ops.len().pow(2), 100);
    }
}

/// Runs every triple of operations that are quick and differ from each other.
#[test]
fn triples_on_a_small_file() {
    let dir = Dir::new();
    let mut bench = Bench::new(&dir, SMALL, Mode::Update, How::Opened);
    let ops = [
        Op::Read(30),
        Op::ReadLines(1),
        Op::Fill(0),
        Op::Fill(3),
        Op::Fill(usize::MAX),
        Op::Write(7),
        Op::WithMutSeek(SeekFrom::Start(4)),
        Op::WithMutRead(5),
        Op::Seek(SeekFrom::Start(20)),
        Op::Seek(SeekFrom::Current(-4)),
        Op::Seek(SeekFrom::End(50)),
        Op::SetLen(34),
        Op::SetLen(168),
        Op::ReadAt(10, 5),
        Op::WriteAt(6, 8),
        Op::Len,
        Op::Clone(12),
    ];
    for first in ops {
        for second in ops {
            for third in ops {
                bench.run(&[first, second, third], Ending::ReadToEnd);
            }
        }
    }
    bench.finish(ops.len().pow(3), 200);
}

/// Runs triples around the offsets where the way of reading changes: a direct read, the first chunk, the next, and
/// a file that is read ahead by a job.
#[test]
fn triples_on_a_large_file() {
    let ops = [
        Op::Read(30),
        Op::Read(100_000),
        Op::ReadLines(1),
        Op::ReadLines(2_000),
        Op::Fill(usize::MAX),
        Op::Write(7),
        Op::Seek(SeekFrom::Start(20)),
        Op::Seek(SeekFrom::Current(-20)),
        Op::Seek(SeekFrom::Current(-20_000)),
        Op::WriteAt(9, 150_000),
    ];
    let (dir, begin) = (Dir::new(), large());
    let mut bench = Bench::new(&dir, begin.as_bytes(), Mode::Update, How::Opened);
    for first in ops {
        for second in ops {
            for third in ops {
                let ops = [first, second, third, Op::Read(1_000)];
                bench.run(&ops, Ending::IntoInner);
            }
        }
    }
    bench.finish(ops.len().pow(3), 300);
}

/// Runs long random sequences, which are the same in every run.
#[test]
fn long_sequences() {
    let dir = Dir::new();
    let begin = large();
    let mut dice = common::noise(30_000).into_iter().map(usize::from);
    for (how, mode) in all_settings() {
        for begin in [SMALL, &begin.as_bytes()[..40_000], begin.as_bytes()] {
            let mut bench = Bench::new(&dir, begin, mode, how);
            let ops: Vec<Op> = bench.ops().into_iter().filter(|op| !op.is_sync()).collect();
            for run in 0..60 {
                let sequence: Vec<Op> = dice
                    .by_ref()
                    .take(12)
                    .map(|die| ops[die % ops.len()])
                    .collect();
                let ending = [
                    Ending::ReadToEnd,
                    Ending::IntoInner,
                    Ending::Close,
                    Ending::Drop,
                ];
                bench.run(&sequence, ending[run % 4]);
            }
            bench.finish(60, 30);
        }
    }
}

/// Runs one sequence on a wrapped `Cursor` and on a bare one.
fn run_on_cursor(begin: &[u8], ops: &[Op]) -> Result<usize, String> {
    let mut oracle = Cursor::new(begin.to_vec());
    block_on(async {
        let mut file = wrap_file(Cursor::new(begin.to_vec()));
        let mut errors = 0;
        for (step, op) in ops.iter().enumerate() {
            let seen = apply(&mut file, *op, step)
                .await
                .expect("not an operation of files");
            let expected = apply_std(&mut oracle, *op, step, &seen);
            errors += usize::from(matches!(expected, Outcome::Error(_)));
            same(&format!("{op:?}"), &seen, &expected)?;
        }
        let seen = file.into_inner().await.unwrap();
        if seen != oracle {
            let (at, expected) = (seen.position(), oracle.position());
            return Err(format!("the cursor is at {at}, std's at {expected}"));
        }
        Ok(errors)
    })
}

#[test]
fn pairs_and_triples_on_a_cursor() {
    let large = large();
    let mut errors = 0;
    let mut failures = Vec::new();
    let mut run = |begin: &[u8], ops: &[Op]| match run_on_cursor(begin, ops) {
        Ok(count) => errors += count,
        Err(failure) => failures.push(format!("{} bytes {ops:?}: {failure}", begin.len())),
    };
    for begin in [b"", SMALL, large.as_bytes()] {
        let ops = common_ops(begin.len());
        for first in &ops {
            for second in &ops {
                run(begin, &[*first, *second]);
            }
        }
    }
    let mut ops = common_ops(SMALL.len());
    ops.retain(|op| !matches!(op, Op::Read(5_000..) | Op::Write(150_000)));
    for first in &ops {
        for second in &ops {
            for third in &ops {
                run(SMALL, &[*first, *second, *third]);
            }
        }
    }
    let failed = failures.len();
    failures.truncate(8);
    assert!(
        failures.is_empty(),
        "{failed} sequences differ:\n{}",
        failures.join("\n")
    );
    assert!(errors > 0, "no operation failed");
}
