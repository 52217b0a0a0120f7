//! Following a growing file, as `tail -f` does.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_lite::ready;

use super::{Lines, Place};
use crate::pool::{self, Pause};

/// The time between two looks at a file that does not grow.
const PAUSE: Duration = Duration::from_millis(100);

/// What a stream that follows its file does next.
#[derive(Debug)]
pub(super) enum Follow {
    Read,
    /// Asks whether the file was truncated. An answer is about what was read until now, so a future that is dropped
    /// meanwhile must not make the next one read on.
    Check,
    Wait(Pause),
}

impl<T: Send + 'static> Lines<T> {
    /// Sets whether the stream waits for more lines at the end of a regular file, as `tail -f` does. The default is
    /// `false`: the stream ends there.
    ///
    /// A last line without a line ending is kept back until its end is written. The stream looks at the file every
    /// 100 ms, and holds no thread in between: one thread of the pool sleeps for all waiting tasks, in slices of
    /// 10 ms. The stream never ends. To stop, drop it, or set `follow(false)`: then the lines that are left follow,
    /// the unfinished one included.
    ///
    /// If the file becomes shorter than what was read of it, it was truncated. The stream drops an unfinished line
    /// and continues at the start of the file, whose first line has number 1 in messages. A file that was truncated
    /// and has grown beyond the old length between two looks cannot be told from one that has only grown.
    ///
    /// If the file is renamed or removed, as when logs are rotated, the stream stays with it. The
    /// [cookbook](crate::cookbook::reading#follow-a-growing-log) shows how to continue with the new file.
    ///
    /// Pipes, sockets, terminals and wrapped objects other than a [`File`](std::fs::File) are not followed: their
    /// end is the end of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{create_file, open_file};
    /// use futures_lite::AsyncWriteExt;
    /// use futures_lite::future;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("log");
    /// let mut log = create_file(&path).await?;
    /// let mut lines = open_file(&path).await?.lines().follow(true);
    ///
    /// let write = async {
    ///     log.write_all(b"half a ").await?;
    ///     log.flush().await?;
    ///     log.write_all(b"line\n").await?;
    ///     log.flush().await
    /// };
    /// let ((), line) = future::try_zip(write, lines.next_line()).await?;
    /// assert_eq!(line, Some("half a line"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "tail")]
    pub fn follow(mut self, yes: bool) -> Lines<T> {
        self.follow = yes.then_some(Follow::Read);
        self
    }

    /// Returns `true` if the file is followed, so that what is at its end may be unfinished.
    pub(super) fn may_grow(&self) -> bool {
        self.follow.is_some() && self.file.is_regular()
    }

    /// Records whether the end of a line that is skipped was found. Returns `false` if it may yet be written.
    pub(super) fn end_skip(&mut self, is_found: bool) -> bool {
        self.skipping = !is_found && self.may_grow();
        !self.skipping
    }
}

impl<T: Read + Send + 'static> Lines<T> {
    /// Finds the next line. Waits for it if the file may grow.
    pub(super) fn poll_followed(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Place>>> {
        loop {
            let next = match &mut self.follow {
                Some(Follow::Check) => {
                    if ready!(self.file.poll_rewind_truncated(cx))? {
                        self.restart();
                    }
                    Follow::Wait(pool::pause(PAUSE))
                }
                Some(Follow::Wait(pause)) => {
                    ready!(Pin::new(pause).poll(cx));
                    Follow::Read
                }
                Some(Follow::Read) | None => match ready!(self.poll_next_line(cx))? {
                    None if self.may_grow() => Follow::Check,
                    line => return Poll::Ready(Ok(line)),
                },
            };
            self.follow = Some(next);
        }
    }

    /// Forgets everything about the lines before.
    fn restart(&mut self) {
        self.number = 0;
        self.skipping = false;
        #[cfg(feature = "encoding")]
        self.begin();
    }
}
