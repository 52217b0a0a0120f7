//! The reading half of a file's state: what was read and is not consumed yet.

use super::chunk::{CHUNK, Chunk};
use super::inbox::Inbox;
use crate::pool::Task;
use std::mem;
use std::sync::Arc;

/// The reading half of a file's state.
#[derive(Default)]
pub(super) struct Reading {
    /// The chunk that is being consumed, and how much of it has been.
    pub(super) front: Chunk,
    pub(super) start: usize,
    /// How many of the unread bytes in front are known not to hold a certain byte.
    pub(super) scanned: usize,
    pub(super) scanned_for: u8,
    /// Which of the line ends that are noted in front is the next.
    line: usize,
    /// What is unread, be it nothing, was shown to the caller, and must be shown again if it asks.
    pub(super) shown: bool,
    /// What comes after the front.
    pub(super) inbox: Option<Arc<Inbox>>,
    pub(super) task: Option<Task<()>>,
    /// Bytes read in sequence.
    pub(super) run: u64,
    /// The last change of the file that the bytes here take account of.
    pub(super) edits: u64,
}

impl Reading {
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        &self.front.as_bytes()[self.start..]
    }

    /// How many bytes were read and not consumed.
    pub(super) fn ahead(&self) -> usize {
        self.unread().len() + self.inbox.as_ref().map_or(0, |inbox| inbox.held())
    }

    /// Drops what was read ahead. A job that has not begun is not carried out.
    pub(super) fn clear(&mut self) {
        *self = Reading {
            edits: self.edits,
            ..Reading::default()
        };
    }

    /// Takes account of bytes that went straight to the caller: the front does not end at the position
    /// any more.
    pub(super) fn pass_by(&mut self, len: usize) {
        self.run += len as u64;
        self.front = Chunk::default();
        self.start = 0;
    }

    /// Nothing comes after the front for now: a file that is at rest costs no buffer.
    pub(super) fn end(&mut self) {
        self.forget_inbox();
        if self.unread().is_empty() {
            self.clear();
        }
    }

    pub(super) fn forget_inbox(&mut self) {
        self.inbox = None;
        self.task = None;
    }

    /// Moves within the front, if the target lies there.
    pub(super) fn shift(&mut self, position: u64, target: u64) -> bool {
        let start = (self.start as u64)
            .checked_add(target)
            .and_then(|sum| sum.checked_sub(position));
        let len = self.front.as_bytes().len();
        match start.and_then(|start| usize::try_from(start).ok()) {
            Some(start) if start < len => {
                self.start = start;
                self.scanned = 0;
                true
            }
            _ => target == position,
        }
    }

    /// The length of what is left of the first unread line, if its end is noted.
    #[inline]
    pub(super) fn noted_line(&mut self) -> Option<usize> {
        let Chunk::Lines { ends, .. } = &self.front else {
            return None;
        };
        let end = *ends.get(self.line)?;
        let begin = self.line.checked_sub(1).map_or(0, |last| ends[last]);
        if !(begin as usize..end as usize).contains(&self.start) {
            // Something else was read, or sought, since the last line.
            self.line = ends.partition_point(|&end| end as usize <= self.start);
        }
        let end = *ends.get(self.line)? as usize;
        self.line += 1;
        Some(end - self.start)
    }

    /// A buffer for `size` bytes: that of the front, if nobody needs it any more.
    pub(super) fn buffer(&mut self, size: usize) -> Vec<u8> {
        let mut used = Vec::new();
        if self.unread().is_empty() {
            used = mem::take(&mut self.front).into_bytes();
            self.start = 0;
        }
        if !(size..2 * CHUNK).contains(&used.capacity()) {
            return vec![0; size];
        }
        used.resize(size, 0);
        used
    }

    /// Adds a chunk after the unread bytes of the front.
    pub(super) fn push(&mut self, chunk: Chunk) {
        self.run += chunk.as_bytes().len() as u64;
        if self.unread().is_empty() {
            let used = mem::replace(&mut self.front, chunk).into_bytes();
            if let Some(inbox) = &self.inbox {
                inbox.recycle(used);
            }
        } else {
            let mut bytes = mem::take(&mut self.front).into_bytes();
            bytes.drain(..self.start);
            bytes.extend_from_slice(chunk.as_bytes());
            self.front = Chunk::Bytes(bytes);
        }
        self.start = 0;
        self.line = 0;
    }

    /// Puts bytes back in front of the unread ones.
    pub(super) fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(self.unread());
        self.front = Chunk::Bytes(bytes);
        self.start = 0;
        self.scanned = 0;
    }
}
