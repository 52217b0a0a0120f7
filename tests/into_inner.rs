//! A failing `into_inner` returns the file with the error, and no bytes are lost.

mod common;

use std::error::Error;
#[cfg(unix)]
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::panic::{self, AssertUnwindSafe};

#[cfg(target_os = "linux")]
use anyfile::PathError;
use anyfile::file::IntoInnerError;
use anyfile::{AsyncFile, open_file, wrap_file};
#[cfg(target_os = "linux")]
use futures_lite::AsyncReadExt;
use futures_lite::future::block_on;
use futures_lite::{AsyncSeekExt, AsyncWriteExt};

use common::{Dir, Scripted, Step, contents, noise, poll_times};

/// Checks that `into_inner` fails, and returns the file that the error gives back.
#[track_caller]
fn fails<T: Send + 'static>(file: AsyncFile<T>, kind: ErrorKind) -> AsyncFile<T> {
    match block_on(file.into_inner()) {
        Ok(_) => panic!("into_inner succeeded"),
        Err(error) => {
            assert_eq!(error.error().kind(), kind, "{error}");
            error.into_inner()
        }
    }
}

/// Wherever a writer fails, and however short its writes are, each byte is written once and in order.
#[test]
fn bytes_that_could_not_be_written_come_back() {
    let full = || Step::Fail(ErrorKind::StorageFull);
    for failures in 1..4 {
        for taken in [0, 1, 4, 9] {
            let short = (taken > 0).then_some(Step::Short(taken));
            let steps = short.into_iter().chain((0..failures).map(|_| full()));
            let scripted = Scripted::new([], steps);
            let mut file = wrap_file(scripted.handle());
            block_on(file.write_all(b"hello world")).unwrap();
            for _ in 0..failures {
                file = fails(file, ErrorKind::StorageFull);
                assert!(!scripted.look(|script| script.dropped));
                assert!(!file.is_closed());
            }
            // It can be used as before.
            block_on(file.write_all(b"!")).unwrap();
            let inner = block_on(file.into_inner()).unwrap();
            assert_eq!(scripted.look(|script| script.data.clone()), b"hello world!");
            assert!(scripted.look(|script| script.flushes > 0 && !script.dropped));
            drop(inner);
        }
    }
}

/// After a failed flush, the next attempt flushes again.
#[test]
fn a_flush_that_failed_is_made_again() {
    struct Flushes(u8, Vec<u8>);

    impl Write for Flushes {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Write::write(&mut self.1, buf)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0 += 1;
            match self.0 {
                1..=2 => Err(ErrorKind::TimedOut.into()),
                _ => Ok(()),
            }
        }
    }

    let mut file = wrap_file(Flushes(0, Vec::new()));
    block_on(file.write_all(b"hello")).unwrap();
    file = fails(file, ErrorKind::TimedOut);
    file = fails(file, ErrorKind::TimedOut);
    let Flushes(flushes, bytes) = block_on(file.into_inner()).map_err(drop).unwrap();
    assert_eq!((flushes, &bytes[..]), (3, &b"hello"[..]));
}

