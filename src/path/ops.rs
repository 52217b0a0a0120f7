//! Helpers for the I/O methods of [`Path`]: where their calls run, and errors that name the operation.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};

use super::Path;
use crate::budget;
use crate::cached;
use crate::call::Start;
use crate::error::{Operation, PathError};
use crate::retry::retry;

/// Awaits `call`, and adds the operation and the path to its error.
pub(super) async fn named<R>(
    operation: Operation,
    path: Path,
    call: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    let result = call.await;
    result.map_err(|error| PathError::wrap(operation, path.as_std_path(), error))
}

/// Same as [`named`], for an operation on two paths.
pub(super) async fn named_pair<R>(
    operation: Operation,
    path: Path,
    target: Path,
    call: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    let result = call.await;
    result.map_err(|error| PathError::wrap_pair(operation, path.as_ref(), target.as_ref(), error))
}

/// Runs several system calls in one job of the pool, and adds the operation and the path to an error.
pub(super) async fn run<R: Send + 'static>(
    operation: Operation,
    path: Path,
    work: impl FnOnce(&std::path::Path) -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    let lent = path.clone();
    let call = path.lane.clone();
    let call = call.call(move || work(lent.as_std_path()));
    named(operation, path, call).await
}

/// Awaits a call of async-fs on one path, or makes that of std in the turn of a limiter.
pub(super) fn shield<T: Send + 'static, F: Future<Output = io::Result<T>> + Send>(
    path: &Path,
    call: impl Fn(Path) -> F + Send,
    blocking: impl Fn(Path) -> io::Result<T> + Send + 'static,
) -> impl Future<Output = io::Result<T>> + Send {
    path.lane.clone().shield(path.clone(), call, blocking)
}

/// Same as [`shield`], for a call on two paths of which one was derived from the other.
pub(super) fn shield_pair<F: Future<Output = io::Result<()>> + Send>(
    first: &Path,
    second: &Path,
    call: impl Fn(Path, Path) -> F + Send,
    blocking: impl Fn(Path, Path) -> io::Result<()> + Send + 'static,
) -> impl Future<Output = io::Result<()>> + Send {
    let pair = (first.clone(), second.clone());
    let call = move |(first, second)| call(first, second);
    let blocking = move |(first, second)| blocking(first, second);
    first.lane.clone().shield(pair, call, blocking)
}

/// Returns the metadata of the file at `path`. All methods that query metadata call this function.
///
/// A cached answer is returned on the caller's thread. Any other answer comes from a job, which also learns
/// the type of the filesystem for the next call.
pub(super) async fn ask(path: Path, follow: bool) -> io::Result<Metadata> {
    let unanswered = match cached::metadata(path.as_std_path(), follow) {
        Ok(answer) => {
            budget::spend(0).await;
            return answer;
        }
        Err(unanswered) => unanswered,
    };
    path.lane
        .clone()
        .call(move || {
            let path = path.as_std_path();
            let metadata = if follow {
                retry(|| fs::metadata(path))
            } else {
                retry(|| fs::symlink_metadata(path))
            };
            unanswered.finish(path, follow);
            metadata
        })
        .await
}

/// Reads the file at `path` and converts its contents. All methods that read whole files call this function.
///
/// A small cached file is read on the caller's thread. `convert` runs where the contents were read, so that
/// converting a large file does not block the executor.
pub(super) fn read<R: Send + 'static>(
    path: Path,
    convert: impl FnOnce(Vec<u8>) -> io::Result<R> + Send + 'static,
) -> Start<io::Result<R>> {
    let mut unanswered = match cached::read(path.as_std_path()) {
        Ok(answer) => {
            let len = answer.as_ref().map_or(0, Vec::len);
            let result = answer.and_then(convert);
            let named =
                result.map_err(|error| PathError::wrap(Operation::Read, path.as_std_path(), error));
            return Start::answered(named, len);
        }
        Err(unanswered) => unanswered,
    };
    Start::waits(run(Operation::Read, path, move |path| {
        let file = match unanswered.take_opened() {
            Some(file) => file,
            None => File::open(path)?,
        };
        let contents = read_to_end(file)?;
        unanswered.finish(path, true);
        convert(contents)
    }))
}

fn read_to_end(mut file: File) -> io::Result<Vec<u8>> {
    // With more bytes than there are addresses, std would read until there are none left, and panic.
    if cfg!(not(target_pointer_width = "64")) && usize::try_from(file.metadata()?.len()).is_err() {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let mut contents = Vec::new();
    file.read_to_end(&mut contents)?;
    Ok(contents)
}
