//! One asynchronous function under every executor: no runtime to enter, no feature to choose one.
//!
//! ```text
//! cargo run --example executors [FILE]
//! ```

mod cli;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyfile::open_file;

use cli::{Tool, operands};

const EXECUTORS: Tool = Tool {
    name: "executors",
    help: "\
Usage: executors [FILE]
Count the lines and bytes of FILE under every executor; by default, those of a file of this package.
",
    failure: 1,
};

/// A file of this package, for when none is named.
const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    lines: u64,
    bytes: u64,
}

/// Knows nothing of the executor that it runs under.
async fn count(path: PathBuf) -> io::Result<Counts> {
    let file = open_file(path).await?;
    let bytes = file.metadata().await?.len();
    let (mut lines, mut count) = (file.lines(), 0);
    while lines.next_line().await?.is_some() {
        count += 1;
    }
    Ok(Counts {
        lines: count,
        bytes,
    })
}

fn main() -> ExitCode {
    EXECUTORS.main(
        |args| operands(args, 0..=1),
        |mut files| {
            run(files.pop().unwrap_or_else(|| DEFAULT.into()).into())
                .map(|()| 0)
                .or_else(|error| EXECUTORS.fail(error))
        },
    )
}

fn run(path: PathBuf) -> io::Result<()> {
    let count = || count(path.clone());
    let one_thread = tokio::runtime::Builder::new_current_thread().build()?;
    let threads = tokio::runtime::Builder::new_multi_thread().build()?;

    let results = [
        ("smol", smol::block_on(smol::spawn(count()))?),
        (
            "async-std",
            async_std::task::block_on(async_std::task::spawn(count()))?,
        ),
        ("tokio, current thread", one_thread.block_on(count())?),
        (
            "tokio, multi-thread",
            threads.block_on(threads.spawn(count()))??,
        ),
        (
            "futures, LocalPool",
            futures::executor::LocalPool::new().run_until(count())?,
        ),
        ("pollster", pollster::block_on(count())?),
        ("futures-lite", futures_lite::future::block_on(count())?),
    ];
    let (_, first) = results[0];
    for (executor, counts) in results {
        writeln!(
            io::stdout(),
            "{executor:<22} {} lines, {} bytes",
            counts.lines,
            counts.bytes
        )?;
        assert_eq!(counts, first, "{executor} disagrees");
    }
    Ok(())
}
