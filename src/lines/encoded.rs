//! Lines in encodings other than UTF-8.
//!
//! All whole lines among the unread bytes are decoded at once, here or by the worker that has read them ahead. The
//! file keeps the bytes until each of their lines was returned, so that its position can be moved to any of them.

use std::io::{self, Read};
use std::ops::Range;
use std::task::{Context, Poll};

use encoding_rs::{Encoding, UTF_8};
use futures_lite::ready;

use super::{Lines, Place};
use crate::encoding::{
    Decoder, Malformed, begins_mark, decode_lines, first_line, is_by_line, last_line, unit,
};

/// A character has at most this many times as many bytes in the file as in UTF-8: ISO-2022-JP can change its state
/// before each character, by three bytes.
const LONGEST: usize = 4;

/// The encoding of the lines, and those that are decoded. Their text is in [`Lines`].
#[derive(Debug)]
pub(super) struct Encoded {
    encoding: &'static Encoding,
    /// Whether a byte order mark was looked for.
    begun: bool,
    /// Where the next line begins in the text, and the number of lines before it.
    at: usize,
    passed: usize,
    /// The length of the text in the file. These bytes are not consumed yet.
    len: usize,
    /// The number of unread bytes after them that are known not to contain a line end.
    scanned: usize,
}

impl Encoded {
    fn new(encoding: &'static Encoding) -> Encoded {
        Encoded {
            encoding,
            begun: false,
            at: 0,
            passed: 0,
            len: 0,
            scanned: 0,
        }
    }

    fn decoder(&self, malformed: Malformed) -> Decoder {
        Decoder {
            encoding: self.encoding,
            malformed,
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "encoding")))]
impl<T: Send + 'static> Lines<T> {
    /// Sets the encoding of the lines that follow. The default is UTF-8.
    ///
    /// Semantics of "decode" in the [Encoding standard]: a byte order mark at the beginning is removed, and has
    /// precedence over `encoding`. Without this setter, it is part of the first line.
    ///
    /// Lines are decoded in chunks of 64 KiB. In a file that is read in sequence, a worker thread decodes ahead of the
    /// task. The task does not wait for it: it decodes the next chunk itself. Texts of up to four chunks are in memory,
    /// besides their bytes. [`max_len`](Lines::max_len) is the maximum length in UTF-8.
    ///
    /// A line of ISO-2022-JP begins in ASCII, whatever the state at the end of the line before.
    ///
    /// [Encoding standard]: https://encoding.spec.whatwg.org/#decode
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use encoding_rs::WINDOWS_1252;
    ///
    /// let file = anyfile::wrap_file(std::io::Cursor::new(b"caf\xE9\r\n10 \x80\r\n"));
    /// let mut lines = file.lines().encoding(WINDOWS_1252);
    /// assert_eq!(lines.next_line().await?, Some("café"));
    /// assert_eq!(lines.next_line().await?, Some("10 €"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn encoding(mut self, encoding: &'static Encoding) -> Lines<T> {
        self.settle();
        self.declared = Some(encoding);
        self.begin();
        self
    }

    /// Expects a byte order mark next, and drops what is decoded.
    pub(super) fn begin(&mut self) {
        self.text.clear();
        self.encoded = self.declared.map(Encoded::new);
    }

    /// Consumes the bytes of the lines that were returned.
    pub(super) fn settle(&mut self) {
        let Some(encoded) = &mut self.encoded else {
            return;
        };
        let mut len = encoded.len;
        if encoded.at < self.text.len() {
            let unread = self.file.unread();
            let lines =
                (0..encoded.passed).try_fold(0, |end, _| first_line(encoded.encoding, unread, end));
            len = lines.unwrap_or(0);
        }
        self.file.pass(len);
        encoded.len = 0;
        encoded.scanned = 0;
    }
}

