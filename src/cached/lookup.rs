//! Paths that the dentry cache can look up, and what they lead to.
//!
//! A path is trusted only when it leads to a filesystem that is known to be local. That is learned on
//! the pool, once for each mount.

use super::foreign::Foreign;
use super::linux::{Local, Medium, enabled};
use super::{Answer, Facts, INLINE};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// Latched when the kernel does not know the call, or this way to use it.
static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// The filesystems met so far.
static MEDIA: RwLock<BTreeMap<Mount, Medium>> = RwLock::new(BTreeMap::new());

static FOREIGN: Foreign = Foreign::new();

/// Mounts to remember. More than that come and go only where something mounts in a loop.
const MOST_MOUNTS: usize = 1024;

/// A device number may be used again for another filesystem; together with the number of its mount,
/// which recent kernels never use twice, it tells filesystems apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Mount {
    device: (u32, u32),
    id: u64,
}

/// What a path leads to, on a filesystem that is known to be local.
struct Found {
    /// A handle that gives no access to the contents: to get it touches nothing.
    handle: File,
    stat: Statx,
    medium: Medium,
}

/// The metadata of a path, or of the symbolic link that it is.
pub(crate) fn metadata(path: &Path, follow: bool) -> Answer<io::Result<Metadata>> {
    find(path, follow).and_then(|found| Answer::Now(found.handle.metadata()))
}

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path) -> Answer<io::Result<(File, Facts)>> {
    // The flag kept the open from waiting for a lease; the file itself is to be as any other.
    open_found(path).and_then(|(file, facts, _)| {
        match rustix::fs::fcntl_setfl(&file, OFlags::empty()) {
            Ok(()) => Answer::Now(Ok((file, facts))),
            Err(_) => Answer::AskPool,
        }
    })
}

/// Reads the whole of a small regular file.
pub(crate) fn read(path: &Path) -> Answer<io::Result<Vec<u8>>> {
    open_found(path).and_then(|(file, facts, len)| {
        let len = usize::try_from(len).ok();
        let Some(len) = len.filter(|&len| len < INLINE) else {
            return Answer::AskPool;
        };
        // With room for one byte more, a short read is the end of the file.
        let mut bytes = vec![0; len + 1];
        match facts.read_at(&file, &mut [IoSliceMut::new(&mut bytes)], 0) {
            Answer::Now(Ok(read)) if read == len => {
                bytes.truncate(len);
                Answer::Now(Ok(bytes))
            }
            Answer::Now(Err(error)) => Answer::Now(Err(error)),
            // Not all of it is cached, or it is changing.
            _ => Answer::AskPool,
        }
    })
}

/// Learns on what filesystem a path is, so that it can be answered for next time. May wait.
pub(crate) fn learn(path: &Path, follow: bool) {
    if !enabled() {
        return;
    }
    let Ok(handle) = rustix::fs::open(path, path_flags(follow), Mode::empty()) else {
        return;
    };
    let handle = File::from(handle);
    let Ok(stat) = stat(&handle) else { return };
    if medium_of(&stat).is_some() {
        return;
    }
    let medium = Medium::learn(&handle);
    let mut media = MEDIA.write().unwrap_or_else(PoisonError::into_inner);
    if media.len() >= MOST_MOUNTS {
        media.clear();
    }
    media.insert(mount_of(&stat), medium);
}

/// Opens what is found, if it is a regular file, and looks that it is the same that was found. Gives
/// back its length too.
fn open_found(path: &Path) -> Answer<io::Result<(File, Facts, u64)>> {
    find(path, true).and_then(|found| {
        // To open a FIFO or a device may wait, and is felt on its other side.
        if FileType::from_raw_mode(found.stat.stx_mode.into()) != FileType::RegularFile {
            return Answer::AskPool;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        openat2(path, flags).and_then(|file| {
            let (major, minor) = (found.stat.stx_dev_major, found.stat.stx_dev_minor);
            let same = (rustix::fs::makedev(major, minor), found.stat.stx_ino);
            // Quicker than `File::metadata`, which asks for all there is.
            match rustix::fs::fstat(&file) {
                Ok(stat) if (stat.st_dev, stat.st_ino) == same => {
                    let facts = Facts {
                        regular: true,
                        seekable: true,
                        local: Local::new(found.medium),
                    };
                    Answer::Now(Ok((file, facts, stat.st_size as u64)))
                }
                _ => Answer::AskPool,
            }
        })
    })
}

fn find(path: &Path, follow: bool) -> Answer<io::Result<Found>> {
    // A NUL byte has no place in a path; the standard library says so best.
    if !enabled() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return Answer::AskPool;
    }
    if FOREIGN.spares(path) {
        return Answer::Foreign;
    }
    openat2(path, path_flags(follow)).and_then(|handle| {
        let Ok(stat) = stat(&handle) else {
            return Answer::AskPool;
        };
        match medium_of(&stat) {
            None => Answer::AskPool,
            Some(Medium::Foreign) => {
                FOREIGN.note(path);
                Answer::Foreign
            }
            Some(medium) => {
                FOREIGN.forget(path);
                Answer::Now(Ok(Found {
                    handle,
                    stat,
                    medium,
                }))
            }
        }
    })
}

/// Opens a path that the dentry cache holds. A missing name is an answer too, if that is cached.
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
        // Not cached; leased to another process; or refused by a filter, perhaps for this call only.
        Err(Errno::AGAIN | Errno::INTR | Errno::PERM | Errno::INVAL | Errno::NOSYS) => {
            Answer::AskPool
        }
        // A question about a path needs a descriptor here only.
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

/// Asks for what is known already, which a network filesystem is to answer without its server.
fn stat(handle: &File) -> rustix::io::Result<Statx> {
    /// `STATX_MNT_ID_UNIQUE`, from Linux 6.8 on; older kernels ignore it.
    const UNIQUE_MOUNT: StatxFlags = StatxFlags::from_bits_retain(0x4000);
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let wanted = StatxFlags::TYPE | StatxFlags::INO | StatxFlags::MNT_ID | UNIQUE_MOUNT;
    rustix::fs::statx(handle, "", flags, wanted)
}

fn mount_of(stat: &Statx) -> Mount {
    Mount {
        device: (stat.stx_dev_major, stat.stx_dev_minor),
        id: stat.stx_mnt_id,
    }
}

fn medium_of(stat: &Statx) -> Option<Medium> {
    let media = MEDIA.read().unwrap_or_else(PoisonError::into_inner);
    media.get(&mount_of(stat)).copied()
}
