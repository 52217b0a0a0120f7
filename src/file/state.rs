//! The state of a handle: open or closed.

use std::io;
use std::mem;
use std::path::Path;

use super::closing::Closing;
use super::object::{Shared, closed};
use crate::sync::Arc;

/// Whether a file is open, and what is left of it otherwise.
pub(super) enum State {
    Open(Arc<Shared>),
    /// The file is closed, or being closed by the pool. An error still names the path that it was opened by.
    Closed(Option<Arc<Path>>, Option<Closing>),
}

impl State {
    #[inline]
    pub(super) fn shared(&self) -> io::Result<&Arc<Shared>> {
        match self {
            State::Open(shared) => Ok(shared),
            State::Closed(path, _) => Err(closed(path.as_deref())),
        }
    }

    /// Takes out what is open. The path is lost.
    pub(super) fn take(&mut self) -> Option<Arc<Shared>> {
        match mem::replace(self, State::Closed(None, None)) {
            State::Open(shared) => Some(shared),
            closed => {
                *self = closed;
                None
            }
        }
    }

    /// Returns the path that the file was opened by.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            State::Open(shared) => shared.path().map(|path| &**path),
            State::Closed(path, _) => path.as_deref(),
        }
    }
}
