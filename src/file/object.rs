//! The object behind an [`AsyncFile`](super::AsyncFile), shared with the pool jobs that work on it.
//!
//! The object itself never moves: jobs come to it. A [`File`] needs no lock, its calls may overlap;
//! any other object is worked on by one job at a time.

mod other;

use std::any::Any;
use std::fs::File;
use std::io::{self, ErrorKind, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use super::pread;
use crate::cached::{Access, Answer, Facts};
use crate::error::{Operation, PathError};
use crate::pool::Event;
use crate::retry::retry;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use other::{Other, typed, unlearned};

/// What a job needs: the object, and what is known of it.
pub(super) struct Shared {
    object: Object,
    /// The path that the file was opened by, for error messages.
    path: Option<Arc<Path>>,
    facts: OnceLock<Facts>,
    access: OnceLock<Access>,
    /// The object was written to, or lent: until it is closed it may be locked, not executable, incomplete.
    touched: AtomicBool,
    /// The largest offset that the system has accepted in a seek.
    sought: AtomicU64,
    generation: Generation,
    /// Held around every use of the cursor, where a positional call moves it.
    #[cfg(windows)]
    cursor: crate::sync::Mutex<()>,
    /// The last field: dropped after the object.
    gone: Gone,
}

/// Counts the changes made behind the cursor's back, which make bytes read ahead stale.
///
/// The counters carry no data, and what was changed lies in the kernel; but `Release` and `Acquire` keep
/// a read that comes after a change that its task knows of from taking the number before it.
#[derive(Default)]
struct Generation {
    /// Of the file, counted by the jobs that change it.
    now: AtomicU64,
    /// The last one of which this handle's user knows, since the call has returned.
    known: AtomicU64,
}

/// Tells that the object has been closed, whoever did it.
#[derive(Default)]
struct Gone(OnceLock<Arc<Event>>);

impl Drop for Gone {
    fn drop(&mut self) {
        if let Some(event) = self.0.get() {
            event.set();
        }
    }
}

pub(super) enum Object {
    File(File),
    Other(Other),
}

impl Object {
    pub(super) fn new<T: Send + 'static>(object: T) -> Object {
        let object: Box<dyn Any + Send> = Box::new(object);
        match object.downcast::<File>() {
            Ok(file) => Object::File(*file),
            Err(object) => Object::Other(Other::new(object)),
        }
    }
}

impl Shared {
    pub(super) fn new(object: Object, path: Option<Arc<Path>>, facts: Option<Facts>) -> Shared {
        let facts = match &object {
            Object::File(_) => facts.map_or_else(OnceLock::new, OnceLock::from),
            Object::Other(_) => OnceLock::from(Facts::stream()),
        };
        Shared {
            object,
            path,
            facts,
            access: OnceLock::new(),
            touched: AtomicBool::new(false),
            sought: AtomicU64::new(0),
            generation: Generation::default(),
            #[cfg(windows)]
            cursor: crate::sync::Mutex::default(),
            gone: Gone::default(),
        }
    }

    /// Takes the object out, unless somebody else shares it, or a call on it has panicked.
    pub(super) fn into_object(self: Arc<Self>) -> Result<Box<dyn Any + Send>, Arc<Shared>> {
        let shared = Arc::try_unwrap(self)?;
        match shared.object {
            Object::File(file) => Ok(Box::new(file)),
            Object::Other(_) => shared.take_object().map_err(|_| Arc::new(shared)),
        }
    }

    /// Takes the object out of its place, or a second handle where it is a file. May wait.
    pub(super) fn take_object(&self) -> io::Result<Box<dyn Any + Send>> {
        match &self.object {
            Object::File(file) => Ok(Box::new(file.try_clone()?)),
            Object::Other(other) => other.take(),
        }
    }

