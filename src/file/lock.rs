//! Locking a file against other processes and other tasks.
//!
//! A task that waits for a lock makes attempts, with pauses in between, rather than one call that blocks. Such a
//! call would hold a thread of the pool for each waiting task: if no thread is left, the task that has the lock
//! cannot write and release it. It cannot be cancelled either: after a timeout it would still take the lock.

mod error;
mod system;

use std::fs::File;
use std::io;
use std::sync::Weak;
use std::time::Duration;

use futures_lite::future;

use super::async_file::AsyncFile;
use super::lock_owner::{Attempt, LockOwner};
use super::object::{Shared, closed};
use crate::budget;
use crate::error::Operation;
use crate::pool;
use crate::sync::Arc;

pub use error::TryLockError;

/// The pause after the first attempt. Each pause is twice as long as the one before: so a wait takes at most twice
/// as long as the lock is held.
const FIRST_PAUSE: Duration = Duration::from_micros(100);

/// The longest pause, and so the longest time after which a waiting task notices that the lock is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Exclusive,
    Shared,
}

/// Locks.
impl AsyncFile<File> {
    /// Waits for an exclusive lock on the file, and takes it.
    ///
    /// Semantics of [`File::lock`](std::fs::File::lock), on every supported Rust version (`flock`, on Windows
    /// `LockFileEx` for the whole file). No other handle that was opened separately, in this process or another, can
    /// hold a lock at the same time. The lock is advisory on Unix: it does not keep anybody from reading or writing.
    ///
    /// Buffered bytes are written before. What was read ahead is dropped when the lock is taken, so that later reads
    /// see what others wrote before they gave the lock back.
    ///
    /// The lock is given back by [`unlock`](AsyncFile::unlock), or when the file is closed: after
    /// [`close`](AsyncFile::close), or when its drop returns. Both write the buffered bytes before.
    /// A [clone](AsyncFile::try_clone) shares the lock, and keeps it while it is open.
    ///
    /// What happens if this handle or a clone has a lock already depends on the system. On Unix a shared lock becomes
    /// an exclusive one, but may be lost meanwhile.
    ///
    /// # Waiting
    ///
    /// While the task waits, it holds no thread of the pool. It tries to take the lock after pauses of 0.1 ms to
    /// 20 ms, each twice as long as the one before; one thread sleeps for all waiting tasks, in slices of 10 ms. So
    /// tasks of one process cannot block each other, even in a pool of one thread. The order in which they get the
    /// lock is not defined, and a process that waits in the system gets it earlier.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the lock is not held: if an attempt is under way on the pool and takes the lock, it
    /// is given back at once. A timeout is therefore safe. Later calls on this handle wait for an attempt that is under
    /// way.
    ///
    /// # Errors
    ///
    /// - An earlier buffered write failed.
    /// - The filesystem has no locks.
    ///
    /// # Platform behavior
    ///
    /// On NFS, Linux needs a file that is open for writing. On Windows, locks are mandatory: reads and writes by other
    /// handles fail.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::open_file;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("counter");
    /// # std::fs::write(&path, "41")?;
    /// let mut file = open_file(&path).read(true).write(true).await?;
    /// file.lock().await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// let count: u32 = text.parse().unwrap();
    /// file.rewind().await?;
    /// file.write_all((count + 1).to_string().as_bytes()).await?;
    /// file.unlock().await?;
    /// assert_eq!(std::fs::read(&path)?, b"42");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "flock")]
    pub async fn lock(&mut self) -> io::Result<()> {
        self.wait_for_lock(Kind::Exclusive).await
    }

