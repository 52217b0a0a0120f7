//! Access control lists in the form that Linux stores: an extended attribute.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr, getxattr};
use rustix::io::Errno;

use super::{Access, Acl, EVERYTHING};
use crate::permissions::xattr::{self, ACL};
use crate::retry::retry;

const VERSION: u32 = 2;
/// The ID in an entry that names nobody.
const NOBODY: u32 = u32::MAX;

const USER_OBJ: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;

/// Reads the list of `file`, whose mode is `mode`.
pub(super) fn get(file: &File, mode: u32) -> io::Result<Acl> {
    let known = match read(file) {
        Ok(value) => decode(&value),
        // If a list was just removed, the mode may still contain its mask.
        Err(errno) if is_absence(errno) => {
            Some(Acl::of_mode(mode & retry(|| file.metadata())?.mode()))
        }
        // There is no `/proc`, or a filter refuses the calls.
        Err(Errno::NOENT | Errno::PERM | Errno::ACCESS) => None,
        Err(errno) => return Err(errno.into()),
    };
    // Without the list, the meaning of the group bits is unknown.
    Ok(known.unwrap_or(Acl::of_mode(mode & 0o700)))
}

/// Replaces the list of `to`. Returns the mode to set with it.
pub(super) fn put(acl: &Acl, to: &File) -> io::Result<u32> {
    let there = !read(to).is_err_and(is_absence);
    if acl.mask.is_none() && !there {
        return Ok(acl.as_mode());
    }
    let value = encode(acl);
    // This sets the mode, too. If a list says no more than a mode, the system keeps only the mode.
    match retry(|| fsetxattr(to, ACL, &value, XattrFlags::empty())) {
        Ok(()) => Ok(shown(acl)),
        // With the old list in place, a bit for the group would be one for everybody named there.
        Err(errno) if xattr::is_refusal(errno) && there => Ok(acl.as_mode() & 0o700),
        Err(errno) if xattr::is_refusal(errno) => Ok(acl.as_mode()),
        Err(errno) => Err(errno.into()),
    }
}

/// Returns the mode of a file with this list: the mask is in the place of the group.
fn shown(acl: &Acl) -> u32 {
    acl.user << 6 | acl.mask.unwrap_or(acl.group) << 3 | acl.other
}

fn read(file: &File) -> rustix::io::Result<Vec<u8>> {
    match xattr::whole(|room| fgetxattr(file, ACL, room)) {
        // The file was opened with `O_PATH`, because the process may not read it.
        Err(Errno::BADF) => {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            xattr::whole(|room| getxattr(&path, ACL, room))
        }
        result => result,
    }
}

/// Returns `true` if there is no list, or the filesystem or the system does not support any.
fn is_absence(errno: Errno) -> bool {
    matches!(errno, Errno::NODATA | Errno::NOTSUP | Errno::NOSYS)
}

/// Decodes a list. Returns `None` if it is not a list of this version.
pub(in crate::permissions) fn decode(value: &[u8]) -> Option<Acl> {
    let (version, entries) = value.split_first_chunk()?;
    if u32::from_le_bytes(*version) != VERSION || entries.len() % 8 != 0 {
        return None;
    }
    let (mut acl, mut found) = (Acl::of_mode(0), 0);
    for entry in entries.chunks_exact(8) {
        let [tag, tag_high, access, _, id @ ..] = entry else {
            return None;
        };
        let tag = u16::from_le_bytes([*tag, *tag_high]);
        let access = Access::from(*access) & EVERYTHING;
        let id = u32::from_le_bytes((*id).try_into().ok()?);
        match tag {
            USER_OBJ => acl.user = access,
            USER => acl.users.push((id, access)),
            GROUP_OBJ => acl.group = access,
            GROUP => acl.groups.push((id, access)),
            MASK => acl.mask = Some(access),
            OTHER => acl.other = access,
            _ => return None,
        }
        found |= tag;
    }
    let needed = match found & (USER | GROUP) {
        0 => USER_OBJ | GROUP_OBJ | OTHER,
        _ => USER_OBJ | GROUP_OBJ | OTHER | MASK,
    };
    (found & needed == needed).then_some(acl)
}

/// Encodes a list, in the order that the kernel requires.
pub(in crate::permissions) fn encode(acl: &Acl) -> Vec<u8> {
    let mut value = VERSION.to_le_bytes().to_vec();
    let mut push = |tag: u16, access: Access, id: u32| {
        value.extend(tag.to_le_bytes());
        value.extend((access as u16).to_le_bytes());
        value.extend(id.to_le_bytes());
    };
    push(USER_OBJ, acl.user, NOBODY);
    for (id, access) in &acl.users {
        push(USER, *access, *id);
    }
    push(GROUP_OBJ, acl.group, NOBODY);
    for (id, access) in &acl.groups {
        push(GROUP, *access, *id);
    }
    if let Some(mask) = acl.mask {
        push(MASK, mask, NOBODY);
    }
    push(OTHER, acl.other, NOBODY);
    value
}
