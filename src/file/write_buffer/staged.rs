//! The piece that a writer is filling.

use std::io::{IoSlice, SeekFrom};

use super::queue::{Bound, Queue};

/// Bytes that are not in the queue yet.
///
/// A writer has them to itself, so that most small writes take no lock.
#[derive(Debug, Default)]
pub(super) struct Staged {
    bytes: Vec<u8>,
    /// The size of the piece.
    size: usize,
    /// Where the first byte goes, if the object's cursor is elsewhere.
    start: Option<SeekFrom>,
}

/// The result of offering bytes.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The number of accepted bytes.
    pub(super) len: usize,
    /// Whether pieces were put into the queue.
    pub(super) is_queued: bool,
}

impl Staged {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Accepts bytes if the piece has been begun, and they do not fill it.
    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8]) -> bool {
        let fits = !self.is_empty() && bytes.len() < self.size - self.bytes.len();
        if fits {
            self.extend(bytes);
        }
        fits
    }

    /// Accepts the bytes that there is room for, and puts full pieces into the queue.
    pub(super) fn accept(
        &mut self,
        queue: &Queue,
        bound: Bound,
        bufs: &[IoSlice<'_>],
        start: Option<SeekFrom>,
        most: usize,
    ) -> Accepted {
        let mut accepted = Accepted::default();
        for mut buf in bufs.iter().map(|buf| &buf[..]) {
            while !buf.is_empty() {
                // Room that a job makes in the meantime is for the next call, not for the next buffer.
                if accepted.len == most || !self.begin(queue, bound) {
                    return accepted;
                }
                let room = (self.size - self.bytes.len()).min(most - accepted.len);
                let (fits, rest) = buf.split_at(buf.len().min(room));
                self.extend(fits);
                if accepted.len == 0 {
                    self.start = start.or(self.start);
                }
                accepted.len += fits.len();
                buf = rest;
                if self.bytes.len() == self.size {
                    self.hand_over(queue);
                    accepted.is_queued = true;
                }
            }
        }
        accepted
    }

    /// Puts the bytes into the queue.
    pub(super) fn hand_over(&mut self, queue: &Queue) {
        if !self.is_empty() {
            let Staged { bytes, start, .. } = std::mem::take(self);
            queue.push(bytes, start);
        }
    }

    /// Begins a piece unless there is one. Returns `false` if there is no room for it.
    fn begin(&mut self, queue: &Queue, bound: Bound) -> bool {
        if self.is_empty() {
            let Some((bytes, size)) = queue.begin_piece(bound) else {
                return false;
            };
            (self.bytes, self.size) = (bytes, size);
        }
        true
    }

    /// Appends bytes. The buffer doubles up to the size of the piece.
    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        let len = self.bytes.len();
        if bytes.len() > self.bytes.capacity() - len {
            let most = self.size - len;
            self.bytes.reserve_exact(bytes.len().max(len).min(most));
        }
        self.bytes.extend_from_slice(bytes);
    }
}