    /// Waits for a shared lock on the file, and takes it.
    ///
    /// Semantics of [`File::lock_shared`](std::fs::File::lock_shared). Any number of handles can hold a shared lock,
    /// while none has an exclusive one. Everything else is as described for [`lock`](AsyncFile::lock).
    ///
    /// # Cancel safety
    ///
    /// Same as [`lock`](AsyncFile::lock).
    ///
    /// # Errors
    ///
    /// The errors of [`lock`](AsyncFile::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::open_file;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// # std::fs::write(&path, "")?;
    /// let (mut one, mut other) = (open_file(&path).await?, open_file(&path).await?);
    /// one.lock_shared().await?;
    /// other.lock_shared().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn lock_shared(&mut self) -> io::Result<()> {
        self.wait_for_lock(Kind::Shared).await
    }

    /// Takes an exclusive lock on the file, unless another handle has a lock.
    ///
    /// Semantics of [`File::try_lock`](std::fs::File::try_lock). See [`lock`](AsyncFile::lock) for what is written
    /// before, and what is read afterwards.
    ///
    /// # Cancel safety
    ///
    /// Same as [`lock`](AsyncFile::lock).
    ///
    /// # Errors
    ///
    /// - [`TryLockError::WouldBlock`]: another handle has a lock.
    /// - [`TryLockError::Error`]: the errors of [`lock`](AsyncFile::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::file::TryLockError;
    /// use anyfile::open_file;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// # std::fs::write(&path, "")?;
    /// let (mut one, mut other) = (open_file(&path).await?, open_file(&path).await?);
    /// one.try_lock().await?;
    /// assert!(matches!(other.try_lock().await, Err(TryLockError::WouldBlock)));
    /// drop(one);
    /// other.try_lock().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn try_lock(&mut self) -> Result<(), TryLockError> {
        self.lock_at_once(Kind::Exclusive).await
    }

    /// Takes a shared lock on the file, unless another handle has an exclusive one.
    ///
    /// Semantics of [`File::try_lock_shared`](std::fs::File::try_lock_shared).
    ///
    /// # Cancel safety
    ///
    /// Same as [`lock`](AsyncFile::lock).
    ///
    /// # Errors
    ///
    /// - [`TryLockError::WouldBlock`]: another handle has an exclusive lock.
    /// - [`TryLockError::Error`]: the errors of [`lock`](AsyncFile::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::file::TryLockError;
    /// use anyfile::open_file;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// # std::fs::write(&path, "")?;
    /// let (mut one, mut other) = (open_file(&path).await?, open_file(&path).await?);
    /// one.try_lock_shared().await?;
    /// other.try_lock_shared().await?;
    /// other.unlock().await?;
    /// assert!(matches!(other.try_lock().await, Err(TryLockError::WouldBlock)));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn try_lock_shared(&mut self) -> Result<(), TryLockError> {
        self.lock_at_once(Kind::Shared).await
    }

    /// Writes the buffered bytes, and gives the lock back.
    ///
    /// Semantics of [`File::unlock`](std::fs::File::unlock), except that the kernel has all bytes that were written
    /// to this file before another handle can take the lock. Only a [`write_at`](AsyncFile::write_at) whose future
    /// was dropped may still be under way. The bytes need not be on the disk; call
    /// [`sync_all`](AsyncFile::sync_all) for that.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the lock may or may not have been given back. If a worker thread has begun to give it
    /// back, later calls on this handle wait for that.
    ///
    /// # Errors
    ///
    /// - The buffered bytes cannot be written. The lock is kept, and `unlock` may be called again.
    /// - The system cannot give the lock back. If there is none, that depends on the system: on Unix it is no error.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{create_file, open_file};
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// let mut file = create_file(&path).await?;
    /// file.lock().await?;
    /// file.write_all(b"complete").await?;
    /// file.unlock().await?;
    ///
    /// let mut other = open_file(&path).await?;
    /// other.try_lock_shared().await?;
    /// let mut text = String::new();
    /// other.read_to_string(&mut text).await?;
    /// assert_eq!(text, "complete");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn unlock(&mut self) -> io::Result<()> {
        future::poll_fn(|cx| self.poll_written(cx)).await?;
        let shared = self.shared()?;
        if shared.is_local() {
            budget::spend(0).await;
            return shared.name(Operation::Unlock, shared.unlock(None));
        }
        let unlock = |shared: &Shared| shared.unlock(None);
        shared.change(Operation::Unlock, unlock).await
    }

    async fn wait_for_lock(&mut self, kind: Kind) -> io::Result<()> {
        let mut length = FIRST_PAUSE;
        while !self.attempt(kind).await? {
            pool::pause(length).await;
            length = (length * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    async fn lock_at_once(&mut self, kind: Kind) -> Result<(), TryLockError> {
        match self.attempt(kind).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryLockError::WouldBlock),
            Err(error) => Err(TryLockError::Error(error)),
        }
    }

    /// Returns `true` if the lock was taken.
    async fn attempt(&mut self, kind: Kind) -> io::Result<bool> {
        future::poll_fn(|cx| self.poll_written(cx)).await?;
        let shared = self.state.shared()?;
        // Closing the file gives the lock back, which others may be waiting for.
        shared.note_touch();
        let attempt = LockOwner::next_attempt();
        let is_taken = if shared.is_local() {
            budget::spend(0).await;
            shared.name(Operation::Lock, shared.try_lock(kind, attempt))?
        } else {
            let taken = Taken(Arc::downgrade(shared), attempt);
            let lock = move |shared: &Shared| {
                let is_taken = shared.try_lock(kind, attempt)?;
                Ok(is_taken.then_some(taken))
            };
            // In order: an attempt that is given up as it begins would take the lock for itself after a later one.
            let taken = shared.change(Operation::Lock, lock).await?;
            taken.map(Taken::keep).is_some()
        };
        if is_taken {
            shared.note_change();
            shared.note_known();
            self.reads.forget_shown();
        }
        Ok(is_taken)
    }
}

