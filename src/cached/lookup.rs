//! Looking up paths in the dentry cache.
//!
//! A path is trusted only if it leads to a filesystem that is known to be local. The pool learns that, once for
//! each mount.
//!
//! What a path leads to is determined with an `O_PATH` handle before the file itself is opened, because such a
//! handle has no effect on any kind of file. A file that was opened and gives no answer is left to the pool,
//! with the rest of the call.

use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat, Statx};
use rustix::io::Errno;

use super::filesystem::{Filesystem, stat};
use super::linux::{Local, enabled, read_cached, reads_cached};
use super::negative_cache::NegativeCache;
use super::stopwatch::Stopwatch;
use super::{Access, Answer, Facts, INLINE, Unanswered};
use crate::retry::retry;

/// Latched if the kernel does not implement the call, or this use of it.
static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

static FOREIGN: NegativeCache = NegativeCache::new();

/// The file that a path leads to, on a filesystem that is known to be local.
pub(super) struct Found {
    // Closed before the time is taken: fields are dropped in this order.
    /// A handle without access to the contents.
    handle: File,
    stat: Statx,
    timed: Timed,
}

/// Records on drop how long a call waited, so that every way out of the call is timed.
struct Timed {
    watch: Stopwatch,
    filesystem: Filesystem,
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.filesystem.probation.record(self.watch.waited());
    }
}

