//! Two halves of one file in two or four tasks: every waiting task is woken, even if others poll in the meantime.
//!
//! Everything runs on the strict executor, since only that detects a wake-up that went to the wrong task.

mod common;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use anyfile::{AsyncFile, wrap_file};
use futures_lite::future::yield_now;
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use common::strict::{Random, Strict};
use common::{Dir, noise};

type Reader = Box<dyn AsyncRead + Unpin>;
type Writer = Box<dyn AsyncWrite + Unpin>;

/// The simplest way to share an object between tasks: each poll borrows it.
struct Common<S>(Rc<RefCell<S>>);

impl<S> Common<S> {
    fn new(shared: S) -> Common<S> {
        Common(Rc::new(RefCell::new(shared)))
    }
}

impl<S> Clone for Common<S> {
    fn clone(&self) -> Common<S> {
        Common(self.0.clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Common<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Common<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_close(cx)
    }
}

/// The ways to split a file into halves.
#[derive(Debug, Clone, Copy)]
enum Split {
    Futures,
    FuturesLite,
    Own,
}

const SPLITS: [Split; 3] = [Split::Futures, Split::FuturesLite, Split::Own];

impl Split {
    fn halves<T: Read + Write + Send + 'static>(self, file: AsyncFile<T>) -> (Reader, Writer) {
        match self {
            Split::Futures => {
                let (reader, writer) = futures::AsyncReadExt::split(file);
                (Box::new(reader), Box::new(writer))
            }
            Split::FuturesLite => {
                let (reader, writer) = futures_lite::io::split(file);
                (Box::new(reader), Box::new(writer))
            }
            Split::Own => {
                let common = Common::new(file);
                (Box::new(common.clone()), Box::new(common))
            }
        }
    }
}

/// A gate at which calls wait until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Passes>, Condvar)>);

#[derive(Default)]
struct Passes {
    open: bool,
    waiting: usize,
}

impl Gate {
    fn pass(&self) {
        let (passes, opened) = &*self.0;
        let mut passes = passes.lock().unwrap();
        passes.waiting += 1;
        opened.notify_all();
        while !passes.open {
            passes = opened.wait(passes).unwrap();
        }
        passes.waiting -= 1;
    }

    /// Blocks this thread until a call waits at the gate.
    fn until_waited_at(&self) {
        let (passes, changed) = &*self.0;
        let waited =
            changed.wait_timeout_while(passes.lock().unwrap(), Duration::from_secs(30), |passes| {
                passes.waiting == 0
            });
        assert!(!waited.unwrap().1.timed_out(), "no call is made");
    }

    fn open(&self) {
        let (passes, opened) = &*self.0;
        passes.lock().unwrap().open = true;
        opened.notify_all();
    }
}

/// Opens the gate also if a test fails, so that no thread of the pool stays behind.
impl Drop for Gated {
    fn drop(&mut self) {
        self.gate.open();
    }
}

/// An object whose calls wait at a gate. It has an input and an output, like a socket.
struct Gated {
    gate: Gate,
    gates_reads: bool,
    input: Cursor<Vec<u8>>,
}

impl Gated {
    fn new(gates_reads: bool) -> (Gate, Gated) {
        let gate = Gate::default();
        let object = Gated {
            gate: gate.clone(),
            gates_reads,
            input: Cursor::new(b"the input".to_vec()),
        };
        (gate, object)
    }
}

impl Read for Gated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.gates_reads {
            self.gate.pass();
        }
        self.input.read(buf)
    }
}