/// A lock that was taken for a future. Unless that receives it, it is given back.
struct Taken(Weak<Shared>, Attempt);

impl Taken {
    fn keep(mut self) {
        self.0 = Weak::new();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // If the file is closed, so is the lock.
        let Some(shared) = self.0.upgrade() else {
            return;
        };
        let attempt = self.1;
        let unlock = move |shared: &Shared| shared.unlock(Some(attempt));
        let unlock = shared.work(Operation::Unlock, unlock);
        shared.lane().run_short(unlock).detach();
    }
}

/// The calls. They may block, unless the file is on a local filesystem.
impl Shared {
    fn try_lock(&self, kind: Kind, attempt: Attempt) -> io::Result<bool> {
        let file = self.file().ok_or_else(|| closed(None))?;
        self.lock_owner()
            .take(attempt, || system::try_lock(file, kind))
    }

    fn unlock(&self, attempt: Option<Attempt>) -> io::Result<()> {
        let file = self.file().ok_or_else(|| closed(None))?;
        self.lock_owner()
            .give_back(attempt, || system::unlock(file))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use futures_lite::future::{block_on, poll_once};

    use crate::wrap_file;

    /// Otherwise the one that was given up could take the lock last. Undoing it would unlock the file.
    #[test]
    fn no_attempt_begins_before_one_that_was_given_up_is_over() {
        // The facts of this file are not known, so its calls are made on the pool.
        let mut file = wrap_file(tempfile::tempfile().unwrap());
        let shared = file.shared().unwrap().clone();
        let (held, is_held) = channel();
        let (release, is_released) = channel::<()>();
        let holder = shared.clone();
        let holder = thread::spawn(move || {
            holder.lock_owner().take(u64::MAX, || {
                held.send(()).unwrap();
                is_released.recv().map(|()| false)
            })
        });
        is_held.recv().unwrap();
        for round in 0.. {
            let mut attempt = Box::pin(file.lock());
            assert!(block_on(poll_once(&mut attempt)).is_none());
            thread::sleep(Duration::from_millis(10));
            drop(attempt);
            // It was not given up before it had begun.
            if !shared.abandoned().is_empty() {
                break;
            }
            assert!(round < 100, "no attempt is waited for");
        }
        block_on(async {
            let mut later = pin!(file.lock());
            assert!(poll_once(&mut later).await.is_none());
            release.send(()).unwrap();
            later.await.unwrap();
        });
        assert!(shared.abandoned().is_empty());
        holder.join().unwrap().unwrap();
    }
}
