//! Requests of the kernel, each answered from the tree once the gate lets it pass.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::*;

use crate::gate::Gate;
use crate::tree::{Change, New, Result, Tree};

/// The answers that the kernel may cache, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Ttl {
    pub(crate) name: Duration,
    pub(crate) attributes: Duration,
    pub(crate) keeps_contents: bool,
}

pub(crate) struct Hang {
    gate: Arc<Gate>,
    tree: Arc<Mutex<Tree>>,
    ttl: Ttl,
}

const GENERATION: Generation = Generation(0);
const HANDLE: FileHandle = FileHandle(0);

impl Hang {
    pub(crate) fn new(gate: Arc<Gate>, ttl: Ttl) -> Hang {
        let tree = Arc::new(Mutex::new(Tree::new()));
        Hang { gate, tree, ttl }
    }

    /// Has `answer` answer a request, once it may.
    fn pass(&self, request: &'static str, answer: impl FnOnce(&mut Tree) + Send + 'static) {
        let tree = self.tree.clone();
        let answer = move || answer(&mut tree.lock().unwrap_or_else(PoisonError::into_inner));
        self.gate.pass(request, Box::new(answer));
    }

    fn pass_entry(
        &self,
        request: &'static str,
        reply: ReplyEntry,
        find: impl FnOnce(&mut Tree) -> Result<FileAttr> + Send + 'static,
    ) {
        let ttl = self.ttl;
        self.pass(request, move |tree| match find(tree) {
            Ok(found) => reply.entry_with_ttls(&ttl.attributes, &ttl.name, &found, GENERATION),
            Err(error) => reply.error(error),
        });
    }

    fn pass_empty(
        &self,
        request: &'static str,
        reply: ReplyEmpty,
        act: impl FnOnce(&mut Tree) -> Result<()> + Send + 'static,
    ) {
        self.pass(request, move |tree| match act(tree) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        });
    }

    fn open_flags(&self) -> FopenFlags {
        if self.ttl.keeps_contents {
            FopenFlags::FOPEN_KEEP_CACHE
        } else {
            FopenFlags::empty()
        }
    }
}

impl Filesystem for Hang {
    /// Direct reads of a disk image come at once, and not one after the other: one that hangs must not hold
    /// up the device.
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // An old kernel can do without.
        let _ = config.add_capabilities(InitFlags::FUSE_ASYNC_DIO);
        // Otherwise the kernel locks files itself, without asking.
        let _ = config.add_capabilities(InitFlags::FUSE_FLOCK_LOCKS);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = name.to_owned();
        self.pass_entry("lookup", reply, move |tree| tree.lookup(parent, &name));
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let ttl = self.ttl.attributes;
        self.pass("getattr", move |tree| match tree.attributes(inode) {
            Ok(attributes) => reply.attr(&ttl, &attributes),
            Err(error) => reply.error(error),
        });
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let ttl = self.ttl.attributes;
        let change = Change {
            mode,
            owner: (uid, gid),
            size,
            accessed,
            modified,
        };
        self.pass("setattr", move |tree| match tree.change(inode, change) {
            Ok(attributes) => reply.attr(&ttl, &attributes),
            Err(error) => reply.error(error),
        });
    }

    fn readlink(&self, _: &Request, inode: INodeNo, reply: ReplyData) {
        self.pass("readlink", move |tree| match tree.target(inode) {
            Ok(target) => reply.data(target.as_os_str().as_encoded_bytes()),
            Err(error) => reply.error(error),
        });
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let name = name.to_owned();
        self.pass_entry("mkdir", reply, move |tree| {
            tree.make(parent, &name, New::Dir, mode & !umask)
        });
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = name.to_owned();
        self.pass_empty("unlink", reply, move |tree| tree.remove(parent, &name));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = name.to_owned();
        self.pass_empty("rmdir", reply, move |tree| tree.remove(parent, &name));
    }

    fn symlink(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let (name, target) = (name.to_owned(), target.to_owned());
        self.pass_entry("symlink", reply, move |tree| {
            tree.make(parent, &name, New::Link(target), 0o777)
        });
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (name, new_name) = (name.to_owned(), new_name.to_owned());
        self.pass_empty("rename", reply, move |tree| {
            if !RenameFlags::RENAME_NOREPLACE.contains(flags) {
                return Err(Errno::EINVAL);
            }
            tree.rename((parent, &name), (new_parent, &new_name), flags.is_empty())
        });
    }

    fn link(&self, _: &Request, inode: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = name.to_owned();
        self.pass_entry("link", reply, move |tree| tree.link(inode, parent, &name));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let flags = self.open_flags();
        self.pass("open", move |_| reply.opened(HANDLE, flags));
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.pass("read", move |tree| match tree.read(inode, offset, size) {
            Ok(bytes) => reply.data(bytes),
            Err(error) => reply.error(error),
        });
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let data = data.to_vec();
        self.pass("write", move |tree| {
            match tree.write(inode, offset, &data) {
                Ok(()) => reply.written(data.len() as u32),
                Err(error) => reply.error(error),
            }
        });
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        self.pass_empty("flush", reply, |_| Ok(()));
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.pass_empty("release", reply, |_| Ok(()));
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.pass_empty("fsync", reply, |_| Ok(()));
    }

    /// Grants every lock.
    fn setlk(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: LockOwner,
        _: u64,
        _: u64,
        _: i32,
        _: u32,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.pass_empty("setlk", reply, |_| Ok(()));
    }

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        self.pass("opendir", move |_| {
            reply.opened(HANDLE, FopenFlags::empty());
        });
    }

    fn readdir(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        self.pass("readdir", move |tree| match tree.list(inode) {
            Ok(entries) => {
                let rest = entries.into_iter().enumerate().skip(offset as usize);
                for (place, (inode, kind, name)) in rest {
                    if reply.add(INodeNo(inode), place as u64 + 1, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(error),
        });
    }

    fn releasedir(&self, _: &Request, _: INodeNo, _: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        self.pass_empty("releasedir", reply, |_| Ok(()));
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.pass_empty("fsyncdir", reply, |_| Ok(()));
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        self.pass("statfs", move |_| {
            reply.statfs(1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096);
        });
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let (name, ttl, flags) = (name.to_owned(), self.ttl, self.open_flags());
        self.pass("create", move |tree| {
            match tree.make(parent, &name, New::File, mode & !umask) {
                Ok(made) => reply.created(&ttl.attributes, &made, GENERATION, HANDLE, flags),
                Err(error) => reply.error(error),
            }
        });
    }

    fn copy_file_range(
        &self,
        _: &Request,
        from: INodeNo,
        _: FileHandle,
        offset: u64,
        to: INodeNo,
        _: FileHandle,
        to_offset: u64,
        len: u64,
        _: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.pass("copy_file_range", move |tree| {
            let bytes = tree.read(from, offset, len).map(<[u8]>::to_vec);
            let copied = bytes.and_then(|bytes| {
                tree.write(to, to_offset, &bytes)?;
                Ok(bytes.len() as u32)
            });
            match copied {
                Ok(copied) => reply.written(copied),
                Err(error) => reply.error(error),
            }
        });
    }
}
