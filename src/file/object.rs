//! The object behind an [`AsyncFile`](super::AsyncFile), shared with the pool jobs that work on it.
//!
//! The object itself never moves: jobs come to it. A [`File`] needs no lock, its calls may overlap;
//! any other object is worked on by one job at a time.

use super::outbox::Outbox;
use super::pending::Pending;
use super::positional;
use crate::cached::Facts;
use crate::error::{Operation, PathError};
use std::any::Any;
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

type ReadFn<T> = fn(&mut T, &mut [u8]) -> io::Result<usize>;
type WriteFn<T> = fn(&mut T, &[u8]) -> io::Result<usize>;
type FlushFn<T> = fn(&mut T) -> io::Result<()>;
type SeekFn<T> = fn(&mut T, SeekFrom) -> io::Result<u64>;

/// What a job needs: the object, what is known of it, and the bytes that wait to be written to it.
pub(crate) struct Shared<T> {
    object: Object<T>,
    /// The path that the file was opened by, for error messages.
    path: Option<Arc<Path>>,
    facts: OnceLock<Facts>,
    /// The traits of `T`, learned at the first call that proves them.
    reader: OnceLock<ReadFn<T>>,
    writer: OnceLock<(WriteFn<T>, FlushFn<T>)>,
    seeker: OnceLock<SeekFn<T>>,
    /// Another object than a file is taken to have a cursor that moves once a seek has succeeded.
    seeks: AtomicBool,
    pub(super) outbox: Outbox,
    /// Reads at an offset that wait for their data.
    pub(super) pending: Pending,
    /// Counts the changes made behind the cursor's back, which make bytes read ahead stale.
    edits: AtomicU64,
    /// Held around every use of the cursor, where a positional call moves it.
    #[cfg(windows)]
    cursor: Mutex<()>,
}

enum Object<T> {
    File(File),
    /// Empty once the object has been closed or taken out.
    Other(Mutex<Option<T>>),
}

impl<T: Send + 'static> Shared<T> {
    pub(super) fn new(object: T, path: Option<Arc<Path>>, facts: Option<Facts>) -> Shared<T> {
        let mut slot = Some(object);
        let file = (&mut slot as &mut dyn Any).downcast_mut::<Option<File>>();
        let object = match file.and_then(Option::take) {
            Some(file) => Object::File(file),
            None => Object::Other(Mutex::new(slot)),
        };
        let facts = match &object {
            Object::File(_) => facts.map_or_else(OnceLock::new, OnceLock::from),
            Object::Other(_) => OnceLock::from(Facts::stream()),
        };
        let seeker = known_seeker();
        Shared {
            object,
            path,
            facts,
            reader: OnceLock::new(),
            writer: OnceLock::new(),
            seeks: AtomicBool::new(seeker.is_some()),
            seeker: seeker.map_or_else(OnceLock::new, OnceLock::from),
            outbox: Outbox::default(),
            pending: Pending::default(),
            edits: AtomicU64::new(0),
            #[cfg(windows)]
            cursor: Mutex::new(()),
        }
    }

    /// Takes the object out, if no job is left that shares a file.
    pub(super) fn into_object(self) -> io::Result<T> {
        match self.object {
            Object::File(file) => Ok(from_file(file)),
            Object::Other(object) => object
                .into_inner()
                .map_err(poisoned)?
                .ok_or_else(|| closed(None)),
        }
    }

    /// Takes the object out of its place, or a second handle where it is a file. May wait.
    pub(super) fn take_object(&self) -> io::Result<T> {
        match &self.object {
            Object::File(file) => Ok(from_file(file.try_clone()?)),
            Object::Other(object) => object
                .lock()
                .map_err(poisoned)?
                .take()
                .ok_or_else(|| closed(None)),
        }
    }

    /// Runs `f` on the object. A file is lent as a second handle to the same open file. May wait.
    pub(super) fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        match &self.object {
            Object::File(_) => Ok(f(&mut self.take_object()?)),
            Object::Other(_) => self.with(|object| Ok(f(object))),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> io::Result<R>) -> io::Result<R> {
        match &self.object {
            Object::File(_) => unreachable!("BUG: a file is used without its lock"),
            Object::Other(object) => {
                let mut object = object.lock().map_err(poisoned)?;
                f(object.as_mut().ok_or_else(|| closed(None))?)
            }
        }
    }
}