    /// Runs `f` on the object. A file is lent as a second handle to the same open file. May wait.
    pub(super) fn with_mut<T: 'static, R>(&self, f: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        match &self.object {
            Object::File(file) => Ok(f(typed(&mut file.try_clone()?))),
            Object::Other(other) => other.with(|object| Ok(f(typed(object)))),
        }
    }

    /// Work for the pool, which names `operation` in its error. It keeps nothing open while it waits for a
    /// thread, which may be long after its caller has given up.
    pub(super) fn work<R>(
        self: &Arc<Self>,
        operation: Operation,
        call: impl FnOnce(&Shared) -> io::Result<R> + Send + 'static,
    ) -> impl FnOnce() -> io::Result<R> + Send + 'static {
        let weak = Arc::downgrade(self);
        move || {
            let shared = weak.upgrade().ok_or_else(|| closed(None))?;
            shared.name(operation, call(&shared))
        }
    }

    pub(super) fn file(&self) -> Option<&File> {
        match &self.object {
            Object::File(file) => Some(file),
            Object::Other(_) => None,
        }
    }

    fn other(&self) -> Option<&Other> {
        match &self.object {
            Object::File(_) => None,
            Object::Other(other) => Some(other),
        }
    }

    pub(super) fn path(&self) -> Option<&Arc<Path>> {
        self.path.as_ref()
    }

    /// The size of the file. May wait.
    pub(super) fn size(&self) -> io::Result<u64> {
        let file = self.file().ok_or_else(unlearned)?;
        Ok(retry(|| file.metadata())?.len())
    }

    /// Whether one job at a time may work on the object.
    pub(super) fn is_exclusive(&self) -> bool {
        self.file().is_none()
    }

    /// Whether a call on an object is under way.
    pub(super) fn is_at_work(&self) -> bool {
        self.other().is_some_and(Other::is_at_work)
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

    /// Whether a handle that has written is closed on the thread that drops it.
    pub(super) fn closes_on_the_spot(&self) -> bool {
        self.facts().is_some_and(Facts::closes_on_the_spot)
    }

    /// Learns what the object is. May wait.
    pub(super) fn learn_facts(&self) -> &Facts {
        self.facts
            .get_or_init(|| self.file().map_or_else(Facts::stream, Facts::learn))
    }

    pub(super) fn learn_read<T: Read + 'static>(&self) {
        self.other().inspect(|other| other.learn_read::<T>());
    }

    pub(super) fn learn_write<T: Write + 'static>(&self) {
        self.other().inspect(|other| other.learn_write::<T>());
    }

    pub(super) fn learn_seek<T: Seek + 'static>(&self) {
        self.other().inspect(|other| other.learn_seek::<T>());
    }

    /// Whether the object is known to have a cursor that can be moved.
    pub(super) fn can_seek(&self) -> bool {
        match &self.object {
            Object::File(_) => self.facts().is_some_and(|facts| facts.seekable),
            Object::Other(other) => other.can_seek(),
        }
    }

    /// Whether the filesystem is known to have files as long as this. Relaxed: a hint, which carries no data.
    pub(super) fn has_offset(&self, offset: u64) -> bool {
        offset <= self.sought.load(Ordering::Relaxed)
    }

    /// The state of the file that bytes read now are of.
    #[inline]
    pub(super) fn generation(&self) -> u64 {
        self.generation.now.load(Ordering::Acquire)
    }

    /// The state of the file that the handle's user knows to be reached.
    #[inline]
    pub(super) fn known_generation(&self) -> u64 {
        self.generation.known.load(Ordering::Acquire)
    }

    /// Makes bytes that were read ahead stale.
    pub(super) fn note_change(&self) {
        self.generation.now.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that a call that changed the file has returned to its caller.
    pub(super) fn note_known(&self) {
        let now = self.generation.now.load(Ordering::Acquire);
        self.generation.known.fetch_max(now, Ordering::AcqRel);
    }

    /// Notes, before it happens, that something is done with the object which closing it ends. Relaxed: it is
    /// read by whoever closes the handle, who owns it then.
    pub(super) fn note_touch(&self) {
        self.touched.store(true, Ordering::Relaxed);
    }

    /// As [`note_touch`](Shared::note_touch), for what may be done through another handle.
    pub(super) fn note_lent(&self) {
        if self.access().writable {
            self.note_touch();
        }
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed)
    }

    /// How the file was opened. Never waits.
    pub(super) fn access(&self) -> Access {
        match (&self.object, self.facts()) {
            (_, Some(facts)) => facts.access,
            (Object::File(file), None) => *self.access.get_or_init(|| Access::of(file)),
            (Object::Other(_), None) => Access::UNKNOWN,
        }
    }

    /// Set once the object has been closed: by whoever of those who share it is the last.
    pub(super) fn gone(&self) -> Arc<Event> {
        self.gone.0.get_or_init(Arc::default).clone()
    }

    /// Names the operation and the path in an error, if the file was opened by its path.
    #[inline]
    pub(super) fn name<R>(&self, operation: Operation, result: io::Result<R>) -> io::Result<R> {
        result.map_err(|error| match &self.path {
            Some(path) if PathError::of(&error).is_none() => {
                PathError::wrap(operation, path, error)
            }
            _ => error,
        })
    }
}

