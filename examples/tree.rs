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

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::ExitCode;

use anyfile::Path;
use anyfile::path::CopyProgress;
use futures_lite::StreamExt;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

fn main() -> ExitCode {
    let arguments: Vec<Path> = env::args_os().skip(1).map(Path::from).collect();
    let result = smol::block_on(async {
        match &arguments[..] {
            [] => list(&Path::new(".")).await,
            [dir] => list(dir).await,
            [source, target] => copy(source, target).await.map(|()| true),
            _ => Err(io::Error::other("usage: tree [DIRECTORY] | SOURCE TARGET")),
        }
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tree: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Lists what is below a directory, and tells whether all could be read.
async fn list(root: &Path) -> io::Result<bool> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut dirs, mut files, mut all_read) = (0, 0, true);
    let mut walk = root.walk().sort(true);
    while let Some(entry) = walk.next().await {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                all_read = false;
                eprintln!("tree: {error}");
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
    Ok(all_read)
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
