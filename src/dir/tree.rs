//! Copying, moving and removing whole trees.
//!
//! The work is made of plain blocking calls, done in [slices](slice). Between two slices it is back in the
//! future. So no thread is held while nobody polls, progress is reported where the future is awaited, and
//! dropping the future stops the work within a slice.

mod apart;
mod contents;
mod copier;
mod counter;
mod links;
mod metadata;
mod mirror;
mod nest;
#[cfg(not(unix))]
mod other;
mod remover;
#[cfg(unix)]
mod unix;
mod walk;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use std::{fmt, fs};

use futures_lite::future;

use crate::dir::Choice;
use crate::error::{Operation, PathError};
use crate::parents::Parents;
use crate::pool::{Closing, Lane};
use crate::retry::retry;
use copier::Copier;
use counter::Counter;
#[cfg(not(unix))]
use other as imp;
use remover::Remover;
pub(crate) use remover::Root;
#[cfg(unix)]
use unix as imp;

/// The number of entries after which a slice ends.
const SLICE_ENTRIES: usize = 64;
/// The number of bytes after which a slice ends.
const SLICE_BYTES: u64 = 16 << 20;
/// The duration after which a slice ends.
const SLICE_TIME: Duration = Duration::from_millis(20);

/// The progress of copying a tree, as passed to the function that is given to
/// [`CopyTo::on_progress`](crate::path::CopyTo::on_progress).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct CopyProgress {
    /// The number of entries that are complete, and of bytes that have been copied.
    pub done: CopyCount,
    /// The number of entries and bytes in the whole tree; `None` until they have been counted.
    pub total: Option<CopyCount>,
}

/// A number of entries, and of bytes in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct CopyCount {
    /// The number of files, directories and symbolic links.
    pub entries: u64,
    /// The number of bytes in files.
    pub bytes: u64,
}

impl CopyCount {
    fn max(self, other: CopyCount) -> CopyCount {
        CopyCount {
            entries: self.entries.max(other.entries),
            bytes: self.bytes.max(other.bytes),
        }
    }
}

/// The progress of removing a tree, as passed to the function that is given to
/// [`RemoveDirAll::on_progress`](crate::path::RemoveDirAll::on_progress).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct RemoveProgress {
    /// The number of files, directories and symbolic links that have been removed.
    pub entries: u64,
}

/// The options for copying a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) follow_symlinks: bool,
    pub(crate) preserve_metadata: bool,
    pub(crate) exist_ok: bool,
    /// Whether existing files and links are replaced.
    pub(crate) overwrite: bool,
    /// Whether the source is removed afterwards: the owner is kept, and what is at the target is replaced.
    pub(crate) moving: bool,
    pub(crate) parents: Parents,
}

impl Options {
    /// Returns the default options of a copy.
    pub(crate) fn copying() -> Options {
        Options {
            follow_symlinks: true,
            preserve_metadata: false,
            exist_ok: false,
            overwrite: true,
            moving: false,
            parents: Parents::default(),
        }
    }

    /// Returns the default options of a move, for the copy that it makes if it cannot rename.
    pub(crate) fn moving() -> Options {
        Options {
            follow_symlinks: false,
            preserve_metadata: true,
            moving: true,
            ..Options::copying()
        }
    }

    fn operation(&self) -> Operation {
        if self.moving {
            Operation::Move
        } else {
            Operation::Copy
        }
    }
}

/// The function that is called with the progress, if there is one.
pub(crate) struct Reporter<P>(Option<Box<dyn FnMut(P) + Send>>);

impl<P> Reporter<P> {
    pub(crate) fn new(tell: impl FnMut(P) + Send + 'static) -> Reporter<P> {
        Reporter(Some(Box::new(tell)))
    }
}

impl<P> Default for Reporter<P> {
    fn default() -> Reporter<P> {
        Reporter(None)
    }
}

impl<P> fmt::Debug for Reporter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reporter").field(&self.0.is_some()).finish()
    }
}

/// Copies the file, directory or link at `source` to `target`.
pub(crate) async fn copy(
    source: PathBuf,
    target: PathBuf,
    options: Options,
    filter: Option<Choice>,
    reporter: Reporter<CopyProgress>,
    lane: &Lane,
) -> io::Result<()> {
    // The counting leaves out the same.
    let filter = filter.map(Arc::new);
    let mut tell = reporter.0;
    let total = OnceLock::new();
    let counted = tell
        .is_some()
        .then(|| Counter::new(source.clone(), options, filter.clone()));
    let counting = async {
        if let Some(counter) = counted {
            // If something cannot be counted, the copy reports the error.
            if let Ok(counter) = finish(counter, lane, |_, _| {}).await {
                let _ = total.set(counter.count());
            }
        }
        future::pending().await
    };
    let copier = Copier::new(source, target, options, filter);
    let copying = finish(copier, lane, |copier, finished| {
        if let Some(tell) = &mut tell {
            let done = copier.done();
            let total = if finished {
                Some(done)
            } else {
                // The tree may have grown since it was counted.
                total.get().map(|total: &CopyCount| total.max(done))
            };
            tell(CopyProgress { done, total });
        }
    });
    future::or(copying, counting).await.map(drop)
}

