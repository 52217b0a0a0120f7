//! Functions and options of Windows.

use std::io;
use std::path::Path;

use super::at;
use super::sealed::Sealed;

#[doc(no_inline)]
pub use std::os::windows::fs::MetadataExt;

/// Creates a symbolic link at `dst` that points to the directory `src`.
///
/// Semantics of [`std::os::windows::fs::symlink_dir`]. Same as [`Path::symlink_to`](crate::Path::symlink_to) of `dst`
/// with `target_is_directory`.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, no link is created. A call that has begun is finished.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at `dst`.
/// - The parent directory of `dst` does not exist.
/// - The process lacks the privilege to create symbolic links.
///
/// # Examples
///
/// ```no_run
/// # futures_lite::future::block_on(async {
/// anyfile::fs::windows::symlink_dir("notes", "link").await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn symlink_dir<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<()> {
    let link = at(dst).symlink_to(src);
    link.target_is_directory(true).await
}

/// Creates a symbolic link at `dst` that points to the file `src`.
///
/// Semantics of [`std::os::windows::fs::symlink_file`]. Same as [`Path::symlink_to`](crate::Path::symlink_to) of
/// `dst`.
///
/// # Cancel safety
///
/// If the future is dropped before a worker thread begins, no link is created. A call that has begun is finished.
///
/// # Errors
///
/// The errors of [`symlink_dir`].
///
/// # Examples
///
/// ```no_run
/// # futures_lite::future::block_on(async {
/// anyfile::fs::windows::symlink_file("notes.txt", "link.txt").await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn symlink_file<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> io::Result<()> {
    at(dst).symlink_to(src).await
}

/// Options of [`OpenOptions`](super::OpenOptions) on Windows: the arguments of `CreateFileW`, as in
/// [`std::os::windows::fs::OpenOptionsExt`].
///
/// This trait is sealed: other types cannot implement it.
///
/// # Examples
///
/// ```no_run
/// # futures_lite::future::block_on(async {
/// use anyfile::fs::OpenOptions;
/// use anyfile::fs::windows::OpenOptionsExt;
///
/// // No other process may open the file in the meantime.
/// let mut options = OpenOptions::new();
/// let file = options.write(true).share_mode(0).open("notes.txt").await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait OpenOptionsExt: Sealed {
    /// Sets the desired access. The default follows from `read`, `write` and `append`.
    fn access_mode(&mut self, access: u32) -> &mut Self;

    /// Sets what other processes may do with the file meanwhile. The default is everything.
    fn share_mode(&mut self, val: u32) -> &mut Self;

    /// Sets additional flags. The default is 0.
    fn custom_flags(&mut self, flags: u32) -> &mut Self;

    /// Sets the attributes of a new file. The default is 0.
    fn attributes(&mut self, val: u32) -> &mut Self;

    /// Sets the security quality of service, which matters for named pipes. By default, none is given.
    fn security_qos_flags(&mut self, flags: u32) -> &mut Self;
}
