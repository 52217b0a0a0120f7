//! A FIFO that took the place of a regular file.
//!
//! A path that led to a regular file is opened at once the next time. If it leads to a FIFO by then, the FIFO
//! has been opened without waiting for a writer. Opening it again could block for ever: a writer that found
//! this reader may have written and closed already, and does not come again. So the pool goes on with the
//! handle that is open.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, pipe_with, tee};

use crate::retry::retry;

/// How long a writer that writes nothing may go unnoticed, at first and at most.
const PATIENCE: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];

/// Blocks until a writer has opened the FIFO, as opening it does.
///
/// Without a free descriptor, a writer is noticed when it writes or closes.
pub(super) fn wait_for_writer(fifo: &File) -> io::Result<()> {
    // Both ends are kept: writing to a pipe without a reader raises SIGPIPE.
    let scratch = pipe_with(PipeFlags::CLOEXEC).ok();
    let [mut patience, most] = PATIENCE;
    loop {
        // `poll` does not report a writer that has written nothing. An empty FIFO reports that it would block
        // only if it has a writer.
        let timeout = match &scratch {
            Some((_, end)) if tee(fifo, end, 1, SpliceFlags::NONBLOCK) == Err(Errno::AGAIN) => {
                return Ok(());
            }
            Some(_) => Some(Timespec::try_from(patience).map_err(io::Error::other)?),
            None => None,
        };
        let mut events = [PollFd::new(fifo, PollFlags::IN)];
        // There are bytes, or the writer has closed.
        if retry(|| poll(&mut events, timeout.as_ref()))? > 0 {
            return Ok(());
        }
        patience = most.min(patience * 2);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::{Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;
    use std::thread;

    use super::*;

    /// Opens a FIFO without waiting, and reads it after `write` began on another thread.
    fn read(write: impl FnOnce(&Path) + Send + 'static) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        // Not `mkfifoat`, which the oldest rustix that the library accepts lacks.
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, 0o600.into(), 0).unwrap();
        let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let reader = OpenOptions::new()
            .read(true)
            .custom_flags(nonblock)
            .open(&path);
        let mut reader = reader.unwrap();
        let writer = thread::spawn(move || write(&path));
        wait_for_writer(&reader).unwrap();
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::empty()).unwrap();
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        writer.join().unwrap();
        bytes
    }

    fn writer(path: &Path) -> File {
        File::options().write(true).open(path).unwrap()
    }

    #[test]
    fn a_writer_that_has_closed_is_noticed() {
        let text = read(|path| writer(path).write_all(b"text").unwrap());
        assert_eq!(text, b"text");
        assert_eq!(read(|path| drop(writer(path))), b"");
    }

    #[test]
    fn a_writer_that_comes_late_or_writes_nothing_is_noticed() {
        let late = read(|path| {
            thread::sleep(Duration::from_millis(100));
            let mut writer = writer(path);
            thread::sleep(Duration::from_millis(100));
            writer.write_all(b"text").unwrap();
        });
        assert_eq!(late, b"text");
    }
}
