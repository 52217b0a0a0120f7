//! A witness of what is opened.

use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Sees whether files and directories, or what is in these directories, are opened.
pub(crate) struct Witness(Inotify);

impl Witness {
    pub(crate) fn new<P: AsRef<Path>>(watched: impl IntoIterator<Item = P>) -> Witness {
        Witness::of(AddWatchFlags::IN_OPEN, watched)
    }

    /// Sees these events.
    pub(crate) fn of<P: AsRef<Path>>(
        events: AddWatchFlags,
        watched: impl IntoIterator<Item = P>,
    ) -> Witness {
        let witness = Inotify::init(InitFlags::IN_NONBLOCK).expect("inotify");
        for path in watched {
            witness.add_watch(path.as_ref(), events).expect("a watch");
        }
        Witness(witness)
    }

    /// Returns the number of events since the last call.
    pub(crate) fn seen(&self) -> usize {
        self.0.read_events().map_or(0, |events| events.len())
    }
}