impl Write for Gated {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if !self.gates_reads {
            self.gate.pass();
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_write(dir: &Dir) -> File {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    options.open(dir.join("file")).expect("a new file")
}

/// The reader is polled after a write, then the writer polls a flush: both wait for the same job.
fn flush_while_a_reader_waits<T: Read + Write + Send + 'static>(
    what: &str,
    split: Split,
    inner: T,
) {
    let (mut reader, mut writer) = split.halves(wrap_file(inner));
    let mut executor = Strict::in_order();
    executor.spawn(format!("{what}, {split:?}: writer"), async move {
        writer.write_all(&noise(60_000)).await.unwrap();
        yield_now().await;
        writer.flush().await.unwrap();
    });
    executor.spawn(format!("{what}, {split:?}: reader"), async move {
        reader.read(&mut [0; 100]).await.unwrap();
    });
    executor.run();
}

#[test]
fn a_reader_is_woken_though_the_writer_flushes() {
    let dir = Dir::new();
    for split in SPLITS {
        for _ in 0..10 {
            flush_while_a_reader_waits("file", split, read_write(&dir));
            flush_while_a_reader_waits("cursor", split, Cursor::new(Vec::new()));
        }
    }
}

/// The writer writes more than the buffer takes, without a flush.
fn write_while_a_reader_waits<T: Read + Write + Send + 'static>(
    what: &str,
    split: Split,
    inner: T,
) {
    let (mut reader, mut writer) = split.halves(wrap_file(inner));
    let mut executor = Strict::in_order();
    executor.spawn(format!("{what}, {split:?}: writer"), async move {
        for piece in noise(1 << 20).chunks(50_000) {
            writer.write_all(piece).await.unwrap();
            yield_now().await;
        }
    });
    executor.spawn(format!("{what}, {split:?}: reader"), async move {
        for _ in 0..5 {
            reader.read(&mut [0; 100]).await.unwrap();
            yield_now().await;
        }
    });
    executor.run();
}

#[test]
fn a_reader_is_woken_though_the_writer_waits_for_room() {
    let dir = Dir::new();
    for split in SPLITS {
        for _ in 0..10 {
            write_while_a_reader_waits("file", split, read_write(&dir));
            write_while_a_reader_waits("cursor", split, Cursor::new(Vec::new()));
        }
    }
}

/// The same with an object that ensures that both wait.
#[test]
fn a_reader_is_woken_though_the_writer_waits_for_an_object() {
    for split in SPLITS {
        for flushes in [true, false] {
            let (gate, object) = Gated::new(false);
            let (mut reader, mut writer) = split.halves(wrap_file(object));
            let mut executor = Strict::in_order();
            executor.spawn(format!("{split:?}: writer"), async move {
                writer.write_all(&noise(60_000)).await.unwrap();
                yield_now().await;
                if flushes {
                    writer.flush().await.unwrap();
                } else {
                    writer.write_all(&noise(500_000)).await.unwrap();
                }
            });
            executor.spawn(format!("{split:?}: reader"), async move {
                let mut input = [0; 9];
                reader.read_exact(&mut input).await.unwrap();
                assert_eq!(&input, b"the input");
            });
            executor.spawn("gatekeeper", async move {
                for _ in 0..3 {
                    yield_now().await;
                }
                gate.until_waited_at();
                gate.open();
            });
            executor.run();
        }
    }
}

/// The writer waits for a read to end, and the reader is polled once more.
#[test]
fn a_writer_is_woken_though_the_reader_is_polled_again() {
    for split in SPLITS {
        for flushes in [true, false] {
            let (gate, object) = Gated::new(true);
            let (mut reader, mut writer) = split.halves(wrap_file(object));
            let mut executor = Strict::in_order();
            let reader = executor.spawn(format!("{split:?}: reader"), async move {
                let mut input = [0; 9];
                reader.read_exact(&mut input).await.unwrap();
                assert_eq!(&input, b"the input");
            });
            let writer = executor.spawn(format!("{split:?}: writer"), async move {
                writer.write_all(&noise(1_000)).await.unwrap();
                if flushes {
                    writer.flush().await.unwrap();
                }
            });
            executor.poll_anyway(reader);
            gate.until_waited_at();
            executor.poll_anyway(writer);
            executor.poll_anyway(reader);
            gate.open();
            executor.run();
        }
    }
}

