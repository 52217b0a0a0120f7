//! The extended attributes of a file: named values that are stored with it.

use std::fs::File;
use std::io;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

use crate::retry::retry;

/// The attribute that holds the access control list, which is not part of [`Attributes`].
pub(super) const ACL: &str = "system.posix_acl_access";

/// The attribute that holds the list which new entries of a directory inherit.
const DEFAULT_ACL: &[u8] = b"system.posix_acl_default";

/// Attributes that depend on the contents: the system removes or renews them when the contents change.
const OF_CONTENTS: [&[u8]; 3] = [b"security.capability", b"security.ima", b"security.evm"];

/// The extended attributes of a file or a directory, as far as the process may read them.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Vec<Attribute>);

#[derive(Debug)]
struct Attribute {
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Attributes {
    pub(crate) fn of(file: &File) -> io::Result<Attributes> {
        let names = passable(whole(|room| flistxattr(file, room)))?.unwrap_or_default();
        let names = names.split(|&byte| byte == 0);
        let mut attributes = Vec::new();
        for name in names.filter(|name| !name.is_empty() && *name != ACL.as_bytes()) {
            if let Some(value) = passable(whole(|room| fgetxattr(file, name, room)))? {
                let name = name.to_vec();
                attributes.push(Attribute { name, value });
            }
        }
        Ok(Attributes(attributes))
    }

    /// Returns the attributes that a file keeps when its contents change.
    pub(crate) fn of_any_contents(mut self) -> Attributes {
        self.0
            .retain(|attribute| !OF_CONTENTS.contains(&&*attribute.name));
        self
    }

    /// Sets the attributes on `to`, except those that the process may not set or the filesystem does not
    /// accept.
    pub(crate) fn put_on(&self, to: &File) -> io::Result<()> {
        for Attribute { name, value } in &self.0 {
            let set = || fsetxattr(to, &**name, value, XattrFlags::empty());
            passable(retry(set))?;
        }
        let has_default = self.0.iter().any(|found| found.name == DEFAULT_ACL);
        if !has_default && retry(|| to.metadata())?.is_dir() {
            // The directory may have inherited a list.
            passable(retry(|| fremovexattr(to, DEFAULT_ACL)))?;
        }
        Ok(())
    }
}

/// Returns the whole result of a call that fails if the buffer is too small.
pub(super) fn whole(
    mut call: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut room = vec![0; 1024];
    loop {
        match retry(|| call(&mut room)) {
            Ok(len) => {
                room.truncate(len);
                return Ok(room);
            }
            Err(Errno::RANGE) => room.resize(room.len() * 2, 0),
            Err(error) => return Err(error),
        }
    }
}

/// Returns `None` for a refusal, which is no reason to stop.
fn passable<T>(result: rustix::io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(errno) if is_refusal(errno) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Returns `true` if the error means that an attribute cannot be read, or cannot be set here.
pub(super) fn is_refusal(errno: Errno) -> bool {
    // No attribute has that name.
    #[cfg(target_vendor = "apple")]
    const ABSENT: Errno = Errno::NOATTR;
    #[cfg(not(target_vendor = "apple"))]
    const ABSENT: Errno = Errno::NODATA;
    let may_not = matches!(errno, Errno::PERM | Errno::ACCESS | Errno::NOSYS);
    let of_this_kind = matches!(errno, Errno::NOTSUP | Errno::INVAL | Errno::NAMETOOLONG);
    // ext4 stores all attributes of a file in one or two blocks, and reports a full disk if they don't fit.
    let so_long = matches!(
        errno,
        Errno::NOSPC | Errno::DQUOT | Errno::TOOBIG | Errno::RANGE
    );
    errno == ABSENT || may_not || of_this_kind || so_long
}
