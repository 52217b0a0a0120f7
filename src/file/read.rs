//! Reading: straight from the page cache, or through the inbox.

use super::AsyncFile;
use super::chunk::{CHUNK, Chunk};
use super::inbox::{Inbox, Plan, Taken};
use super::seek::Position;
use crate::budget;
use crate::cached::{Answer, INLINE};
use crate::error::Operation;
use crate::pool;
use futures_lite::{AsyncBufRead, AsyncRead, ready};
use std::io::{self, IoSliceMut, Read};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What is read first through a buffer, before it is known that the file is read in sequence.
const FIRST: usize = 16 * 1024;

/// Bytes read in sequence after which a regular file is read ahead.
const AHEAD_AFTER: u64 = 2 * CHUNK as u64;

/// Reads in sequence up to this size share a call: to copy within memory takes less than a call each.
const SMALL: usize = CHUNK / 4;

impl<T: Send + 'static> AsyncFile<T> {
    /// What comes before each read: written bytes go out, and what has become stale is dropped.
    #[inline]
    pub(super) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.budget.poll_proceed(cx));
        self.reading.shown = false;
        if self.writing.is_unwritten() || self.moving.is_some() {
            ready!(self.poll_written(cx))?;
        }
        self.check_edits()?;
        Poll::Ready(Ok(()))
    }

    fn poll_read_bufs(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_readable(cx))?;
        let len = bufs
            .iter()
            .fold(0, |sum: usize, buf| sum.saturating_add(buf.len()));
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        if self.reading.unread().is_empty()
            && ready!(self.poll_is_regular(cx))?
            && self.is_inbox_spent()
        {
            let position = ready!(self.poll_position(cx))?;
            if len <= SMALL && self.reading.run >= AHEAD_AFTER {
                if let Some(false) = self.fill_cached(CHUNK, position).transpose()? {
                    return Poll::Ready(Ok(0));
                }
            } else if let Some(read) = self.read_cached(bufs, position) {
                let read = read?;
                self.reading.pass_by(read);
                self.position = Position::At(position + read as u64);
                self.budget.charge(read);
                return Poll::Ready(Ok(read));
            }
        }
        if self.reading.unread().is_empty()
            && !ready!(self.poll_more_from_pool(cx, len.min(INLINE), false))?
        {
            return Poll::Ready(Ok(0));
        }
        let read = copy_to(self.reading.unread(), bufs);
        self.consume_unread(read);
        self.budget.charge(read);
        Poll::Ready(Ok(read))
    }

    /// Gets more unread bytes into the front, or tells that the file ends.
    pub(super) fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        lines: bool,
    ) -> Poll<io::Result<bool>> {
        let first = self.reading.run == 0;
        let size = if first { FIRST } else { CHUNK };
        if ready!(self.poll_is_regular(cx))? && self.is_inbox_spent() {
            let position = ready!(self.poll_position(cx))?;
            // In sequence, the next chunk is read elsewhere while the caller works on this one.
            if self.reading.run < AHEAD_AFTER {
                if let Some(more) = self.fill_cached(size, position) {
                    return Poll::Ready(more);
                }
            }
        }
        self.poll_more_from_pool(cx, size, lines)
    }

    /// Puts what the page cache holds next into the front, and tells whether there is any. `None` means
    /// that the pool has to be asked.
    fn fill_cached(&mut self, size: usize, position: u64) -> Option<io::Result<bool>> {
        if !self.shared().ok()?.facts()?.reads_cached() {
            return None;
        }
        let offset = position + self.reading.unread().len() as u64;
        let mut bytes = self.reading.buffer(size);
        let read = self.read_cached(&mut [IoSliceMut::new(&mut bytes)], offset)?;
        Some(read.map(|read| {
            bytes.truncate(read);
            match read {
                0 => self.reading.end(),
                _ => self.reading.push(Chunk::Bytes(bytes)),
            }
            read > 0
        }))
    }

    fn read_cached(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Option<io::Result<usize>> {
        let shared = self.shared().ok()?;
        let (file, facts) = (shared.file()?, shared.facts()?);
        if !facts.reads_cached() {
            return None;
        }
        match facts.read_at(file, bufs, offset) {
            Answer::Now(answer) => Some(shared.name(Operation::Read, answer)),
            Answer::AskPool => None,
        }
    }

    /// Takes the next chunk of the inbox, and sends jobs that fill it.
    fn poll_more_from_pool(
        &mut self,
        cx: &mut Context<'_>,
        size: usize,
        lines: bool,
    ) -> Poll<io::Result<bool>> {
        let regular = ready!(self.poll_is_regular(cx))?;
        let stream = regular && self.reading.run >= AHEAD_AFTER;
        let size = match self.reading.run {
            _ if stream => CHUNK,
            1.. if regular => size.max(CHUNK),
            _ => size,
        };
        let plan = Plan {
            size,
            stream,
            lines,
        };
        loop {
            let inbox = match &self.reading.inbox {
                Some(inbox) => inbox.clone(),
                None => {
                    let offset = match regular {
                        true => {
                            let position = ready!(self.poll_position(cx))?;
                            Some(position + self.reading.unread().len() as u64)
                        }
                        false => None,
                    };
                    self.reading
                        .inbox
                        .insert(Arc::new(Inbox::at(offset)))
                        .clone()
                }
            };
            if inbox.is_filling() && !inbox.has_chunk() {
                pool::stay(|| inbox.has_chunk() || !inbox.is_filling());
            }
            match inbox.take(lines, cx.waker()) {
                Taken::Chunk(chunk) => {
                    self.reading.push(chunk);
                    if stream && inbox.wants_job() {
                        self.send_fill(inbox, plan, false)?;
                    }
                    return Poll::Ready(Ok(true));
                }
                Taken::End(Ok(())) if self.has_grown() => self.reading.forget_inbox(),
                Taken::End(end) => {
                    self.reading.end();
                    return Poll::Ready(end.map(|()| false));
                }
                // A new inbox asks again.
                Taken::EndThen => self.reading.forget_inbox(),
                Taken::Nothing if self.reading.task.is_none() => {
                    ready!(budget::poll_begin(cx));
                    self.send_fill(inbox, plan, true)?;
                }
                Taken::Filling | Taken::Nothing => ready!(self.poll_fill_over(cx)),
            }
        }
    }

    /// Whether a file that can be asked on the spot is longer than what was read of it: its end was
    /// found for a future that was dropped then.
    fn has_grown(&self) -> bool {
        let (Ok(shared), Position::At(position)) = (self.shared(), self.position) else {
            return false;
        };
        let read = position + self.reading.unread().len() as u64;
        shared.is_local() && shared.size().is_ok_and(|size| size > read)
    }

    fn send_fill(&mut self, inbox: Arc<Inbox>, plan: Plan, wanted: bool) -> io::Result<()> {
        let shared = self.shared()?.clone();
        inbox.announce_job(plan, wanted);
        let ready = inbox.clone();
        let fill = move || inbox.fill(&shared, plan);
        self.reading.task = Some(match wanted {
            true => pool::run_until(|| ready.has_chunk(), fill),
            false => pool::run(fill),
        });
        Ok(())
    }

    /// Waits for the job that fills the inbox. If it panicked, so does this.
    fn poll_fill_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(mut task) = self.reading.task.take() {
            if Pin::new(&mut task).poll(cx).is_pending() {
                self.reading.task = Some(task);
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Waits until no job reads at the object's cursor, where that matters for what comes next.
    #[inline]
    pub(super) fn poll_read_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(inbox) = &self.reading.inbox else {
            return Poll::Ready(Ok(()));
        };
        let shared = self.shared()?;
        let matters = shared.is_exclusive() || (shared.can_seek() && !shared.is_regular());
        match matters && inbox.is_filling() {
            true => self.poll_fill_over(cx).map(Ok),
            false => Poll::Ready(Ok(())),
        }
    }

    /// Whether nothing comes from the inbox without a new job. A spent inbox is dropped.
    fn is_inbox_spent(&mut self) -> bool {
        let spent = self
            .reading
            .inbox
            .as_ref()
            .is_none_or(|inbox| inbox.is_spent());
        if spent {
            self.reading.forget_inbox();
        }
        spent
    }

    #[inline]
    pub(super) fn consume_unread(&mut self, len: usize) {
        let len = len.min(self.reading.unread().len());
        self.reading.start += len;
        self.reading.scanned = self.reading.scanned.saturating_sub(len);
        if let Position::At(position) = &mut self.position {
            *position += len as u64;
        }
    }

    /// Puts back bytes that were consumed just now.
    pub(super) fn unconsume(&mut self, bytes: Vec<u8>) {
        if let Position::At(position) = &mut self.position {
            *position -= bytes.len() as u64;
        }
        self.reading.put_back(bytes);
    }
}

impl<T: Read + Send + 'static> AsyncRead for AsyncFile<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_vectored(cx, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared()?.learn_read();
        self.poll_read_bufs(cx, bufs)
    }
}

impl<T: Read + Send + 'static> AsyncBufRead for AsyncFile<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let shared = this.shared()?;
        shared.learn_read();
        let current = this.reading.edits == shared.edits();
        if !(mem::take(&mut this.reading.shown) && current) {
            ready!(this.poll_readable(cx))?;
            if this.reading.unread().is_empty() {
                ready!(this.poll_more(cx, false))?;
            }
            this.budget.charge(0);
            this.reading.shown = true;
        } else if !this.reading.unread().is_empty() {
            this.reading.shown = true;
        }
        Poll::Ready(Ok(this.reading.unread()))
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        if amt > 0 {
            self.reading.shown = false;
        }
        self.consume_unread(amt);
    }
}

/// Copies what fits.
fn copy_to(mut bytes: &[u8], bufs: &mut [IoSliceMut<'_>]) -> usize {
    let len = bytes.len();
    for buf in bufs {
        let fits = buf.len().min(bytes.len());
        let (now, later) = bytes.split_at(fits);
        buf[..fits].copy_from_slice(now);
        bytes = later;
    }
    len - bytes.len()
}
