//! The no-wait calls: the caller's thread gets what the kernel can answer from memory.
//!
//! Each of these calls may return "ask the pool" instead of an answer; except on Linux, each always does. The
//! environment variable `ANYFILE_NOWAIT=0` turns all of them off.
//!
//! No call here is known to wait, but the kernel does not promise that: [`probation`] limits the damage if one
//! does.

mod access;
#[cfg(target_os = "linux")]
mod anchor;
#[cfg(target_os = "linux")]
mod by_path;
#[cfg(target_os = "linux")]
mod fifo;
#[cfg(target_os = "linux")]
mod filesystem;
#[cfg(target_os = "linux")]
mod hints;
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
pub(crate) use by_path::{metadata, open, read};
#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(target_os = "linux")]
use lookup::learn;
#[cfg(not(target_os = "linux"))]
use other as imp;
#[cfg(not(target_os = "linux"))]
use other::learn;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{metadata, open, read};

pub(crate) use access::Access;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::path::Path;

/// The maximum number of bytes that one inline call copies: about 30 µs, during which nothing else runs on the
/// thread.
pub(crate) const INLINE: usize = 256 * 1024;

/// An answer that needed no waiting, or a request to use the pool.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the pool answers")
)]
pub(crate) enum Answer<T> {
    Now(T),
    AskPool,
}

/// A call for a path that needs the pool, and what else is to be done there.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    /// Whether the filesystem is unknown. A known one need not be learned.
    learn: bool,
    /// A file that was opened and gives no answer on the caller's thread: it is large or not a regular one, or it
    /// was replaced in the meantime.
    ///
    /// It is not closed on the caller's thread: if another process has truncated and rewritten the file, ext4
    /// writes it out at any close, which takes 0.3 to 0.7 s for 1 GiB.
    opened: Option<File>,
}

impl Unanswered {
    /// Returns the file that was opened already, for the pool to go on with. May block, until a FIFO has a
    /// writer.
    pub(crate) fn take_opened(&mut self) -> Option<File> {
        imp::go_on_with(self.opened.take()?)
    }

    /// Finishes the work that is left after the call on `path`. May block.
    pub(crate) fn finish(self, path: &Path, follow: bool) {
        drop(self.opened);
        if self.learn {
            learn(path, follow);
        }
    }
}

/// The facts about a file that decide where its calls run.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Whether it is a regular file with a cursor, which may be read ahead, and at any offset.
    pub(crate) regular: bool,
    pub(crate) seekable: bool,
    pub(crate) access: Access,
    /// The device number, `st_dev`, with which a filesystem that hangs is recognized. 0 on systems without one.
    pub(crate) device: u64,
    local: imp::Local,
}

impl Facts {
    /// Returns the facts of an object that is not known to be a file.
    pub(crate) fn stream() -> Facts {
        Facts {
            regular: false,
            seekable: false,
            access: Access::UNKNOWN,
            device: 0,
            local: imp::Local::foreign(),
        }
    }

    /// Determines the facts of `file`, however it was opened. May block.
    pub(crate) fn learn(file: &File) -> Facts {
        let seekable = imp::has_cursor(file);
        Facts::of(file, Access::of(file), |_| seekable)
    }

    /// Same as [`learn`](Facts::learn), for a file that was just opened, for writing or not, without custom flags.
    /// So its access is known, and an open takes two system calls and not six.
    pub(crate) fn of_opened(file: &File, writable: bool) -> Facts {
        let has_cursor = |local: &imp::Local| local.has_cursors() || imp::has_cursor(file);
        Facts::of(file, Access::opened(writable), has_cursor)
    }

    /// Some special files appear to be regular, but can neither seek nor be read at an offset.
    fn of(file: &File, access: Access, has_cursor: impl FnOnce(&imp::Local) -> bool) -> Facts {
        let state = imp::State::of(file);
        let mut local = match &state {
            Some(state) if state.is_file => imp::Local::learn(file, state, access),
            _ => imp::Local::foreign(),
        };
        let seekable = has_cursor(&local);
        if !seekable {
            local = imp::Local::foreign();
        }
        Facts {
            regular: seekable && state.as_ref().is_some_and(|state| state.is_file),
            seekable,
            access,
            device: state.map_or(0, |state| state.device),
            local,
        }
    }

    /// Excludes writing unless `writable`, for callers that know how the file was opened. Windows does not tell.
    pub(crate) fn restricted(mut self, writable: bool) -> Facts {
        self.access.writable &= writable;
        self
    }

    /// Gives the descriptor of `file` the flags of one that std opened, before anyone else has it. On a regular
    /// file of a local filesystem, the calls here are the same with `O_NONBLOCK`, and clearing it takes a fifth
    /// of the time of opening a file.
    pub(crate) fn restore_flags(&self, file: &File) {
        self.local.restore_flags(file);
    }

    /// Returns `true` if calls that only use the inode (its size, closing it) cannot block. Always `false` with
    /// the no-wait calls off.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_known()
    }

    /// Returns `true` if the drop of the file closes it on the caller's thread, even if that writes data out.
    /// This is so for local filesystems and overlayfs, with and without the no-wait calls: as with std's files,
    /// the file is closed when its drop returns.
    pub(crate) fn closes_on_the_spot(&self) -> bool {
        self.local.closes_on_the_spot()
    }

    /// Returns `true` if closing a handle that was only read is fast. Not for a file larger than 1 MiB: another
    /// process may have truncated and rewritten it, and ext4 then allocates its blocks when any handle is
    /// closed (0.4 s for 1 GiB). Not for a file without a name, whose blocks are freed.
    pub(crate) fn closes_quickly(&self, file: &File) -> bool {
        self.is_local() && self.local.is_small(file)
    }

    /// Returns `true` if [`read_at`](Facts::read_at) may be able to answer.
    pub(crate) fn reads_cached(&self) -> bool {
        self.local.reads_cached()
    }

    /// Reads cached data at `offset`. 0 is the end of the file.
    pub(crate) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        self.local.read_at(file, bufs, offset)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
