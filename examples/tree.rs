//! Lists a tree, or copies a file or a tree and shows how far it is.
//!
//! ```text
//! cargo run --release --example tree -- [DIRECTORY]
//! cargo run --release --example tree -- SOURCE TARGET
//! ```
//!
//! A list has each directory with all that is below it, in order, and how many directories and files there
//! are; links are files. What cannot be read is reported on standard error, and the exit code is 1.
//!
//! In a copy, links are copied as links, and permissions and times are kept. The target must not exist yet,
//! unless it is a file. On a terminal, a progress bar shows the bytes and the time left, as soon as it is
//! known how much there is.

mod cli;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use anyfile::Path;
use anyfile::path::CopyProgress;
use futures_lite::StreamExt;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use cli::{Tool, operands};

const TREE: Tool = Tool {
    name: "tree",
    help: "\
Usage: tree [DIRECTORY]
  or:  tree SOURCE TARGET
List what is below DIRECTORY, by default the current directory, or copy SOURCE to TARGET.

The exit code is 1 if anything could not be read or copied.
",
    failure: 1,
};

fn main() -> ExitCode {
    TREE.main(
        |args| operands(args, 0..=2),
        |paths| smol::block_on(run(paths)).or_else(|error| TREE.fail(error)),
    )
}

async fn run(paths: Vec<OsString>) -> io::Result<u8> {
    let paths: Vec<Path> = paths.into_iter().map(Path::from).collect();
    match &paths[..] {
        [source, target] => copy(source, target).await.map(|()| 0),
        [dir] => list(dir).await,
        _ => list(&Path::new(".")).await,
    }
}

/// Lists what is below a directory, and returns the exit code.
async fn list(root: &Path) -> io::Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut dirs, mut files, mut code) = (0, 0, 0);
    let mut walk = root.walk().sort(true);
    while let Some(entry) = walk.next().await {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                code = TREE.failure;
                TREE.complain(error);
                continue;
            }
        };
        let depth = entry.path.components().count() - root.components().count();
        match entry.path.file_name() {
            Some(name) if depth > 0 => writeln!(out, "{:1$}{2}/", "", depth * 4, show(name))?,
            _ => writeln!(out, "{}", root.display())?,
        }
        for name in &entry.files {
            writeln!(out, "{:1$}{2}", "", depth * 4 + 4, show(name))?;
        }
        dirs += usize::from(depth > 0);
        files += entry.files.len();
    }
    writeln!(out, "\n{dirs} directories, {files} files")?;
    out.flush()?;
    Ok(code)
}

/// A name as it is, on one line.
fn show(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    name.replace(char::is_control, "?")
}

/// Copies under a progress bar, which stays where it was if that fails.
async fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {eta}") {
        bar.set_style(style);
    }
    let shown = bar.clone();
    let result = source
        .copy(target)
        .follow_symlinks(false)
        .preserve_metadata(true)
        .on_progress(move |progress| advance(&shown, progress))
        .await;
    bar.abandon();
    result.map(drop)
}

fn advance(bar: &ProgressBar, progress: CopyProgress) {
    let CopyProgress { done, total, .. } = progress;
    bar.set_message(format!(
        "{} entries, {}",
        HumanCount(done.entries),
        HumanBytes(done.bytes)
    ));
    // An entry counts as well, since there may be many without a byte.
    if let Some(total) = total {
        bar.set_length(weight(total.entries, total.bytes));
    }
    bar.set_position(weight(done.entries, done.bytes));
}

/// How much work it is to copy these: making an entry takes about as long as copying 16 KiB.
fn weight(entries: u64, bytes: u64) -> u64 {
    bytes + entries * 16 * 1024
}
