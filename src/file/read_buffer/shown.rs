//! The state of `poll_fill_buf`, whose answers are repeatable.

use super::ReadBuffer;
use crate::file::object::Shared;

/// The last answer of `poll_fill_buf`, if nothing else was called since.
///
/// Callers such as `fill_buf` of futures-lite poll again to borrow the answer, and do not expect `Pending`
/// then. So an answer stays until it is consumed, or until another method is called.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) enum Shown {
    #[default]
    Nothing,
    /// Unread bytes.
    Bytes,
    /// The end of the file. It is repeated once without looking.
    End,
    /// The end, twice. The next poll looks for more; until there is some, the answer is the end.
    EndAgain,
}

impl ReadBuffer {
    /// Returns `true` if the last answer is repeated without looking for a new one.
    pub(in crate::file) fn shows(&mut self, shared: &Shared) -> bool {
        // A change that the user does not know about yet is no reason to take back lent bytes.
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

    /// Returns `true` if the answer stays the end of the file while there is nothing else.
    pub(in crate::file) fn stays_at_end(&self) -> bool {
        self.shown == Shown::EndAgain
    }

    /// Keeps the end of the file as the answer, although the buffer may have been cleared. It is repeated once
    /// before the result of the read in flight, which may be an error.
    pub(in crate::file) fn stay_at_end(&mut self) {
        self.shown = Shown::End;
    }

    pub(in crate::file) fn note_shown(&mut self) {
        self.shown = if self.unread().is_empty() {
            Shown::End
        } else {
            Shown::Bytes
        };
        if self.shown == Shown::End {
            self.call += 1;
        }
    }
}
