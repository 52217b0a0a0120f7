//! Calls that Windows refuses while another process has the file open.
//!
//! Virus scanners and indexers open a new file for a moment, and then it can neither be renamed nor replaced nor
//! removed. Programs repeat such calls, as Go's and Rust's build tools do.

use std::io;
use std::time::Duration;

use crate::error::PathError;
use crate::pool;

/// The pauses between the attempts in milliseconds, 1.3 seconds together.
const PAUSES: [u64; 7] = [10, 20, 40, 80, 160, 320, 640];

const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_SHARING_VIOLATION: i32 = 32;

/// The errors with which Windows refuses to remove a file that is in use.
pub(super) const REMOVING: &[i32] = &[ERROR_SHARING_VIOLATION];

/// The errors with which Windows refuses to rename or to replace a file that is in use.
pub(super) const RENAMING: &[i32] = &[ERROR_SHARING_VIOLATION, ERROR_ACCESS_DENIED];

/// Awaits a call, and on Windows repeats it after pauses as long as it fails with one of `errors`. No thread is held
/// during a pause.
pub(super) async fn repeat<R, F>(errors: &[i32], call: impl FnMut() -> F) -> io::Result<R>
where
    F: Future<Output = io::Result<R>>,
{
    repeat_if(|code| cfg!(windows) && errors.contains(&code), call).await
}

async fn repeat_if<R, F>(
    is_in_use: impl Fn(i32) -> bool,
    mut call: impl FnMut() -> F,
) -> io::Result<R>
where
    F: Future<Output = io::Result<R>>,
{
    for millis in PAUSES {
        match call().await {
            Err(error) if PathError::raw_os_error(&error).is_some_and(&is_in_use) => {
                pool::pause(Duration::from_millis(millis)).await;
            }
            result => return result,
        }
    }
    call().await
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;

    /// Returns the number of calls and the last error, of a call that fails so often with an error.
    fn calls(failures: usize, code: i32) -> (usize, Option<i32>) {
        let mut calls = 0;
        let result = block_on(repeat_if(
            |code| RENAMING.contains(&code),
            || {
                calls += 1;
                let fails = calls <= failures;
                async move {
                    if fails {
                        return Err(io::Error::from_raw_os_error(code));
                    }
                    Ok(())
                }
            },
        ));
        let code = result.err().and_then(|error| error.raw_os_error());
        (calls, code)
    }

    #[test]
    fn a_call_is_repeated_while_the_file_is_in_use() {
        assert_eq!(calls(0, 32), (1, None));
        assert_eq!(calls(3, 32), (4, None));
        assert_eq!(calls(2, 5), (3, None));
    }

    #[test]
    fn the_error_is_returned_in_the_end() {
        assert_eq!(calls(usize::MAX, 32), (PAUSES.len() + 1, Some(32)));
    }

    #[test]
    fn other_errors_are_returned_at_once() {
        assert_eq!(calls(3, 2), (1, Some(2)));
    }
}
