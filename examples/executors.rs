//! One asynchronous function under every executor: no runtime to enter, no feature to choose one.
//!
//! ```text
//! cargo run --example executors [FILE]
//! ```

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyfile::open_file;

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
    let path = env::args_os()
        .nth(1)
        .unwrap_or_else(|| OsString::from(DEFAULT));
    match run(path.into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("executors: {error}");
            ExitCode::FAILURE
        }
    }
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
        println!(
            "{executor:<22} {} lines, {} bytes",
            counts.lines, counts.bytes
        );
        assert_eq!(counts, first, "{executor} disagrees");
    }
    Ok(())
}
