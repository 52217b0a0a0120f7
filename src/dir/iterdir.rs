//! The listing of one directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Entries;
use super::crew::{Explore, Found};
use super::scan::{Detail, Join, Naming, Scan};
use crate::error::{Operation, PathError};

/// The listing of one directory.
pub(crate) struct Iterdir {
    pub(crate) dir: Arc<Path>,
    pub(crate) naming: Naming,
    pub(crate) detail: Detail,
}

pub(crate) enum Task {
    Open(Arc<Path>),
    Read(Scan),
}

impl Explore for Iterdir {
    type Task = Task;
    type Items = Entries;

    fn begin(&mut self) -> Task {
        Task::Open(self.dir.clone())
    }

    fn workers(&self) -> usize {
        1
    }

    fn explore(&self, task: Task, found: &mut Found<Iterdir>) {
        let mut scan = match task {
            Task::Read(scan) => scan,
            Task::Open(dir) => match Scan::open(dir.clone(), self.naming, self.detail) {
                Ok(scan) => scan,
                Err(error) => return found.items.fail(failed(&dir, error)),
            },
        };
        let mut join = Join::new(scan.dir(), self.naming);
        let items = &mut found.items;
        let more = scan.read(|listed| listed.add(join.path(listed.name), items));
        match more {
            Ok(true) => found.tasks.push(Task::Read(scan)),
            Ok(false) => {}
            Err(error) => items.fail(failed(scan.dir(), error)),
        }
    }
}

/// Returns the error for a directory that could not be read, with its path.
pub(super) fn failed(dir: &Path, error: io::Error) -> io::Error {
    PathError::wrap(Operation::ReadDir, dir, error)
}

#[cfg(test)]
mod tests {
    use super::{Detail, Entries, Explore, Found, Iterdir, Naming, Task};
    use crate::dir::Batches;
    use crate::pool::Lane;
    use futures_lite::future::{block_on, poll_fn};
    use std::fs::File;
    use std::mem;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    /// Fewer on Windows: wine looks through the whole directory for each new name, in another case.
    const MANY: usize = if cfg!(windows) { 5_000 } else { 50_000 };

    /// Counts the jobs: every worker calls `workers` once.
    struct Counted(Iterdir, Arc<AtomicUsize>);

    impl Explore for Counted {
        type Task = Task;
        type Items = Entries;

        fn begin(&mut self) -> Task {
            self.0.begin()
        }

        fn workers(&self) -> usize {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.workers()
        }

        fn explore(&self, task: Task, found: &mut Found<Counted>) {
            let (items, tasks) = (mem::take(&mut found.items), Vec::new());
            let mut part = Found { items, tasks };
            self.0.explore(task, &mut part);
            found.items = part.items;
            found.tasks.append(&mut part.tasks);
        }
    }

    #[test]
    fn a_large_directory_takes_few_jobs() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..MANY {
            File::create(dir.path().join(number.to_string())).unwrap();
        }
        for pause in [Duration::ZERO, Duration::from_millis(2)] {
            let jobs = Arc::new(AtomicUsize::new(0));
            let iterdir = Iterdir {
                dir: dir.path().into(),
                naming: Naming::Pathlib,
                detail: Detail::Type,
            };
            let mut batches = Batches::new(Counted(iterdir, jobs.clone()), Lane::default());
            let mut seen = 0;
            while let Some(entry) = block_on(poll_fn(|cx| batches.poll_next(cx))) {
                entry.unwrap();
                seen += 1;
                if seen % 256 == 0 {
                    thread::sleep(pause);
                }
            }
            assert_eq!(seen, MANY);
            let jobs = jobs.load(Ordering::Relaxed);
            println!("{jobs} jobs, with a pause of {pause:?} after each batch");
            assert!(jobs <= MANY / 250, "{jobs}");
        }
    }
}