/// Not only the task that polled last is woken: here both halves are polled many times.
#[test]
fn both_are_woken_however_often_they_are_polled() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (gate, object) = Gated::new(seed % 2 == 0);
        let (mut reader, mut writer) = SPLITS[seed as usize % 3].halves(wrap_file(object));
        let mut executor = Strict::in_order();
        let reader = executor.spawn(format!("reader, seed {seed}"), async move {
            reader.read_exact(&mut [0; 9]).await.unwrap();
        });
        let writer = executor.spawn(format!("writer, seed {seed}"), async move {
            writer.write_all(&noise(300_000)).await.unwrap();
            writer.flush().await.unwrap();
        });
        for _ in 0..random.below(8) {
            executor.poll_anyway([reader, writer][random.below(2)]);
        }
        gate.open();
        executor.run();
    }
}

/// A task that waited and was dropped does not take another task's wake-up along.
#[test]
fn a_half_that_was_dropped_or_forgotten_leaves_the_other_awake() {
    for seed in 0..24 {
        let (gate, object) = Gated::new(seed % 2 == 0);
        let (mut reader, mut writer) = SPLITS[seed as usize % 3].halves(wrap_file(object));
        let mut executor = Strict::in_order();
        let reading = executor.spawn(format!("reader, seed {seed}"), async move {
            reader.read_exact(&mut [0; 9]).await.unwrap();
        });
        let writing = executor.spawn(format!("writer, seed {seed}"), async move {
            writer.write_all(&noise(300_000)).await.unwrap();
            writer.flush().await.unwrap();
        });
        let gone = match seed / 2 % 2 {
            0 => [writing, reading, writing, reading],
            _ => [reading, writing, reading, writing],
        };
        for task in gone {
            executor.poll_anyway(task);
        }
        match seed / 4 % 2 {
            0 => executor.drop_task(gone[3]),
            _ => executor.forget_task(gone[3]),
        }
        gate.open();
        executor.run();
    }
}

/// One half closes the file while the other waits for it: the other is woken too, with a result or an error.
#[test]
fn a_half_is_woken_though_the_other_closes_the_file() {
    for seed in 0..40 {
        let (gate, object) = Gated::new(seed % 2 == 0);
        let (mut reader, mut writer) = SPLITS[seed as usize % 3].halves(wrap_file(object));
        let mut executor = match seed / 2 % 2 {
            0 => Strict::in_order(),
            _ => Strict::seeded(seed, 40),
        };
        let reading = executor.spawn(format!("reader, seed {seed}"), async move {
            let mut buf = [0; 5];
            // Until the end, or until the file is closed.
            while reader.read(&mut buf).await.is_ok_and(|read| read > 0) {}
        });
        let closing = executor.spawn(format!("writer, seed {seed}"), async move {
            writer.write_all(&noise(1_000)).await.unwrap();
            yield_now().await;
            writer.close().await.unwrap();
        });
        let mut random = Random::new(seed);
        for _ in 0..random.below(6) {
            executor.poll_anyway([reading, closing][random.below(2)]);
        }
        let opener = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            gate.open();
        });
        executor.run();
        opener.join().unwrap();
    }
}

