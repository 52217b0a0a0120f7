//! Bytes that are given away with their buffer.

use std::io;
use std::mem;
use std::task::{Context, Poll};

use futures_lite::ready;

use super::chunk::Form;
use super::{ReadBuffer, Source};
use crate::cached::INLINE;

impl ReadBuffer {
    /// Returns up to `max_len` bytes, and none at the end of the file. If nothing is unread, reads `size` bytes.
    ///
    /// Cached data is read on the caller's thread, also in sequence: the bytes are then in the cache of the core
    /// that uses them. With chunks from a worker, a consumer that looks at each byte took 1.2 times as long.
    pub(in crate::file) fn poll_owned(
        &mut self,
        cx: &mut Context<'_>,
        source: Source<'_>,
        max_len: usize,
        size: usize,
    ) -> Poll<io::Result<Vec<u8>>> {
        if !self.advance() {
            let chunk = ready!(self.poll_chunk(cx, source, size.min(INLINE), Form::Bytes))?;
            chunk.into_iter().for_each(|chunk| self.push(chunk));
        }
        Poll::Ready(Ok(self.take_bytes(max_len)))
    }

    /// Consumes up to `max_len` unread bytes of the front chunk, and returns them. An entire chunk is not copied.
    fn take_bytes(&mut self, max_len: usize) -> Vec<u8> {
        let len = self.unread().len();
        if self.start > 0 || len > max_len {
            let bytes = self.unread()[..len.min(max_len)].to_vec();
            self.consume(bytes.len());
            return bytes;
        }
        self.consume(len);
        let mut bytes = mem::take(&mut self.front).into_bytes();
        self.start = 0;
        self.scan.restart();
        // The end of a file does not keep the memory of a whole chunk.
        if len < bytes.capacity() / 2 {
            bytes.shrink_to_fit();
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::{CHUNK, Chunk};
    use super::*;

    #[test]
    fn an_entire_chunk_is_not_copied() {
        let mut reads = ReadBuffer::default();
        for max_len in [CHUNK, CHUNK + 1, usize::MAX] {
            let bytes = vec![7; CHUNK];
            let memory = bytes.as_ptr();
            reads.push(Chunk::Bytes(bytes));
            let taken = reads.take_bytes(max_len);
            assert_eq!(taken.as_ptr(), memory);
            assert!(reads.unread().is_empty());
        }
    }

    #[test]
    fn a_short_chunk_takes_little_memory() {
        let mut reads = ReadBuffer::default();
        let mut bytes = Vec::with_capacity(CHUNK);
        bytes.extend(b"short");
        reads.push(Chunk::Bytes(bytes));
        let bytes = reads.take_bytes(CHUNK);
        assert_eq!(bytes, b"short");
        assert!(bytes.capacity() < CHUNK / 2);
    }
}
