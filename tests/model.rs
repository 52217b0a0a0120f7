//! Random sequences of operations against a model in memory, with futures dropped at any poll, faults
//! of the wrapped object, and files that are dropped and opened again.
//!
//! A failure prints its seed: `ANYFILE_TEST_SEED=… cargo test --test model` repeats the run.

mod common;

use std::any::Any;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll};

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use common::{Dir, Scripted, Step, contents};

/// Cases for each kind of object.
const CASES: u32 = 300;

/// Bytes to write: how many, and of which letter.
#[derive(Clone, Copy)]
struct Data(usize, u8);

impl Data {
    fn bytes(self) -> Vec<u8> {
        let letter = |at: usize| if at % 61 == 60 { b'\n' } else { self.1 };
        (0..self.0).map(letter).collect()
    }
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {:?}", self.0, char::from(self.1))
    }
}

#[derive(Debug, Clone)]
enum Op {
    Read(usize),
    ReadLine,
    FillConsume(usize),
    ReadToEnd,
    NextLine,
    Write(Data),
    Seek(SeekFrom),
    Flush,
    SyncAll,
    SetLen(u64),
    ReadAt(usize, u64),
    WriteAt(Data, u64),
    Metadata,
    CursorFromInside,
    IntoInner,
    Reopen,
}

impl Op {
    /// Returns `true` if it takes `&self`, so that it can come between operations that take `&mut self`.
    fn is_positional(&self) -> bool {
        matches!(
            self,
            Op::SyncAll | Op::SetLen(_) | Op::ReadAt(..) | Op::WriteAt(..) | Op::Metadata
        )
    }
}

/// The outcome of an operation.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Done,
    Bytes(Vec<u8>),
    Number(u64),
    Failed(ErrorKind),
}

#[derive(Debug, Clone, PartialEq)]
struct Model {
    data: Vec<u8>,
    position: u64,
}

impl Model {
    fn rest(&self) -> &[u8] {
        let start = usize::try_from(self.position).unwrap();
        self.data.get(start..).unwrap_or_default()
    }

    fn line(&self) -> &[u8] {
        self.rest()
            .split_inclusive(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default()
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) {
        if bytes.is_empty() {
            return;
        }
        let start = usize::try_from(offset).unwrap();
        let end = start + bytes.len();
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        self.data[start..end].copy_from_slice(bytes);
    }

    /// Returns the state after the operation, or `None` if this outcome is impossible.
    fn after(&self, op: &Op, outcome: &Outcome) -> Option<Model> {
        let mut model = self.clone();
        let len = |bytes: &Vec<u8>| bytes.len() as u64;
        let fits = match (op, outcome) {
            (Op::Seek(_), Outcome::Failed(ErrorKind::InvalidInput)) => {
                return self.target(op).is_none().then_some(model);
            }
            // A fault changes nothing: accepted bytes stay, and bytes that were read come again.
            (_, Outcome::Failed(kind)) => *kind == FAULT,
            (Op::Read(most) | Op::FillConsume(most), Outcome::Bytes(bytes)) => {
                model.position += len(bytes);
                let ended = self.rest().is_empty() || *most == 0;
                self.rest().starts_with(bytes) && bytes.len() <= *most && bytes.is_empty() == ended
            }
            (Op::ReadLine, Outcome::Bytes(bytes)) => {
                model.position += len(bytes);
                self.line() == bytes
            }
            (Op::NextLine, Outcome::Bytes(bytes)) => {
                let line = self.line();
                model.position += line.len() as u64;
                !line.is_empty() && line.strip_suffix(b"\n").unwrap_or(line) == bytes
            }
            (Op::NextLine, Outcome::Done) => self.rest().is_empty(),
            (Op::ReadToEnd, Outcome::Bytes(bytes)) => {
                model.position += len(bytes);
                self.rest() == bytes
            }
            (Op::Write(data), Outcome::Number(written)) => {
                let bytes = data.bytes();
                let written = usize::try_from(*written).unwrap();
                model.write_at(&bytes[..written], self.position);
                model.position += written as u64;
                written > 0 || bytes.is_empty()
            }
            (Op::Seek(_), Outcome::Number(position)) => {
                model.position = *position;
                self.target(op) == Some(*position)
            }
            (Op::Flush | Op::SyncAll | Op::IntoInner, Outcome::Done) => true,
            (Op::SetLen(size), Outcome::Done) => {
                model.data.resize(usize::try_from(*size).unwrap(), 0);
                true
            }
            (Op::ReadAt(most, offset), Outcome::Bytes(bytes)) => {
                let start = usize::try_from(*offset).unwrap();
                let rest = self.data.get(start..).unwrap_or_default();
                // Only a large read may come back short.
                rest.starts_with(bytes) && bytes.len() >= rest.len().min(*most).min(256 * 1024)
            }
            (Op::WriteAt(data, offset), Outcome::Number(written)) => {
                let bytes = data.bytes();
                model.write_at(&bytes, *offset);
                *written == len(&bytes)
            }
            (Op::Metadata, Outcome::Number(size)) => *size == len(&self.data),
            (Op::CursorFromInside, Outcome::Number(position)) => *position == self.position,
            (Op::Reopen, Outcome::Done) => {
                model.position = 0;
                true
            }
            _ => false,
        };
        fits.then_some(model)
    }

    fn target(&self, op: &Op) -> Option<u64> {
        match *op {
            Op::Seek(SeekFrom::Start(offset)) => Some(offset),
            Op::Seek(SeekFrom::Current(by)) => self.position.checked_add_signed(by),
            Op::Seek(SeekFrom::End(by)) => (self.data.len() as u64).checked_add_signed(by),
            _ => None,
        }
    }
}

/// Awaits the future, or drops it after so many polls.
fn drive<R>(future: impl Future<Output = R>, polls: Option<u8>) -> Option<R> {
    let Some(polls) = polls else {
        return Some(block_on(future));
    };
    let mut future = pin!(future);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return Some(result);
        }
        std::thread::yield_now();
    }
    None
}

