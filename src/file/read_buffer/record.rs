//! Delimited records, such as lines: finding them in the front chunk.

use std::ops::Range;

use super::ReadBuffer;
use super::chunk::Chunk;

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
            Chunk::Bytes(bytes) => simdutf8::basic::from_utf8(bytes.get(range)?).ok(),
        }
    }

    #[inline]
    pub(in crate::file) fn record_bytes(&self, range: Range<usize>) -> &[u8] {
        &self.front.as_bytes()[range]
    }
}
