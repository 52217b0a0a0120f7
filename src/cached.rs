//! The no-wait calls: what the kernel can answer from memory is answered on the caller's thread.
//!
//! Each of these calls may return "ask the pool" instead of an answer, and except on Linux each one
//! does. Setting the environment variable `ANYFILE_NOWAIT=0` turns all of them off.
//!
//! No call here is known to wait, and yet the kernel does not promise it: [`probation`] bounds what
//! happens then.

mod access;
#[cfg(target_os = "linux")]
mod filesystem;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod lookup;
#[cfg(target_os = "linux")]
mod negative_cache;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod probation;
#[cfg(target_os = "linux")]
mod stopwatch;

#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(target_os = "linux")]
use lookup::learn;
#[cfg(target_os = "linux")]
pub(crate) use lookup::{metadata, open, read};
#[cfg(not(target_os = "linux"))]
use other as imp;
#[cfg(not(target_os = "linux"))]
use other::learn;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{metadata, open, read};

use crate::retry::retry;
pub(crate) use access::Access;
use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut};
use std::path::Path;

/// The most bytes that one inline call copies: about 30 µs, for which nobody else gets the thread.
pub(crate) const INLINE: usize = 256 * 1024;

/// An answer without waiting, or the advice to get it where waiting is allowed.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the pool answers")
)]
pub(crate) enum Answer<T> {
    Now(T),
    AskPool,
}

/// A call for a path that has to be made on the pool, and what else is to be done there.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    /// The filesystem was not met before. Where it is known, there is nothing to be learned.
    learn: bool,
    /// A file that was opened and then found unsuitable: not all of it is cached, or it is another one
    /// by now.
    ///
    /// It is not closed on the caller's thread. ext4 writes a file out at any close after another
    /// process has truncated and rewritten it, which takes 0.3 to 0.7 s for 1 GiB.
    opened: Option<File>,
}

impl Unanswered {
    /// Does what is left to do after the call on `path`. May wait.
    pub(crate) fn finish(self, path: &Path, follow: bool) {
        drop(self.opened);
        if self.learn {
            learn(path, follow);
        }
    }
}

/// What a file is, as far as it decides where its calls may be made.
#[derive(Debug)]
pub(crate) struct Facts {
    /// A regular file with a cursor: it may be read ahead, and at any offset.
    pub(crate) regular: bool,
    pub(crate) seekable: bool,
    pub(crate) access: Access,
    /// The number of the device, `st_dev`, to recognize a filesystem that hangs. 0 where the system has
    /// no such number.
    pub(crate) device: u64,
    local: imp::Local,
}

impl Facts {
    /// The facts of anything that is not known to be a file.
    pub(crate) fn stream() -> Facts {
        Facts {
            regular: false,
            seekable: false,
            access: Access::UNKNOWN,
            device: 0,
            local: imp::Local::foreign(),
        }
    }

    /// Asks the system about `file`. May wait.
    pub(crate) fn learn(file: &File) -> Facts {
        // Some special files look regular but can neither seek nor be read at an offset.
        let seekable = imp::has_cursor(file);
        let metadata = retry(|| file.metadata()).ok();
        let regular = seekable && metadata.as_ref().is_some_and(Metadata::is_file);
        let access = Access::of(file);
        let local = match regular {
            true => imp::Local::learn(file, access),
            false => imp::Local::foreign(),
        };
        Facts {
            regular,
            seekable,
            access,
            device: metadata.as_ref().map_or(0, device),
            local,
        }
    }

    /// Whether calls that only touch the inode (its size, closing it) cannot wait. Never where the
    /// no-wait calls are turned off.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_known()
    }

    /// Whether the file may be closed on the caller's thread when it is dropped, even if that writes
    /// data out. True for local filesystems and overlayfs, with and without the no-wait calls: as with
    /// std's files, whoever drops one finds it closed.
    pub(crate) fn closes_on_the_spot(&self) -> bool {
        self.local.closes_on_the_spot()
    }

    /// Whether closing a handle that only reads is over on the spot. False for a file of over 1 MiB:
    /// another process may have truncated and rewritten it, and ext4 then allocates its blocks as any
    /// handle is closed (0.4 s for 1 GiB). False for a file without a name, whose blocks are freed.
    pub(crate) fn closes_quickly(&self, file: &File) -> bool {
        self.is_local() && self.local.is_small(file)
    }

    /// Whether [`read_at`](Facts::read_at) has a chance to answer.
    pub(crate) fn reads_cached(&self) -> bool {
        self.local.reads_cached()
    }

    /// Reads what the page cache holds at `offset`. 0 is the end of the file.
    pub(crate) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        self.local.read_at(file, bufs, offset)
    }
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(metadata)
}

#[cfg(not(unix))]
fn device(_: &Metadata) -> u64 {
    0
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