/// Runs an operation, and returns the file with the outcome, or `None` if the operation was dropped.
fn apply<T>(
    mut file: AsyncFile<T>,
    op: &Op,
    polls: Option<u8>,
    reopen: &dyn Fn() -> AsyncFile<T>,
) -> (AsyncFile<T>, Option<Outcome>)
where
    T: Read + Write + Seek + Send + 'static,
{
    let outcome = match op {
        Op::Read(most) => {
            let mut buf = vec![0; *most];
            let read = drive(file.read(&mut buf), polls);
            read.map(|read| Ok(Outcome::Bytes(buf[..read?].to_vec())))
        }
        Op::ReadLine => {
            let mut line = Vec::new();
            let read = drive(file.read_until(b'\n', &mut line), polls);
            read.map(|read| read.map(|_| Outcome::Bytes(line)))
        }
        Op::FillConsume(most) => {
            let filled = drive(file.fill_buf(), polls);
            let filled = filled.map(|buf| buf.map(|buf| buf[..buf.len().min(*most)].to_vec()));
            if let Some(Ok(bytes)) = &filled {
                file.consume(bytes.len());
            }
            filled.map(|filled| filled.map(Outcome::Bytes))
        }
        Op::ReadToEnd => {
            // It continues after a fault: no byte may be missing, or come twice.
            let mut rest = Vec::new();
            let read = loop {
                match block_on(file.read_to_end(&mut rest)) {
                    Err(error) if error.kind() == FAULT => {}
                    read => break read,
                }
            };
            Some(read.map(|_| Outcome::Bytes(rest)))
        }
        Op::NextLine => {
            let mut lines = file.lines();
            let line = drive(lines.next_line(), polls);
            let line = line.map(|line| line.map(|line| line.map(|line| line.as_bytes().to_vec())));
            file = lines.into_inner();
            line.map(|line| line.map(|line| line.map_or(Outcome::Done, Outcome::Bytes)))
        }
        Op::Write(data) => {
            let written = drive(file.write(&data.bytes()), polls);
            written.map(|written| written.map(|written| Outcome::Number(written as u64)))
        }
        Op::Seek(to) => drive(file.seek(*to), polls).map(|to| to.map(Outcome::Number)),
        Op::Flush => drive(file.flush(), polls).map(|flushed| flushed.map(|()| Outcome::Done)),
        Op::CursorFromInside => {
            let position = block_on(file.with_mut(|inner| inner.stream_position()));
            Some(position.and_then(|position| position).map(Outcome::Number))
        }
        Op::IntoInner => {
            let flushed = block_on(file.flush());
            if flushed.is_ok() {
                file = wrap(block_on(file.into_inner()).expect("all is written"));
            }
            Some(flushed.map(|()| Outcome::Done))
        }
        Op::Reopen => {
            drop(file);
            file = reopen();
            Some(Ok(Outcome::Done))
        }
        op => (&mut file as &mut dyn Any)
            .downcast_mut::<AsyncFile<File>>()
            .and_then(|file| apply_to_file(file, op, polls)),
    };
    let outcome = outcome.map(|result| result.unwrap_or_else(|e| Outcome::Failed(e.kind())));
    (file, outcome)
}

