//! The access log.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::time::SystemTime;

use anyfile::wrap_file;
use smol::channel::{self, Receiver, Sender};
use smol::io::AsyncWriteExt;

/// The lines that wait for standard error. If it takes none, as a paused terminal does, later lines are dropped: the
/// log must not stop the server.
const WAITING: usize = 4096;

/// Where the access log goes, if anywhere.
#[derive(Clone)]
pub(crate) struct Log(Option<Sender<String>>);

impl Log {
    /// Starts the task that writes the log on standard error, if there is to be a log.
    pub(crate) fn new(verbose: bool) -> Log {
        Log(verbose.then(|| {
            let (sender, lines) = channel::bounded(WAITING);
            smol::spawn(write_all(lines)).detach();
            sender
        }))
    }

    /// Logs a line about a request of `peer`.
    pub(crate) fn write(&self, peer: SocketAddr, line: impl Display) {
        if let Some(sender) = &self.0 {
            let now = httpdate::fmt_http_date(SystemTime::now());
            let _ = sender.try_send(format!("{peer} [{now}] {line}\n"));
        }
    }
}

/// Writes the lines until standard error fails.
async fn write_all(lines: Receiver<String>) -> io::Result<()> {
    let mut stderr = wrap_file(io::stderr());
    while let Ok(line) = lines.recv().await {
        stderr.write_all(line.as_bytes()).await?;
        if lines.is_empty() {
            stderr.flush().await?;
        }
    }
    Ok(())
}
