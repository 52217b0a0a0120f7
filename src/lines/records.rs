//! Single lines and records: `read_line` and `read_until`.

use std::io::{self, Read};
use std::ops::Range;

use futures_lite::future;

use crate::file::{AsyncFile, Record};

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Appends the next line, including its line ending, to `buf`, and returns its length in bytes, or 0 at the
    /// end of the file.
    ///
    /// Semantics of [`BufRead::read_line`](std::io::BufRead::read_line).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, either the entire line was appended to `buf` or nothing was; in that case the
    /// next call returns the line.
    ///
    /// # Errors
    ///
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the line is not valid UTF-8. It has been consumed, and
    ///   `buf` is unchanged.
    /// - Reading fails. Nothing has been consumed: the next call continues the line.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new("hello\nworld"));
    /// let mut line = String::from("> ");
    /// assert_eq!(file.read_line(&mut line).await?, 6);
    /// assert_eq!(line, "> hello\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_line(&mut self, buf: &mut String) -> io::Result<usize> {
        let Some(range) = self.next_record(b'\n').await? else {
            return Ok(0);
        };
        let len = range.len();
        match self.record_str(range) {
            Some(line) => buf.push_str(line),
            None => return self.invalid_data("the line is not valid UTF-8".into()),
        }
        Ok(len)
    }

    /// Appends all bytes up to and including the next `byte`, or up to the end of the file, to `buf`, and
    /// returns their number.
    ///
    /// Semantics of [`BufRead::read_until`](std::io::BufRead::read_until).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, either all the bytes were appended to `buf` or none; in that case the next
    /// call returns them.
    ///
    /// # Errors
    ///
    /// - Reading fails. Nothing has been consumed.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new("a,b"));
    /// let mut field = Vec::new();
    /// assert_eq!(file.read_until(b',', &mut field).await?, 2);
    /// assert_eq!(file.read_until(b',', &mut field).await?, 1);
    /// assert_eq!(field, b"a,b");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> io::Result<usize> {
        let Some(range) = self.next_record(byte).await? else {
            return Ok(0);
        };
        let record = self.record_bytes(range);
        buf.extend_from_slice(record);
        Ok(record.len())
    }

    async fn next_record(&mut self, end: u8) -> io::Result<Option<Range<usize>>> {
        match future::poll_fn(|cx| self.poll_record(cx, end, usize::MAX)).await? {
            Record::Found(range) => Ok(Some(range)),
            Record::End | Record::TooLong => Ok(None),
        }
    }
}