/// Applies an operation that only a [`File`] has. One that changes the file is not dropped midway, since it
/// could take effect at any time then.
fn apply_to_file(
    file: &AsyncFile<File>,
    op: &Op,
    polls: Option<u8>,
) -> Option<io::Result<Outcome>> {
    match op {
        Op::SyncAll => drive(file.sync_all(), polls).map(|synced| synced.map(|()| Outcome::Done)),
        Op::SetLen(size) => Some(block_on(file.set_len(*size)).map(|()| Outcome::Done)),
        Op::ReadAt(most, offset) => {
            let mut buf = vec![0; *most];
            let read = drive(file.read_at(&mut buf, *offset), polls);
            read.map(|read| Ok(Outcome::Bytes(buf[..read?].to_vec())))
        }
        Op::WriteAt(data, offset) => {
            let written = block_on(file.write_at(&data.bytes(), *offset));
            Some(written.map(|written| Outcome::Number(written as u64)))
        }
        Op::Metadata => drive(file.metadata(), polls)
            .map(|metadata| metadata.map(|metadata| Outcome::Number(metadata.len()))),
        op => unreachable!("{op:?} is not an operation of files only"),
    }
}

/// Wraps the object, and makes its `Seek` known by a first seek.
fn wrap<T: Read + Write + Seek + Send + 'static>(inner: T) -> AsyncFile<T> {
    let mut file = wrap_file(inner);
    block_on(file.seek(SeekFrom::Current(0))).expect("a seek to where it is");
    file
}

/// The kind of error that scripted objects fail with.
const FAULT: ErrorKind = ErrorKind::StorageFull;

type Sequence = Vec<(Op, Option<u8>)>;

fn sequences() -> impl Strategy<Value = Sequence> {
    let size = prop_oneof![3 => 0..200usize, 1 => 0..300_000usize];
    let data = || {
        let size = prop_oneof![4 => 0..300usize, 1 => 0..300_000usize];
        (size, b'A'..=b'Z').prop_map(|(size, letter)| Data(size, letter))
    };
    let offset = prop_oneof![3 => 0..400u64, 1 => 0..400_000u64];
    let by = prop_oneof![3 => -300..300i64, 1 => -300_000..300_000i64];
    let to = prop_oneof![
        offset.clone().prop_map(SeekFrom::Start),
        by.clone().prop_map(SeekFrom::Current),
        by.prop_map(SeekFrom::End),
    ];
    let op = prop_oneof![
        4 => size.clone().prop_map(Op::Read),
        4 => Just(Op::ReadLine),
        2 => size.clone().prop_map(Op::FillConsume),
        1 => Just(Op::ReadToEnd),
        3 => Just(Op::NextLine),
        6 => data().prop_map(Op::Write),
        4 => to.prop_map(Op::Seek),
        1 => Just(Op::Flush),
        1 => Just(Op::SyncAll),
        1 => offset.clone().prop_map(Op::SetLen),
        2 => (size, offset.clone()).prop_map(|(size, offset)| Op::ReadAt(size, offset)),
        1 => (data(), offset).prop_map(|(data, offset)| Op::WriteAt(data, offset)),
        1 => Just(Op::Metadata),
        1 => Just(Op::CursorFromInside),
        1 => Just(Op::IntoInner),
        1 => Just(Op::Reopen),
    ];
    let polls = prop_oneof![3 => Just(None), 2 => (0..4u8).prop_map(Some)];
    prop::collection::vec((op, polls), 1..30)
}

fn faults() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..2000usize).prop_map(Step::Short),
        1 => Just(Step::Fail(ErrorKind::Interrupted)),
        1 => Just(Step::Fail(FAULT)),
        2 => Just(Step::Short(usize::MAX)),
    ];
    prop::collection::vec(step, 0..60)
}

