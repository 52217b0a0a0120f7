//! Delimited records, such as lines: finding them in the front chunk.

#[cfg(feature = "encoding")]
use std::mem;
use std::ops::Range;

use super::ReadBuffer;
use super::chunk::Chunk;
#[cfg(feature = "encoding")]
use crate::encoding::Decoder;

/// How far the front chunk was searched.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The number of unread bytes at the front that are known not to contain `byte`.
    scanned: usize,
    byte: u8,
    /// The index of the next noted line end.
    line: usize,
}

impl Scan {
    /// Records that `len` bytes were consumed.
    #[inline]
    pub(super) fn pass(&mut self, len: usize) {
        self.scanned = self.scanned.saturating_sub(len);
    }

    /// Records that the unread bytes have changed.
    pub(super) fn restart(&mut self) {
        self.scanned = 0;
    }

    /// Records that there is a new chunk at the front, or after the unread bytes.
    pub(super) fn begin_chunk(&mut self) {
        self.line = 0;
    }
}

impl ReadBuffer {
    /// Returns the length of the next record that ends with `end`, if its end is in the front chunk. Consumes
    /// nothing.
    #[inline]
    pub(in crate::file) fn find_record(&mut self, end: u8) -> Option<usize> {
        if end == b'\n' {
            if let Some(len) = self.noted_line() {
                return Some(len);
            }
        }
        if self.scan.byte != end {
            self.scan.scanned = 0;
            self.scan.byte = end;
        }
        let scanned = self.scan.scanned;
        match memchr::memchr(end, &self.unread()[scanned..]) {
            Some(at) => Some(scanned + at + 1),
            None => {
                self.scan.scanned = self.unread().len();
                None
            }
        }
    }

    /// Returns the remaining length of the first unread line, if its end is noted.
    #[inline]
    fn noted_line(&mut self) -> Option<usize> {
        let Chunk::Lines { ends, .. } = &self.front else {
            return None;
        };
        let line = &mut self.scan.line;
        let end = *ends.get(*line)?;
        let begin = line.checked_sub(1).map_or(0, |last| ends[last]);
        if !(begin as usize..end as usize).contains(&self.start) {
            // Other bytes were read, or searched for, since the last line.
            *line = ends.partition_point(|&end| end as usize <= self.start);
        }
        let end = *ends.get(*line)? as usize;
        *line += 1;
        Some(end - self.start)
    }

    /// Consumes the record that was found, and returns its range in the front chunk.
    #[inline]
    pub(in crate::file) fn take_record(&mut self, len: usize) -> Range<usize> {
        let start = self.start;
        self.consume(len);
        self.scan.scanned = 0;
        start..start + len
    }

    /// Puts back the record that was just taken.
    pub(in crate::file) fn untake_record(&mut self, record: &Range<usize>) {
        self.start = record.start;
    }

    /// Returns a record as text, without validating again what is known to be UTF-8.
    #[inline]
    pub(in crate::file) fn record_str(&self, range: Range<usize>) -> Option<&str> {
        match &self.front {
            Chunk::Lines { text, .. } => text.get(range),
            chunk => simdutf8::basic::from_utf8(chunk.as_bytes().get(range)?).ok(),
        }
    }

    /// Takes the text of the next `len` bytes, if these are all of the front chunk and this decoder has decoded it.
    #[cfg(feature = "encoding")]
    pub(in crate::file) fn take_text(&mut self, len: usize, decoder: Decoder) -> Option<String> {
        match &mut self.front {
            Chunk::Decoded {
                bytes,
                text,
                decoder: by,
            } if self.start == 0 && bytes.len() == len && *by == decoder && !text.is_empty() => {
                Some(mem::take(text))
            }
            _ => None,
        }
    }

    #[inline]
    pub(in crate::file) fn record_bytes(&self, range: Range<usize>) -> &[u8] {
        &self.front.as_bytes()[range]
    }
}