impl<T: Read + Send + 'static> Lines<T> {
    /// Finds the next line in an encoding.
    pub(super) fn poll_encoded(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Place>>> {
        let Some(encoded) = &self.encoded else {
            return self.poll_next_line(cx);
        };
        if !encoded.begun {
            if !ready!(self.poll_mark(cx))? {
                return Poll::Ready(Ok(None));
            }
            return self.poll_encoded(cx);
        }
        ready!(self.file.poll_proceed(cx));
        if self.skipping {
            let is_over = ready!(self.poll_skip(cx))?;
            if !self.end_skip(is_over) {
                return Poll::Ready(Ok(None));
            }
        }
        let first = match self.first() {
            None if ready!(self.poll_decode(cx))? => self.first(),
            first => first,
        };
        Poll::Ready(first.map_or(Ok(None), |first| self.take_first(first)))
    }

    /// Consumes a byte order mark, which decides the encoding. Returns `false` at the end of the file.
    fn poll_mark(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if !ready!(self.file.poll_unread(cx, 0, None))? {
            return Poll::Ready(Ok(false));
        }
        while begins_mark(self.file.unread()) {
            let len = self.file.unread().len();
            if !ready!(self.file.poll_unread(cx, len, None))? {
                if self.may_grow() {
                    return Poll::Ready(Ok(false));
                }
                break;
            }
        }
        let mark = Encoding::for_bom(self.file.unread());
        self.file.pass(mark.map_or(0, |(_, len)| len));
        self.encoded = self.encoded.take().and_then(|encoded| {
            let encoding = mark.map_or(encoded.encoding, |(encoding, _)| encoding);
            let begun = Encoded {
                begun: true,
                ..Encoded::new(encoding)
            };
            // Lines in UTF-8 are validated by the worker threads.
            (encoding != UTF_8).then_some(begun)
        });
        Poll::Ready(Ok(true))
    }

    /// Returns the first decoded line, with its end, and the start of the next.
    fn first(&self) -> Option<(Range<usize>, usize)> {
        let at = self.encoded.as_ref()?.at;
        let rest = self.text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let line = rest[..end]
            .strip_suffix('\n')
            .map_or(&rest[..end], |line| line.strip_suffix('\r').unwrap_or(line));
        Some((at..at + line.len(), at + end))
    }

    /// Takes the first decoded line.
    fn take_first(&mut self, first: (Range<usize>, usize)) -> io::Result<Option<Place>> {
        let ((line, next), Some(encoded)) = (first, &mut self.encoded) else {
            return Ok(None);
        };
        self.number += 1;
        if line.len() > self.max_len {
            self.skipping = true;
            return self.too_long();
        }
        encoded.at = next;
        encoded.passed += 1;
        self.file.charge(0);
        Ok(Some(Place::Text(line)))
    }

    /// Decodes whole lines. Returns `false` at the end of the file.
    fn poll_decode(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.settle();
        self.text.clear();
        let Some(len) = ready!(self.poll_lines(cx))? else {
            return Poll::Ready(Ok(false));
        };
        let Some(encoded) = &mut self.encoded else {
            return Poll::Ready(Ok(false));
        };
        (encoded.at, encoded.passed) = (0, 0);
        encoded.len = len;
        let encoding = encoded.encoding;
        let decoder = encoded.decoder(self.malformed);
        if let Some(text) = self.file.take_text(len, decoder) {
            self.text = text;
            return Poll::Ready(Ok(true));
        }
        let unread = self.file.unread();
        let decoded = decode_lines(decoder, &unread[..len], &mut self.text);
        if let Err(position) = decoded {
            // The lines before the malformed one come first.
            let before = last_line(encoding, &unread[..position], 0);
            let text = self.text.rfind('\n').map_or(0, |end| end + 1);
            self.text.truncate(text);
            encoded.len = before
                .or_else(|| first_line(encoding, unread, 0))
                .unwrap_or(len);
            if before.is_none() {
                self.number += 1;
                self.settle();
                let (number, name) = (self.number, encoding.name());
                let message = format!("line {number} is not valid {name}");
                return Poll::Ready(self.file.invalid_data(message));
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Returns the length of the next lines that can be decoded, or `None` at the end of the file.
    fn poll_lines(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let Some(encoded) = &mut self.encoded else {
            return Poll::Ready(Ok(None));
        };
        let encoding = encoded.encoding;
        let is_by_line = is_by_line(encoding);
        let find = if is_by_line { first_line } else { last_line };
        let decoder = (!is_by_line).then_some(encoded.decoder(self.malformed));
        let limit = self.max_len.saturating_add(1).saturating_mul(LONGEST);
        ready!(self.file.poll_unread(cx, 0, decoder))?;
        loop {
            let unread = self.file.unread();
            if let Some(len) = find(encoding, unread, encoded.scanned) {
                return Poll::Ready(Ok(Some(len)));
            }
            let len = unread.len();
            encoded.scanned = len - len % unit(encoding);
            if len > limit {
                self.number += 1;
                self.skipping = true;
                return Poll::Ready(self.too_long());
            }
            if !ready!(self.file.poll_unread(cx, len, decoder))? {
                let is_last = len > 0 && !self.may_grow();
                return Poll::Ready(Ok(is_last.then_some(len)));
            }
        }
    }

    /// Skips a line that was too long. Returns `false` if the file ended before.
    fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let first = self.first();
        let Some(encoded) = &mut self.encoded else {
            return Poll::Ready(Ok(true));
        };
        if let Some((_, next)) = first {
            encoded.at = next;
            encoded.passed += 1;
            return Poll::Ready(Ok(true));
        }
        let encoding = encoded.encoding;
        encoded.scanned = 0;
        let mut least = 0;
        while ready!(self.file.poll_unread(cx, least, None))? {
            let unread = self.file.unread();
            let end = first_line(encoding, unread, 0);
            // Half of a unit stays.
            least = unread.len() % unit(encoding);
            let len = end.unwrap_or(unread.len() - least);
            self.file.pass(len);
            if end.is_some() {
                return Poll::Ready(Ok(true));
            }
        }
        if !self.may_grow() {
            self.file.pass(least);
        }
        Poll::Ready(Ok(false))
    }
}