impl<T> Shared<T> {
    pub(super) fn file(&self) -> Option<&File> {
        match &self.object {
            Object::File(file) => Some(file),
            Object::Other(_) => None,
        }
    }

    pub(super) fn path(&self) -> Option<&Arc<Path>> {
        self.path.as_ref()
    }

    /// The size of the file. May wait.
    pub(super) fn size(&self) -> io::Result<u64> {
        let file = self.file().ok_or_else(unlearned)?;
        Ok(file.metadata()?.len())
    }

    /// Whether one job at a time may work on the object.
    pub(super) fn is_exclusive(&self) -> bool {
        self.file().is_none()
    }

    /// Whether a call on the object has panicked.
    pub(super) fn is_poisoned(&self) -> bool {
        match &self.object {
            Object::File(_) => false,
            Object::Other(object) => object.is_poisoned(),
        }
    }

    pub(super) fn facts(&self) -> Option<&Facts> {
        self.facts.get()
    }

    pub(super) fn is_regular(&self) -> bool {
        self.facts().is_some_and(|facts| facts.regular)
    }

    /// Whether using or closing the object cannot wait.
    pub(super) fn is_local(&self) -> bool {
        self.facts().is_some_and(Facts::is_local)
    }

    /// Learns what the object is. May wait.
    pub(super) fn learn_facts(&self) -> &Facts {
        self.facts
            .get_or_init(|| self.file().map_or_else(Facts::stream, Facts::learn))
    }

    pub(super) fn learn_read(&self)
    where
        T: Read,
    {
        self.reader.get_or_init(|| T::read);
    }

    pub(super) fn learn_write(&self)
    where
        T: Write,
    {
        self.writer.get_or_init(|| (T::write, T::flush));
    }

    pub(super) fn learn_seek(&self)
    where
        T: Seek,
    {
        self.seeker.get_or_init(|| T::seek);
    }

    /// Whether the object is known to have a cursor that can be moved.
    pub(super) fn can_seek(&self) -> bool {
        match self.object {
            Object::File(_) => self.facts().is_some_and(|facts| facts.seekable),
            Object::Other(_) => self.seeks.load(Ordering::Acquire),
        }
    }

    /// The number of the last change that made bytes read ahead stale.
    #[inline]
    pub(super) fn edits(&self) -> u64 {
        self.edits.load(Ordering::Acquire)
    }

    pub(super) fn note_edit(&self) {
        self.edits.fetch_add(1, Ordering::AcqRel);
    }

    /// Names the operation and the path in an error, if the file was opened by its path.
    pub(super) fn name<R>(&self, operation: Operation, result: io::Result<R>) -> io::Result<R> {
        match (&self.path, result) {
            (Some(path), Err(error)) if PathError::of(&error).is_none() => {
                Err(PathError::wrap(operation, path, error))
            }
            (_, result) => result,
        }
    }
}

