//! Reading owned buffers.

use std::io::{self, Read};
use std::task::{Context, Poll};

use futures_lite::ready;

use super::async_file::AsyncFile;
use super::read_buffer::Source;

impl<T: Read + Send + 'static> AsyncFile<T> {
    /// Reads up to `max_len` bytes, `size` at once from the file. Returns an empty vector at the end of the file
    /// only.
    pub(crate) fn poll_owned(
        &mut self,
        cx: &mut Context<'_>,
        max_len: usize,
        size: usize,
    ) -> Poll<io::Result<Vec<u8>>> {
        self.shared()?.learn_read::<T>();
        ready!(self.poll_readable(cx))?;
        let position = ready!(self.poll_offset(cx))?;
        let shared = self.state.shared()?;
        let source = Source { shared, position };
        let bytes = ready!(self.reads.poll_owned(cx, source, max_len, size))?;
        self.position.pass(bytes.len() as i64);
        self.charge(0);
        Poll::Ready(Ok(bytes))
    }
}