/// Moves the file, directory or link at `source` to `target`, by renaming it if that is possible.
pub(crate) async fn move_to(
    source: PathBuf,
    target: PathBuf,
    options: Options,
    reporter: Reporter<CopyProgress>,
    lane: &Lane,
) -> io::Result<()> {
    let (from, to) = (source.clone(), target.clone());
    if lane.run(move || renamed(from, to, options.parents)).await? {
        return Ok(());
    }
    let (whole, place) = (None, target.clone());
    copy(source.clone(), place, options, whole, reporter, lane).await?;
    finish(Remover::of_copied(source, target), lane, |_, _| {})
        .await
        .map(drop)
}

/// Removes what is at `path`, with all its contents.
pub(crate) async fn remove(
    path: PathBuf,
    root: Root,
    reporter: Reporter<RemoveProgress>,
    lane: &Lane,
) -> io::Result<()> {
    let mut tell = reporter.0;
    let removing = finish(Remover::new(path, root), lane, |remover, _| {
        if let Some(tell) = &mut tell {
            let entries = remover.removed();
            tell(RemoveProgress { entries });
        }
    });
    removing.await.map(drop)
}

/// Removes the directory at `path` and all its contents, slice by slice in the background. Drops `guard` at the end.
#[cfg(feature = "tempfile")]
pub(crate) fn remove_in_background(path: PathBuf, lane: Lane, guard: impl Send + 'static) {
    fn go_on(work: Closing<Remover>, lane: Lane, guard: impl Send + 'static) {
        let next = lane.clone();
        let job = lane.run(move || match slice(work) {
            (work, Ok(false)) => go_on(work, next, guard),
            (work, Ok(true) | Err(_)) => {
                drop(work);
                drop(guard);
            }
        });
        job.detach();
    }
    let remover = Remover::new(path, Root::Dir);
    go_on(Closing::new(remover, lane.clone()), lane, guard);
}

/// Renames `source` to `target`. Returns `false` if that is on another filesystem.
fn renamed(source: PathBuf, target: PathBuf, parents: Parents) -> io::Result<bool> {
    let rename = || {
        apart::check_move(&source, &target)?;
        retry(|| fs::rename(&source, &target))
    };
    let check = || check_apart(&source, &target);
    match parents.attempt_if(check, &target, rename) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => Ok(false),
        Err(error) => {
            // The system's error does not say that a directory cannot be moved into itself.
            let error = check_apart(&source, &target).err().unwrap_or(error);
            let named = PathError::wrap_pair(Operation::Move, &source, &target, error);
            Err(named)
        }
    }
}

/// Returns an error if `source` does not exist, or something would be moved onto or into itself. May block.
pub(crate) fn check_apart(source: &Path, target: &Path) -> io::Result<()> {
    apart::check(source, target, false).map(drop)
}

/// Blocking work that is done in steps.
trait Work: Send + 'static {
    /// Does the next step. Returns how many bytes were copied, or `None` when all is done.
    fn step(&mut self) -> io::Result<Option<u64>>;
}

/// Does a slice of the work. Returns the work, and `true` if that was the last slice.
fn slice<W: Work>(mut work: Closing<W>) -> (Closing<W>, io::Result<bool>) {
    let result = steps(&mut *work);
    (work, result)
}

fn steps(work: &mut impl Work) -> io::Result<bool> {
    let begin = Instant::now();
    let mut bytes = 0;
    for _ in 0..SLICE_ENTRIES {
        match work.step()? {
            Some(copied) => bytes += copied,
            None => return Ok(true),
        }
        if bytes >= SLICE_BYTES || begin.elapsed() >= SLICE_TIME {
            break;
        }
    }
    Ok(false)
}

/// Does all of the work, slice by slice on the pool. After each slice, calls `after` in the awaiting task,
/// with `true` for the last one.
async fn finish<W: Work>(work: W, lane: &Lane, mut after: impl FnMut(&W, bool)) -> io::Result<W> {
    // From the first slice on, the work may hold open files, wherever the future is dropped.
    let closing = lane.clone();
    let begin = move || slice(Closing::new(work, closing));
    let (mut work, mut result) = lane.run(begin).await;
    loop {
        after(&work, matches!(result, Ok(true)));
        if result? {
            return Ok(work.into_inner());
        }
        (work, result) = lane.run(move || slice(work)).await;
    }
}
