//! Copies a file or a tree, and shows how far it is.
//!
//! ```text
//! cargo run --release --example tree -- SOURCE TARGET
//! ```
//!
//! Links are copied as links, and permissions and times are kept. The target must not exist yet, unless it
//! is a file. On a terminal, a progress bar shows the bytes and the time left, as soon as it is known how
//! much there is.

use anyfile::{CopyProgress, Path};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use std::env;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).map(Path::from);
    let (Some(source), Some(target), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: tree SOURCE TARGET");
        return ExitCode::FAILURE;
    };
    match smol::block_on(copy(&source, &target)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tree: {error}");
            ExitCode::FAILURE
        }
    }
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
        .on_progress(move |progress| show(&shown, progress))
        .await;
    bar.abandon();
    result.map(drop)
}

fn show(bar: &ProgressBar, progress: CopyProgress) {
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
