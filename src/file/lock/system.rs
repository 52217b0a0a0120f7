//! The system's calls. None of them waits for the lock.

pub(super) use imp::{try_lock, unlock};

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io;

    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    use crate::file::lock::Kind;
    use crate::retry::retry;

    pub(crate) fn try_lock(file: &File, kind: Kind) -> io::Result<bool> {
        let operation = match kind {
            Kind::Exclusive => FlockOperation::NonBlockingLockExclusive,
            Kind::Shared => FlockOperation::NonBlockingLockShared,
        };
        match retry(|| flock(file, operation)) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(crate) fn unlock(file: &File) -> io::Result<()> {
        Ok(retry(|| flock(file, FlockOperation::Unlock))?)
    }
}

#[cfg(not(unix))]
mod imp {
    use std::fs::File;
    use std::io;

    use fs4::{FileExt, TryLockError};

    use crate::file::lock::Kind;

    pub(crate) fn try_lock(file: &File, kind: Kind) -> io::Result<bool> {
        let locked = match kind {
            Kind::Exclusive => FileExt::try_lock(file),
            Kind::Shared => FileExt::try_lock_shared(file),
        };
        match locked {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub(crate) fn unlock(file: &File) -> io::Result<()> {
        FileExt::unlock(file)
    }
}