/// Wherever a call fails, in the background or not, every accepted byte is written once.
#[test]
fn large_writes_lose_nothing() {
    let mut failures = 0;
    for seed in 0..40 {
        let mut random = Random(seed);
        let steps = (0..random.below(20)).map(|_| match random.below(3) {
            0 => Step::Fail(ErrorKind::StorageFull),
            1 => Step::Short(1 + random.below(100)),
            _ => Step::Short(1 + random.below(100_000)),
        });
        let scripted = Scripted::new([], steps.collect::<Vec<_>>());
        let (mut file, mut written) = (wrap_file(scripted.handle()), Vec::new());
        loop {
            let bytes = noise(random.below(200_000));
            match block_on(file.write(&bytes)) {
                Ok(len) => written.extend_from_slice(&bytes[..len]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::StorageFull),
            }
            if random.below(3) > 0 {
                continue;
            }
            match block_on(file.into_inner()) {
                Ok(inner) => break drop(inner),
                Err(error) => file = error.into_inner(),
            }
            failures += 1;
        }
        let same = scripted.look(|script| script.data == written);
        assert!(same, "seed {seed}: {} bytes", written.len());
    }
    println!("{failures} attempts failed");
    assert!(failures > 0);
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // The constants of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6364136223846793005);
        self.0 = self.0.wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// A write that failed without a buffer was not accepted, so nothing is left to write.
#[cfg(target_os = "linux")]
#[test]
fn what_was_not_accepted_does_not_come_back() {
    let file = open_file("/dev/full").write(true).buffering(0);
    let mut file = block_on(file).unwrap();
    let error = block_on(file.write(b"hello")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    block_on(file.into_inner()).unwrap();
}

/// If the cursor cannot be moved to the logical position, cursor and read-ahead buffer stay as they were.
#[test]
fn a_seek_that_failed_is_made_again() {
    #[derive(Debug)]
    struct Seeks(u8, Cursor<&'static [u8]>);

    impl Read for Seeks {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            Read::read(&mut self.1, buf)
        }
    }

    impl Seek for Seeks {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0 += 1;
            match self.0 {
                2..=3 => Err(ErrorKind::ResourceBusy.into()),
                _ => Seek::seek(&mut self.1, to),
            }
        }
    }

    let mut file = wrap_file(Seeks(0, Cursor::new(b"one\ntwo\nthree\n")));
    block_on(AsyncSeekExt::seek(&mut file, SeekFrom::Start(0))).unwrap();
    let mut lines = String::new();
    block_on(file.read_line(&mut lines)).unwrap();
    file = fails(file, ErrorKind::ResourceBusy);
    block_on(file.read_line(&mut lines)).unwrap();
    assert_eq!(lines, "one\ntwo\n");
    file = fails(file, ErrorKind::ResourceBusy);
    let Seeks(_, cursor) = block_on(file.into_inner()).unwrap();
    assert_eq!(cursor.position(), 8);
}

/// An object that cannot seek comes back with its read-ahead buffer and its position.
#[test]
fn what_was_read_ahead_is_kept() {
    let scripted = Scripted::new(*b"one\ntwo\nthree\n", []);
    let mut file = wrap_file(scripted.handle());
    let mut line = String::new();
    block_on(file.read_line(&mut line)).unwrap();
    block_on(file.write_all(b"!")).unwrap();
    scripted.look(|script| script.steps.push_back(Step::Fail(ErrorKind::StorageFull)));
    file = fails(file, ErrorKind::StorageFull);
    block_on(file.read_line(&mut line)).unwrap();
    assert_eq!(line, "one\ntwo\n");
    assert_eq!(
        scripted.look(|script| script.data.clone()),
        b"one\ntwo\nthree\n!"
    );
}

/// An object that can seek keeps its logical position, although its own cursor was ahead.
#[test]
fn the_position_is_kept() {
    let scripted = Scripted::new(*b"one\ntwo\nthree\n", []);
    let mut file = wrap_file(scripted.handle());
    block_on(async {
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        file.write_all(b"TWO").await.unwrap();
    });
    scripted.look(|script| script.steps.push_back(Step::Fail(ErrorKind::StorageFull)));
    file = fails(file, ErrorKind::StorageFull);
    assert_eq!(block_on(file.seek(SeekFrom::Current(0))).unwrap(), 7);
    let mut line = String::new();
    block_on(file.read_line(&mut line)).unwrap();
    assert_eq!(line, "\n");
    drop(block_on(file.into_inner()).unwrap());
    assert_eq!(scripted.look(|script| script.cursor), 8);
    assert_eq!(
        scripted.look(|script| script.data.clone()),
        b"one\nTWO\nthree\n"
    );
}

/// An object on which a call has panicked is never given out, but the file comes back.
#[test]
fn a_file_whose_object_panicked_comes_back() {
    let mut file = wrap_file(Cursor::new(b"hello".to_vec()));
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        block_on(file.with_mut(|_| panic!("as told"))).unwrap()
    }));
    assert!(panicked.is_err());
    for _ in 0..2 {
        file = fails(file, ErrorKind::Other);
        assert!(!file.is_closed());
    }
}

#[test]
fn a_closed_file_comes_back_closed() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let mut file = block_on(open_file(&path)).unwrap();
    block_on(file.close()).unwrap();
    file = fails(file, ErrorKind::InvalidInput);
    assert!(file.is_closed());
    assert_eq!(file.path(), Some(&*path));
}

/// `?` works where the function returns an `io::Result`. The file is dropped then, which writes what it can.
#[test]
fn it_is_an_io_error_where_one_is_wanted() {
    fn into_inner<T: Send + 'static>(file: AsyncFile<T>) -> io::Result<T> {
        block_on(async { Ok(file.into_inner().await?) })
    }
    let scripted = Scripted::new([], [Step::Fail(ErrorKind::StorageFull)]);
    let mut file = wrap_file(scripted.handle());
    block_on(file.write_all(b"hello")).unwrap();
    let error = into_inner(file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(scripted.look(|script| script.data.clone()), b"hello");
}

