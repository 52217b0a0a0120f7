//! Records: bytes up to a delimiter, such as lines.

use std::io::{self, Read, SeekFrom};
use std::ops::Range;
use std::task::{Context, Poll};

use futures_lite::ready;

use super::async_file::AsyncFile;
use super::read_buffer::Form;
#[cfg(feature = "encoding")]
use crate::encoding::Decoder;
use crate::error::Operation;

/// The result of a search for a record.
pub(crate) enum Record {
    /// Its range in the front chunk, delimiter included.
    Found(Range<usize>),
    /// The record is longer than the limit. Nothing of it was consumed.
    TooLong,
    /// The file ended.
    End,
}

impl<T: Send + 'static> AsyncFile<T> {
    /// Returns a record as text, without validating again what is known to be UTF-8.
    #[inline]
    pub(crate) fn record_str(&self, range: Range<usize>) -> Option<&str> {
        self.reads.record_str(range)
    }

    #[inline]
    pub(crate) fn record_bytes(&self, range: Range<usize>) -> &[u8] {
        self.reads.record_bytes(range)
    }

    /// Returns the bytes that were read and not consumed, as far as they are in one piece.
    #[cfg(feature = "encoding")]
    pub(crate) fn unread(&self) -> &[u8] {
        self.reads.unread()
    }

    /// Takes the text of the next `len` bytes, if a worker has decoded them.
    #[cfg(feature = "encoding")]
    pub(crate) fn take_text(&mut self, len: usize, decoder: Decoder) -> Option<String> {
        self.reads.take_text(len, decoder)
    }

    /// Consumes unread bytes.
    #[cfg(feature = "encoding")]
    pub(crate) fn pass(&mut self, len: usize) {
        self.consume_unread(len);
        self.charge(0);
    }

    /// Returns `true` if the file is known to be a regular one.
    pub(crate) fn is_regular(&self) -> bool {
        self.shared().is_ok_and(|shared| shared.is_regular())
    }

    /// Goes back to the start of a regular file that is now shorter than what was read of it. Returns whether it
    /// is.
    pub(crate) fn poll_rewind_truncated(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Some(position) = ready!(self.poll_offset(cx))? else {
            return Poll::Ready(Ok(false));
        };
        let end = position + self.reads.len_ahead() as u64;
        if ready!(self.poll_size(cx))? >= end {
            return Poll::Ready(Ok(false));
        }
        self.poll_seek_to(cx, SeekFrom::Start(0)).map_ok(|_| true)
    }

    /// Returns an error that names the file, as an error of a read does.
    #[cold]
    pub(crate) fn invalid_data<R>(&self, message: String) -> io::Result<R> {
        let error = io::Error::new(io::ErrorKind::InvalidData, message);
        self.shared()?.name(Operation::Read, Err(error))
    }
}

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Looks for the next record that ends with `end`, and consumes it if it is found.
    #[inline]
    pub(crate) fn poll_record(
        &mut self,
        cx: &mut Context<'_>,
        end: u8,
        limit: usize,
    ) -> Poll<io::Result<Record>> {
        ready!(self.poll_readable(cx))?;
        match self.reads.find_record(end) {
            Some(len) => Poll::Ready(Ok(self.take_record(len))),
            None => self.poll_long_record(cx, end, limit),
        }
    }

    /// Reads more bytes until there is a complete record. The bytes in the buffer were searched already.
    fn poll_long_record(
        &mut self,
        cx: &mut Context<'_>,
        end: u8,
        limit: usize,
    ) -> Poll<io::Result<Record>> {
        self.shared()?.learn_read::<T>();
        let form = match end {
            b'\n' => Form::Lines,
            _ => Form::Bytes,
        };
        loop {
            if self.reads.unread().len() > limit {
                return Poll::Ready(Ok(Record::TooLong));
            }
            if !ready!(self.poll_more(cx, form))? {
                return Poll::Ready(Ok(match self.reads.unread().len() {
                    0 => Record::End,
                    rest => self.take_record(rest),
                }));
            }
            if let Some(len) = self.reads.find_record(end) {
                return Poll::Ready(Ok(self.take_record(len)));
            }
        }
    }

    /// Reads until more than `len` bytes are unread. Returns `false` at the end of the file. With a decoder, the
    /// bytes are to be lines, which workers decode if they read ahead.
    #[cfg(feature = "encoding")]
    pub(crate) fn poll_unread(
        &mut self,
        cx: &mut Context<'_>,
        len: usize,
        decoder: Option<Decoder>,
    ) -> Poll<io::Result<bool>> {
        let form = decoder.map_or(Form::Bytes, Form::Decoded);
        ready!(self.poll_readable(cx))?;
        self.shared()?.learn_read::<T>();
        while self.reads.unread().len() <= len {
            if !ready!(self.poll_more(cx, form))? {
                return Poll::Ready(Ok(false));
            }
        }
        Poll::Ready(Ok(true))
    }

    #[inline]
    fn take_record(&mut self, len: usize) -> Record {
        let range = self.reads.take_record(len);
        self.position.pass(len as i64);
        self.charge(0);
        Record::Found(range)
    }

    /// Puts back the record that was just found.
    pub(crate) fn untake_record(&mut self, record: &Range<usize>) {
        self.reads.untake_record(record);
        self.position.pass(-(record.len() as i64));
    }

    /// Consumes everything up to and including the next `end`. Buffers at most one chunk. Returns `false` if the
    /// file ended before.
    pub(crate) fn poll_skip(&mut self, cx: &mut Context<'_>, end: u8) -> Poll<io::Result<bool>> {
        loop {
            ready!(self.poll_readable(cx))?;
            self.shared()?.learn_read::<T>();
            let unread = self.reads.unread();
            let found = memchr::memchr(end, unread);
            let len = found.map_or(unread.len(), |at| at + 1);
            self.consume_unread(len);
            self.charge(0);
            if found.is_some() || !ready!(self.poll_more(cx, Form::Bytes))? {
                return Poll::Ready(Ok(found.is_some()));
            }
        }
    }
}