/// Runs the sequence, tracks every state that it can have led to, and returns the final ones.
fn follow<T>(
    mut file: AsyncFile<T>,
    initial: &[u8],
    sequence: &Sequence,
    reopen: &dyn Fn() -> AsyncFile<T>,
    cancelled_effects: bool,
) -> Result<(AsyncFile<T>, Vec<Model>), TestCaseError>
where
    T: Read + Write + Seek + Send + 'static,
{
    let mut states = vec![Model {
        data: initial.to_vec(),
        position: 0,
    }];
    for (step, (op, polls)) in sequence.iter().enumerate() {
        if cancelled_effects && op.is_positional() {
            // A dropped unbuffered write is in flight until another call waits for it.
            let _ = block_on(file.flush());
        }
        let (next, outcome) = apply(file, op, *polls, reopen);
        file = next;
        match outcome {
            Some(outcome) => {
                let after = states.iter().filter_map(|state| state.after(op, &outcome));
                let after: Vec<Model> = after.collect();
                let outcome = format!("{outcome:?}").chars().take(300).collect::<String>();
                prop_assert!(
                    !after.is_empty(),
                    "step {step}: {op:?} came back with {outcome}"
                );
                states = after;
            }
            None if cancelled_effects => {
                let done = states.iter().filter_map(|state| state.carried_out(op));
                states = states.iter().cloned().chain(done).collect();
                states.dedup();
            }
            None => {}
        }
    }
    Ok((file, states))
}

impl Model {
    /// Returns the state after a dropped operation that took effect all the same.
    fn carried_out(&self, op: &Op) -> Option<Model> {
        match op {
            Op::Seek(_) => self.after(op, &Outcome::Number(self.target(op)?)),
            Op::Write(data) => self.after(op, &Outcome::Number(data.0.min(128 * 1024) as u64)),
            _ => None,
        }
    }
}

fn initial() -> Vec<u8> {
    Data(200_000, b'-').bytes()
}

#[test]
fn files_behave_as_the_model() {
    let dir = Dir::new();
    let path = dir.join("file");
    check(&(sequences(), any::<bool>()), |(sequence, through)| {
        std::fs::write(&path, initial())?;
        let reopen = || open(&path, through);
        let (mut file, states) = follow(reopen(), &initial(), &sequence, &reopen, through)?;
        // A dropped unbuffered write may still be in flight after the file is dropped.
        if through || sequence.len() % 2 == 0 {
            block_on(file.close())?;
        }
        drop(file);
        let found = contents(&path);
        prop_assert!(
            states.iter().any(|state| state.data == found),
            "lost at the end"
        );
        Ok(())
    });
}

fn open(path: &Path, through: bool) -> AsyncFile {
    let builder = open_file(path).read(true).write(true);
    let builder = if through {
        builder.buffering(0)
    } else {
        builder
    };
    block_on(builder).expect("the file can be opened")
}

#[test]
fn scripted_objects_behave_as_the_model() {
    check(&(sequences(), faults()), |(mut sequence, faults)| {
        sequence.retain(|(op, _)| !matches!(op, Op::Reopen));
        let object = Scripted::new(initial(), faults);
        let never = || unreachable!("a scripted object is not opened again");
        let file = wrap(object.handle());
        let (mut file, states) = follow(file, &initial(), &sequence, &never, true)?;
        while let Err(error) = block_on(file.close()) {
            prop_assert_eq!(error.kind(), FAULT);
        }
        let found = object.look(|script| script.data.clone());
        prop_assert!(
            states.iter().any(|state| state.data == found),
            "lost at the end"
        );
        prop_assert!(
            object.look(|script| script.dropped),
            "closed, but not dropped"
        );
        Ok(())
    });
}

/// Runs the cases from one seed, which a failure prints.
fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seed = match std::env::var("ANYFILE_TEST_SEED") {
        Ok(seed) => seed.parse().expect("ANYFILE_TEST_SEED is a number"),
        Err(_) => std::process::id().into(),
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    match TestRunner::new_with_rng(config, rng).run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => {
            panic!("ANYFILE_TEST_SEED={seed}: {reason}\n{value:?}")
        }
        Err(error) => panic!("ANYFILE_TEST_SEED={seed}: {error}"),
    }
}
