//! [`Path::write_atomic`].

use std::io;
use std::sync::Arc;

use super::atomic::{self, Options, atomic_setters};
use super::data::{Contents, Data, data};
use super::{Path, in_use, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::parents::parents_setter;

/// Replacing the contents of a file in one step.
impl Path {
    /// Atomically replaces the contents of the file: readers see the old or the new contents, never a mix.
    ///
    /// The contents are written to a new file in the same directory, which then replaces the old one
    /// (`rename`). If the process is killed in the meantime, the old contents are still there. The file and the
    /// directory are synced before the future completes, so the same holds for a power failure, unless
    /// [`sync`](WriteAtomic::sync) is `false`. [`open_atomic`](Path::open_atomic) is for contents that are not in
    /// memory as a whole.
    ///
    /// If no file exists, the new one gets the permissions of any new file: `0o666`, or what
    /// [`mode`](WriteAtomic#method.mode) sets, without the bits of the umask, or the permissions that it inherits
    /// from the directory. A symbolic link is followed, whether its target exists or not. Other hard links to the
    /// old file keep the old contents.
    ///
    /// # Permissions
    ///
    /// Nobody except the user of this process gains access. The new file keeps the mode of the old one, and on
    /// Unix its owner and group if the process may set them. On Linux it also keeps the access control list
    /// (POSIX ACL), and does not keep a list inherited from the directory. On Linux and macOS it keeps the
    /// extended attributes that the process may read and set, except those that belong to the old contents and
    /// that the system removes when a file is written in place (`security.capability`).
    ///
    /// Where something cannot be kept, the mode is narrowed:
    ///
    /// - If the process lacks permission to set the group, the members of the new group and all others get only
    ///   what both the old group and all others had: `0o640` becomes `0o600`, `0o664` becomes `0o644`.
    /// - If the process lacks permission to set the owner, the file belongs to the user of the process. Nobody
    ///   else gets more than the old owner had, and the set-user-id and set-group-id bits are removed.
    /// - If the system refuses the ACL or does not show it, the group and all others get only what everybody
    ///   named in it had, or nothing.
    ///
    /// Until all of this is done, only the owner may use the temporary file.
    ///
    /// No temporary file is left behind, unless the process is killed. Its name begins with `.tmp`.
    ///
    /// `contents` are moved or copied as by [`write_bytes`](Path::write_bytes).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the file does not change. A call that has begun
    /// is finished: the file gets the new contents, and no temporary file is left behind.
    ///
    /// # Errors
    ///
    /// - The parent directory does not exist, and [`parents`](WriteAtomic::parents) is not set.
    /// - The process lacks permission to read the parent directory or to create files in it. Write permission for
    ///   the old file is not needed.
    /// - [`IsADirectory`](io::ErrorKind::IsADirectory): the path is a directory.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is a device, a FIFO or a socket, which a
    ///   rename would destroy.
    /// - Writing or syncing fails. The old contents are still there, unless only syncing the directory failed.
    ///
    /// # Platform behavior
    ///
    /// Windows refuses to replace a file that is read-only or open, by a virus scanner for example. The call is then
    /// repeated for 1.3 seconds, without holding a thread. Directories are not synced there.
    ///
    /// Access control lists other than Linux's POSIX ACLs are not supported, among them those of macOS, FreeBSD
    /// and Windows: the new file has what it inherits from its directory. NFSv4 ACLs that Linux shows as
    /// extended attributes are kept as such.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_atomic("all of it").await?;
    /// assert_eq!(notes.read_text().await?, "all of it");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn write_atomic(&self, contents: impl Contents) -> WriteAtomic {
        WriteAtomic(Lazy::New(WriteAtomicCall {
            path: self.clone(),
            data: data(contents),
            options: Options::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::write_atomic`]. Options can be set until it is first polled.
    pub struct WriteAtomic(WriteAtomicCall {
        path: Path,
        data: Data,
        options: Options,
    }) -> io::Result<()>;
}

atomic_setters! {
    WriteAtomic: ".write_atomic(\"new\")", "", "the call"
}

parents_setter! {
    WriteAtomic: options.parents,
    [],
    "let notes = &dir / \"a/b/notes\";"
    "notes.write_atomic(\"text\").parents(true).await?;"
    "assert_eq!(notes.read_text().await?, \"text\");"
}

impl WriteAtomicCall {
    async fn run(self) -> io::Result<()> {
        // One job, so that a dropped future cannot leave a temporary file behind between two jobs.
        let Self {
            path,
            data,
            options,
        } = self;
        let data = Arc::new(data);
        let replace = || {
            let (path, data) = (path.clone(), data.clone());
            let lane = path.lane.clone();
            lane.call(move || atomic::replace(path.as_ref(), (*data).as_ref(), options))
        };
        let replace = in_use::repeat(in_use::RENAMING, replace);
        ops::named(Operation::Replace, path.clone(), replace).await
    }
}
