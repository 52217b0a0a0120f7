//! The filesystem itself: a tree in memory.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, INodeNo, TimeOrNow};

pub(crate) type Result<T> = std::result::Result<T, Errno>;

/// Inodes by number. They are never freed: no test runs so long that it would matter.
pub(crate) struct Tree(HashMap<u64, Node>);

struct Node {
    kind: Kind,
    permissions: u16,
    links: u32,
    owner: (u32, u32),
    accessed: SystemTime,
    modified: SystemTime,
}

enum Kind {
    File(Vec<u8>),
    Dir(BTreeMap<OsString, u64>),
    Link(PathBuf),
}

/// What is to be made.
pub(crate) enum New {
    File,
    Dir,
    Link(PathBuf),
}

/// What is to be changed.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) mode: Option<u32>,
    pub(crate) owner: (Option<u32>, Option<u32>),
    pub(crate) size: Option<u64>,
    pub(crate) accessed: Option<TimeOrNow>,
    pub(crate) modified: Option<TimeOrNow>,
}

impl Tree {
    pub(crate) fn new() -> Tree {
        let root = Node::new(Kind::Dir(BTreeMap::new()), 0o755);
        Tree(HashMap::from([(INodeNo::ROOT.0, root)]))
    }

    pub(crate) fn attributes(&self, inode: INodeNo) -> Result<FileAttr> {
        let node = self.node(inode.0)?;
        let (kind, size) = match &node.kind {
            Kind::File(bytes) => (FileType::RegularFile, bytes.len() as u64),
            Kind::Dir(_) => (FileType::Directory, 4096),
            Kind::Link(target) => (FileType::Symlink, target.as_os_str().len() as u64),
        };
        Ok(FileAttr {
            ino: inode,
            size,
            blocks: size.div_ceil(512),
            atime: node.accessed,
            mtime: node.modified,
            ctime: node.modified,
            crtime: node.modified,
            kind,
            perm: node.permissions,
            nlink: node.links,
            uid: node.owner.0,
            gid: node.owner.1,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    pub(crate) fn lookup(&self, parent: INodeNo, name: &OsStr) -> Result<FileAttr> {
        let inode = self.entries(parent)?.get(name).ok_or(Errno::ENOENT)?;
        self.attributes(INodeNo(*inode))
    }

    pub(crate) fn list(&self, dir: INodeNo) -> Result<Vec<(u64, FileType, OsString)>> {
        let special = [".", ".."].map(|name| (dir.0, FileType::Directory, name.into()));
        let entries = self.entries(dir)?.iter().map(|(name, &inode)| {
            let kind = self.attributes(INodeNo(inode))?.kind;
            Ok((inode, kind, name.clone()))
        });
        special.into_iter().map(Ok).chain(entries).collect()
    }

    pub(crate) fn make(
        &mut self,
        parent: INodeNo,
        name: &OsStr,
        new: New,
        mode: u32,
    ) -> Result<FileAttr> {
        if self.entries(parent)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let kind = match new {
            New::File => Kind::File(Vec::new()),
            New::Dir => Kind::Dir(BTreeMap::new()),
            New::Link(target) => Kind::Link(target),
        };
        let inode = self.0.len() as u64 + 1;
        self.0.insert(inode, Node::new(kind, mode as u16 & 0o7777));
        self.entries_mut(parent)?.insert(name.to_owned(), inode);
        self.attributes(INodeNo(inode))
    }

    pub(crate) fn link(
        &mut self,
        inode: INodeNo,
        parent: INodeNo,
        name: &OsStr,
    ) -> Result<FileAttr> {
        if self.entries(parent)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.entries_mut(parent)?.insert(name.to_owned(), inode.0);
        self.node_mut(inode.0)?.links += 1;
        self.attributes(inode)
    }

    /// Removes an entry; the kernel has seen to it that it is a directory or not, as asked.
    pub(crate) fn remove(&mut self, parent: INodeNo, name: &OsStr) -> Result<()> {
        let inode = *self.entries(parent)?.get(name).ok_or(Errno::ENOENT)?;
        if let Kind::Dir(entries) = &self.node(inode)?.kind {
            if !entries.is_empty() {
                return Err(Errno::ENOTEMPTY);
            }
        }
        self.entries_mut(parent)?.remove(name);
        self.node_mut(inode)?.links -= 1;
        Ok(())
    }

    pub(crate) fn rename(
        &mut self,
        (parent, name): (INodeNo, &OsStr),
        (new_parent, new_name): (INodeNo, &OsStr),
        may_replace: bool,
    ) -> Result<()> {
        let inode = *self.entries(parent)?.get(name).ok_or(Errno::ENOENT)?;
        match self.entries(new_parent)?.get(new_name) {
            Some(_) if !may_replace => return Err(Errno::EEXIST),
            Some(&same) if same == inode => return Ok(()),
            Some(_) => self.remove(new_parent, new_name)?,
            None => {}
        }
        self.entries_mut(parent)?.remove(name);
        self.entries_mut(new_parent)?
            .insert(new_name.to_owned(), inode);
        Ok(())
    }

    pub(crate) fn target(&self, inode: INodeNo) -> Result<&Path> {
        match &self.node(inode.0)?.kind {
            Kind::Link(target) => Ok(target),
            _ => Err(Errno::EINVAL),
        }
    }

    pub(crate) fn read(&self, inode: INodeNo, offset: u64, size: u32) -> Result<&[u8]> {
        let Kind::File(bytes) = &self.node(inode.0)?.kind else {
            return Err(Errno::EISDIR);
        };
        let start = bytes.len().min(offset as usize);
        let end = bytes.len().min(start + size as usize);
        Ok(&bytes[start..end])
    }

    pub(crate) fn write(&mut self, inode: INodeNo, offset: u64, data: &[u8]) -> Result<()> {
        let node = self.node_mut(inode.0)?;
        let Kind::File(bytes) = &mut node.kind else {
            return Err(Errno::EISDIR);
        };
        let (start, end) = (offset as usize, offset as usize + data.len());
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[start..end].copy_from_slice(data);
        node.modified = SystemTime::now();
        Ok(())
    }

    pub(crate) fn change(&mut self, inode: INodeNo, change: Change) -> Result<FileAttr> {
        let node = self.node_mut(inode.0)?;
        let time = |time| match time {
            TimeOrNow::SpecificTime(time) => time,
            TimeOrNow::Now => SystemTime::now(),
        };
        if let Some(mode) = change.mode {
            node.permissions = mode as u16 & 0o7777;
        }
        if let (Some(size), Kind::File(bytes)) = (change.size, &mut node.kind) {
            bytes.resize(size as usize, 0);
            node.modified = SystemTime::now();
        }
        node.owner.0 = change.owner.0.unwrap_or(node.owner.0);
        node.owner.1 = change.owner.1.unwrap_or(node.owner.1);
        node.accessed = change.accessed.map_or(node.accessed, time);
        node.modified = change.modified.map_or(node.modified, time);
        self.attributes(inode)
    }

    fn node(&self, inode: u64) -> Result<&Node> {
        self.0.get(&inode).ok_or(Errno::ENOENT)
    }

    fn node_mut(&mut self, inode: u64) -> Result<&mut Node> {
        self.0.get_mut(&inode).ok_or(Errno::ENOENT)
    }

    fn entries(&self, dir: INodeNo) -> Result<&BTreeMap<OsString, u64>> {
        match &self.node(dir.0)?.kind {
            Kind::Dir(entries) => Ok(entries),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn entries_mut(&mut self, dir: INodeNo) -> Result<&mut BTreeMap<OsString, u64>> {
        match &mut self.node_mut(dir.0)?.kind {
            Kind::Dir(entries) => Ok(entries),
            _ => Err(Errno::ENOTDIR),
        }
    }
}

impl Node {
    fn new(kind: Kind, permissions: u16) -> Node {
        let now = SystemTime::now();
        Node {
            links: if let Kind::Dir(_) = kind { 2 } else { 1 },
            kind,
            permissions,
            owner: (0, 0),
            accessed: now,
            modified: now,
        }
    }
}
