//! The no-wait calls: what the kernel can answer from memory is answered on the spot.
//!
//! Every question here may be answered with "ask the pool", and off Linux every one is. Setting the
//! environment variable `ANYFILE_NOWAIT=0` turns the whole path off.

#[cfg(target_os = "linux")]
mod foreign;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod lookup;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(not(target_os = "linux"))]
use other as imp;

#[cfg(target_os = "linux")]
pub(crate) use lookup::{learn, metadata, open, read};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{learn, metadata, open, read};

use std::fs::File;
use std::io::{self, IoSliceMut};

/// The most that one inline call copies.
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
    /// As `AskPool`, for all that is on the same filesystem: there is nothing to be learned.
    Foreign,
}

impl<T> Answer<io::Result<T>> {
    /// Goes on with what was answered, unless that is an error or had to wait.
    #[cfg(target_os = "linux")]
    fn and_then<U>(self, next: impl FnOnce(T) -> Answer<io::Result<U>>) -> Answer<io::Result<U>> {
        match self {
            Answer::Now(Ok(answer)) => next(answer),
            Answer::Now(Err(error)) => Answer::Now(Err(error)),
            Answer::AskPool => Answer::AskPool,
            Answer::Foreign => Answer::Foreign,
        }
    }
}

/// What a file is, as far as it decides where its calls may be made.
#[derive(Debug)]
pub(crate) struct Facts {
    /// A regular file with a cursor: it may be read ahead, and at any offset.
    pub(crate) regular: bool,
    pub(crate) seekable: bool,
    local: imp::Local,
}

impl Facts {
    /// The facts of anything that is not known to be a file.
    pub(crate) fn stream() -> Facts {
        Facts {
            regular: false,
            seekable: false,
            local: imp::Local::foreign(),
        }
    }

    /// Asks the system about `file`. May wait.
    pub(crate) fn learn(file: &File) -> Facts {
        // Some special files look regular but can neither seek nor be read at an offset.
        let seekable = imp::has_cursor(file);
        let regular = seekable && file.metadata().is_ok_and(|metadata| metadata.is_file());
        let local = if regular {
            imp::Local::learn(file)
        } else {
            imp::Local::foreign()
        };
        Facts {
            regular,
            seekable,
            local,
        }
    }

    /// Whether calls that only touch the inode (its size, closing it) cannot wait.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_known()
    }

    /// Whether [`read_at`](Facts::read_at) has a chance to answer.
    pub(crate) fn reads_cached(&self) -> bool {
        self.local.reads_cached()
    }

    /// Reads what the page cache holds at `offset`; 0 is the end of the file, confirmed.
    pub(crate) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        match self.local.read_at(file, bufs, offset) {
            // Some kernels answer 0 where the data is merely not cached.
            Answer::Now(Ok(0)) => match file.metadata() {
                Ok(metadata) if metadata.len() <= offset => Answer::Now(Ok(0)),
                _ => Answer::AskPool,
            },
            answer => answer,
        }
    }
}