/// A socket has one call at a time, so that a waiting read holds up the writes. Once the peer acts, every task is
/// woken.
#[cfg(unix)]
#[test]
fn the_halves_of_a_socket_go_on_when_the_peer_acts() {
    use std::os::unix::net::UnixStream;
    for split in SPLITS {
        for round in 0..12 {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let (mut reader, mut writer) = split.halves(wrap_file(ours));
            let mut executor = match round {
                0..4 => Strict::in_order(),
                _ => Strict::seeded(round, 50),
            };
            let len = if round % 2 == 0 { 60_000 } else { 1 << 20 };
            let written = async move {
                writer.write_all(&noise(len)).await.unwrap();
                yield_now().await;
                writer.flush().await.unwrap();
            };
            let read = async move {
                let mut input = Vec::new();
                reader.read_to_end(&mut input).await.unwrap();
                assert_eq!(input, b"an answer");
            };
            let (reader, writer) = match round % 4 {
                0 | 1 => {
                    let writer = executor.spawn(format!("{split:?}: writer"), written);
                    (executor.spawn(format!("{split:?}: reader"), read), writer)
                }
                _ => {
                    let reader = executor.spawn(format!("{split:?}: reader"), read);
                    (
                        reader,
                        executor.spawn(format!("{split:?}: writer"), written),
                    )
                }
            };
            let order = match round % 3 {
                0 => [writer, reader, writer],
                1 => [reader, writer, reader],
                _ => [writer, writer, reader],
            };
            for task in order {
                executor.poll_anyway(task);
            }
            let peer = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                // Fails where a half has closed the file by now, and the socket with it.
                let _ = theirs.write_all(b"an answer");
                let _ = theirs.shutdown(std::net::Shutdown::Write);
                let mut seen = Vec::new();
                // Reset where the half did not read the answer; what it wrote came before.
                let _ = theirs.read_to_end(&mut seen);
                seen
            });
            executor.run();
            drop(executor);
            assert!(peer.join().unwrap() == noise(len), "{split:?}, {round}");
        }
    }
}

/// An object with an input and an output, which takes a little time now and then.
struct Duplex {
    input: Cursor<Vec<u8>>,
    output: Arc<Mutex<Vec<u8>>>,
    random: Random,
}

impl Duplex {
    fn dawdle(&mut self) -> usize {
        if self.random.percent(30) {
            std::thread::sleep(Duration::from_micros(self.random.below(400) as u64));
        }
        // Some calls are short.
        if self.random.percent(30) {
            1 + self.random.below(5_000)
        } else {
            usize::MAX
        }
    }
}

impl Read for Duplex {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.dawdle().min(buf.len());
        self.input.read(&mut buf[..most])
    }
}

