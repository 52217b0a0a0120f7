//! An object that is not a file. Only its handle knows its type.

use std::any::Any;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::{OnceLock, TryLockError};

use super::closed;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering};

type ReadFn = fn(&mut dyn Any, &mut [u8]) -> io::Result<usize>;
type WriteFn = fn(&mut dyn Any, &[u8]) -> io::Result<usize>;
type FlushFn = fn(&mut dyn Any) -> io::Result<()>;
type SeekFn = fn(&mut dyn Any, SeekFrom) -> io::Result<u64>;

pub(in crate::file) struct Other {
    /// Empty after the object was closed or taken out.
    object: Mutex<Option<Box<dyn Any + Send>>>,
    /// The traits of the object, learned at the first call that needs each.
    reader: OnceLock<ReadFn>,
    writer: OnceLock<(WriteFn, FlushFn)>,
    seeker: OnceLock<SeekFn>,
    /// Whether a seek has succeeded. From then on the object is considered seekable.
    seeks: AtomicBool,
}

impl Other {
    pub(super) fn new(object: Box<dyn Any + Send>) -> Other {
        let seeker = known_seeker(&*object);
        Other {
            object: Mutex::new(Some(object)),
            reader: OnceLock::new(),
            writer: OnceLock::new(),
            seeks: AtomicBool::new(seeker.is_some()),
            seeker: seeker.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    pub(super) fn learn_read<T: Read + 'static>(&self) {
        let read: ReadFn = |object, buf| typed::<T>(object).read(buf);
        self.reader.get_or_init(|| read);
    }

    pub(super) fn learn_write<T: Write + 'static>(&self) {
        let write: WriteFn = |object, bytes| typed::<T>(object).write(bytes);
        let flush: FlushFn = |object| typed::<T>(object).flush();
        self.writer.get_or_init(|| (write, flush));
    }

    pub(super) fn learn_seek<T: Seek + 'static>(&self) {
        self.seeker.get_or_init(|| seek::<T>);
    }

    pub(super) fn can_seek(&self) -> bool {
        self.seeks.load(Ordering::Acquire)
    }

    /// Returns `true` if a call is in flight.
    pub(super) fn is_at_work(&self) -> bool {
        matches!(self.object.try_lock(), Err(TryLockError::WouldBlock))
    }

    pub(super) fn take(&self) -> io::Result<Box<dyn Any + Send>> {
        let object = self.object.lock().map_err(poisoned)?.take();
        object.ok_or_else(|| closed(None))
    }

    /// Runs `f` on the object, after any call that is in flight.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut dyn Any) -> io::Result<R>) -> io::Result<R> {
        let mut object = self.object.lock().map_err(poisoned)?;
        f(&mut **object.as_mut().ok_or_else(|| closed(None))?)
    }

    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.get().ok_or_else(unlearned)?;
        self.with(|object| read(object, buf))
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let (write, _) = self.writer.get().ok_or_else(unlearned)?;
        self.with(|object| write(object, bytes))
    }

    /// Flushes the object's own buffer, if it was ever written to.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.writer
            .get()
            .map_or(Ok(()), |(_, flush)| self.with(flush))
    }

    pub(super) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        let seek = self.seeker.get().ok_or_else(unlearned)?;
        let position = self.with(|object| seek(object, to))?;
        self.seeks.store(true, Ordering::Release);
        Ok(position)
    }
}

/// Returns the object as the type that its handle knows.
pub(super) fn typed<T: 'static>(object: &mut dyn Any) -> &mut T {
    let object = object.downcast_mut();
    object.expect("BUG: the object is not of its handle's type")
}

fn seek<T: Seek + 'static>(object: &mut dyn Any, to: SeekFrom) -> io::Result<u64> {
    typed::<T>(object).seek(to)
}

/// Returns the seek function of std's seekable types, which are known before their first seek.
fn known_seeker(object: &dyn Any) -> Option<SeekFn> {
    fn of<K: Seek + 'static>(object: &dyn Any) -> Option<SeekFn> {
        object.is::<K>().then_some(seek::<K>)
    }
    of::<Cursor<Vec<u8>>>(object)
        .or_else(|| of::<Cursor<Box<[u8]>>>(object))
        .or_else(|| of::<Cursor<&'static [u8]>>(object))
}

fn poisoned<E>(_: E) -> io::Error {
    io::Error::other("an earlier call on the wrapped object panicked")
}

/// Returns the error of a call whose trait the object is not known to implement.
pub(super) fn unlearned() -> io::Error {
    io::Error::from(ErrorKind::Unsupported)
}