/// The error of a writer, with a reason behind it.
#[derive(Debug)]
struct Outer(io::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

struct Refuses;

impl Write for Refuses {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other(Outer(io::Error::other("inner"))))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refused() -> IntoInnerError<Refuses> {
    let mut file = wrap_file(Refuses);
    block_on(file.write_all(b"hello")).unwrap();
    block_on(file.into_inner()).err().unwrap()
}

/// The error has the methods of std's `IntoInnerError` of a `BufWriter`, but shows each reason once.
#[test]
fn the_error_has_the_methods_of_stds() {
    let mut std = io::BufWriter::new(Refuses);
    Write::write_all(&mut std, b"hello").unwrap();
    let std = std.into_inner().err().unwrap();

    let error = refused();
    assert_eq!(error.to_string(), std.to_string());
    assert_eq!(error.to_string(), "outer");
    let chain: Vec<String> = std::iter::successors(Error::source(&error), |&error| error.source())
        .map(ToString::to_string)
        .collect();
    assert_eq!(chain, ["inner"]);
    let debug = format!("{error:?}");
    assert!(
        debug.contains("IntoInnerError") && debug.contains("inner"),
        "{debug}"
    );

    assert_eq!(error.error().kind(), std.error().kind());
    assert_eq!(
        refused().into_error().to_string(),
        std.into_error().to_string()
    );
    let (reason, mut file) = refused().into_parts();
    assert_eq!(reason.to_string(), "outer");
    assert_eq!(block_on(file.discard_unwritten()).unwrap(), 5);
    assert!(block_on(file.into_inner()).is_ok());
    // As a `Box<dyn Error>`.
    let boxed: Box<dyn Error + Send + Sync> = Box::new(refused());
    assert_eq!(boxed.to_string(), "outer");
}

/// A device never has room: the bytes stay buffered until they are discarded.
#[cfg(target_os = "linux")]
#[test]
fn a_device_without_room_gives_the_file_back() {
    let full = std::path::Path::new("/dev/full");
    let mut file = block_on(open_file(full).write(true)).unwrap();
    block_on(file.write_all(b"hello")).unwrap();
    for _ in 0..2 {
        let error = block_on(file.into_inner()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to write to file `/dev/full`: No space left on device (os error 28)"
        );
        assert!(error.source().is_none());
        assert_eq!(PathError::of(error.error()).unwrap().path(), full);
        file = error.into_inner();
    }
    assert_eq!(block_on(file.discard_unwritten()).unwrap(), 5);
    block_on(file.into_inner()).unwrap();
}

/// A disk is full at first. The cursor of the returned file is at the end of the written bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_was_full_has_every_byte_once() {
    let Some(disk) = common::Tmpfs::new(1 << 20) else {
        return;
    };
    let (path, bytes) = (disk.dir().join("file"), noise(60_000));
    let file = open_file(&path).read(true).write(true).create(true);
    let mut file = block_on(file).unwrap();
    disk.fill_but(3);
    block_on(file.write_all(&bytes)).unwrap();
    for _ in 0..3 {
        file = fails(file, ErrorKind::StorageFull);
    }
    assert!(contents(&path) == bytes[..3 * 4096]);
    disk.make_room();
    let mut inner = block_on(file.into_inner()).unwrap();
    assert!(contents(&path) == bytes);
    assert_eq!(inner.stream_position().unwrap(), 60_000);
}

#[cfg(unix)]
mod pipes {
    use super::*;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    /// The other end is closed, so every attempt fails: the bytes stay buffered until they are discarded.
    #[test]
    fn a_pipe_without_a_reader_gives_the_file_back() {
        let (here, there) = UnixStream::pair().unwrap();
        drop(there);
        let mut file = AsyncFile::<File>::from(OwnedFd::from(here));
        block_on(file.write_all(b"hello")).unwrap();
        for _ in 0..2 {
            file = fails(file, ErrorKind::BrokenPipe);
        }
        assert_eq!(block_on(file.discard_unwritten()).unwrap(), 5);
        block_on(file.into_inner()).unwrap();
    }

