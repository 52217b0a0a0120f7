//! Reading to the end of a file.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncRead, future, ready};

use super::async_file::AsyncFile;
use super::read_buffer::Form;
use crate::error::Operation;

/// The minimum and the maximum by which a vector grows at once.
const STEPS: (usize, usize) = (16 * 1024, 256 * 1024);

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Reads all bytes until the end of the file, appends them to `buf`, and returns their number.
    ///
    /// Semantics of [`Read::read_to_end`](std::io::Read::read_to_end).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, `buf` contains the bytes that were read until then, and the position is after
    /// them.
    ///
    /// # Errors
    ///
    /// - [`OutOfMemory`](io::ErrorKind::OutOfMemory): there is no memory for more bytes. `buf` contains those that
    ///   were read until then, and the position is after them.
    /// - Reading fails. `buf` contains the bytes that were read until then, and the position is after them.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello")?;
    /// let mut file = anyfile::open_file(&path).await?;
    ///
    /// let mut bytes = b"> ".to_vec();
    /// assert_eq!(file.read_to_end(&mut bytes).await?, 5);
    /// assert_eq!(bytes, b"> hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        let start = buf.len();
        let mut step = STEPS.0;
        while let read @ 1.. = future::poll_fn(|cx| self.poll_append(cx, buf, step)).await? {
            if read == step {
                step = (step * 2).min(STEPS.1);
            }
        }
        Ok(buf.len() - start)
    }

    /// Reads up to `step` bytes and appends them to `buf`.
    fn poll_append(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
        step: usize,
    ) -> Poll<io::Result<usize>> {
        let len = buf.len();
        // The existing capacity is used up before the vector grows.
        let room = buf.capacity() - len;
        let step = if room < 32 { step } else { room.min(STEPS.1) };
        if let Err(error) = buf.try_reserve(step) {
            return Poll::Ready(self.shared()?.name(Operation::Read, Err(error.into())));
        }
        buf.resize(len + step, 0);
        let mut filled = Filled { buf, len };
        let polled = Pin::new(self).poll_read(cx, &mut filled.buf[len..]);
        if let Poll::Ready(Ok(read)) = polled {
            filled.len += read;
        }
        drop(filled);
        polled
    }

    /// Reads all bytes until the end of the file as UTF-8, appends them to `buf`, and returns their number.
    ///
    /// Semantics of [`Read::read_to_string`](std::io::Read::read_to_string), except that invalid text is not
    /// lost.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, `buf` contains the bytes that were read until then, and the position is after
    /// them.
    ///
    /// # Errors
    ///
    /// - [`OutOfMemory`](io::ErrorKind::OutOfMemory): there is no memory for more text. `buf` contains what was
    ///   read until then, and the position is after it.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the rest of the file is not valid UTF-8. `buf` and the
    ///   position are unchanged; [`read_to_end`](AsyncFile::read_to_end) reads the bytes.
    /// - Reading fails. `buf` contains the bytes that were read until then, and the position is after them.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "grüße")?;
    /// let mut file = anyfile::open_file(&path).await?;
    ///
    /// let mut text = String::from("> ");
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "> grüße");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        self.shared()?.learn_read::<T>();
        let start = buf.len();
        while future::poll_fn(|cx| self.poll_append_text(cx, buf, start)).await? {}
        Ok(buf.len() - start)
    }

    /// Reads text and appends it to `buf`. Returns whether there may be more.
    fn poll_append_text(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut String,
        start: usize,
    ) -> Poll<io::Result<bool>> {
        ready!(self.poll_readable(cx))?;
        let more = ready!(self.poll_more(cx, Form::Bytes))?;
        let unread = self.reads.unread();
        let (valid, broken) = match simdutf8::compat::from_utf8(unread) {
            Ok(text) => (text, false),
            Err(error) => {
                let (valid, rest) = unread.split_at(error.valid_up_to());
                // A character may be split at the end of a chunk, but not at the end of the file.
                let cut = error.error_len().is_none() && more && rest.len() < 4;
                (std::str::from_utf8(valid).unwrap_or_default(), !cut)
            }
        };
        if broken {
            let text = buf.split_off(start);
            self.position.pass(-(text.len() as i64));
            self.reads.unconsume(text.into_bytes());
            let message = "the rest of the file is not valid UTF-8";
            return Poll::Ready(self.invalid_data(message.to_owned()));
        }
        if let Err(error) = buf.try_reserve(valid.len()) {
            return Poll::Ready(self.shared()?.name(Operation::Read, Err(error.into())));
        }
        buf.push_str(valid);
        self.consume_unread(valid.len());
        self.charge(0);
        Poll::Ready(Ok(more))
    }
}

/// A vector whose first `len` bytes are filled. The rest is truncated on drop, also if the object panics.
struct Filled<'a> {
    buf: &'a mut Vec<u8>,
    len: usize,
}

impl Drop for Filled<'_> {
    fn drop(&mut self) {
        self.buf.truncate(self.len);
    }
}
