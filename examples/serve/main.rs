//! A static-file server: serves the files below a directory over HTTP/1.1.
//!
//! ```text
//! cargo run --release --example serve -- [--bind ADDRESS] [--port PORT] [--verbose] [ROOT]
//! ```
//!
//! Open the printed address in a browser. Directories are shown as pages, with sizes and times, unless they hold an
//! `index.html`. Downloads can be resumed (`Range`, `If-Range`), and what a browser has cached is not sent again
//! (`ETag`, `Last-Modified`). `--help` lists the options.
//!
//! # What is served
//!
//! Only what lies below `ROOT`. The names in a request are decoded one by one, and each must be a plain name: `..`, an
//! encoded slash and NUL are refused. Then the path is resolved, with all its symbolic links, and must still lie below
//! `ROOT`. So a link within `ROOT` works, and a link that leads out of it is refused and not listed. The check and the
//! opening are two steps: do not serve a directory in which somebody you do not trust can replace directories by links.
//!
//! # How it uses anyfile
//!
//! smol's executor runs all connections, on one thread by default. A file in the page cache is opened and read on that
//! thread; only a file that must come from the disk takes a hop to a worker thread, so a slow disk delays no other
//! connection. Resolving the path always takes one. Each connection holds one chunk of a file, however big the file is.

mod answer;
mod connection;
mod listing;
mod log;
mod media;
mod options;
mod page;
mod range;
mod request;
mod response;
mod site;
mod validators;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use smol::Timer;
use smol::lock::Semaphore;
use smol::net::TcpListener;

use connection::Connection;
use log::Log;
use options::{Command, HELP, Options};
use site::Site;

/// The pause after a connection could not be accepted, as when the process has no descriptor left.
const RETRY: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let result = match Options::parse() {
        Ok(Command::Serve(options)) => smol::block_on(serve(options)),
        Ok(Command::Help) => io::stdout().write_all(HELP.as_bytes()),
        Err(error) => {
            complain(format_args!("{error}\nTry `serve --help`."));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error);
            ExitCode::FAILURE
        }
    }
}

/// Reports an error on standard error. If that fails, nobody is left to tell.
fn complain(error: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "serve: {error}");
}

/// Listens, and serves every client in a task of its own. Returns only on error.
async fn serve(options: Options) -> io::Result<()> {
    let site = Arc::new(Site::new(&options.root).await?);
    let listener = TcpListener::bind((options.bind, options.port)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "Serving {site} at http://{address}/")?;

    let log = Log::new(options.verbose);
    // Clients beyond the limit wait in the queue of the system.
    let limit = Arc::new(Semaphore::new(options.connections));
    loop {
        let permit = limit.acquire_arc().await;
        let Ok((stream, peer)) = listener.accept().await else {
            Timer::after(RETRY).await;
            continue;
        };
        let connection = Connection::new(stream, options.timeout);
        let (site, log) = (site.clone(), log.clone());
        let task = smol::spawn(async move {
            connection.run(&site, |line| log.write(peer, line)).await;
            drop(permit);
        });
        task.detach();
    }
}
