//! Delimited records, such as lines: where they are in the front.

use std::ops::Range;

use super::ReadBuffer;
use super::chunk::Chunk;

/// How far the front has been searched.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// So many of the unread bytes in front are known not to hold `byte`.
    scanned: usize,
    byte: u8,
    /// Which of the line ends that are noted in front is the next.
    line: usize,
}

impl Scan {
    /// So many bytes were consumed.
    #[inline]
    pub(super) fn pass(&mut self, len: usize) {
        self.scanned = self.scanned.saturating_sub(len);
    }

    /// The unread bytes are others than before.
    pub(super) fn restart(&mut self) {
        self.scanned = 0;
    }

    /// There is a new chunk in front, or behind the unread bytes.
    pub(super) fn begin_chunk(&mut self) {
        self.line = 0;
    }
}

impl ReadBuffer {
    /// The length of the next record that ends in `end`, if its end is in the front. Consumes nothing.
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

    /// The length of what is left of the first unread line, if its end is noted.
    #[inline]
    fn noted_line(&mut self) -> Option<usize> {
        let Chunk::Lines { ends, .. } = &self.front else {
            return None;
        };
        let line = &mut self.scan.line;
        let end = *ends.get(*line)?;
        let begin = line.checked_sub(1).map_or(0, |last| ends[last]);
        if !(begin as usize..end as usize).contains(&self.start) {
            // Something else was read, or sought, since the last line.
            *line = ends.partition_point(|&end| end as usize <= self.start);
        }
        let end = *ends.get(*line)? as usize;
        *line += 1;
        Some(end - self.start)
    }

    /// Consumes the record that was found. Returns where in the front it is.
    #[inline]
    pub(in crate::file) fn take_record(&mut self, len: usize) -> Range<usize> {
        let start = self.start;
        self.consume(len);
        self.scan.scanned = 0;
        start..start + len
    }

    /// Puts back the record that was taken just now.
    pub(in crate::file) fn untake_record(&mut self, record: &Range<usize>) {
        self.start = record.start;
    }

    /// A record as text, without checking again what is known to be UTF-8.
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