    /// A peer that is slow takes a part each time.
    #[test]
    fn a_peer_that_is_slow_gets_every_byte_once() {
        for wraps in [true, false] {
            let (mut here, mut there) = UnixStream::pair().unwrap();
            here.set_nonblocking(true).unwrap();
            let mut sent = Vec::new();
            while let Ok(len) = here.write(&[b'.'; 1000]) {
                sent.extend_from_slice(&[b'.'; 1000][..len]);
            }
            let bytes = noise(60_000);
            sent.extend_from_slice(&bytes);
            let (attempts, read) = if wraps {
                send(wrap_file(here), &bytes, &mut there)
            } else {
                send(AsyncFile::from(OwnedFd::from(here)), &bytes, &mut there)
            };
            let mut rest = Vec::new();
            there.read_to_end(&mut rest).unwrap();
            assert!(
                rest == sent[read..],
                "{} bytes of {}",
                rest.len(),
                sent.len()
            );
            assert!(attempts > 1);
            println!("{attempts} attempts");
        }
    }

    /// Tries until everything is sent. Returns the number of attempts, and how many bytes the peer read by then.
    fn send<T: Write + Send + 'static>(
        mut file: AsyncFile<T>,
        bytes: &[u8],
        there: &mut UnixStream,
    ) -> (usize, usize) {
        block_on(file.write_all(bytes)).unwrap();
        let mut read = 0;
        for attempt in 1.. {
            match block_on(file.into_inner()) {
                Ok(inner) => {
                    drop(inner);
                    return (attempt, read);
                }
                Err(error) => {
                    assert_eq!(error.error().kind(), ErrorKind::WouldBlock);
                    file = error.into_inner();
                }
            }
            read += there.read(&mut [0; 20_000]).unwrap();
        }
        unreachable!()
    }
}

/// The file is shared with a call of a dropped future, and the system has no descriptor for a second handle.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_duplicated_comes_back() {
    if !common::in_child() {
        let test = "a_file_that_cannot_be_duplicated_comes_back";
        common::run_in_child_after("ulimit -n 64; export BLOCKING_MAX_THREADS=4", test);
        return;
    }
    let dir = Dir::new();
    let path = dir.fifo("fifo");
    let mut file = block_on(open_file(&path).read(true).write(true)).unwrap();
    // Nothing is there to be read, so a thread waits in the call.
    assert!(poll_times(file.read(&mut [0; 9]), 1).is_none());
    common::until("a thread", || common::pool_threads() > 0);
    std::thread::sleep(std::time::Duration::from_millis(200));

    let mut others = Vec::new();
    let refused = loop {
        match File::open(&path) {
            Ok(other) => others.push(other),
            Err(error) => break error,
        }
    };
    for _ in 0..2 {
        let error = block_on(file.into_inner()).unwrap_err();
        assert_eq!(
            PathError::raw_os_error(error.error()),
            refused.raw_os_error()
        );
        assert_eq!(PathError::of(error.error()).unwrap().path(), path);
        file = error.into_inner();
    }
    drop(others);
    let mut inner = block_on(file.into_inner()).unwrap();
    inner.write_all(b"hello").unwrap();
}

/// However often the future was polled, dropping it writes everything.
#[test]
fn a_dropped_future_finishes_the_file_as_a_drop_does() {
    let dir = Dir::new();
    for polls in 0..6 {
        let path = dir.join(&polls.to_string());
        let file = open_file(&path).write(true).create_new(true);
        let mut file = block_on(file).unwrap();
        block_on(file.write_all(b"hello")).unwrap();
        let taking = file.into_inner();
        drop(poll_times(taking, polls));
        assert_eq!(contents(&path), b"hello", "{polls} polls");
    }
}

/// The same while another call, whose future was dropped, still has the object.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_future_waits_for_a_call_that_is_at_work() {
    use std::sync::mpsc::channel;
    if !common::with_one_thread("a_dropped_future_waits_for_a_call_that_is_at_work") {
        return;
    }
    let dir = Dir::new();
    let path = dir.join("file");
    let file = open_file(&path).write(true).create_new(true);
    let mut file = block_on(file).unwrap();
    block_on(file.write_all(b"hello")).unwrap();
    let (go, go_on) = channel::<()>();
    let (begun, begins) = channel();
    let work = move |_: &mut File| {
        begun.send(()).unwrap();
        let _ = go_on.recv();
    };
    let mut working = Box::pin(file.with_mut(work));
    while begins.try_recv().is_err() {
        assert!(poll_times(working.as_mut(), 1).is_none());
    }
    drop(working);
    let mut taking = Box::pin(file.into_inner());
    assert!(poll_times(taking.as_mut(), 2).is_none());
    assert!(common::descriptors().contains(&path));
    let ends = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        drop(go);
    });
    drop(taking);
    assert!(!common::descriptors().contains(&path));
    ends.join().unwrap();
}
