//! What the I/O methods of [`Path`] have in common: where their calls are made, and errors that name
//! what was attempted.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path as StdPath;

use super::Path;
use crate::budget;
use crate::cached;
use crate::error::{Operation, PathError};
use crate::pool;
use crate::retry::retry;

/// Awaits `call`, and names the operation and the path in its error.
pub(super) async fn named<R>(
    operation: Operation,
    path: Path,
    call: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    let result = call.await;
    result.map_err(|error| PathError::wrap(operation, path.as_std_path(), error))
}

/// As [`named`], for an operation on two paths.
pub(super) async fn named_pair<R>(
    operation: Operation,
    path: Path,
    target: Path,
    call: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    let result = call.await;
    result.map_err(|error| PathError::wrap_pair(operation, path.as_ref(), target.as_ref(), error))
}

/// Does work of several system calls in one job of the pool; an error names the operation and the path.
pub(super) async fn run<R: Send + 'static>(
    operation: Operation,
    path: Path,
    work: impl FnOnce(&StdPath) -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    let lent = path.clone();
    named(
        operation,
        path,
        pool::call(move || work(lent.as_std_path())),
    )
    .await
}

/// The metadata of what is at `path`: every question about a path ends here.
///
/// What the system has cached is answered on the spot. The job that asks for the rest also learns what
/// filesystem it is on, for the next time.
pub(super) async fn ask(path: Path, follow: bool) -> io::Result<Metadata> {
    let unanswered = match cached::metadata(path.as_std_path(), follow) {
        Ok(answer) => {
            budget::spend(0).await;
            return answer;
        }
        Err(unanswered) => unanswered,
    };
    pool::call(move || {
        let path = path.as_std_path();
        let metadata = match follow {
            true => retry(|| fs::metadata(path)),
            false => retry(|| fs::symlink_metadata(path)),
        };
        unanswered.finish(path, follow);
        metadata
    })
    .await
}

/// The contents of the file at `path`, made into what is wanted: every read of a whole file ends here.
///
/// A small file that is cached is read on the spot. `convert` runs where the contents were read, so
/// that a long one holds nobody up.
pub(super) async fn read<R: Send + 'static>(
    path: Path,
    convert: fn(Vec<u8>) -> io::Result<R>,
) -> io::Result<R> {
    let unanswered = match cached::read(path.as_std_path()) {
        Ok(answer) => {
            budget::spend(answer.as_ref().map_or(0, Vec::len)).await;
            return named(Operation::Read, path, async { answer.and_then(convert) }).await;
        }
        Err(unanswered) => unanswered,
    };
    run(Operation::Read, path, move |path| {
        let contents = fs::read(path)?;
        unanswered.finish(path, true);
        convert(contents)
    })
    .await
}
