//! Prints a file line by line.
//!
//! ```text
//! cargo run --example lines -- FILE
//! ```

mod cli;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::ExitCode;

use anyfile::open_file;

use cli::{Tool, operands};

const LINES: Tool = Tool {
    name: "lines",
    help: "\
Usage: lines FILE
Print FILE line by line. It must be valid UTF-8.
",
    failure: 1,
};

fn main() -> ExitCode {
    LINES.main(
        |args| operands(args, 1..=1),
        |files| {
            smol::block_on(print_lines(&files[0]))
                .map(|()| 0)
                .or_else(|error| LINES.fail(error))
        },
    )
}

async fn print_lines(path: &OsStr) -> io::Result<()> {
    let mut lines = open_file(path).await?.lines();
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(line) = lines.next_line().await? {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