/// The calls on the object. All of them may wait, but for those that read what is cached.
impl Shared {
    /// Reads what the page cache holds at `offset`; `None` if that takes the pool.
    #[inline]
    pub(super) fn read_cached(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Option<io::Result<usize>> {
        let (file, facts) = (self.file()?, self.facts()?);
        if !facts.reads_cached() {
            return None;
        }
        match facts.read_at(file, bufs, offset) {
            Answer::Now(answer) => Some(self.name(Operation::Read, answer)),
            Answer::AskPool => None,
        }
    }

    /// Reads at the cursor, or at an offset of a regular file.
    pub(super) fn read(&self, offset: Option<u64>, buf: &mut [u8]) -> io::Result<usize> {
        let read = retry(|| match (&self.object, offset) {
            (Object::File(file), None) => (&*file).read(buf),
            (Object::File(file), Some(offset)) => self.with_cursor(|| match self.access().direct {
                true => pread::read_direct(file, buf, offset),
                false => pread::read_at(file, buf, offset),
            }),
            (Object::Other(other), _) => other.read(buf),
        })?;
        check_count(read, buf.len(), "read")
    }

    /// Writes at the cursor.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let written = retry(|| match &self.object {
            Object::File(file) => self.with_cursor(|| match self.access().direct {
                true => pread::write_direct(bytes, |bytes| (&*file).write(bytes)),
                false => (&*file).write(bytes),
            }),
            Object::Other(other) => other.write(bytes),
        })?;
        check_count(written, bytes.len(), "write")
    }

    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let file = self.file().ok_or_else(unlearned)?;
        let write = |bytes: &[u8]| self.with_cursor(|| pread::write_at(file, bytes, offset));
        let written = retry(|| match self.access().direct {
            true => pread::write_direct(bytes, write),
            false => write(bytes),
        });
        self.note_change();
        written
    }

    pub(super) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        match &self.object {
            Object::File(file) => {
                let position = self.with_cursor(|| (&*file).seek(to))?;
                self.sought.fetch_max(position, Ordering::Relaxed);
                Ok(position)
            }
            Object::Other(other) => other.seek(to),
        }
    }

    /// Flushes what the object itself buffers; a file buffers nothing.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.other().map_or(Ok(()), |other| retry(|| other.flush()))
    }

    /// Makes a call that uses the cursor, or moves it and puts it back: no other one does so meanwhile.
    fn with_cursor<R>(&self, call: impl FnOnce() -> R) -> R {
        #[cfg(windows)]
        let _guard = self
            .cursor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        call()
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
