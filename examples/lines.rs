//! Prints a file line by line.
//!
//! ```text
//! cargo run --example lines -- FILE
//! ```

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyfile::open_file;

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("usage: lines FILE");
        return ExitCode::FAILURE;
    };
    match smol::block_on(print_lines(path)) {
        // The reader, `head` for example, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lines: {error}");
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

async fn print_lines(path: OsString) -> io::Result<()> {
    let mut lines = open_file(path).await?.lines();
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(line) = lines.next_line().await? {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