impl Write for Duplex {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let most = self.dawdle().min(buf.len());
        self.output.lock().unwrap().extend_from_slice(&buf[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.dawdle();
        Ok(())
    }
}

/// How many bytes the writers of a stress test have written, by value.
type Written = Rc<RefCell<[usize; 256]>>;

/// Runs two tasks for each half, polled in random order and with spurious polls.
fn storm<'a, T: Read + Write + Send + 'static>(
    executor: &mut Strict<'a>,
    what: &str,
    seed: u64,
    file: AsyncFile<T>,
    read: &Rc<RefCell<usize>>,
) -> Written {
    let (reader, writer) = SPLITS[seed as usize % 3].halves(file);
    let (reader, writer) = (Common::new(reader), Common::new(writer));
    let written = Written::new(RefCell::new([0; 256]));
    for task in 0..2_u8 {
        let (mut writer, written) = (writer.clone(), written.clone());
        let mut random = Random::new(seed * 100 + u64::from(task));
        executor.spawn(format!("{what}, seed {seed}: writer {task}"), async move {
            for _ in 0..1 + random.below(12) {
                let len = [1, 100, 5_000, 70_000, 200_000][random.below(5)];
                writer.write_all(&vec![b'A' + task; len]).await.unwrap();
                written.borrow_mut()[usize::from(b'A' + task)] += len;
                match random.below(3) {
                    0 => writer.flush().await.unwrap(),
                    1 => yield_now().await,
                    _ => {}
                }
            }
            writer.flush().await.unwrap();
        });
        let (mut reader, read) = (reader.clone(), read.clone());
        let mut random = Random::new(seed * 100 + 50 + u64::from(task));
        executor.spawn(format!("{what}, seed {seed}: reader {task}"), async move {
            let mut buf = vec![0; 100_000];
            for _ in 0..30 {
                let len = [1, 100, 5_000, 100_000][random.below(4)];
                *read.borrow_mut() += reader.read(&mut buf[..len]).await.unwrap();
                if random.percent(30) {
                    yield_now().await;
                }
            }
        });
    }
    written
}

fn count(bytes: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    bytes
        .iter()
        .for_each(|&byte| counts[usize::from(byte)] += 1);
    counts
}

#[test]
fn four_tasks_in_any_order_on_an_object() {
    for seed in 0..60 {
        let output = Arc::<Mutex<Vec<u8>>>::default();
        let object = Duplex {
            input: Cursor::new(noise(400_000)),
            output: output.clone(),
            random: Random::new(seed),
        };
        let read = Rc::default();
        let mut executor = Strict::seeded(seed, 40);
        let written = storm(&mut executor, "object", seed, wrap_file(object), &read);
        executor.run();
        assert!(
            count(&output.lock().unwrap()) == *written.borrow(),
            "seed {seed}"
        );
        assert!(*read.borrow() <= 400_000, "seed {seed}");
    }
}

/// A file has one position, so the bytes that are read depend on the order. But all bytes are written, and all
/// tasks are woken.
#[test]
fn four_tasks_in_any_order_on_a_file() {
    let dir = Dir::new();
    for seed in 0..60 {
        let read = Rc::default();
        let mut executor = Strict::seeded(seed, 40);
        let file = wrap_file(read_write(&dir));
        let written = storm(&mut executor, "file", seed, file, &read);
        executor.run();
        drop(executor);
        let found = count(&common::contents(&dir.join("file")));
        assert!(found == *written.borrow(), "seed {seed}");
        // Reads at the end of the file return no bytes.
        assert_eq!(*read.borrow(), 0, "seed {seed}");
    }
}

#[test]
fn four_tasks_in_any_order_on_a_cursor() {
    for seed in 0..60 {
        let read = Rc::default();
        let mut executor = Strict::seeded(seed, 40);
        let file = wrap_file(Cursor::new(Vec::new()));
        storm(&mut executor, "cursor", seed, file, &read);
        executor.run();
        assert_eq!(*read.borrow(), 0, "seed {seed}");
    }
}

/// A third task that seeks, and one that borrows the object, take their turns like the others.
#[test]
fn tasks_that_read_write_and_seek_the_same_file() {
    let dir = Dir::new();
    for seed in 0..40 {
        let std = read_write(&dir);
        (&std).write_all(&noise(500_000)).unwrap();
        (&std).seek(SeekFrom::Start(0)).unwrap();
        let file = Rc::new(RefCell::new(wrap_file(std)));
        let mut executor = Strict::seeded(seed, 40);
        for task in 0..5_u64 {
            let file = file.clone();
            let mut random = Random::new(seed * 10 + task);
            let name = ["reader", "writer", "seeker"][task as usize % 3];
            executor.spawn(format!("{name} {task}, seed {seed}"), async move {
                use futures_lite::{AsyncBufRead, AsyncSeek};
                let mut buf = vec![b'x'; 90_000];
                for _ in 0..15 {
                    let len = 1 + random.below(90_000);
                    let to = match random.below(3) {
                        0 => SeekFrom::Start(random.below(500_000) as u64),
                        1 => SeekFrom::End(0),
                        _ => SeekFrom::Current(0),
                    };
                    let (flushes, fills) = (random.percent(40), random.percent(40));
                    // The file is borrowed for each poll only, as in every lock of this kind.
                    std::future::poll_fn(|cx| {
                        let mut file = file.borrow_mut();
                        let mut file = Pin::new(&mut *file);
                        match task % 3 {
                            0 if fills => {
                                let filled = file.as_mut().poll_fill_buf(cx);
                                let filled = filled.map_ok(|bytes| bytes.len().min(len));
                                filled.map_ok(|len| file.consume(len))
                            }
                            0 => file.poll_read(cx, &mut buf[..len]).map_ok(drop),
                            1 if flushes => file.poll_flush(cx),
                            1 => file.poll_write(cx, &buf[..len]).map_ok(drop),
                            _ => file.poll_seek(cx, to).map_ok(drop),
                        }
                    })
                    .await
                    .unwrap();
                    yield_now().await;
                }
            });
        }
        executor.run();
    }
}
