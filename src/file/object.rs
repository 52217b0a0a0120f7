//! The object behind an [`AsyncFile`](super::AsyncFile), which it shares with its jobs.
//!
//! The object itself does not move; jobs borrow it. A [`File`] needs no lock, because its calls may overlap.
//! Any other object is used by one job at a time.

mod calls;
mod learned;
mod other;

use std::any::Any;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::sync::OnceLock;

use super::abandoned::{Abandoned, Change};
use super::lock_owner::LockOwner;
use crate::cached::{Access, Facts};
use crate::error::{Operation, PathError};
use crate::pool::{Event, Lane};
use crate::retry::retry;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, PoisonError};
use learned::Learned;
use other::{Other, typed, unlearned};

/// The object and the facts that are known about it.
pub(super) struct Shared {
    object: Object,
    /// The path that the file was opened by, for error messages.
    path: Option<Arc<Path>>,
    facts: Learned<Facts>,
    access: OnceLock<Access>,
    /// Whether the object was written to, or lent. Until it is closed, it may be locked, not executable, or
    /// incomplete.
    touched: AtomicBool,
    /// The largest offset that the system has accepted in a seek.
    sought: AtomicU64,
    generation: Generation,
    abandoned: Abandoned,
    lock_owner: LockOwner,
    /// Where the jobs of this object enter the pool.
    lane: Mutex<Lane>,
    /// Held around every use of the cursor on platforms where a positional call moves it.
    #[cfg(windows)]
    cursor: Mutex<()>,
    /// The last field: dropped after the object.
    gone: Gone,
}

/// Counts the changes that make read-ahead stale.
///
/// The counters carry no data, and the changes themselves are in the kernel. `Release` and `Acquire` ensure
/// that a read that follows a change known to its task does not see the number from before the change.
#[derive(Default)]
struct Generation {
    /// The generation of the file, incremented by the jobs that change it.
    now: AtomicU64,
    /// The last generation that this handle's user knows, because the call has returned.
    known: AtomicU64,
}

/// Signals that the object was closed, by whichever thread.
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
    /// Boxed, so that a file does not take its space.
    Other(Box<Other>),
}

impl Object {
    pub(super) fn new<T: Send + 'static>(object: T) -> Object {
        let object: Box<dyn Any + Send> = Box::new(object);
        match object.downcast::<File>() {
            Ok(file) => Object::File(*file),
            Err(object) => Object::Other(Box::new(Other::new(object))),
        }
    }
}

impl Shared {
    pub(super) fn new(
        object: Object,
        path: Option<Arc<Path>>,
        facts: Option<Facts>,
        lane: Lane,
    ) -> Shared {
        let facts = match &object {
            Object::File(_) => Learned::new(facts),
            Object::Other(_) => Learned::Known(Facts::stream()),
        };
        Shared {
            object,
            path,
            facts,
            access: OnceLock::new(),
            touched: AtomicBool::new(false),
            sought: AtomicU64::new(0),
            generation: Generation::default(),
            abandoned: Abandoned::default(),
            lock_owner: LockOwner::default(),
            lane: Mutex::new(lane),
            #[cfg(windows)]
            cursor: Mutex::default(),
            gone: Gone::default(),
        }
    }

    /// Takes the object out, unless it is still shared, or a call on it panicked.
    pub(super) fn into_object(self: Arc<Self>) -> Result<Box<dyn Any + Send>, Arc<Shared>> {
        let shared = Arc::try_unwrap(self)?;
        shared.lend_file();
        match shared.object {
            Object::File(file) => Ok(Box::new(file)),
            Object::Other(_) => shared.take_object().map_err(|_| Arc::new(shared)),
        }
    }

    /// Takes the object out, or a second handle if it is a file. May block.
    pub(super) fn take_object(&self) -> io::Result<Box<dyn Any + Send>> {
        self.lend_file();
        match &self.object {
            Object::File(file) => Ok(Box::new(file.try_clone()?)),
            Object::Other(other) => other.take(),
        }
    }

