//! Models of `src/file/read_buffer/ahead.rs`, used as `src/file/read_buffer.rs` uses it.

#[path = "../../src/file/read_buffer/ahead.rs"]
mod ahead;
#[path = "../../src/file/read_buffer/chunk.rs"]
mod chunk;

use std::io::{self, ErrorKind};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Mutex, mpsc};
use shuttle::thread;

use crate::join_pool;
use crate::pool::{self, Slot};
use crate::task::{catch_agreed, chance, lock, panic_as_agreed, up_to, wait, wait_or_give_up};
use ahead::{Call, Plan, ReadAhead, Taken};
use chunk::{CHUNK, Chunk, Form};

const SIZE: usize = 4;

/// Returns the byte at an offset of a file of lines, some longer than a chunk, and some that are not UTF-8.
fn byte(at: usize) -> u8 {
    match at % 29 {
        3 | 4 | 9 | 22 | 26 => b'\n',
        24 => 0xff,
        at => b'a' + at as u8 % 26,
    }
}

/// A file that grows, by its length.
#[derive(Default)]
struct Object {
    len: Mutex<usize>,
    /// Of a stream.
    cursor: AtomicUsize,
    /// The number of reads that still fail.
    faults: AtomicUsize,
    errors: AtomicUsize,
    reads: AtomicUsize,
    /// If there is one, the second read waits for it.
    hold: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Object {
    fn read(&self, offset: Option<u64>, buf: &mut [u8]) -> io::Result<usize> {
        if self.reads.fetch_add(1, Ordering::SeqCst) == 1 {
            if let Some(hold) = lock(&self.hold).take() {
                let _ = hold.recv();
            }
        }
        let faults = self.faults.load(Ordering::SeqCst);
        if faults > 0 && chance(0.2) {
            self.faults.store(faults - 1, Ordering::SeqCst);
            if chance(0.3) {
                panic_as_agreed();
            }
            self.errors.fetch_add(1, Ordering::SeqCst);
            return Err(ErrorKind::Other.into());
        }
        let len = *lock(&self.len);
        let at = offset.map_or(self.cursor.load(Ordering::SeqCst), |offset| offset as usize);
        let read = match buf.len().min(len - at) {
            0 => 0,
            most => up_to(most),
        };
        (at..)
            .zip(&mut buf[..read])
            .for_each(|(at, to)| *to = byte(at));
        self.cursor.store(at + read, Ordering::SeqCst);
        Ok(read)
    }

    fn len(&self) -> usize {
        *lock(&self.len)
    }
}

/// The one reader, which tasks share.
struct Reader {
    object: Arc<Object>,
    ahead: Option<Arc<ReadAhead>>,
    job: Slot<()>,
    plan: Plan,
    /// Read by offset.
    is_regular: bool,
    /// Whether its length can be queried on the caller's thread.
    is_local: bool,
    call: Call,
    /// The length of the file when the call was made.
    len_then: Option<usize>,
    got: usize,
    /// The number of reported errors.
    errors: usize,
}

enum Answer {
    Bytes,
    End,
    Failed,
}

impl Reader {
    fn new(object: Arc<Object>, high_water: usize) -> Reader {
        let is_regular = high_water > 1 || chance(0.5);
        Reader {
            object,
            ahead: None,
            job: Slot::default(),
            plan: Plan {
                size: SIZE,
                high_water,
                further: if high_water > 1 { up_to(3) - 1 } else { 0 },
                form: if chance(0.5) {
                    Form::Lines
                } else {
                    Form::Bytes
                },
                whole: is_regular,
            },
            is_regular,
            is_local: chance(0.3),
            call: 0,
            len_then: None,
            got: 0,
            errors: 0,
        }
    }

