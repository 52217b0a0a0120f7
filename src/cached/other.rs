//! The no-wait calls on systems that have none: the pool answers everything.

use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut, Seek};
use std::path::Path;

use super::{Access, Answer, Facts, Unanswered};
use crate::retry::retry;

/// What an open file is, and where.
pub(super) struct State {
    pub(super) is_file: bool,
    pub(super) device: u64,
}

impl State {
    pub(super) fn of(file: &File) -> Option<State> {
        let metadata = retry(|| file.metadata()).ok()?;
        Some(State {
            is_file: metadata.is_file(),
            device: device(&metadata),
        })
    }
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(metadata)
}

#[cfg(not(unix))]
fn device(_: &Metadata) -> u64 {
    0
}

#[derive(Debug)]
pub(super) struct Local;

impl Local {
    pub(super) fn foreign() -> Local {
        Local
    }

    pub(super) fn learn(_: &File, _: &State, _: Access) -> Local {
        Local
    }

    pub(super) fn restore_flags(&self, _: &File) {}

    pub(super) fn is_known(&self) -> bool {
        false
    }

    pub(super) fn closes_on_the_spot(&self) -> bool {
        false
    }

    pub(super) fn has_cursors(&self) -> bool {
        false
    }

    pub(super) fn is_small(&self, _: &File) -> bool {
        false
    }

    pub(super) fn reads_cached(&self) -> bool {
        false
    }

    pub(super) fn read_at(
        &self,
        _: &File,
        _: &mut [IoSliceMut<'_>],
        _: u64,
    ) -> Answer<io::Result<usize>> {
        Answer::AskPool
    }
}

pub(super) fn has_cursor(mut file: &File) -> bool {
    file.stream_position().is_ok()
}

pub(crate) fn metadata(_: &Path, _follow: bool) -> Result<io::Result<Metadata>, Unanswered> {
    Err(Unanswered::default())
}

pub(crate) fn open(_: &Path) -> Result<io::Result<(File, Facts)>, Unanswered> {
    Err(Unanswered::default())
}

pub(crate) fn read(_: &Path) -> Result<io::Result<Vec<u8>>, Unanswered> {
    Err(Unanswered::default())
}

pub(super) fn learn(_: &Path, _follow: bool) {}

pub(super) fn go_on_with(_: File) -> Option<File> {
    None
}
