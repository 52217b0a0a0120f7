//! The entries of a batch.
//!
//! Allocators are slow where one thread frees what another one allocated: in a tree of small directories, this took a
//! quarter of the time. So workers collect paths and metadata in a few large buffers, and the consumer allocates those
//! of each entry when it takes it.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::crew::Items;
use super::{Entry, EntryType};

/// Entries that were found, and errors.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    records: VecDeque<io::Result<Record>>,
    paths: Paths,
    metadata: VecDeque<Metadata>,
}

/// What an [`Entry`] has in addition to a path and metadata, which come from the buffers.
#[derive(Debug)]
struct Record {
    path_len: usize,
    kind: Option<EntryType>,
    has_metadata: bool,
}

impl Entries {
    pub(super) fn add(&mut self, entry: &Entry) {
        let metadata = entry.metadata.as_deref().cloned();
        self.push(&entry.path, entry.kind, metadata);
    }

    pub(super) fn push(
        &mut self,
        path: &Path,
        kind: Option<EntryType>,
        metadata: Option<Metadata>,
    ) {
        self.paths.push(path);
        self.records.push_back(Ok(Record {
            path_len: path.as_os_str().len(),
            kind,
            has_metadata: metadata.is_some(),
        }));
        self.metadata.extend(metadata);
    }

    pub(super) fn fail(&mut self, error: io::Error) {
        self.records.push_back(Err(error));
    }

    fn entry(&mut self, record: &Record) -> Entry {
        let metadata = record.has_metadata.then(|| self.metadata.pop_front());
        Entry {
            path: self.paths.take(record.path_len),
            kind: record.kind,
            metadata: metadata.flatten().map(Arc::new),
        }
    }
}

impl Items for Entries {
    type Item = Entry;

    fn len(&self) -> usize {
        self.records.len()
    }

    fn take(&mut self) -> Option<io::Result<Entry>> {
        let record = self.records.pop_front()?;
        Some(record.map(|record| self.entry(&record)))
    }
}

/// Paths, one after the other.
#[cfg(unix)]
#[derive(Debug, Default)]
struct Paths {
    bytes: Vec<u8>,
    taken: usize,
}

#[cfg(unix)]
impl Paths {
    fn push(&mut self, path: &Path) {
        self.bytes
            .extend_from_slice(path.as_os_str().as_encoded_bytes());
    }

    /// Takes the first path, which has this length.
    fn take(&mut self, len: usize) -> Arc<Path> {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let path = &self.bytes[self.taken..][..len];
        self.taken += len;
        Path::new(OsStr::from_bytes(path)).into()
    }
}

/// Paths, each in a buffer of its own: only on Unix are all bytes a path.
#[cfg(not(unix))]
#[derive(Debug, Default)]
struct Paths(VecDeque<Arc<Path>>);

#[cfg(not(unix))]
impl Paths {
    fn push(&mut self, path: &Path) {
        self.0.push_back(path.into());
    }

    /// Takes the first path, which has this length.
    fn take(&mut self, _len: usize) -> Arc<Path> {
        self.0.pop_front().expect("BUG: an entry without a path")
    }
}

#[cfg(test)]
mod tests {
    use super::{Entries, EntryType, Items};
    use std::fs;
    use std::io;
    use std::path::Path;

    #[test]
    fn entries_come_back_in_order_each_with_what_belongs_to_it() {
        let here = || fs::metadata(".").unwrap();
        let mut entries = Entries::default();
        entries.push(Path::new("a"), Some(EntryType::File), None);
        entries.push(Path::new("a/bc"), Some(EntryType::Dir), Some(here()));
        entries.fail(io::Error::other("lost"));
        entries.push(Path::new(""), None, None);
        entries.push(Path::new("d"), None, Some(here()));
        assert_eq!(entries.len(), 5);

        let mut taken = Vec::new();
        while let Some(item) = entries.take() {
            taken.push(item.map_or(None, |entry| {
                let path = entry.path.to_str().unwrap().to_owned();
                Some((path, entry.kind, entry.metadata.is_some()))
            }));
        }
        let expected = [
            Some(("a".to_owned(), Some(EntryType::File), false)),
            Some(("a/bc".to_owned(), Some(EntryType::Dir), true)),
            None,
            Some((String::new(), None, false)),
            Some(("d".to_owned(), None, true)),
        ];
        assert_eq!(taken, expected);
    }
}