    /// Takes and checks the next chunk.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        if self.len_then.is_none() {
            self.len_then = Some(self.object.len());
        }
        let form = match self.plan.form {
            Form::Lines if chance(0.9) => Form::Lines,
            _ => Form::Bytes,
        };
        let polled = catch_agreed(|| self.poll_chunk_ahead(cx, form));
        let Some(polled) = polled else {
            return Poll::Ready(Answer::Failed);
        };
        match ready!(polled) {
            Ok(Some(chunk)) => {
                self.check(chunk);
                self.end_call();
                Poll::Ready(Answer::Bytes)
            }
            Ok(None) => {
                let len_then = self.len_then.unwrap();
                // Another read of a stream may wait forever, so its end may be an old one.
                let is_old = self.is_regular && len_then > self.got;
                let got = self.got;
                assert!(!is_old, "the end at {got}, when there were {len_then}");
                self.end_call();
                Poll::Ready(Answer::End)
            }
            Err(_) => {
                self.errors += 1;
                Poll::Ready(Answer::Failed)
            }
        }
    }

    fn end_call(&mut self) {
        self.call += 1;
        self.len_then = None;
    }

    fn check(&mut self, chunk: Chunk) {
        let bytes = chunk.as_bytes();
        assert!(!bytes.is_empty());
        let place = (self.got..).map(byte);
        assert!(place.zip(bytes).all(|(byte, &read)| byte == read));
        self.got += bytes.len();
        if let Chunk::Lines { text, ends } = &chunk {
            assert!(text.ends_with('\n'));
            let found = text.match_indices('\n').map(|(at, _)| at as u32 + 1);
            assert!(ends.is_empty() || found.eq(ends.iter().copied()));
        }
        if let Some(ahead) = &self.ahead {
            let mut used = Vec::with_capacity(CHUNK);
            used.resize(up_to(2 * SIZE), b'x');
            ahead.recycle(used);
        }
    }

    fn poll_chunk_ahead(
        &mut self,
        cx: &mut Context<'_>,
        form: Form,
    ) -> Poll<io::Result<Option<Chunk>>> {
        let plan = Plan { form, ..self.plan };
        loop {
            let offset = self.is_regular.then_some(self.got as u64);
            let ahead = self
                .ahead
                .get_or_insert_with(|| Arc::new(ReadAhead::at(offset)))
                .clone();
            match ahead.take(form, self.call) {
                Taken::Chunk(chunk) => {
                    if plan.high_water > 1 && ahead.wants_job() {
                        self.send_job(ahead, plan, None);
                    }
                    return Poll::Ready(Ok(Some(chunk)));
                }
                Taken::End(Ok(())) if self.has_grown() => self.forget_ahead(),
                Taken::End(end) => {
                    self.forget_ahead();
                    return Poll::Ready(end.map(|()| None));
                }
                Taken::OldEnd => self.forget_ahead(),
                Taken::Nothing if self.job.is_empty() => {
                    self.send_job(ahead, plan, Some(self.call));
                }
                Taken::Filling if ahead.poll_chunk(cx).is_ready() => {}
                Taken::Filling | Taken::Nothing => ready!(self.job.poll(cx).map(drop)),
            }
        }
    }

    fn has_grown(&self) -> bool {
        self.is_regular && self.is_local && self.object.len() > self.got
    }

    fn send_job(&mut self, ahead: Arc<ReadAhead>, plan: Plan, waiting: Option<Call>) {
        ahead.announce_job(plan, waiting);
        let object = self.object.clone();
        let fill = move || ahead.fill(plan, |offset, buf| object.read(offset, buf));
        self.job.start((), pool::run(fill));
    }

    fn forget_ahead(&mut self) {
        self.ahead = None;
        self.job = Slot::default();
    }

    /// Drops what was read ahead, as a seek does.
    fn clear(&mut self) {
        self.forget_ahead();
        self.end_call();
    }
}

/// One or two tasks read a file that grows, and may fail; some of their futures are dropped.
pub fn every_byte_is_read_once() {
    let object = Arc::new(Object::default());
    *lock(&object.len) = thread_rng().gen_range(0..=3 * SIZE);
    object.faults.store(up_to(3) - 1, Ordering::SeqCst);
    let growth = (1..up_to(3)).map(|_| up_to(2 * SIZE)).collect();
    let reader = Reader::new(object, up_to(3));
    let clears = reader.is_regular && chance(0.3);
    read_all(reader, growth, clears);
}

/// A file that is read ahead ends with a chunk, so that its end is looked for while that is consumed. It
/// grows meanwhile, before or after the reader asks for more.
pub fn no_end_is_older_than_its_call() {
    let object = Arc::new(Object::default());
    *lock(&object.len) = SIZE * up_to(2);
    let mut reader = Reader::new(object, 1 + up_to(2));
    reader.is_local = false;
    read_all(reader, vec![up_to(SIZE)], false);
}

