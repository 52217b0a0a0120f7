//! The no-wait calls that take a path.
//!
//! A path that led to a regular file the last time is opened at once, if the kernel keeps the lookup on a mount
//! that is known to be local ([`anchor`](super::anchor)). Opening and closing it takes three system calls instead
//! of six. Any other path is first looked up with a handle that has no effect on any kind of file. A file that was opened
//! and gives no answer is left to the pool, with the rest of the call.

use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut};
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{OFlags, ResolveFlags};

use super::anchor::Anchor;
use super::filesystem::Stat;
use super::hints::{Hint, Hints};
use super::linux::{Local, enabled, read_cached, reads_cached};
use super::lookup::{Found, Lookup, Timed, find, openat2, path_flags};
use super::negative_cache::NegativeCache;
use super::{Access, Facts, INLINE, Unanswered};
use crate::retry::retry;

static HINTS: Hints = Hints::new();

/// Directories outside of the root directory's mount.
static ELSEWHERE: NegativeCache = NegativeCache::new();

/// Opens a file for reading. Neither a lease nor a FIFO blocks, and no terminal becomes that of the process.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// A regular file that was opened for reading, on a filesystem that is known to be local.
struct Opened {
    // Closed before the time is taken: fields are dropped in this order.
    file: File,
    stat: Stat,
    timed: Timed,
}

/// Returns the metadata of the file at a path, or of the symbolic link there.
pub(crate) fn metadata(path: &Path, follow: bool) -> Result<io::Result<Metadata>, Unanswered> {
    check(path)?;
    if let Some(answer) = metadata_at_root(path, follow)? {
        return Ok(answer);
    }
    let found = match find(path, follow)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(root) = Anchor::root().filter(|_| path.has_root()) {
        if root.holds(&found.stat) {
            ELSEWHERE.forget(path);
        } else {
            ELSEWHERE.note(path);
        }
    }
    Ok(retry(|| found.handle.metadata()))
}

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path) -> Result<io::Result<(File, Facts)>, Unanswered> {
    Ok(
        open_regular(path, Hint::Regular)?.map(|Opened { file, stat, timed }| {
            let facts = Facts {
                regular: true,
                seekable: true,
                access: Access::READ,
                device: stat.mount.device(),
                local: Local::opened(timed.filesystem.clone(), &stat, timed.watch),
            };
            (file, facts)
        }),
    )
}

/// Reads an entire small regular file.
pub(crate) fn read(path: &Path) -> Result<io::Result<Vec<u8>>, Unanswered> {
    let opened = match open_regular(path, Hint::Small)? {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let Some(len) = inline_len(&opened.stat) else {
        HINTS.set(path, Some(Hint::Regular));
        return Err(Unanswered::with(opened.file));
    };
    // With room for one more byte, a short read means the end of the file.
    let mut bytes = vec![0; len + 1];
    let medium = opened.timed.filesystem.medium;
    match read_cached(medium, &opened.file, &mut [IoSliceMut::new(&mut bytes)], 0) {
        Ok(read) if read == len => {
            bytes.truncate(len);
            Ok(Ok(bytes))
        }
        // Not all of it is cached, or it is changing. An error, too, is left to the pool, which reads again. The
        // file is closed here: a job that waits for a thread must not keep files open, however many callers
        // give up.
        _ => Err(Unanswered::default()),
    }
}

/// Returns the size of a file that one inline call reads, and that is closed quickly.
fn inline_len(stat: &Stat) -> Option<usize> {
    let len = usize::try_from(stat.size).ok()?;
    (len < INLINE && stat.links > 0).then_some(len)
}

/// Returns an error if no call is made for `path` on the caller's thread.
fn check(path: &Path) -> Result<(), Unanswered> {
    // A path cannot contain a NUL byte. The error message is left to std.
    if enabled() && !path.as_os_str().as_encoded_bytes().contains(&0) {
        Ok(())
    } else {
        Err(Unanswered::default())
    }
}

/// Returns the metadata of a file on the mount of the root directory, in one lookup. Returns `None` if the
/// path leads elsewhere, or perhaps does.
fn metadata_at_root(path: &Path, follow: bool) -> Result<Option<io::Result<Metadata>>, Unanswered> {
    let root = Anchor::root().filter(|_| path.has_root() && !ELSEWHERE.spares(path));
    let Some(root) = root else {
        return Ok(None);
    };
    let _timed = Timed::start(&root.filesystem)?;
    Ok(match openat2(path, path_flags(follow), Anchor::STAY) {
        Lookup::Opened(handle) => match retry(|| handle.metadata()) {
            Ok(metadata) if root.is_device(metadata.st_dev()) => Some(Ok(metadata)),
            _ => None,
        },
        Lookup::Failed(error) => Some(Err(error)),
        Lookup::AskPool => None,
    })
}

/// Opens a regular file, in one lookup if the last one permits that.
fn open_regular(path: &Path, needed: Hint) -> Result<io::Result<Opened>, Unanswered> {
    check(path)?;
    if HINTS.get(path).is_some_and(|hint| hint >= needed) {
        if let Some(opened) = open_hinted(path)? {
            return Ok(opened);
        }
    }
    let found = match find(path, true)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let kind = kind(&found);
    let stays = |_: &Hint| Anchor::of(path).is_some_and(|anchor| anchor.holds(&found.stat));
    HINTS.set(path, kind.filter(stays));
    // A large file is not even opened to be read, because closing it may take long. Opening a FIFO or a device
    // may block, and its other side would notice.
    if kind < Some(needed) {
        return Err(Unanswered::default());
    }
    open_found(path, found)
}

/// Returns the hint that describes what was found, or `None` if that is not a regular file.
fn kind(found: &Found) -> Option<Hint> {
    let is_small = inline_len(&found.stat).is_some() && reads_cached(found.medium());
    let kind = if is_small { Hint::Small } else { Hint::Regular };
    found.stat.is_regular.then_some(kind)
}

/// Opens the file of a path that has a hint. Returns `None` if the path leads to another mount by now, or is
/// not cached.
fn open_hinted(path: &Path) -> Result<Option<io::Result<Opened>>, Unanswered> {
    let Some(anchor) = Anchor::of(path) else {
        return Ok(None);
    };
    let timed = Timed::start(&anchor.filesystem)?;
    let file = match openat2(path, READ, Anchor::STAY) {
        Lookup::Opened(file) => file,
        Lookup::Failed(error) => return Ok(Some(Err(error))),
        Lookup::AskPool => return Ok(None),
    };
    match Stat::of(&file) {
        Ok(stat) if stat.is_regular && anchor.holds(&stat) => {
            Ok(Some(Ok(Opened { file, stat, timed })))
        }
        _ => {
            HINTS.set(path, None);
            Err(Unanswered::with(file))
        }
    }
}

/// Opens the regular file that was found.
fn open_found(path: &Path, found: Found) -> Result<io::Result<Opened>, Unanswered> {
    let file = match openat2(path, READ, ResolveFlags::CACHED) {
        Lookup::Opened(file) => file,
        Lookup::Failed(error) => return Ok(Err(error)),
        Lookup::AskPool => return Err(Unanswered::default()),
    };
    let (file, stat) = found.check(file)?;
    let timed = found.timed;
    Ok(Ok(Opened { file, stat, timed }))
}
