//! The logical position of a file, and the jobs that query or move the object's own cursor.

#[cfg(feature = "tokio")]
use std::io;
use std::io::SeekFrom;

/// The position of the next byte that is read or written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Position {
    /// The object's own cursor, minus the bytes that were read ahead.
    OfCursor,
    /// An offset of a regular file, independent of its cursor.
    At(u64),
}

impl Position {
    /// Advances over bytes that the caller consumed, or goes back over bytes that were put back.
    #[inline]
    pub(super) fn pass(&mut self, by: i64) {
        if let Position::At(offset) = self {
            *offset = offset.wrapping_add_signed(by);
        }
    }
}

/// What a job does with the cursor. Its answer is valid for one state of the file, its generation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CursorJob {
    /// Queries the cursor of a regular file, and learns the object's facts. This may wait for the lock of the
    /// cursor, even if the file itself is fast.
    Ask(u64),
    AskSize(u64),
    /// Moves the cursor, for the seek that the caller asked for, or `None` if it only settles the cursor.
    Move(Option<SeekFrom>, SeekFrom),
}

/// A seek in the two steps of tokio's `AsyncSeek`.
#[cfg(feature = "tokio")]
#[derive(Debug, Default)]
pub(super) enum Started {
    #[default]
    Nothing,
    /// Not made yet, or in flight. It comes before whatever uses the position.
    Wanted(SeekFrom),
    /// Made. The result is for the next `poll_complete`.
    Done(io::Result<u64>),
}