/// Reads everything, while the file grows by so much at a time.
fn read_all(reader: Reader, growth: Vec<usize>, clears: bool) {
    let object = reader.object.clone();
    let total = object.len() + growth.iter().sum::<usize>();
    let reader = Arc::new(Mutex::new(reader));
    let (grow, grown) = mpsc::channel();
    let grown = Arc::new(Mutex::new(grown));
    let mut threads: Vec<_> = (0..up_to(2))
        .map(|_| {
            let (reader, grown) = (reader.clone(), grown.clone());
            thread::spawn(move || {
                loop {
                    let answer = wait_or_give_up(0.1, |cx| {
                        let mut reader = lock(&reader);
                        reader.poll(cx).map(|answer| (answer, reader.got))
                    });
                    match answer {
                        Some((Answer::End, got)) if got == total => break,
                        // It has no more to tell when the file is as long as it gets.
                        Some((Answer::End, _)) => drop(lock(&grown).recv()),
                        _ if clears && chance(0.1) => lock(&reader).clear(),
                        _ => {}
                    }
                }
            })
        })
        .collect();
    let growing = object.clone();
    threads.push(thread::spawn(move || {
        for more in growth {
            *lock(&growing.len) += more;
            let _ = grow.send(());
        }
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let reader = lock(&reader);
    assert_eq!(reader.got, total);
    let errors = object.errors.load(Ordering::SeqCst);
    assert!(reader.errors <= errors, "an error is reported twice");
    assert!(clears || reader.errors == errors, "an error is lost");
    drop(reader);
    join_pool();
}

/// The reader of a long file goes away, or is leaked.
pub fn a_job_stops_when_its_reader_is_gone() {
    const HIGH_WATER: usize = 16;
    let object = Arc::new(Object::default());
    *lock(&object.len) = 1000;
    let mut reader = Reader::new(object.clone(), HIGH_WATER);
    reader.plan.form = Form::Bytes;
    // A leaked reader never gives back what it took.
    reader.plan.further = 0;
    // A read is a chunk.
    reader.plan.whole = false;
    if chance(0.7) {
        let _ = wait_or_give_up(0.3, |cx| reader.poll(cx));
    } else {
        let ahead = Arc::new(ReadAhead::at(Some(0)));
        reader.ahead = Some(ahead.clone());
        reader.send_job(ahead, reader.plan, None);
    }
    let is_forgotten = chance(0.3);
    if is_forgotten {
        mem::forget(reader);
    } else {
        drop(reader);
    }
    let reads = object.reads.load(Ordering::SeqCst);
    join_pool();
    let more = object.reads.load(Ordering::SeqCst) - reads;
    if is_forgotten {
        assert!(reads + more <= HIGH_WATER + 1, "{more} reads more");
    } else {
        assert!(more <= 1, "{more} reads after the reader was dropped");
    }
}

/// A chunk that is there is given, though the read after it takes long.
pub fn a_chunk_is_given_while_the_next_is_read() {
    let object = Arc::new(Object::default());
    *lock(&object.len) = 2 * SIZE;
    let (release, hold) = mpsc::channel();
    *lock(&object.hold) = Some(hold);
    let mut reader = Reader::new(object, 2);
    reader.plan.form = Form::Bytes;
    // A read is a chunk.
    reader.plan.whole = false;
    let reader = Arc::new(Mutex::new(reader));
    let tasks: Vec<_> = (0..up_to(2))
        .map(|_| {
            let (reader, release) = (reader.clone(), release.clone());
            thread::spawn(move || {
                wait(|cx| lock(&reader).poll(cx));
                let _ = release.send(());
            })
        })
        .collect();
    tasks.into_iter().for_each(|task| task.join().unwrap());
    drop(release);
    join_pool();
}

/// A job gives its thread back when as many chunks wait as planned, whatever buffers it was given back.
pub fn a_stream_holds_as_many_chunks_as_planned() {
    let object = Arc::new(Object::default());
    *lock(&object.len) = 1000;
    let high_water = 1 + up_to(3);
    let mut reader = Reader::new(object, high_water);
    reader.plan.form = Form::Bytes;
    let high_water = high_water + reader.plan.further;
    let ahead = Arc::new(ReadAhead::at(Some(0)));
    for _ in 0..4 {
        reader.send_job(ahead.clone(), reader.plan, None);
        join_pool();
        assert_eq!(ahead.len(), high_water * SIZE);
        while let Taken::Chunk(chunk) = ahead.take(Form::Bytes, 0) {
            reader.check(chunk);
        }
    }
}