/// The calls on the object. All of them may wait.
impl<T: Send + 'static> Shared<T> {
    /// Reads at the cursor, or at an offset of a regular file.
    pub(super) fn read(&self, offset: Option<u64>, buf: &mut [u8]) -> io::Result<usize> {
        let read = retry(|| match (&self.object, offset) {
            (Object::File(file), None) => (&*file).read(buf),
            (Object::File(file), Some(offset)) => {
                self.with_cursor(|| positional::read_at(file, buf, offset))
            }
            (Object::Other(_), _) => {
                let read = self.reader.get().ok_or_else(unlearned)?;
                self.with(|object| read(object, buf))
            }
        })?;
        check_count(read, buf.len(), "read")
    }

    /// Writes at the cursor.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let written = retry(|| match &self.object {
            Object::File(file) => self.with_cursor(|| (&*file).write(bytes)),
            Object::Other(_) => {
                let (write, _) = self.writer.get().ok_or_else(unlearned)?;
                self.with(|object| write(object, bytes))
            }
        })?;
        check_count(written, bytes.len(), "write")
    }

    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let file = self.file().ok_or_else(unlearned)?;
        let written = retry(|| self.with_cursor(|| positional::write_at(file, bytes, offset)));
        self.note_edit();
        written
    }

    pub(super) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        match &self.object {
            Object::File(file) => self.with_cursor(|| (&*file).seek(to)),
            Object::Other(_) => {
                let seek = self.seeker.get().ok_or_else(unlearned)?;
                let position = self.with(|object| seek(object, to))?;
                self.seeks.store(true, Ordering::Release);
                Ok(position)
            }
        }
    }

    /// Flushes what the object itself buffers; a file buffers nothing.
    fn flush(&self) -> io::Result<()> {
        match (&self.object, self.writer.get()) {
            (Object::Other(_), Some((_, flush))) => retry(|| self.with(flush)),
            _ => Ok(()),
        }
    }

    /// Writes out accepted bytes while there are at least `least` of them.
    pub(super) fn drain(&self, least: usize) -> io::Result<()> {
        let drained = self.outbox.drain(
            least,
            |to| self.seek(to).map(drop),
            |bytes| self.write(bytes),
        );
        self.name(Operation::Write, drained)
    }

    /// Writes out every accepted byte and flushes the object.
    pub(super) fn drain_and_flush(&self) -> io::Result<()> {
        self.drain(1)?;
        self.name(Operation::Flush, self.flush())
    }

    /// Makes a call that uses the cursor, or moves it and puts it back.
    #[cfg(windows)]
    fn with_cursor<R>(&self, call: impl FnOnce() -> R) -> R {
        let _guard = self
            .cursor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        call()
    }

    /// Makes a call that uses the cursor: no other one moves it.
    #[cfg(not(windows))]
    fn with_cursor<R>(&self, call: impl FnOnce() -> R) -> R {
        call()
    }
}

/// Gives a file back as the type that it came as.
fn from_file<T: 'static>(file: File) -> T {
    let mut slot = Some(file);
    let object = (&mut slot as &mut dyn Any).downcast_mut::<Option<T>>();
    object
        .and_then(Option::take)
        .expect("BUG: the object is a file, so T is File")
}

/// The seek function of the standard library's seekable types, known before it is first used.
fn known_seeker<T: 'static>() -> Option<SeekFn<T>> {
    fn is<K: Seek + 'static, T: 'static>() -> Option<SeekFn<T>> {
        let seek: SeekFn<K> = K::seek;
        (&seek as &dyn Any).downcast_ref::<SeekFn<T>>().copied()
    }
    is::<Cursor<Vec<u8>>, T>()
        .or_else(is::<Cursor<Box<[u8]>>, T>)
        .or_else(is::<Cursor<&'static [u8]>, T>)
}

fn retry<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Refuses a count that cannot be true, before anything is sliced by it.
fn check_count(count: usize, len: usize, call: &str) -> io::Result<usize> {
    if count <= len {
        return Ok(count);
    }
    let message =
        format!("the wrapped object's `{call}` reported {count} bytes for a buffer of {len}");
    Err(io::Error::new(ErrorKind::InvalidData, message))
}

pub(super) fn closed(path: Option<&Path>) -> io::Error {
    let error = io::Error::new(ErrorKind::InvalidInput, "the file has been closed");
    match path {
        Some(path) => PathError::wrap(Operation::Access, path, error),
        None => error,
    }
}

fn poisoned<E>(_: E) -> io::Error {
    io::Error::other("an earlier call on the wrapped object panicked")
}

fn unlearned() -> io::Error {
    io::Error::from(ErrorKind::Unsupported)
}
