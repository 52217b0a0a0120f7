//! The stream of paths behind [`Glob`](super::Glob), sorted on request.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use super::Path;
use crate::dir::{Batches, Entries, Explore};
use crate::error::PathError;
use crate::pool::{Job, Lane};

/// The paths that a search finds, sorted if that is set.
pub(super) struct Ordered<E: Explore<Items = Entries>> {
    found: Batches<E>,
    sort: bool,
    stage: Stage,
}

/// The stage of the stream. Without sorting, it stays in `Gathering` and gathers nothing.
enum Stage {
    Gathering(Vec<io::Result<Path>>),
    Sorting(Job<Vec<io::Result<Path>>>),
    Sorted(vec::IntoIter<io::Result<Path>>),
}

impl<E: Explore<Items = Entries>> Ordered<E> {
    pub(super) fn new(explore: E, lane: Lane) -> Self {
        Ordered {
            found: Batches::new(explore, lane),
            sort: false,
            stage: Stage::Gathering(Vec::new()),
        }
    }

    #[track_caller]
    pub(super) fn options(&mut self) -> &mut E {
        self.found.options()
    }

    pub(super) fn lane(&self) -> &Lane {
        self.found.lane()
    }

    #[track_caller]
    pub(super) fn set_sort(&mut self, sort: bool) {
        self.options();
        self.sort = sort;
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Path>>> {
        loop {
            match &mut self.stage {
                Stage::Gathering(gathered) => {
                    let item = ready!(self.found.poll_next(cx));
                    let item = item.map(|item| Ok(Path::listed(item?, self.found.lane())));
                    match item {
                        item if !self.sort => return Poll::Ready(item),
                        Some(item) => gathered.push(item),
                        None => {
                            let mut paths = mem::take(gathered);
                            self.stage = Stage::Sorting(self.found.lane().run(move || {
                                paths.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
                                paths
                            }));
                        }
                    }
                }
                Stage::Sorting(sorted) => {
                    let sorted = ready!(Pin::new(sorted).poll(cx));
                    self.stage = Stage::Sorted(sorted.into_iter());
                }
                Stage::Sorted(paths) => return Poll::Ready(paths.next()),
            }
        }
    }
}

/// Returns the path of an item. An error is sorted by the path that it names.
fn sort_key(item: &io::Result<Path>) -> Option<&std::path::Path> {
    match item {
        Ok(path) => Some(path.as_std_path()),
        Err(error) => PathError::of(error).map(PathError::path),
    }
}
