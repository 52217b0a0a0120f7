//! Looking up paths in the dentry cache.
//!
//! A path is trusted only if it leads to a filesystem that is known to be local. The pool learns that, once for
//! each mount.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::Unanswered;
use super::anchor;
use super::filesystem::{Filesystem, Medium, Stat};
use super::linux::enabled;
use super::negative_cache::NegativeCache;
use super::stopwatch::Stopwatch;

/// Latched if the kernel does not implement the call, or this use of it.
static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// Directories on filesystems that are not local.
static FOREIGN: NegativeCache = NegativeCache::new();

/// The file that a path leads to, on a filesystem that is known to be local.
pub(super) struct Found {
    // Closed before the time is taken: fields are dropped in this order.
    /// A handle without access to the contents.
    pub(super) handle: File,
    pub(super) stat: Stat,
    pub(super) timed: Timed,
}

/// Records on drop how long a call waited, so that every way out of the call is timed.
pub(super) struct Timed {
    pub(super) watch: Stopwatch,
    pub(super) filesystem: Filesystem,
}

impl Timed {
    /// Begins a call, unless the filesystem is on probation.
    pub(super) fn start(filesystem: &Filesystem) -> Result<Timed, Unanswered> {
        Timed::since(Stopwatch::start(), filesystem.clone())
    }

    fn since(watch: Stopwatch, filesystem: Filesystem) -> Result<Timed, Unanswered> {
        if filesystem.probation.admits() {
            Ok(Timed { watch, filesystem })
        } else {
            Err(Unanswered::default())
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.filesystem.probation.record(self.watch.waited());
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
    if let Ok(stat) = Stat::of(&handle) {
        anchor::learn(&handle, &stat);
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

    /// A file was opened and gives no answer on the caller's thread.
    pub(super) fn with(opened: File) -> Unanswered {
        Unanswered {
            learn: false,
            opened: Some(opened),
        }
    }
}

impl Found {
    pub(super) fn medium(&self) -> Medium {
        self.timed.filesystem.medium
    }

    /// Returns `file` and its state, unless it is not the file that was found.
    pub(super) fn check(&self, file: File) -> Result<(File, Stat), Unanswered> {
        let id = |stat: &Stat| (stat.mount.device(), stat.inode);
        match Stat::of(&file) {
            Ok(stat) if id(&stat) == id(&self.stat) => Ok((file, stat)),
            _ => Err(Unanswered::with(file)),
        }
    }
}

/// Determines what a path leads to. Neither a file nor a device notices that.
pub(super) fn find(path: &Path, follow: bool) -> Result<io::Result<Found>, Unanswered> {
    if FOREIGN.spares(path) {
        return Err(Unanswered::default());
    }
    let watch = Stopwatch::start();
    let handle = match openat2(path, path_flags(follow), ResolveFlags::CACHED) {
        Lookup::Opened(handle) => handle,
        Lookup::Failed(error) => return Ok(Err(error)),
        Lookup::AskPool => return Err(Unanswered::unknown()),
    };
    let known = Stat::of(&handle).ok().and_then(|stat| {
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
    let timed = Timed::since(watch, filesystem)?;
    Ok(Ok(Found {
        handle,
        stat,
        timed,
    }))
}

/// The result of looking up a path in the dentry cache.
pub(super) enum Lookup {
    Opened(File),
    /// That the name does not exist is an answer, too, if it is cached.
    Failed(io::Error),
    AskPool,
}

/// Opens a path if all of it is in the dentry cache.
pub(super) fn openat2(path: &Path, flags: OFlags, resolve: ResolveFlags) -> Lookup {
    if NO_OPENAT2.load(Ordering::Relaxed) {
        return Lookup::AskPool;
    }
    match rustix::fs::openat2(CWD, path, flags, Mode::empty(), resolve) {
        Ok(fd) => Lookup::Opened(File::from(fd)),
        Err(Errno::NOSYS | Errno::INVAL) if flags.contains(OFlags::PATH) => {
            NO_OPENAT2.store(true, Ordering::Relaxed);
            Lookup::AskPool
        }
        // Not cached, leased to another process, or on another mount.
        Err(Errno::AGAIN | Errno::INTR | Errno::XDEV) => Lookup::AskPool,
        // Refused by a filter, perhaps only for this call.
        Err(Errno::PERM | Errno::INVAL | Errno::NOSYS) => Lookup::AskPool,
        // The pool's way of querying a path needs no descriptor.
        Err(Errno::MFILE | Errno::NFILE) => Lookup::AskPool,
        Err(errno) => Lookup::Failed(errno.into()),
    }
}

pub(super) fn path_flags(follow: bool) -> OFlags {
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
    let stat = Stat::of(&handle).expect("it has a state");
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
