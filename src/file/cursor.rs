//! Where a file is: its logical position, and the jobs that ask for or move the object's own cursor.

use std::io::SeekFrom;

/// Where the next byte is read or written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Position {
    /// At the object's own cursor, less the bytes that were read ahead.
    OfCursor,
    /// At this offset of a regular file, wherever its cursor is.
    At(u64),
}

impl Position {
    /// Moves over bytes that the caller has, or back over bytes that are unread again.
    #[inline]
    pub(super) fn pass(&mut self, by: i64) {
        if let Position::At(offset) = self {
            *offset = offset.wrapping_add_signed(by);
        }
    }
}

/// What a job does with the cursor. The answer to a question is true of one state of the file, its generation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CursorJob {
    /// Asks for the cursor of a regular file, and on the way what the object is. That may wait for the cursor's
    /// lock, even where the file itself is quick.
    Ask(u64),
    AskSize(u64),
    /// Moves the cursor there, for the seek that the caller asked for; `None` if it only settles the cursor.
    Move(Option<SeekFrom>, SeekFrom),
}