/// Returns the metadata of the file at a path, or of the symbolic link there.
pub(crate) fn metadata(path: &Path, follow: bool) -> Result<io::Result<Metadata>, Unanswered> {
    Ok(find(path, follow)?.and_then(|found| retry(|| found.handle.metadata())))
}

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path) -> Result<io::Result<(File, Facts)>, Unanswered> {
    let found = match find(path, true)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let (file, stat) = match open_found(path, &found)? {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    // Only the open must not wait for a lease. The descriptor is then the same as any other.
    if rustix::fs::fcntl_setfl(&file, OFlags::empty()).is_err() {
        return Err(Unanswered::with(file));
    }
    let facts = Facts {
        regular: true,
        seekable: true,
        access: Access::READ,
        device: found.device(),
        local: Local::opened(found.timed.filesystem.clone(), &stat),
    };
    Ok(Ok((file, facts)))
}

/// Reads an entire small regular file.
pub(crate) fn read(path: &Path) -> Result<io::Result<Vec<u8>>, Unanswered> {
    let found = match find(path, true)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let medium = found.timed.filesystem.medium;
    // A large file is not even opened, because closing it may take long.
    if !reads_cached(medium) || found.stat.stx_size >= INLINE as u64 {
        return Err(Unanswered::default());
    }
    let (file, stat) = match open_found(path, &found)? {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let Some(len) = usize::try_from(stat.st_size)
        .ok()
        .filter(|&len| len < INLINE)
    else {
        return Err(Unanswered::with(file));
    };
    // With room for one more byte, a short read means the end of the file.
    let mut bytes = vec![0; len + 1];
    match read_cached(medium, &file, &mut [IoSliceMut::new(&mut bytes)], 0) {
        Ok(read) if read == len => {
            bytes.truncate(len);
            Ok(Ok(bytes))
        }
        // Not all of it is cached, or it is changing. An error, too, is left to the pool, which reads again.
        _ => Err(Unanswered::with(file)),
    }
}

/// Learns the filesystem of a path, so that the next call for it can be answered. May block.
pub(super) fn learn(path: &Path, follow: bool) {
    if !enabled() {
        return;
    }
    let Ok(handle) = rustix::fs::open(path, path_flags(follow), Mode::empty()) else {
        return;
    };
    let handle = File::from(handle);
    if let Ok(stat) = stat(&handle) {
        Filesystem::learn(&handle, &stat);
    }
}

impl Unanswered {
    /// The filesystem of the path is unknown.
    fn unknown() -> Unanswered {
        Unanswered {
            learn: true,
            opened: None,
        }
    }

    /// A file was opened unnecessarily.
    fn with(opened: File) -> Unanswered {
        Unanswered {
            learn: false,
            opened: Some(opened),
        }
    }
}

impl Found {
    fn is_regular(&self) -> bool {
        FileType::from_raw_mode(self.stat.stx_mode.into()) == FileType::RegularFile
    }

    fn device(&self) -> u64 {
        rustix::fs::makedev(self.stat.stx_dev_major, self.stat.stx_dev_minor)
    }

    /// Returns `file` and its metadata, unless it is not the file that was found.
    pub(super) fn check(&self, file: File) -> Result<(File, Stat), Unanswered> {
        // Takes less time than `File::metadata`, which queries all fields.
        match retry(|| rustix::fs::fstat(&file)) {
            Ok(stat) if (stat.st_dev, stat.st_ino) == (self.device(), self.stat.stx_ino) => {
                Ok((file, stat))
            }
            _ => Err(Unanswered::with(file)),
        }
    }
}

/// Opens the regular file that was found.
fn open_found(path: &Path, found: &Found) -> Result<io::Result<(File, Stat)>, Unanswered> {
    // Opening a FIFO or a device may block, and its other side would notice.
    if !found.is_regular() {
        return Err(Unanswered::default());
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match openat2(path, flags) {
        Answer::Now(Ok(file)) => found.check(file).map(Ok),
        Answer::Now(Err(error)) => Ok(Err(error)),
        Answer::AskPool => Err(Unanswered::default()),
    }
}

fn find(path: &Path, follow: bool) -> Result<io::Result<Found>, Unanswered> {
    // A path cannot contain a NUL byte. The error message is left to std.
    if !enabled() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Unanswered::default());
    }
    if FOREIGN.spares(path) {
        return Err(Unanswered::default());
    }
    let watch = Stopwatch::start();
    let handle = match openat2(path, path_flags(follow)) {
        Answer::Now(Ok(handle)) => handle,
        Answer::Now(Err(error)) => return Ok(Err(error)),
        Answer::AskPool => return Err(Unanswered::unknown()),
    };
    let known = stat(&handle).ok().and_then(|stat| {
        let filesystem = Filesystem::known(&stat)?;
        Some((stat, filesystem))
    });
    let Some((stat, filesystem)) = known else {
        return Err(Unanswered::unknown());
    };
    if !filesystem.medium.is_local() {
        FOREIGN.note(path);
        return Err(Unanswered::default());
    }
    FOREIGN.forget(path);
    if !filesystem.probation.admits() {
        return Err(Unanswered::default());
    }
    Ok(Ok(Found {
        handle,
        stat,
        timed: Timed { watch, filesystem },
    }))
}

/// Opens a path that is in the dentry cache. That the name does not exist is an answer, too, if it is cached.
fn openat2(path: &Path, flags: OFlags) -> Answer<io::Result<File>> {
    if NO_OPENAT2.load(Ordering::Relaxed) {
        return Answer::AskPool;
    }
    match rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(fd) => Answer::Now(Ok(File::from(fd))),
        Err(Errno::NOSYS | Errno::INVAL) if flags.contains(OFlags::PATH) => {
            NO_OPENAT2.store(true, Ordering::Relaxed);
            Answer::AskPool
        }
        // Not cached, leased to another process, or refused by a filter, perhaps only for this call.
        Err(Errno::AGAIN | Errno::INTR | Errno::PERM | Errno::INVAL | Errno::NOSYS) => {
            Answer::AskPool
        }
        // The pool's way of querying a path needs no descriptor.
        Err(Errno::MFILE | Errno::NFILE) => Answer::AskPool,
        Err(errno) => Answer::Now(Err(errno.into())),
    }
}

fn path_flags(follow: bool) -> OFlags {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    if follow {
        flags
    } else {
        flags | OFlags::NOFOLLOW
    }
}

/// Returns what is at `path`, without the dentry cache.
#[cfg(test)]
pub(super) fn found(path: &Path) -> Found {
    let handle = rustix::fs::open(path, path_flags(true), Mode::empty()).expect("it can be opened");
    let handle = File::from(handle);
    let stat = stat(&handle).expect("it has a state");
    let timed = Timed {
        watch: Stopwatch::start(),
        filesystem: Filesystem::learn_alone(&handle),
    };
    Found {
        handle,
        stat,
        timed,
    }
}