    /// Runs `f` on the object. A file is lent as a second handle to the same open file. May block.
    pub(super) fn with_mut<T: 'static, R>(&self, f: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        self.lend_file();
        match &self.object {
            Object::File(file) => Ok(f(typed(&mut file.try_clone()?))),
            Object::Other(other) => other.with(|object| Ok(f(typed(object)))),
        }
    }

    /// Returns a job for the pool, whose error names `operation`. While it waits for a thread, which may be
    /// long after its caller gave up, it keeps nothing open.
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

    /// Makes a call on the pool that changes the object. If the future is dropped once it has begun, the change is
    /// abandoned. The caller has waited for those that were before.
    pub(super) async fn change<R: Send + 'static>(
        self: &Arc<Self>,
        operation: Operation,
        call: impl FnOnce(&Shared) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        let change = Change::default();
        let _awaited = change.clone().awaited(&self.abandoned);
        let work = self.work(operation, move |shared| {
            let running = change.begin(&shared.abandoned);
            let _running = running.ok_or_else(|| closed(None))?;
            let result = call(shared);
            // The handle's user knows of it once this call returns, or another one has waited for it.
            shared.note_known();
            result
        });
        self.lane().call(work).await
    }

    pub(super) fn file(&self) -> Option<&File> {
        match &self.object {
            Object::File(file) => Some(file),
            Object::Other(_) => None,
        }
    }

    /// Returns the file for others to use: its flags are those of a file that std opened. Every way by which the
    /// descriptor leaves this library begins here.
    pub(super) fn lend_file(&self) -> Option<&File> {
        let file = self.file()?;
        if let Some(facts) = self.facts() {
            facts.restore_flags(file);
        }
        Some(file)
    }

    fn other(&self) -> Option<&Other> {
        match &self.object {
            Object::File(_) => None,
            Object::Other(other) => Some(other),
        }
    }

    pub(super) fn abandoned(&self) -> &Abandoned {
        &self.abandoned
    }

    pub(super) fn lock_owner(&self) -> &LockOwner {
        &self.lock_owner
    }

    pub(super) fn lane(&self) -> Lane {
        let lane = self.lane.lock();
        lane.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_lane(&self, lane: Lane) {
        *self.lane.lock().unwrap_or_else(PoisonError::into_inner) = lane;
    }

    pub(super) fn path(&self) -> Option<&Arc<Path>> {
        self.path.as_ref()
    }

    /// Returns the size of the file. May block.
    pub(super) fn size(&self) -> io::Result<u64> {
        let file = self.file().ok_or_else(unlearned)?;
        Ok(retry(|| file.metadata())?.len())
    }

    /// Returns `true` if only one job at a time may use the object.
    pub(super) fn is_exclusive(&self) -> bool {
        self.file().is_none()
    }

    /// Returns `true` if a call on the object is in flight.
    pub(super) fn is_at_work(&self) -> bool {
        self.other().is_some_and(Other::is_at_work)
    }

    pub(super) fn facts(&self) -> Option<&Facts> {
        self.facts.get()
    }

    pub(super) fn is_regular(&self) -> bool {
        self.facts().is_some_and(|facts| facts.regular)
    }

    /// Returns `true` if neither using nor closing the object can block.
    pub(super) fn is_local(&self) -> bool {
        self.facts().is_some_and(Facts::is_local)
    }

    /// Returns `true` if a handle that has written is closed on the thread that drops it.
    pub(super) fn closes_on_the_spot(&self) -> bool {
        self.facts().is_some_and(Facts::closes_on_the_spot)
    }

    /// Learns the facts of the object. May block.
    pub(super) fn learn_facts(&self) -> &Facts {
        self.facts
            .get_or_learn(|| self.file().map_or_else(Facts::stream, Facts::learn))
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

    /// Returns `true` if the object is known to be seekable.
    pub(super) fn can_seek(&self) -> bool {
        match &self.object {
            Object::File(_) => self.facts().is_some_and(|facts| facts.seekable),
            Object::Other(other) => other.can_seek(),
        }
    }

    /// Returns `true` if the filesystem is known to accept the offset. Relaxed: it is a hint that carries no
    /// data.
    pub(super) fn has_offset(&self, offset: u64) -> bool {
        offset <= self.sought.load(Ordering::Relaxed)
    }

    /// Returns the generation of bytes that are read now.
    #[inline]
    pub(super) fn generation(&self) -> u64 {
        self.generation.now.load(Ordering::Acquire)
    }

    /// Returns the generation that the handle's user knows to be reached.
    #[inline]
    pub(super) fn known_generation(&self) -> u64 {
        self.generation.known.load(Ordering::Acquire)
    }

    /// Marks read-ahead as stale.
    pub(super) fn note_change(&self) {
        self.generation.now.fetch_add(1, Ordering::AcqRel);
    }

    /// Records that a call that changed the file has returned to its caller.
    pub(super) fn note_known(&self) {
        let now = self.generation.now.load(Ordering::Acquire);
        self.generation.known.fetch_max(now, Ordering::AcqRel);
    }

    /// Records, in advance, an effect on the object that closing it ends. Relaxed: it is read by the thread
    /// that closes the handle, which owns it by then.
    pub(super) fn note_touch(&self) {
        self.touched.store(true, Ordering::Relaxed);
    }

    /// Same as [`note_touch`](Shared::note_touch), for effects through another handle.
    pub(super) fn note_lent(&self) {
        if self.access().writable {
            self.note_touch();
        }
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed)
    }

    /// Returns how the file was opened. Never blocks.
    pub(super) fn access(&self) -> Access {
        match (&self.object, self.facts()) {
            (_, Some(facts)) => facts.access,
            (Object::File(file), None) => *self.access.get_or_init(|| Access::of(file)),
            (Object::Other(_), None) => Access::UNKNOWN,
        }
    }

    /// Returns the event that is set when the object is closed, by the last owner that drops it.
    pub(super) fn gone(&self) -> Arc<Event> {
        self.gone.0.get_or_init(Arc::default).clone()
    }

    /// Adds the operation and the path to an error, if the file was opened by its path.
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

pub(super) fn closed(path: Option<&Path>) -> io::Error {
    let error = io::Error::new(ErrorKind::InvalidInput, "the file has been closed");
    match path {
        Some(path) => PathError::wrap(Operation::Access, path, error),
        None => error,
    }
}
