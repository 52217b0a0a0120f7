//! `poll_fill_buf`, whose answers stay.

use super::ReadBuffer;
use crate::file::object::Shared;

/// What `poll_fill_buf` has answered, if nothing else was done since.
///
/// Its callers, `fill_buf` of futures-lite among them, poll again to get the answer lent, and do not expect
/// `Pending` then. So an answer stays until it is consumed, or until something else is done.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) enum Shown {
    #[default]
    Nothing,
    /// Unread bytes.
    Bytes,
    /// The end of the file; it is given once more without looking.
    End,
    /// The end, twice. The next poll looks for more; until there is some, the answer is the end.
    EndAgain,
}

impl ReadBuffer {
    /// Whether the last answer is to be given again, without looking for a new one.
    pub(in crate::file) fn shows(&mut self, shared: &Shared) -> bool {
        // A change of which the user does not know yet is no reason to take back what was lent.
        if shared.known_generation() > self.generation {
            self.shown = Shown::Nothing;
        }
        match self.shown {
            Shown::Bytes => true,
            Shown::End => {
                self.shown = Shown::EndAgain;
                true
            }
            Shown::EndAgain | Shown::Nothing => false,
        }
    }

    /// Whether the answer stays the end of the file, if there is nothing else yet.
    pub(in crate::file) fn stays_at_end(&self) -> bool {
        self.shown == Shown::EndAgain
    }

    /// Notes that the answer stays, though the buffer may have been cleared meanwhile. It is given once more before
    /// the outcome of the look that is under way, which may be an error.
    pub(in crate::file) fn stay_at_end(&mut self) {
        self.shown = Shown::End;
    }

    pub(in crate::file) fn note_shown(&mut self) {
        self.shown = match self.unread().is_empty() {
            true => Shown::End,
            false => Shown::Bytes,
        };
        if self.shown == Shown::End {
            self.call += 1;
        }
    }
}
