//! Files with more than one name in a tree.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::imp;
use crate::dir::Id;

/// The maximum length of a remembered path. The system accepts no longer one, and many of them would take
/// much memory.
const LONGEST: usize = 4096;

/// The copies of files that may have another name in the tree.
#[derive(Default)]
pub(super) struct Links(HashMap<Id, First>);

/// The copy of a file, made under the first of its names.
pub(super) struct First {
    /// The path of the copy, relative to the root of the target.
    pub(super) path: PathBuf,
    pub(super) id: Id,
    /// The version of the file that was copied. If it was removed meanwhile, another file may have its
    /// number.
    version: Version,
    /// The maximum number of names that are still to come.
    rest: u64,
}

#[derive(PartialEq, Eq)]
struct Version(u64, Option<SystemTime>);

impl Version {
    fn of(metadata: &Metadata) -> Version {
        Version(metadata.len(), metadata.modified().ok())
    }
}

impl Links {
    /// Returns the copy of this file under another name, if there is one.
    pub(super) fn find(&self, metadata: &Metadata) -> Option<&First> {
        let (id, _) = imp::names(metadata)?;
        let first = self.0.get(&id)?;
        (first.version == Version::of(metadata)).then_some(first)
    }

    /// Records that this file has one name less to come.
    pub(super) fn count(&mut self, metadata: &Metadata) {
        let Some((id, _)) = imp::names(metadata) else {
            return;
        };
        if let Some(first) = self.0.get_mut(&id) {
            first.rest = first.rest.saturating_sub(1);
            if first.rest == 0 {
                self.0.remove(&id);
            }
        }
    }

    /// Records where the copy of this file is, if it has more names.
    pub(super) fn add<'a>(
        &mut self,
        metadata: &Metadata,
        copy: &File,
        path: impl Iterator<Item = &'a OsStr>,
    ) -> io::Result<()> {
        let Some((id, names)) = imp::names(metadata) else {
            return Ok(());
        };
        let path: PathBuf = path.collect();
        if path.as_os_str().len() <= LONGEST {
            let first = First {
                path,
                id: imp::id(copy)?,
                version: Version::of(metadata),
                rest: names - 1,
            };
            self.0.insert(id, first);
        }
        Ok(())
    }
}
