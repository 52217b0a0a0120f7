//! Wraps blocking objects of other crates and of the standard library: a gzip decoder, and the
//! output of a child process.
//!
//! ```text
//! cargo run --example wrap [FILE.gz]
//! ```

mod cli;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyfile::wrap_file;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use cli::{Tool, operands};

const WRAP: Tool = Tool {
    name: "wrap",
    help: "\
Usage: wrap [FILE.gz]
Print the lines of a compressed file, by default of one made for it, and those of a child process.
",
    failure: 1,
};

fn main() -> ExitCode {
    WRAP.main(
        |args| operands(args, 0..=1),
        |mut files| {
            smol::block_on(run(files.pop()))
                .map(|()| 0)
                .or_else(|error| WRAP.fail(error))
        },
    )
}

async fn run(file: Option<OsString>) -> io::Result<()> {
    match file {
        Some(path) => print_gzip(path.as_ref()).await?,
        None => {
            let dir = tempfile::tempdir()?;
            let path = dir.path().join("poem.gz");
            write_gzip(&path)?;
            print_gzip(&path).await?;
        }
    }
    print_child().await
}

async fn print_gzip(path: &Path) -> io::Result<()> {
    let file = anyfile::open_file(path).await?.into_inner().await?;
    // It reads the header at once, which would block the executor.
    let decoder = smol::unblock(|| MultiGzDecoder::new(file)).await;
    print_lines("gzip", decoder).await
}

/// Each line is printed when the child has written it.
async fn print_child() -> io::Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", "echo one; sleep 0.2; echo two"])
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(stdout) = child.stdout.take() {
        print_lines("child", stdout).await?;
    }
    let status = smol::unblock(move || child.wait()).await?;
    writeln!(io::stdout(), "child: {status}")
}

async fn print_lines<T: Read + Send + 'static>(title: &str, inner: T) -> io::Result<()> {
    let mut lines = wrap_file(inner).lines();
    while let Some(line) = lines.next_line().await? {
        writeln!(io::stdout(), "{title}: {line}")?;
    }
    Ok(())
}

fn write_gzip(path: &Path) -> io::Result<()> {
    let mut encoder = GzEncoder::new(File::create(path)?, Compression::default());
    encoder.write_all(b"the lines of a compressed file\nare read like any others\n")?;
    encoder.finish()?.sync_all()
}
